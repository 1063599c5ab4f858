"""Lines and columns in the line table, which say from which instruction compiled code came.

The line is a Wasm byte offset counted from the start of the function, so that a function's code does
not depend on its position in the module; line 0 means none. The column is the trap code of a trap,
`MEMORY_COLUMN` for an access of linear memory that may fault, 0 for everything else.
"""

MEMORY_COLUMN = 0x100
"""Trap codes are one byte, so this is not one of them."""

_LINES = 1 << 32


def to_line(offset: int, base: int) -> int:
    """The line of a Wasm byte offset. (An operation that a pass moved here from an earlier function
    has an offset before the base.)"""
    return offset - base + 1 if offset >= base else (offset - base) % _LINES


def from_line(line: int, base: int) -> int:
    """The Wasm byte offset of a line that is not 0."""
    return base + line - (1 if line < _LINES // 2 else _LINES)
