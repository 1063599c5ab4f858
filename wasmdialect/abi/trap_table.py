"""The trap codes as a table: number, name, message. `wasmdialect.abi.traps` has them as an enumeration,
which takes a program that starts too long to load.

Source: Wasmtime 12.0.0 (docs/abi.md, "Trap codes"). Codes of this project's own start at 32, those that
passes declare at 64.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class TrapRow(FrozenRecord):
    """Why WebAssembly code can stop."""

    code: int
    """The byte in `.wasmtime.traps` and in the trap instruction."""
    name: str
    message: str
    """The text after `wasm trap: `, as Wasmtime words it."""


_ROWS = (
    TrapRow(0, "STACK_OVERFLOW", "call stack exhausted"),
    TrapRow(1, "MEMORY_OUT_OF_BOUNDS", "out of bounds memory access"),
    TrapRow(2, "HEAP_MISALIGNED", "unaligned atomic"),
    TrapRow(3, "TABLE_OUT_OF_BOUNDS", "undefined element: out of bounds table access"),
    TrapRow(4, "INDIRECT_CALL_TO_NULL", "uninitialized element"),
    TrapRow(5, "BAD_SIGNATURE", "indirect call type mismatch"),
    TrapRow(6, "INTEGER_OVERFLOW", "integer overflow"),
    TrapRow(7, "INTEGER_DIVISION_BY_ZERO", "integer divide by zero"),
    TrapRow(8, "BAD_CONVERSION_TO_INTEGER", "invalid conversion to integer"),
    TrapRow(9, "UNREACHABLE", "wasm `unreachable` instruction executed"),
    TrapRow(10, "INTERRUPT", "interrupt"),
    TrapRow(11, "ALWAYS_TRAP_ADAPTER", "degenerate component adapter called"),
    TrapRow(12, "OUT_OF_FUEL", "all fuel consumed by WebAssembly"),
    TrapRow(13, "ATOMIC_WAIT_NON_SHARED_MEMORY", "atomic wait on non-shared memory"),
    TrapRow(14, "NULL_REFERENCE", "null reference"),
    TrapRow(15, "CANNOT_ENTER_COMPONENT", "cannot enter component instance"),
)

TRAPS: Mapping[str, TrapRow] = {row.name: row for row in _ROWS}
"""By name."""

PASS_TRAPS = (64, 127)
"""The first and the last code that passes can declare. (A trap instruction of x86-64 has one byte for
its code, with a sign.)"""


class PassTrap(FrozenRecord):
    """A trap code that a pass declared."""

    code: int
    name: str
    message: str
    """The text after `wasm trap: `."""
    added_by: str
    """The pass."""

    def __index__(self) -> int:
        return self.code
