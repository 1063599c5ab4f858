"""What the name of a function in an artifact says (`wasmdialect.abi.symbols` makes them)."""

from __future__ import annotations

import re

from wasmdialect.abi.symbols import FUNCTION_TRAMPOLINES, TYPE_TRAMPOLINES

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
