"""wasmir back to WebAssembly: bodies, declarations, names."""
