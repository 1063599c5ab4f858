"""Value ranges: an interval of unsigned integers for each i32 and i64 value of a function.

Ranges grow from the parameters on. What grows around a loop grows to the next constant of the function,
and after some rounds to everything; then all shrink again for some rounds. A comparison that decides a
branch narrows what is compared: on that edge, and in the blocks that only this edge leads to. (Cousot
and Cousot: "Abstract Interpretation: A Unified Lattice Model", widening and narrowing.)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.dominators import Dominators
from wasmdialect.analyses.intervals import (
    BINARY,
    NEGATED,
    TURNED,
    UNARY,
    Range,
    everything,
    narrowed,
)
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.fast import operands_of

_ROUNDS_UP = 14
"""Rounds in which ranges may grow; after these, what goes around loops is everything."""
_SMALL_STEPS = 3
"""Rounds in which they grow to the next constant; then to one that is `_FACTOR` times as large."""
_FACTOR = 256
_ROUNDS_DOWN = 2


class _Condition(NamedTuple):
    """A relation that holds: to another value, or to a range."""

    value: SSAValue
    relation: str
    other: SSAValue | Range


class _Edge(NamedTuple):
    """An edge into a block."""

    source: Block
    arguments: tuple[SSAValue, ...]
    conditions: list[_Condition]
    is_retreating: bool


class _Step(NamedTuple):
    """An operation whose result depends on the ranges of its operands."""

    result: SSAValue
    operands: Sequence[SSAValue]
    rule: Callable[..., Range]
    size: int


class Ranges:
    """The ranges of a function's integers, as unsigned numbers."""

    def __init__(self, function: wasmir.FuncOp):
        self._graph = graph = analysis(ControlFlow, function)
        self._dominators = analysis(Dominators, function)
        self._known: dict[SSAValue, Range] = {}
        self._edges: dict[Block, list[_Edge]] = {block: [] for block in graph.order}
        self._holds: dict[SSAValue, list[tuple[Block, _Condition]]] = {}
        """What is known of a value in a block and all that it dominates."""
        self._steps: dict[Block, list[_Step]] = {}
        """The operations whose results depend on ranges."""
        self._narrows: dict[SSAValue, list[SSAValue]] = {}
        """What is compared with a value, in a branch."""
        self._changed: dict[SSAValue, int] = {}
        """The last round in which a value changed."""
        self._round = 0
        thresholds = {(1 << 31) - 1, (1 << 63) - 1}  # the largest signed numbers
        for number, block in enumerate(graph.order):
            steps: list[_Step] = []
            self._steps[block] = steps
            for op in block.ops:
                if isinstance(op, wasmir.ConstOp) and width_of(op.result) is not None:
                    thresholds |= {op.bits - 1, op.bits, op.bits + 1}
                step = self._step(op)
                if step is not None:
                    steps.append(step)
            self._add_edges(block, number)
        self._thresholds = sorted(thresholds)
        self._factor = 1
        for block, edges in self._edges.items():
            for edge in edges:
                for condition in edge.conditions:
                    if not isinstance(condition.other, Range):
                        self._narrows.setdefault(condition.other, []).append(condition.value)
                    if len(edges) == 1:
                        self._holds.setdefault(condition.value, []).append((block, condition))
        for parameter in function.entry.args:
            self._note_everything(parameter)
        self._grow()
        for number in range(_ROUNDS_DOWN):
            self._run(everything_again=number == 0, shrinks=True)

    def _add_edges(self, block: Block, number: int) -> None:
        last = block.last_op
        if last is None:
            return
        conditions = _edge_conditions(last)
        for n, (target, arguments) in enumerate(branch_edges(last)):
            retreats = self._graph.number[target] <= number
            holds = conditions[n] if conditions else []
            self._edges[target].append(_Edge(block, tuple(arguments), holds, retreats))

    def _step(self, op: Operation) -> _Step | None:
        """How the result of an operation depends on ranges; None if it does not, and is noted."""
        if isinstance(op, wasmir.ConstOp):
            if width_of(op.result) is not None:
                self._known[op.result] = Range(op.bits, op.bits)
            return None
        if isinstance(op, wasmir.SelectOp) and width_of(op.result) is not None:
            return _Step(op.result, operands_of(op), _selected, 0)
        for result in op.results:
            self._note_everything(result)
        if isinstance(op, wasmir.LoadOp):
            access, width = op.INSTRUCTION.access, width_of(op.result)
            assert access is not None
            if width is not None and not access.signed:
                self._known[op.result] = everything(min(8 * access.bytes, width))
        if not isinstance(op, wasmir.NumericOp) or op.INSTRUCTION.shape not in ("i32", "i64"):
            return None
        operands = operands_of(op)
        rules = UNARY if len(operands) == 1 else BINARY
        rule, size = rules.get(_operation(op)), width_of(operands[0])
        if rule is None or size is None:
            return None
        del self._known[op.result]
        return _Step(op.result, operands, rule, size)

    def range(self, value: SSAValue) -> Range | None:
        """The range of a value wherever it is used; None if it is not an integer, or is in code that
        cannot run."""
        return self._known.get(value)

    def at(self, value: SSAValue, place: Block | Operation) -> Range | None:
        """The range of a value at a block or operation that its definition dominates: as `range`, with
        what the branches say that lead there."""
        block = place if isinstance(place, Block) else place.parent
        known = self._known.get(value)
        for where, condition in self._holds.get(value, ()):
            if known is None or block is None:
                break
            if self._dominators.dominates(where, block):
                known = self._narrowed(known, condition)
        return known

    def _narrowed(self, known: Range, condition: _Condition) -> Range | None:
        other = condition.other
        its = other if isinstance(other, Range) else self._known.get(other)
        width = width_of(condition.value)
        assert width is not None
        return None if its is None else narrowed(condition.relation, known, its, width)

    # --- rounds ---

    def _grow(self) -> None:
        for number in range(_ROUNDS_UP):
            self._factor = 1 if number < _SMALL_STEPS else _FACTOR
            if not self._run(everything_again=number == 0):
                return
        for block, edges in self._edges.items():
            if any(edge.is_retreating for edge in edges):
                for argument in block.args:
                    self._note_everything(argument)
        self._run(everything_again=True)  # nothing else depends on itself

    def _run(self, *, everything_again: bool, shrinks: bool = False) -> bool:
        """Compute values once, in the order of the blocks: all, or those that depend on what has
        changed since their turn in the last round. Returns whether any has changed."""
        self._round += 1
        since = 0 if everything_again else self._round - 1
        changed, has_changed = self._changed, False
        for block in self._graph.order:
            edges = self._edges[block]
            is_entry = block is self._graph.order[0]  # whose arguments callers give
            for argument in () if is_entry or not edges else block.args:
                passed = [edge.arguments[argument.index] for edge in edges]
                if width_of(argument) is not None and any(
                    changed.get(v, 0) >= since for v in passed
                ):
                    has_changed |= self._enter(block, argument, shrinks=shrinks)
            for step in self._steps[block]:
                for operand in step.operands:
                    if changed.get(operand, 0) >= since:
                        found = self._computed(step, block)
                        has_changed |= self._note(step.result, found)
                        break
        return has_changed

    def _computed(self, step: _Step, block: Block) -> Range | None:
        ranges = [self.at(operand, block) for operand in step.operands]
        return step.rule(*ranges, step.size) if None not in ranges else None

    def _enter(self, block: Block, argument: BlockArgument, *, shrinks: bool) -> bool:
        """Join what edges pass to an argument; what grows around a loop grows further."""
        before = self._known.get(argument)
        index = argument.index
        found: Range | None = None
        for edge in self._edges[block]:
            passed = self._on_edge(edge.arguments[index], edge)
            if passed is not None:
                found = passed if found is None else found.join(passed)
        if found is None or shrinks:
            return self._note(argument, found)
        if before is not None:
            found = before.join(found)
            if found != before and any(edge.is_retreating for edge in self._edges[block]):
                found = self._widened(before, found, argument)
        return self._note(argument, found)

    def _on_edge(self, value: SSAValue, edge: _Edge) -> Range | None:
        known = self.at(value, edge.source)
        for condition in edge.conditions:
            if condition.value is value and known is not None:
                known = self._narrowed(known, condition)
        return known

    def _widened(self, before: Range, found: Range, value: SSAValue) -> Range:
        width = width_of(value)
        assert width is not None
        low, high = found
        if low < before.low:
            place = bisect_left(self._thresholds, low // self._factor + 1) - 1
            low = max(self._thresholds[place], 0) if place >= 0 else 0
        if high > before.high:
            place = bisect_left(self._thresholds, high * self._factor)
            limit = everything(width).high
            high = min(self._thresholds[place], limit) if place < len(self._thresholds) else limit
        return Range(low, high)

    def _note(self, value: SSAValue, found: Range | None) -> bool:
        if self._known.get(value) == found:
            return False
        self._changed[value] = self._round
        for other in self._narrows.get(value, ()):
            self._changed[other] = self._round
        if found is None:
            del self._known[value]
        else:
            self._known[value] = found
        return True

    def _note_everything(self, value: SSAValue) -> None:
        width = width_of(value)
        if width is not None:
            self._known[value] = everything(width)


def _selected(condition: Range, first: Range, second: Range, _: int) -> Range:
    if condition.low > 0:
        return first
    return second if condition.high == 0 else first.join(second)


def _operation(op: wasmir.NumericOp) -> str:
    """The mnemonic without the type."""
    return op.INSTRUCTION.mnemonic.partition(".")[2]


_WIDTHS: dict[Attribute, int] = {i32: 32, i64: 64}


def width_of(value: SSAValue) -> int | None:
    """The bits of an i32 or i64, None for other values."""
    t = value.type
    if t is i32:  # hashing a type runs Python code
        return 32
    return 64 if t is i64 else _WIDTHS.get(t)


def _edge_conditions(branch: Operation) -> list[list[_Condition]]:
    """What holds on each edge of a branch."""
    if isinstance(branch, wasmir.BrIfOp):
        return [_truth(branch.condition, is_zero=False), _truth(branch.condition, is_zero=True)]
    if isinstance(branch, wasmir.BrTableOp):
        count = len(branch.cases())
        index = branch.index
        chosen = [[_Condition(index, "eq", Range(n, n))] for n in range(count)]
        return [[_Condition(index, "ge_u", Range(count, count))], *chosen]
    return []


def _truth(condition: SSAValue, *, is_zero: bool) -> list[_Condition]:
    """What holds if a condition is zero, or is not."""
    found = [_Condition(condition, "eq" if is_zero else "ne", Range(0, 0))]
    op = condition.owner
    while isinstance(op, wasmir.NumericOp) and _operation(op) == "eqz":
        is_zero = not is_zero
        value = operands_of(op)[0]
        found.append(_Condition(value, "eq" if is_zero else "ne", Range(0, 0)))
        op = value.owner
    if isinstance(op, wasmir.NumericOp) and op.INSTRUCTION.shape in ("i32", "i64"):
        relation = _operation(op)
        if relation in NEGATED:
            first, second = operands_of(op)
            relation = NEGATED[relation] if is_zero else relation
            found.append(_Condition(first, relation, second))
            found.append(_Condition(second, TURNED[relation], first))
    return found
