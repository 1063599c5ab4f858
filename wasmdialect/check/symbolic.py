"""Running the table's semantic functions on bit vectors of a solver: the same text that folding and the
interpreter run on Python's integers.

A `Symbolic` is an exact integer, like Python's: a bit vector in two's complement that becomes wider
where the result would not fit. Where the text branches on one, it is run again for each way, so the
result is a choice by the conditions of the ways. What cannot be said in bit vectors (the value of a
float) is not decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.numerics import NumericTrap

z3: Any = import_module("z3")
"""The solver, which has no types."""

MOST_WAYS = 64
"""Ways through a semantic function before it is not decided."""
_MOST_SHIFT = 256


class Undecided(Exception):
    """Something cannot be said in bit vectors."""


class Way(NamedTuple):
    """A way through a semantic function: when it is taken, and what it gives."""

    condition: Any
    results: tuple[Any, ...] | None
    """Integers, Symbolic or not; None if it traps, or is not decided."""
    trap: TrapCode | None = None


def ways_through(function: Callable[..., Any], *arguments: Any) -> list[Way]:
    """Every way through a function. Raises Undecided if there are too many."""
    found: list[Way] = []
    pending: list[list[bool]] = [[]]
    while pending:
        if len(found) == MOST_WAYS:
            raise Undecided
        fork = _Fork(pending.pop())
        try:
            with fork:
                results = function(*arguments)
            trap = None
        except NumericTrap as error:
            results, trap = None, error.code
        except (Undecided, TypeError, AttributeError, OverflowError):
            results, trap = None, None
        if results is not None and not isinstance(results, tuple):
            results = (results,)
        found.append(Way(z3.And(*fork.conditions), results, trap))
        pending += fork.others()
    return found


class _Fork:
    """The decisions of one run."""

    current: _Fork | None = None

    def __init__(self, given: list[bool]):
        self._given = given
        self._taken: list[bool] = []
        self.conditions: list[Any] = []
        self._free: list[int] = []

    def __enter__(self) -> None:
        _Fork.current = self

    def __exit__(self, *_: object) -> None:
        _Fork.current = None

    def decide(self, condition: Any) -> bool:
        """Which way a condition goes in this run."""
        condition = z3.simplify(condition)
        if z3.is_true(condition) or z3.is_false(condition):
            return bool(z3.is_true(condition))
        number = len(self._taken)
        if number >= MOST_WAYS:
            raise Undecided
        if number < len(self._given):
            way = self._given[number]
        else:
            way = self._is_possible(condition)
            if way and self._is_possible(z3.Not(condition)):
                self._free.append(number)
        self._taken.append(way)
        self.conditions.append(condition if way else z3.Not(condition))
        return way

    def _is_possible(self, condition: Any) -> bool:
        solver = z3.Solver()
        solver.set("timeout", 1000)
        return solver.check(*self.conditions, condition) != z3.unsat

    def others(self) -> Iterator[list[bool]]:
        """The decisions of the runs that go the other way somewhere."""
        for number in self._free:
            yield [*self._taken[:number], not self._taken[number]]


class Condition:
    """A truth value."""

    def __init__(self, expression: Any):
        self._expression = expression

    def __bool__(self) -> bool:
        if _Fork.current is None:
            raise Undecided
        return _Fork.current.decide(self._expression)

    def __int__(self) -> int:
        return int(bool(self))

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        return bool(self) == bool(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def _vector(value: Any) -> Any:
    """An integer as a vector that is wide enough for its sign."""
    if isinstance(value, Symbolic):
        return value.vector
    return z3.BitVecVal(value, value.bit_length() + 1)


def _widened(vector: Any, width: int) -> Any:
    return z3.SignExt(width - vector.size(), vector) if width > vector.size() else vector


def _both(a: Any, b: Any, more: int = 0) -> tuple[Any, Any]:
    """Two vectors of the same width."""
    x, y = _vector(a), _vector(b)
    width = max(x.size(), y.size()) + more
    return _widened(x, width), _widened(y, width)


class Symbolic:
    """An integer."""

    def __init__(self, vector: Any):
        self.vector = vector

    @staticmethod
    def unsigned(vector: Any) -> Symbolic:
        """The bits of a vector as an integer that is not negative."""
        return Symbolic(z3.ZeroExt(1, vector))

    def low_bits(self, width: int) -> Any:
        """The low bits as a vector."""
        return z3.Extract(width - 1, 0, _widened(self.vector, width))

    def __add__(self, other: Any) -> Symbolic:
        a, b = _both(self, other, 1)
        return Symbolic(a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Symbolic:
        a, b = _both(self, other, 1)
        return Symbolic(a - b)

    def __rsub__(self, other: Any) -> Symbolic:
        a, b = _both(other, self, 1)
        return Symbolic(a - b)

    def __mul__(self, other: Any) -> Symbolic:
        a, b = _vector(self), _vector(other)
        width = a.size() + b.size()
        return Symbolic(_widened(a, width) * _widened(b, width))

    __rmul__ = __mul__

    def __neg__(self) -> Symbolic:
        return 0 - self

    def __abs__(self) -> Symbolic:
        return -self if self < 0 else self

    def __and__(self, other: Any) -> Symbolic:
        a, b = _both(self, other)
        if isinstance(other, int) and other >= 0:  # no wider than the mask
            return Symbolic(
                z3.Extract(other.bit_length(), 0, _widened(a & b, other.bit_length() + 1))
            )
        return Symbolic(a & b)

    __rand__ = __and__

    def __or__(self, other: Any) -> Symbolic:
        a, b = _both(self, other)
        return Symbolic(a | b)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Symbolic:
        a, b = _both(self, other)
        return Symbolic(a ^ b)

    __rxor__ = __xor__

    def __invert__(self) -> Symbolic:
        return Symbolic(~self.vector)

    def __lshift__(self, amount: Any) -> Symbolic:
        return _shifted_left(self, amount)

    def __rlshift__(self, value: int) -> Symbolic:
        return _shifted_left(value, self)

    def __rshift__(self, amount: Any) -> Symbolic:
        a, b = _both(self, amount)
        return Symbolic(a >> b)

    def __rrshift__(self, value: int) -> Symbolic:
        a, b = _both(value, self)
        return Symbolic(a >> b)

    def __mod__(self, divisor: Any) -> Symbolic:
        if isinstance(divisor, int) and divisor > 0 and divisor & (divisor - 1) == 0:
            return self & (divisor - 1)
        a, b = _not_negative(self, divisor)
        return Symbolic(z3.URem(a, b))

    def __floordiv__(self, divisor: Any) -> Symbolic:
        a, b = _not_negative(self, divisor)
        return Symbolic(z3.UDiv(a, b))

    def __lt__(self, other: Any) -> Condition:
        a, b = _both(self, other)
        return Condition(a < b)

    def __le__(self, other: Any) -> Condition:
        a, b = _both(self, other)
        return Condition(a <= b)

    def __gt__(self, other: Any) -> Condition:
        a, b = _both(self, other)
        return Condition(a > b)

    def __ge__(self, other: Any) -> Condition:
        a, b = _both(self, other)
        return Condition(a >= b)

    def __eq__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        a, b = _both(self, other)
        return Condition(a == b)

    def __ne__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        a, b = _both(self, other)
        return Condition(a != b)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        raise Undecided

    __int__ = __index__

    def to_bytes(self, *_: object) -> bytes:
        """For the value of a float."""
        raise Undecided

    def bit_length(self) -> Symbolic:
        """As of an integer that is not negative."""
        length = z3.BitVecVal(0, 9)
        for bit in range(self.vector.size()):
            is_set = z3.Extract(bit, bit, self.vector) == 1
            length = z3.If(is_set, z3.BitVecVal(bit + 1, 9), length)
        return Symbolic(length)

    def bit_count(self) -> Symbolic:
        """As of an integer that is not negative."""
        bits = [z3.ZeroExt(8, z3.Extract(b, b, self.vector)) for b in range(self.vector.size())]
        return Symbolic(z3.Sum(*bits))


def _not_negative(a: Any, b: Any) -> tuple[Any, Any]:
    """Two integers for an unsigned division, which is that of Python only for these."""
    if a < 0 or b <= 0:
        raise Undecided
    return _both(a, b)


def _shifted_left(value: Any, amount: Any) -> Symbolic:
    a = _vector(value)
    if isinstance(amount, int):
        width = a.size() + amount
        return Symbolic(_widened(a, width) << amount)
    most = 1 << (amount.vector.size() - 1)
    if most > _MOST_SHIFT or amount < 0:
        raise Undecided
    width = a.size() + most
    return Symbolic(_widened(a, width) << _widened(amount.vector, width))
