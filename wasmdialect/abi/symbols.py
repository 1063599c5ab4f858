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
    "tail-entry": "wasm[0]::tail_entry[{}]",
    "loop-entry": "wasm[0]::loop_entry[{}]",
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


def tail_entry_symbol(index: int) -> str:
    """The tail entry of a Wasm function, if it has one (docs/abi.md, "Tail calls")."""
    return SYMBOLS["tail-entry"].format(index)


def loop_entry_symbol(index: int) -> str:
    """A Wasm function entered at one of its loops (docs/lazy.md, "Tiers")."""
    return SYMBOLS["loop-entry"].format(index)


TAIL_TO_WASM = "signatures[{}]::tail_to_wasm_trampoline"
"""With the signature in words."""


def tail_to_wasm_symbol(signature: str) -> str:
    """The trampoline from a tail call to the ordinary entry of a function of this signature. Each
    function that needs one brings it along; the linker keeps one."""
    return TAIL_TO_WASM.format(signature)
