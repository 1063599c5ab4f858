"""Trap codes as an enumeration. Their numbers and messages are in `wasmdialect.abi.trap_table`."""

from __future__ import annotations

from enum import IntEnum, auto

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.trap_table import TRAPS

if TYPE_CHECKING:
    from typing import Any


class TrapCode(IntEnum):
    """Why WebAssembly code stopped. The value is the byte in `.wasmtime.traps`."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> int:
        return TRAPS[name].code

    STACK_OVERFLOW = auto()
    MEMORY_OUT_OF_BOUNDS = auto()
    HEAP_MISALIGNED = auto()
    TABLE_OUT_OF_BOUNDS = auto()
    INDIRECT_CALL_TO_NULL = auto()
    BAD_SIGNATURE = auto()
    INTEGER_OVERFLOW = auto()
    INTEGER_DIVISION_BY_ZERO = auto()
    BAD_CONVERSION_TO_INTEGER = auto()
    UNREACHABLE = auto()
    INTERRUPT = auto()
    ALWAYS_TRAP_ADAPTER = auto()
    OUT_OF_FUEL = auto()
    ATOMIC_WAIT_NON_SHARED_MEMORY = auto()
    NULL_REFERENCE = auto()
    CANNOT_ENTER_COMPONENT = auto()

    @property
    def message(self) -> str:
        """The text after `wasm trap: `, as Wasmtime words it."""
        return TRAPS[self.name].message


assert len(TrapCode) == len(TRAPS)

TRAP_CODES: dict[int | None, TrapCode] = {int(code): code for code in TrapCode}
"""By number."""

DEBUG_ASSERTION = 0xFF
"""The code of a failed debug check. It is not in any trap table: it is a bug, not a Wasm trap."""
