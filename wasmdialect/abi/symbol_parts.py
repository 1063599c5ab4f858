"""Parsing the names of functions in an artifact (`wasmdialect.abi.symbols` makes them)."""

from __future__ import annotations

import re

from wasmdialect.abi.symbols import SYMBOLS, TAIL_TO_WASM

_ORDER = [*SYMBOLS]
_SYMBOL = re.compile(
    "|".join(re.escape(form).replace(r"\{\}", r"(\d+)") for form in SYMBOLS.values())
)
"""One group for each kind."""
_TAIL_ENTRY = SYMBOLS["tail-entry"].partition("{")[0]
_TAIL_TO_WASM = TAIL_TO_WASM.split("{}")


def parse_symbol(symbol: str) -> tuple[str, int] | None:
    """Kind (`function` or a kind of trampoline) and number of a symbol made here, else None."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None or match.lastindex is None:
        return None
    return _ORDER[match.lastindex - 1], int(match[match.lastindex])


def order_key(symbol: str) -> tuple[int, int, str]:
    """The sort key of a function in `.text`: Wasm functions by index, then each kind of trampoline;
    those of tail calls, which have no number, by symbol."""
    parsed = parse_symbol(symbol)
    if parsed is None:
        return (len(_ORDER), 0, symbol)
    return _ORDER.index(parsed[0]), parsed[1], ""


def is_tail_entry(symbol: str) -> bool:
    """Whether a symbol is that of a tail entry."""
    return symbol.startswith(_TAIL_ENTRY)


def is_tail_to_wasm(symbol: str) -> bool:
    """Whether a symbol is that of a trampoline from tail calls, which many functions bring along."""
    return symbol.startswith(_TAIL_TO_WASM[0]) and symbol.endswith(_TAIL_TO_WASM[1])
