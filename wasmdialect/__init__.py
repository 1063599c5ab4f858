"""wasmdialect: WebAssembly in an SSA dialect, transformed by your passes, compiled by LLVM."""

from wasmdialect._version import __version__

__all__ = ["__version__"]
