"""The budget of a function: the largest LLVM IR for each level. The time of LLVM's instruction
selection and register allocation grows with the square of a function's size, that of `instcombine` and
`jump-threading` with the square of the edges of a block. A function over its budget is compiled at a
lower level, alone, and a report says so. The size decides, not the time: the same module gives the same
code on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wasmdialect.abi.symbol_parts import is_tail_to_wasm, parse_symbol
from wasmdialect.abi.symbols import FUNCTION_TRAMPOLINES
from wasmdialect.codegen.settings import Level

if TYPE_CHECKING:
    from wasmdialect.lowering.emit import CodeText


EDGE = 512
"""Characters that each edge of the widest block counts as: as many as the budget allows take as long as
its longest texts do."""


def size_of(text: CodeText) -> tuple[int, str]:
    """What counts of a text, in characters, and what that is."""
    if EDGE * text.widest > len(text.text):
        size = EDGE * text.widest
        return size, f"{text.widest} edges of a block, which count as {size} characters of LLVM IR"
    return len(text.text), f"{len(text.text)} characters of LLVM IR"


def level_within(budget: int, level: Level, size: int) -> Level:
    """The level at which a text of this size is compiled alone when `level` is requested."""
    if size > budget:
        return 0
    return 2 if level == 3 else level


def fallback_report(symbols: tuple[str, ...], level: Level, reason: str) -> dict[str, Any]:
    """The report of a text that is compiled at a lower level than requested."""
    owner = owner_of(symbols[0])
    return {
        "pass": "llvm",
        "function": symbols[0],
        "function_index": -1 if owner is None else owner,
        "kind": "fallback",
        "level": level,
        "reason": reason,
    }


def owner_of(symbol: str) -> int | None:
    """The function that a symbol, or the trampoline it names, belongs to; None for trampolines of
    function types; -1 for a symbol from a pass."""
    parsed = parse_symbol(symbol)
    if parsed is None:
        return None if is_tail_to_wasm(symbol) else -1
    kind, number = parsed
    return number if kind in _OF_FUNCTIONS else None


def signature_of(symbol: str) -> int | None:
    """The number of the function type that a trampoline is of, None for other symbols."""
    parsed = parse_symbol(symbol)
    return None if parsed is None or parsed[0] in _OF_FUNCTIONS else parsed[1]


_OF_FUNCTIONS = frozenset(("function", "tail-entry", "loop-entry", *FUNCTION_TRAMPOLINES))
