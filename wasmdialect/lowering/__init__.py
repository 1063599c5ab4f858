"""From wasmir and wasmvm to LLVM: `wasmvm-to-llvm`, then LLVM IR text."""
