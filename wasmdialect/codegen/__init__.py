"""From textual LLVM IR to machine code: targets, levels, units, worker processes."""
