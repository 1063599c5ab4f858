"""From `wasm.Module` to wasmir: declarations, units of functions, one function at a time."""
