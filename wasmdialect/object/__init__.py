"""ELF: compiled functions out of LLVM's objects, linked into one image, written and read back."""
