"""Running compiled artifacts: memories, tables, instances, traps, host calls; no LLVM, no xDSL."""
