"""Regions in which nothing can trap, between fences: where accesses may be plain.

What can trap, call other code or leave the function lets others see memory. Between two fences there is
either such an operation or a plain access, never both.
"""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Operation

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.wasmir.effects import TRAPS

_PLAIN, _SEEN = 1, 2
"""What there may have been since the last fence: a plain access; something after or before which the
order of accesses is seen."""


def may_leave(op: Operation) -> bool:
    """Whether an operation may trap, call other code, or leave the function."""
    effects = effects_of(op)
    if effects is None or op.has_trait(LeavesFunction) or op.has_trait(CallsCode):
        return True
    return TRAPS in effects and not _divides_by_constant(op)


def _divides_by_constant(op: Operation) -> bool:
    """Whether an operation is a division that cannot trap."""
    if not isinstance(op, wasmir.TrappingBinaryOp):
        return False
    divisor = op.operands[1]
    minus_one = (1 << (64 if divisor.type == i64 else 32)) - 1
    return wasmir.constant_bits(divisor) not in (None, 0, minus_one)


def misplaced_accesses(function: wasmir.FuncOp) -> list[Operation]:
    """The operations of a function that are on the wrong side of a fence: plain accesses with something
    before them that may leave, and what may leave with a plain access before it."""
    if not any(is_plain(op) for block in function.body.blocks for op in block.ops):
        return []
    graph = analysis(ControlFlow, function)
    at_start = [0] * len(graph.order)
    at_start[0] = _SEEN
    work = [*range(len(graph.order) - 1, -1, -1)]
    found: dict[Operation, None] = {}
    while work:
        number = work.pop()
        state = at_start[number]
        for op in graph.order[number].ops:
            if isinstance(op, wasmir.TrapFenceOp):
                state = 0
            elif is_plain(op):
                if state & _SEEN:
                    found[op] = None
                state |= _PLAIN
            elif may_leave(op):
                if state & _PLAIN:
                    found[op] = None
                state |= _SEEN
        for following in graph.successors[number]:
            if state & ~at_start[following]:
                at_start[following] |= state
                work.append(following)
    return [*found]


def is_plain(op: Operation) -> bool:
    """Whether an operation is a plain access."""
    return isinstance(op, wasmir.MemoryAccess) and op.is_plain
