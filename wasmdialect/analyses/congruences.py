"""Congruences: the low bits that an i32 or i64 value has in every run, as a multiple of 8 has zeros.

Facts begin with the first input of a block that is known, and grow weaker until they hold for all
(Granger: "Static Analysis of Arithmetical Congruences", with powers of two for moduli).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.ranges import width_of
from wasmdialect.analyses.regions import Body
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.fast import operands_of


class Congruence(NamedTuple):
    """All integers whose low `bits` bits are those of `residue`, which has no others."""

    bits: int
    residue: int

    @property
    def zeros(self) -> int:
        """How many of the low bits are known to be zero."""
        return _trailing_zeros(self.residue) if self.residue else self.bits

    def join(self, other: Congruence) -> Congruence:
        """What holds for the integers of both."""
        bits = min(self.bits, other.bits)
        different = (self.residue ^ other.residue) & _ones(bits)
        return _low(_trailing_zeros(different) if different else bits, self.residue)


ANYTHING = Congruence(0, 0)


def _ones(count: int) -> int:
    return (1 << count) - 1


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _low(bits: int, number: int) -> Congruence:
    return Congruence(bits, number & _ones(bits))


# --- what operations make of the congruences of their operands; the width is that of the result ---

_Rule = Callable[..., Congruence]


def _add(a: Congruence, b: Congruence, width: int) -> Congruence:
    return _low(min(a.bits, b.bits), a.residue + b.residue)


def _sub(a: Congruence, b: Congruence, width: int) -> Congruence:
    return _low(min(a.bits, b.bits), a.residue - b.residue)


def _mul(a: Congruence, b: Congruence, width: int) -> Congruence:
    """The unknown bits of one are multiplied by a number with the zeros of the other."""
    return _low(min(width, a.bits + b.zeros, b.bits + a.zeros), a.residue * b.residue)


def _shl(a: Congruence, b: Congruence, width: int) -> Congruence:
    by = _distance(b, width)
    if by is None:
        return Congruence(a.zeros, 0)
    return _low(min(width, a.bits + by), a.residue << by)


def _shr(a: Congruence, b: Congruence, width: int) -> Congruence:
    by = _distance(b, width)
    if by is None or by > a.bits:
        return ANYTHING
    return Congruence(a.bits - by, a.residue >> by)


def _distance(b: Congruence, width: int) -> int | None:
    """By how much a value is shifted, modulo its width; None if that is not known."""
    return b.residue % width if 1 << b.bits >= width else None


def _and(a: Congruence, b: Congruence, width: int) -> Congruence:
    """A zero on one side is enough."""
    return _bitwise(a, b, ~a.residue, ~b.residue, a.residue & b.residue)


def _or(a: Congruence, b: Congruence, width: int) -> Congruence:
    """A one on one side is enough."""
    return _bitwise(a, b, a.residue, b.residue, a.residue | b.residue)


def _bitwise(
    a: Congruence, b: Congruence, decides: int, also_decides: int, result: int
) -> Congruence:
    mine, its = _ones(a.bits), _ones(b.bits)
    known = (mine & its) | (mine & decides) | (its & also_decides)
    return _low(_trailing_zeros(known + 1), result)


def _xor(a: Congruence, b: Congruence, width: int) -> Congruence:
    return _low(min(a.bits, b.bits), a.residue ^ b.residue)


def _at_most(limit: int) -> _Rule:
    def rule(a: Congruence, width: int) -> Congruence:
        return _low(min(a.bits, limit), a.residue)

    return rule


RULES: dict[str, _Rule] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "shl": _shl,
    "shr_u": _shr,
    "shr_s": _shr,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "wrap_i64": _at_most(32),
    "extend_i32_u": _at_most(32),
    "extend_i32_s": _at_most(32),
    "extend8_s": _at_most(8),
    "extend16_s": _at_most(16),
    "extend32_s": _at_most(32),
}
"""By the operation's name; what others give may be anything."""


