"""Trip counts: how often a loop goes around before a test ends it.

A loop is counted by a test that each of its iterations makes, if the test compares a value that changes
by a constant with one that does not change. The count is exact, not an estimate: tests that would only
fail after the value has wrapped around have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdsl.ir import Block, SSAValue

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.dominators import Dominators
from wasmdialect.analyses.induction import Affine, Induction
from wasmdialect.analyses.intervals import NEGATED, TURNED
from wasmdialect.analyses.loops import Loop, Loops
from wasmdialect.analyses.polynomials import Polynomial
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operands_of

Relation = Literal["ne", "lt", "le", "gt", "ge"]


@dataclass(frozen=True)
class TripCount:
    """The loop goes on while `value relation bound` holds, and one test is made in each iteration.

    The value is `start + step * n` in iteration n. For `lt` and `le` the step is positive, for `gt` and
    `ge` negative: the loop ends when the value passes the bound, or never.
    """

    test: Block
    """The block whose branch tests."""
    stays: Block
    """Where it goes if the loop goes on."""
    leaves: Block
    """Where it goes if the loop ends."""
    relation: Relation
    is_signed: bool
    width: int
    start: Polynomial
    step: int
    """Not zero."""
    bound: Polynomial

    def count(self, start: int, bound: int) -> int | None:
        """How many tests pass before the first one that does not, for unsigned numbers as start and
        bound. None if the value would wrap around before that, or for ever."""
        modulus = 1 << self.width
        if self.relation == "ne":
            distance = (bound - start if self.step > 0 else start - bound) % modulus
            return None if distance % abs(self.step) else distance // abs(self.step)
        low, high = (-modulus // 2, modulus // 2 - 1) if self.is_signed else (0, modulus - 1)
        first = start - modulus if self.is_signed and start > high else start
        end = bound - modulus if self.is_signed and bound > high else bound
        if self.step < 0:
            first, end, low, high = -first, -end, -high, -low
        end += self.relation in ("le", "ge")
        step = abs(self.step)
        count = max(0, -(-(end - first) // step))
        return count if first + step * count <= high else None


class TripCounts:
    """The trip counts of the loops of a function."""

    def __init__(self, function: wasmir.FuncOp):
        self._loops = analysis(Loops, function)
        self._dominators = analysis(Dominators, function)
        self._induction = analysis(Induction, function)
        self._own = {loop.header: loop for loop in self._loops.all}

    def of(self, loop: Loop) -> list[TripCount]:
        """The counts of a loop, one for each of its tests that has one: the loop ends with the smallest
        of them, or before by another exit."""
        loop = self._own[loop.header]
        counts: list[TripCount] = []
        for block, leaves in self._loops.exits(loop):
            if self._is_in_each_iteration(block, loop):
                found = self._count(block, leaves, loop)
                if found is not None:
                    counts.append(found)
        return counts

    def _is_in_each_iteration(self, block: Block, loop: Loop) -> bool:
        return self._loops.innermost.get(block) is loop and all(
            self._dominators.dominates(block, latch) for latch in loop.latches
        )

    def _count(self, block: Block, leaves: Block, loop: Loop) -> TripCount | None:
        branch = block.last_op
        if not isinstance(branch, wasmir.BrIfOp) or branch.then_block is branch.else_block:
            return None
        stays_if_set = branch.else_block is leaves
        stays = branch.then_block if stays_if_set else branch.else_block
        if not self._loops.is_within(stays, loop):
            return None
        first, relation, second = _comparison(branch.condition, holds=stays_if_set)
        value = self._induction.affine(first, loop)
        bound = Affine(_ZERO, _ZERO) if second is None else self._induction.affine(second, loop)
        if value is None or bound is None:
            return None
        if second is None:
            zero = Polynomial(value.start.width)
            bound = Affine(zero, zero)
        if value.is_invariant:
            value, bound, relation = bound, value, TURNED.get(relation, relation)
        step = value.step.as_number
        if step is None or step == 0 or not bound.is_invariant:
            return None
        name, _, sign = relation.partition("_")
        if name not in _DIRECTIONS:
            return None
        test, direction = _DIRECTIONS[name]
        if direction * step < 0:
            return None
        width = value.start.width
        return TripCount(
            *(block, stays, leaves, test, sign == "s", width),
            *(value.start, step, bound.start),
        )


_ZERO = Polynomial(32)
_DIRECTIONS: dict[str, tuple[Relation, int]] = {
    **{"ne": ("ne", 0), "lt": ("lt", 1), "le": ("le", 1)},
    **{"gt": ("gt", -1), "ge": ("ge", -1)},
}
"""The relations with the sign of the step with which they fail at last; 0 for both."""


def _comparison(condition: SSAValue, *, holds: bool) -> tuple[SSAValue, str, SSAValue | None]:
    """What is compared if a condition holds, or does not: two values, or one with zero (None)."""
    op = condition.owner
    while isinstance(op, wasmir.NumericOp) and op.INSTRUCTION.operation == "eqz":
        holds = not holds
        condition = operands_of(op)[0]
        op = condition.owner
    if isinstance(op, wasmir.NumericOp) and op.INSTRUCTION.shape in ("i32", "i64"):
        relation = op.INSTRUCTION.mnemonic.partition(".")[2]
        if relation in NEGATED:
            first, second = operands_of(op)
            return first, relation if holds else NEGATED[relation], second
    return condition, "ne" if holds else "eq", None
