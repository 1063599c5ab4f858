"""From `wasm.Module` to wasmir: the plan of a module, units of functions, one function at a time."""
