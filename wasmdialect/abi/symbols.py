"""Names of the functions in an artifact (docs/artifact.md, ".symtab").

None of them looks like the name of a C library function, which LLVM would treat specially.
"""

from __future__ import annotations

FUNCTION_TRAMPOLINES = ("array-to-wasm", "native-to-wasm")
TYPE_TRAMPOLINES = ("wasm-to-native", "wasm-to-array", "native-to-array")

FUNCTION = "wasm[0]::function[{}]"
SYMBOLS = {
    "function": FUNCTION,
    **{k: f"wasm[0]::{k.replace('-', '_')}_trampoline[{{}}]" for k in FUNCTION_TRAMPOLINES},
    **{k: f"signatures[{{}}]::{k.replace('-', '_')}_trampoline" for k in TYPE_TRAMPOLINES},
}
"""By kind, in their order in `.text`: the name, with a placeholder for the number."""


def function_symbol(index: int) -> str:
    """A Wasm function; `index` counts imports."""
    return FUNCTION.format(index)


def function_trampoline_symbol(kind: str, index: int) -> str:
    """A trampoline of one function: array-to-wasm or native-to-wasm."""
    return SYMBOLS[kind].format(index)


def type_trampoline_symbol(kind: str, signature: int) -> str:
    """A trampoline of a function type: wasm-to-native, wasm-to-array or native-to-array."""
    return SYMBOLS[kind].format(signature)
