"""Names of the functions in an artifact (RUNTIME_ABI "The ELF artifact", symbols).

None of them looks like the name of a C library function, which LLVM would give a meaning to.
"""

from __future__ import annotations

import re

FUNCTION_TRAMPOLINES = ("array-to-wasm", "native-to-wasm")
TYPE_TRAMPOLINES = ("wasm-to-native", "wasm-to-array", "native-to-array")


def function_symbol(index: int) -> str:
    """A Wasm function; `index` counts imports."""
    return f"wasm[0]::function[{index}]"


def function_trampoline_symbol(kind: str, index: int) -> str:
    """A trampoline of one function: array-to-wasm or native-to-wasm."""
    return f"wasm[0]::{kind.replace('-', '_')}_trampoline[{index}]"


def type_trampoline_symbol(kind: str, signature: int) -> str:
    """A trampoline of a function type: wasm-to-native, wasm-to-array or native-to-array."""
    return f"signatures[{signature}]::{kind.replace('-', '_')}_trampoline"


_FUNCTION = re.compile(r"wasm\[0\]::(?:function|(\w+)_trampoline)\[(\d+)\]\Z")
_TYPE = re.compile(r"signatures\[(\d+)\]::(\w+)_trampoline\Z")


def parse_symbol(symbol: str) -> tuple[str, int] | None:
    """Kind (`function` or a kind of trampoline) and number of a symbol made here, else None."""
    if match := _FUNCTION.match(symbol):
        return (match[1].replace("_", "-") if match[1] else "function", int(match[2]))
    if match := _TYPE.match(symbol):
        return match[2].replace("_", "-"), int(match[1])
    return None


def order_key(symbol: str) -> tuple[int, int]:
    """The place of a function in `.text`: Wasm functions by index, then each kind of trampoline."""
    parsed = parse_symbol(symbol)
    if parsed is None:
        return (len(_ORDER), 0)
    return _ORDER.index(parsed[0]), parsed[1]


_ORDER = ("function", *FUNCTION_TRAMPOLINES, *TYPE_TRAMPOLINES)
