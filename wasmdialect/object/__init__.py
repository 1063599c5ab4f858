"""ELF: compiled functions are extracted from LLVM's objects, linked into one image, written and
read."""
