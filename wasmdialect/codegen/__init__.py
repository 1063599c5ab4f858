"""From LLVM IR text to machine code: targets, levels, units, worker processes."""