def _join(*known: Congruence | None) -> Congruence | None:
    """What holds for the inputs that there are so far."""
    found: Congruence | None = None
    for one in known:
        if one is not None:
            found = one if found is None else found.join(one)
    return found


class _Node(NamedTuple):
    """A value that depends on others: by the rule of its operation, or one of them by chance."""

    inputs: Sequence[SSAValue]
    rule: _Rule | None
    width: int

    def computed(self, known: dict[SSAValue, Congruence]) -> Congruence | None:
        """What holds for it; None as long as that depends on an input of which nothing is known."""
        inputs = [known.get(value) for value in self.inputs]
        if self.rule is None:
            return _join(*inputs)
        return None if None in inputs else self.rule(*inputs, self.width)


class Congruences:
    """The low bits of a function's integers."""

    def __init__(self, function: Body, values: Iterable[SSAValue] | None = None):
        """Of all integers, or of some `values` and what they depend on."""
        self._graph = graph = analysis(ControlFlow, function)
        self._edges: dict[Block, list[Sequence[SSAValue]]] = {block: [] for block in graph.order}
        """The arguments that each edge into a block passes."""
        for block in graph.order:
            if block.last_op is not None:
                for target, arguments in branch_edges(block.last_op):
                    self._edges[target].append(arguments)
        self._known: dict[SSAValue, Congruence] = {}
        """No entry: no input has come yet."""
        self._nodes: dict[SSAValue, _Node] = {}
        self._users: dict[SSAValue, list[SSAValue]] = {}
        self._add(_integers(graph.order) if values is None else values)
        work = [*self._nodes]
        while work:
            value = work.pop()
            found = self._nodes[value].computed(self._known)
            if found is not None and found != self._known.get(value):
                self._known[value] = found
                work += self._users.get(value, ())

    def of(self, value: SSAValue) -> Congruence:
        """The low bits of a value, wherever it is used."""
        return self._known.get(value, ANYTHING)

    def is_multiple(self, value: SSAValue, offset: int, divisor: int) -> bool:
        """Whether the sum of a value and an offset is always a multiple of a power of two."""
        known = self.of(value)
        return 1 << known.bits >= divisor and (known.residue + offset) % divisor == 0

    def _add(self, values: Iterable[SSAValue]) -> None:
        """Add nodes for values and all that they depend on."""
        work, seen = [*values], set[SSAValue]()
        while work:
            value = work.pop()
            if value in seen:
                continue
            seen.add(value)
            node = self._node(value)
            if isinstance(node, Congruence):
                self._known[value] = node
                continue
            self._nodes[value] = node
            for used in node.inputs:
                self._users.setdefault(used, []).append(value)
            work += node.inputs

    def _node(self, value: SSAValue) -> _Node | Congruence:
        """What a value depends on, or its congruence, if that depends on nothing else."""
        owner, width = value.owner, width_of(value)
        if width is None:
            return ANYTHING
        if isinstance(owner, Block):
            edges = self._edges.get(owner)
            if not edges or owner is self._graph.order[0]:
                return ANYTHING  # callers give it
            assert isinstance(value, BlockArgument)
            return _Node([arguments[value.index] for arguments in edges], None, width)
        if isinstance(owner, wasmir.ConstOp):
            return _low(width, owner.bits)
        if isinstance(owner, wasmir.SelectOp):
            return _Node(operands_of(owner)[1:], None, width)
        rule = _rule_of(owner)
        return ANYTHING if rule is None else _Node(operands_of(owner), rule, width)


def _integers(blocks: Sequence[Block]) -> list[SSAValue]:
    results = [result for block in blocks for op in block.ops for result in op.results]
    return [*results, *(argument for block in blocks for argument in block.args)]


def _rule_of(op: Operation) -> _Rule | None:
    if not isinstance(op, wasmir.NumericOp) or op.INSTRUCTION.shape not in ("i32", "i64"):
        return None
    return RULES.get(op.INSTRUCTION.mnemonic.partition(".")[2])
