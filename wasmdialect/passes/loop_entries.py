"""The loops of a function and the values that are live where they begin: what `insert-tier-checks`
passes on when running code changes to better code, and `enter-loop` takes. Both see the same IR, so
they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xdsl.ir import Block, Operation, OpResult, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder, successors
from wasmdialect.dialects.fast import used_from_elsewhere
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
    live, values = _live_at_start(order)
    return [_entry(block, live[block], values) for block in order if block in headers]


def _entry(header: Block, live: int, values: Sequence[SSAValue]) -> LoopEntry:
    passed: list[SSAValue] = [*header.args]
    constants: list[Operation] = []
    for value in _members(live, values):
        if isinstance(value, OpResult) and isinstance(value.op, wasmir.ConstOp):
            constants.append(value.op)
        else:
            passed.append(value)
    return LoopEntry(header, passed, constants, all(is_value_type(v.type) for v in passed))


def _members(bits: int, values: Sequence[SSAValue]) -> list[SSAValue]:
    """The values with these numbers."""
    found: list[SSAValue] = []
    while bits:
        lowest = bits & -bits
        found.append(values[lowest.bit_length() - 1])
        bits ^= lowest
    return found


def _live_at_start(order: Sequence[Block]) -> tuple[dict[Block, int], Sequence[SSAValue]]:
    """For each block the numbers of the values that are live at its start, without its arguments, as
    the bits of an integer; and the values in the order of their numbers. Values that are used only
    where they are defined have none."""
    numbers: dict[SSAValue, int] = {}
    used: dict[Block, int] = {}
    defined = dict.fromkeys(order, 0)
    for block in order:
        bits = 0
        for operand, definer in used_from_elsewhere(block):
            bit = 1 << numbers.setdefault(operand, len(numbers))
            bits |= bit
            defined[definer] |= bit
        used[block] = bits
    live = dict(used)
    changed = True
    while changed:
        changed = False
        for block in reversed(order):
            after = 0
            for successor in successors(block):
                after |= live[successor]
            before = used[block] | after & ~defined[block]
            if before != live[block]:
                live[block] = before
                changed = True
    return live, [*numbers]
