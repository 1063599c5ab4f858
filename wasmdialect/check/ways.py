"""Running a function on unknowns, once for each way that its branches allow: a solver says which ways
there are, and the result is a choice by their conditions."""

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


class Undecided(Exception):
    """Something cannot be said in bit vectors."""


_EFFORT = 2_000_000
"""What a question to the solver about a branch may cost, in its own unit, which does not depend on the
machine: about half a second."""


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

    def is_certain(self, condition: Any) -> bool:
        """Whether a condition always holds on this way."""
        return not self._is_possible(z3.Not(condition))

    def _is_possible(self, condition: Any) -> bool:
        solver = z3.Solver()
        solver.set("rlimit", _EFFORT)
        return solver.check(*self.conditions, condition) != z3.unsat

    def others(self) -> Iterator[list[bool]]:
        """The decisions of the runs that go the other way somewhere."""
        for number in self._free:
            yield [*self._taken[:number], not self._taken[number]]


def is_certain(condition: Any) -> bool:
    """Whether a condition always holds on the way that a function takes now. Raises Undecided if none
    does."""
    if _Fork.current is None:
        raise Undecided
    return _Fork.current.is_certain(condition)


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
