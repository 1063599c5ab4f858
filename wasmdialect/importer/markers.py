"""Importing with markers: handlers that count operators and mark loop headers on the way.

The count is flushed into a `wasmir.operators` wherever Wasmtime adds it up: before an operator that
ends a basic block or enters another function (docs/abi.md, "Fuel and epochs").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from wasmdialect.importer.function import BEFORE_LOOP, IN_LOOP, FunctionImporter, Handler
from wasmdialect.importer.operators import HANDLERS
from wasmdialect.wasm.instructions import BY_OPCODE

_FREE = frozenset(
    {
        *("nop", "drop", "block", "loop", "unreachable", "return", "else", "end"),
        *("try", "catch", "catch_all", "delegate"),
    }
)
"""Operators that cost no fuel; every other one costs 1."""
_FLUSHING = frozenset(
    {
        *("unreachable", "return", "call", "call_indirect", "call_ref"),
        *("return_call", "return_call_indirect", "return_call_ref"),
        *("throw", "throw_ref", "rethrow", "catch", "catch_all", "delegate"),
        *("loop", "if", "br", "br_if", "br_table", "else", "end"),
    }
)
"""Before these, the count so far is added up."""
AT_ENTRY = 1
"""Entering a function costs as much as an operator."""


@dataclass(frozen=True, slots=True)
class Markers:
    """Which markers the importer places."""

    operators: bool = False
    loop_headers: bool = False


@cache
def handlers_with(markers: Markers) -> Mapping[int, Handler]:
    """The importer of each opcode, placing markers too."""
    handlers = dict(HANDLERS)
    if markers.operators:
        for opcode, handler in HANDLERS.items():
            mnemonic = BY_OPCODE[opcode].mnemonic
            handlers[opcode] = _counting(handler, mnemonic not in _FREE, mnemonic in _FLUSHING)
        handlers[BEFORE_LOOP] = _flush
    if markers.loop_headers:
        handlers[IN_LOOP] = _mark_loop
    return handlers


def _counting(handler: Handler, costs: bool, flushes: bool) -> Handler:
    def counting(f: FunctionImporter, immediate: Any) -> None:
        f.operators += costs
        if flushes:
            _flush(f, immediate)
        handler(f, immediate)

    return counting


def _flush(f: FunctionImporter, _: Any) -> None:
    if f.reachable and f.operators:
        f.mark_operators(f.operators)
    f.operators = 0


def _mark_loop(f: FunctionImporter, _: Any) -> None:
    f.mark_loop_header()
