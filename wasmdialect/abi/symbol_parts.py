"""Parsing the names of functions in an artifact (`wasmdialect.abi.symbols` makes them)."""

from __future__ import annotations

import re

from wasmdialect.abi.symbols import SYMBOLS

_ORDER = [*SYMBOLS]
_SYMBOL = re.compile(
    "|".join(re.escape(form).replace(r"\{\}", r"(\d+)") for form in SYMBOLS.values())
)
"""One group for each kind."""


def parse_symbol(symbol: str) -> tuple[str, int] | None:
    """Kind (`function` or a kind of trampoline) and number of a symbol made here, else None."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None or match.lastindex is None:
        return None
    return _ORDER[match.lastindex - 1], int(match[match.lastindex])


def order_key(symbol: str) -> tuple[int, int]:
    """The sort key of a function in `.text`: Wasm functions by index, then each kind of trampoline."""
    parsed = parse_symbol(symbol)
    if parsed is None:
        return (len(_ORDER), 0)
    return _ORDER.index(parsed[0]), parsed[1]
