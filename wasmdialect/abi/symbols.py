"""Names of the functions in an artifact (docs/artifact.md, ".symtab").

None of them looks like the name of a C library function, which LLVM would give a meaning to.
"""

from __future__ import annotations

FUNCTION_TRAMPOLINES = ("array-to-wasm", "native-to-wasm")
TYPE_TRAMPOLINES = ("wasm-to-native", "wasm-to-array", "native-to-array")

_WORDS = {
    kind: f"{kind.replace('-', '_')}_trampoline" for kind in FUNCTION_TRAMPOLINES + TYPE_TRAMPOLINES
}


def function_symbol(index: int) -> str:
    """A Wasm function; `index` counts imports."""
    return f"wasm[0]::function[{index}]"


def function_trampoline_symbol(kind: str, index: int) -> str:
    """A trampoline of one function: array-to-wasm or native-to-wasm."""
    return f"wasm[0]::{_WORDS[kind]}[{index}]"


def type_trampoline_symbol(kind: str, signature: int) -> str:
    """A trampoline of a function type: wasm-to-native, wasm-to-array or native-to-array."""
    return f"signatures[{signature}]::{_WORDS[kind]}"
