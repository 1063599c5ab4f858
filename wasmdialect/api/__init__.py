"""The Python API: wasmtime-py's names and behaviour, so that `import wasmdialect as wasmtime` runs."""
