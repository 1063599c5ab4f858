"""Which instructions may give any NaN: the specification leaves it open, and processors differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmdialect.wasm.instructions import Instruction

_FLOAT_SHAPES = frozenset(("f32", "f64", "f32x4", "f64x2"))
_ARITHMETIC = frozenset(
    {
        *("add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest"),
        *("promote", "demote", "demote_zero"),
        *("relaxed_madd", "relaxed_nmadd", "relaxed_min", "relaxed_max"),
    }
)
"""The operations on floats for which the specification leaves open which NaN they give."""


def may_give_any_nan(row: Instruction) -> bool:
    """Whether the specification leaves open which NaN an instruction gives."""
    return row.shape in _FLOAT_SHAPES and row.operation in _ARITHMETIC
