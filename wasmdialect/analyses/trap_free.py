"""Regions in which nothing can trap, between fences: where accesses may be plain.

What can trap, call other code or leave the function lets others see memory. Between two fences there is
either such an operation or a plain access, never both.
"""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Operation

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.fast import blocks_of, operations_of
from wasmdialect.dialects.wasmir.effects import TRAPS

_FENCE, _PLAIN, _SEEN = 0, 1, 2
"""What there may have been since the last fence: a plain access; something after or before which the
order of accesses is seen."""


NEVER_LEAVES: frozenset[type[Operation]] = frozenset(
    {
        *(cls for cls in wasmir.NUMERIC_OPS.values() if not cls.INSTRUCTION.traps),
        *wasmir.CONST_OPS.values(),
        *(wasmir.BrOp, wasmir.BrIfOp, wasmir.BrTableOp, wasmir.SelectOp),
    }
)
"""The most frequent operations that never do: their effects need not be put together."""


def may_leave(op: Operation) -> bool:
    """Whether an operation may trap, call other code, or leave the function."""
    if op.__class__ in NEVER_LEAVES:
        return False
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
    if not _has_plain_accesses(function):
        return []
    graph = analysis(ControlFlow, function)
    rows = [_events(block) for block in graph.order]
    at_start = [0] * len(graph.order)
    at_start[0] = _SEEN
    work = [*range(len(graph.order) - 1, -1, -1)]
    found: dict[Operation, None] = {}
    while work:
        number = work.pop()
        state = at_start[number]
        for event, op in rows[number]:
            if event == _FENCE:
                state = 0
            else:
                if state & ~event:
                    found[op] = None
                state |= event
        for following in graph.successors[number]:
            if state & ~at_start[following]:
                at_start[following] |= state
                work.append(following)
    return [*found]


def _has_plain_accesses(function: wasmir.FuncOp) -> bool:
    for block in blocks_of(function.body):
        for op in operations_of(block):
            if "plain" in op.properties and is_plain(op):
                return True
    return False


def _events(block: Block) -> list[tuple[int, Operation]]:
    """The fences of a block, its plain accesses, and what may leave."""
    events: list[tuple[int, Operation]] = []
    for op in operations_of(block):
        if op.__class__ in NEVER_LEAVES:
            continue
        if isinstance(op, wasmir.TrapFenceOp):
            events.append((_FENCE, op))
        elif is_plain(op):
            events.append((_PLAIN, op))
        elif may_leave(op):
            events.append((_SEEN, op))
    return events


def is_plain(op: Operation) -> bool:
    """Whether an operation is a plain access."""
    return isinstance(op, wasmir.MemoryAccess) and op.is_plain
