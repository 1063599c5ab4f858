"""Conditions of choices between floats.

A choice between floats wants its condition in a register of vectors or of masks, anything else in the
flags or in a general register. LLVM computes a condition that both need once, as when a `select` keeps
a minimum and another one its index, and moves it over: with AVX-512 to a general register and back
(docs/performance.md, "Choices between floats"). So the choice gets comparisons of its own, the
opposite ones, which LLVM keeps apart from the others.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import f32, f64, i1
from xdsl.ir import Attribute, Operation, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operands_of, result_of, users_of
from wasmdialect.lowering.function import FunctionLowering

_OPPOSITES: dict[type[Operation], tuple[Attribute, str]] = {
    wasmir.NUMERIC_OPS[f"{name}.{word}"]: (t, predicate)
    for name, t in (("f32", f32), ("f64", f64))
    for word, predicate in (
        ("eq", "une"),
        ("ne", "oeq"),
        ("lt", "uge"),
        ("gt", "ule"),
        ("le", "ugt"),
        ("ge", "ult"),
    )
}
"""What floats a comparison is of, and the LLVM predicate that holds if it does not."""
_JOINTS: dict[type[Operation], type[Operation]] = {
    wasmir.NUMERIC_OPS["i32.and"]: llvm.OrOp,
    wasmir.NUMERIC_OPS["i32.or"]: llvm.AndOp,
}
"""Of two conditions, and of their opposites."""
_DEPTH = 2
"""Joints above a comparison, at most: there are up to four comparisons."""
_USES = 8
"""Of a condition that are looked at: all choices by one together take time with their number."""


def own_opposite(f: FunctionLowering, op: wasmir.SelectOp) -> SSAValue | None:
    """The opposite of the condition of a choice, computed for it alone; None if that is no better:
    the choice is not between floats or the only one that needs the condition, or needs it together
    with other ones, or the condition is not made of comparisons of such floats."""
    t = result_of(op).type
    if (t != f64 and t != f32) or not f.module.is_optimized:
        return None
    condition = operands_of(op)[0]
    if not _is_asked_otherwise(condition, op) or not _is_of(condition, t, _DEPTH):
        return None
    return _opposite(f, condition)


def _is_asked_otherwise(condition: SSAValue, op: Operation) -> bool:
    """Whether something else uses a condition, but no choice between floats."""
    uses = [user for user, _ in islice(users_of(condition), _USES + 1)]
    others = [user for user in uses if user is not op]
    return 0 < len(others) < _USES and not any(
        user.__class__ is wasmir.SelectOp and result_of(user).type in (f32, f64) for user in others
    )


def _is_of(condition: SSAValue, t: Attribute, depth: int) -> bool:
    """Whether a condition is made of comparisons of floats of a type."""
    op: Any = condition.owner
    compared = _OPPOSITES.get(op.__class__)
    if compared is not None:
        return compared[0] == t
    if op.__class__ not in _JOINTS or not depth:
        return False
    return all(_is_of(operand, t, depth - 1) for operand in operands_of(op))


def _opposite(f: FunctionLowering, condition: SSAValue) -> SSAValue:
    op: Any = condition.owner
    operands = operands_of(op)
    compared = _OPPOSITES.get(op.__class__)
    if compared is not None:
        return f.fcmp(compared[1], *(f.values[operand] for operand in operands))
    return f.value(_JOINTS[op.__class__], [_opposite(f, operand) for operand in operands], i1)
