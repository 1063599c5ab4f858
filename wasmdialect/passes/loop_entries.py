"""The loops of a function and the values that are live where they begin: what `insert-tier-checks`
passes on when running code changes to better code, and `enter-loop` takes. Both see the same IR, so
they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xdsl.ir import Block, Operation, OpResult, SSAValue

from wasmdialect.analyses.liveness import Liveness
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder, successors
from wasmdialect.dialects.wasmir.types import is_value_type


class LoopEntry(NamedTuple):
    """Where a function can be entered in the middle."""

    header: Block
    values: Sequence[SSAValue]
    """The arguments of the header, then all other values that are used after it, except for
    constants."""
    constants: Sequence[Operation]
    """The constants that are used after it, and defined before."""
    is_possible: bool
    """Whether all of them can be passed as parameters of a function."""


def loop_entries(function: wasmir.FuncOp) -> list[LoopEntry]:
    """The loops of a function, in the order in which control can reach them."""
    order = reverse_postorder(function.entry)
    position = {block: number for number, block in enumerate(order)}
    headers = {
        target
        for number, block in enumerate(order)
        for target in successors(block)
        if position[target] <= number
    }
    if not headers:
        return []
    liveness = Liveness(function)
    return [_entry(block, liveness.live_in(block)) for block in order if block in headers]


def _entry(header: Block, live: Sequence[SSAValue]) -> LoopEntry:
    passed: list[SSAValue] = [*header.args]
    constants: list[Operation] = []
    for value in live:
        if isinstance(value, OpResult) and isinstance(value.op, wasmir.ConstOp):
            constants.append(value.op)
        else:
            passed.append(value)
    return LoopEntry(header, passed, constants, all(is_value_type(v.type) for v in passed))
