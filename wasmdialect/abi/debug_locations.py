"""Lines and columns in the line table, which say from which instruction compiled code came.

The line is a Wasm byte offset counted from the start of the function, so that a function's code does
not depend on its position in the module; line 0 means none. Lines from `INLINED_LINES` on stand for
instructions of functions that were inlined, whose positions are independent of each other: they are
numbers of rows in a table that travels beside the code. The column is the trap code of a trap
instruction, `fault_column` of the trap code for an access that may fault, 0 for everything else.
"""

from wasmdialect.abi.trap_table import TRAPS

_FAULT = 0x100
"""Trap codes are one byte, so none has this bit."""


def fault_column(code: int) -> int:
    """The column of an access that may fault, and then traps with a code."""
    return _FAULT | code


def code_of_fault(column: int) -> int | None:
    """The trap code of a column of `fault_column`; None if it is another one."""
    return column ^ _FAULT if column & _FAULT else None


MEMORY_COLUMN = fault_column(TRAPS["MEMORY_OUT_OF_BOUNDS"].code)
"""That of an access of linear memory that may fault."""

_LINES = 1 << 32

INLINED_LINES = 1 << 30
"""The first of the lines that stand for inlined instructions."""


def to_line(offset: int, base: int) -> int:
    """The line of a Wasm byte offset. (An operation that a pass moved here from an earlier function
    has an offset before the base.)"""
    return offset - base + 1 if offset >= base else (offset - base) % _LINES


def from_line(line: int, base: int) -> int:
    """The Wasm byte offset of a line that is not 0."""
    return base + line - (1 if line < _LINES // 2 else _LINES)


def is_inlined(line: int) -> bool:
    """Whether a line stands for an instruction of an inlined function."""
    return INLINED_LINES <= line < _LINES // 2
