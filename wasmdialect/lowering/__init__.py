"""From wasmir and wasmvm to LLVM: `wasmvm-to-llvm`, then textual LLVM IR."""
