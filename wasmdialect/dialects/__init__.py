"""The dialects: `wasmir` (WebAssembly in SSA), `wasmvm` (runtime ABI made explicit), `llvm_ext`."""
