"""Attributes of functions in LLVM IR that the driver of LLVM looks for; no xDSL."""

HAS_TRAP_FREE_LOOPS = "wasmdialect-trap-free-loops"
"""The function has loops whose accesses are plain: LLVM's passes for loops pay there alone."""
