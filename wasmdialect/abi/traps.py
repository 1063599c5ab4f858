"""Trap codes: the one-byte numbers in compiled code and in the artifact, and their messages.

Source: Wasmtime 12.0.0 (docs/abi.md, "Trap codes"). Codes of this project's own start at 32.
"""

from enum import IntEnum


class TrapCode(IntEnum):
    """Why WebAssembly code stopped. The value is the byte in `.wasmtime.traps`."""

    STACK_OVERFLOW = 0
    MEMORY_OUT_OF_BOUNDS = 1
    HEAP_MISALIGNED = 2
    TABLE_OUT_OF_BOUNDS = 3
    INDIRECT_CALL_TO_NULL = 4
    BAD_SIGNATURE = 5
    INTEGER_OVERFLOW = 6
    INTEGER_DIVISION_BY_ZERO = 7
    BAD_CONVERSION_TO_INTEGER = 8
    UNREACHABLE = 9
    INTERRUPT = 10
    ALWAYS_TRAP_ADAPTER = 11
    OUT_OF_FUEL = 12
    ATOMIC_WAIT_NON_SHARED_MEMORY = 13
    NULL_REFERENCE = 14
    CANNOT_ENTER_COMPONENT = 15

    @property
    def message(self) -> str:
        """The text after `wasm trap: `, as Wasmtime words it."""
        return _MESSAGES[self]


_MESSAGES = {
    TrapCode.STACK_OVERFLOW: "call stack exhausted",
    TrapCode.MEMORY_OUT_OF_BOUNDS: "out of bounds memory access",
    TrapCode.HEAP_MISALIGNED: "unaligned atomic",
    TrapCode.TABLE_OUT_OF_BOUNDS: "undefined element: out of bounds table access",
    TrapCode.INDIRECT_CALL_TO_NULL: "uninitialized element",
    TrapCode.BAD_SIGNATURE: "indirect call type mismatch",
    TrapCode.INTEGER_OVERFLOW: "integer overflow",
    TrapCode.INTEGER_DIVISION_BY_ZERO: "integer divide by zero",
    TrapCode.BAD_CONVERSION_TO_INTEGER: "invalid conversion to integer",
    TrapCode.UNREACHABLE: "wasm `unreachable` instruction executed",
    TrapCode.INTERRUPT: "interrupt",
    TrapCode.ALWAYS_TRAP_ADAPTER: "degenerate component adapter called",
    TrapCode.OUT_OF_FUEL: "all fuel consumed by WebAssembly",
    TrapCode.ATOMIC_WAIT_NON_SHARED_MEMORY: "atomic wait on non-shared memory",
    TrapCode.NULL_REFERENCE: "null reference",
    TrapCode.CANNOT_ENTER_COMPONENT: "cannot enter component instance",
}

TRAP_CODES: dict[int | None, TrapCode] = {int(code): code for code in TrapCode}
"""By number."""

DEBUG_ASSERTION = 0xFF
"""What a failed debug check traps with. It is in no trap table: it is a bug, not a Wasm trap."""
