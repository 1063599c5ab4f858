"""Defaults of what compiling a function may take, for the compiler and for a `Config`, which is there
without the compiler."""

DEFAULT_FUNCTION_BUDGET = 2_000_000
"""Characters of LLVM IR text (docs/performance.md has what they take)."""
DEFAULT_COMPILE_TIMEOUT = 300.0
"""Seconds for import and passes of a unit, or for LLVM on one function."""
