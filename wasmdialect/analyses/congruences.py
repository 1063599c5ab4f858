"""Congruences: the low bits that an i32 or i64 value has in every run, as a multiple of 8 has zeros.

Facts grow weaker from "every bit is known" until they hold for all inputs of every block. (Granger:
"Static Analysis of Arithmetical Congruences", with powers of two for moduli.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from xdsl.ir import Operation, SSAValue

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


class Congruences:
    """The low bits of a function's integers."""

    def __init__(self, function: Body):
        self._graph = graph = analysis(ControlFlow, function)
        self._known: dict[SSAValue, Congruence] = {}
        """No entry: no input has come yet."""
        if graph.order:
            for parameter in graph.order[0].args:
                self._known[parameter] = ANYTHING
        work: list[Operation] = []
        for block in graph.order:
            for op in block.ops:
                work.extend(self._visit(op))
        while work:
            work.extend(self._visit(work.pop()))

    def of(self, value: SSAValue) -> Congruence:
        """The low bits of a value, wherever it is used."""
        return self._known.get(value, ANYTHING)

    def is_multiple(self, value: SSAValue, offset: int, divisor: int) -> bool:
        """Whether the sum of a value and an offset is always a multiple of a power of two."""
        known = self.of(value)
        return 1 << known.bits >= divisor and (known.residue + offset) % divisor == 0

    def _visit(self, op: Operation) -> Iterable[Operation]:
        """Compute what depends on an operation's operands; the operations to visit again."""
        block = op.parent
        if block is None or block not in self._graph.number:
            return ()
        if op.next_op is None:
            return self._enter_successors(op, self._graph.number[block])
        integers = [result for result in op.results if width_of(result) is not None]
        return self._users([value for value in integers if self._note(value, self._computed(op))])

    def _users(self, values: Sequence[SSAValue]) -> list[Operation]:
        return [use.operation for value in values for use in value.uses]

    def _enter_successors(self, branch: Operation, number: int) -> list[Operation]:
        again: list[Operation] = []
        for target, arguments in branch_edges(branch):
            if target is self._graph.order[0]:
                continue  # whose arguments callers give
            for argument, passed in zip(target.args, arguments, strict=True):
                found = self._known.get(passed)
                if found is None:
                    continue
                before = self._known.get(argument)
                if self._note(argument, found if before is None else before.join(found)):
                    again += self._users((argument,))
        return again

    def _note(self, value: SSAValue, found: Congruence | None) -> bool:
        if found is None or self._known.get(value) == found:
            return False
        self._known[value] = found
        return True

    def _computed(self, op: Operation) -> Congruence | None:
        """The low bits of an operation's result; None as long as an operand has none."""
        width = width_of(op.results[0])
        assert width is not None
        if isinstance(op, wasmir.ConstOp):
            return _low(width, op.bits)
        operands = operands_of(op)
        if isinstance(op, wasmir.SelectOp):
            first, second = self._known.get(operands[1]), self._known.get(operands[2])
            if first is None or second is None:
                return first or second
            return first.join(second)
        if not isinstance(op, wasmir.NumericOp) or op.INSTRUCTION.shape not in ("i32", "i64"):
            return ANYTHING
        rule = RULES.get(op.INSTRUCTION.mnemonic.partition(".")[2])
        if rule is None:
            return ANYTHING
        known = [self._known.get(operand) for operand in operands]
        return None if None in known else rule(*known, width)
