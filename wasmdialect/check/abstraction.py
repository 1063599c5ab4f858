"""Questions to a solver in which operations that it finds hard, divisions, products and arithmetic of
floats, are functions of which little is known. Two sides that are equal for any such functions are
equal; the answer that they can differ means nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from wasmdialect.check.ways import z3

_NARROW = 16
"""Bits of a product that is not hard."""


def abstracted(terms: Sequence[Any]) -> list[Any] | None:
    """Conditions with functions in place of the hard operations, and what is known of these; None if
    there are no such operations."""
    return _Abstraction().of_all([z3.simplify(term) for term in terms])


class _Abstraction:
    def __init__(self) -> None:
        self._known: dict[int, Any] = {}
        self._kept: list[Any] = []
        """The keys, which must not be freed while their numbers are used."""
        self._facts: list[Any] = []

    def of_all(self, terms: Sequence[Any]) -> list[Any] | None:
        made = [self._of(term) for term in terms]
        return [*made, *self._facts] if self._facts else None

    def _of(self, term: Any) -> Any:
        known = self._known.get(term.get_id())
        if known is None:
            known = self._make(term, [self._of(child) for child in term.children()])
            self._known[term.get_id()] = known
            self._kept.append(term)
        return known

    def _make(self, term: Any, children: list[Any]) -> Any:
        abstract = _ABSTRACT.get(term.decl().kind())
        if abstract is not None:
            made = abstract(term, children)
            if made is not None:
                result, facts = made
                self._facts += facts
                return result
        return term.update(*children) if children else term


def _function(word: str, term: Any, arguments: Sequence[Any]) -> Any:
    sorts = [a.sort() for a in arguments]
    name = "_".join([word, *map(str, sorts), str(term.sort())])
    return z3.Function(name, *sorts, term.sort())(*arguments)


_Made = tuple[Any, list[Any]] | None
"""An application, and what is known of it."""


def _division(term: Any, arguments: list[Any]) -> _Made:
    x, y = arguments
    made = _function("udiv", term, arguments)
    less = z3.Implies(z3.UGT(y, 1), z3.ULE(made, z3.LShR(x, 1)))
    return made, [z3.Implies(y == 1, made == x), less]


def _remainder(term: Any, arguments: list[Any]) -> _Made:
    made = _function("urem", term, arguments)
    return made, [z3.Implies(arguments[1] != 0, z3.ULT(made, arguments[1]))]


def _product(term: Any, arguments: list[Any]) -> _Made:
    numbers = [a for a in arguments if z3.is_bv_value(a)]
    others = [a for a in arguments if not z3.is_bv_value(a)]
    if len(others) < 2 or term.size() <= _NARROW:
        return None
    made, *rest = others
    facts: list[Any] = []
    for other in rest:
        made, known = _product_of_two(term, made, other)
        facts += known
    for number in numbers:
        made = number * made
    return made, facts


def _product_of_two(term: Any, x: Any, y: Any) -> tuple[Any, list[Any]]:
    made = _function("mul", term, [x, y])
    facts = [made == _function("mul", term, [y, x])]
    for one, other in ((x, y), (y, x)):
        facts += [z3.Implies(one == factor, made == factor * other) for factor in (1, -1)]
    return made, facts


def _float(word: str, operation: Callable[..., Any]) -> Callable[[Any, list[Any]], _Made]:
    """Arithmetic of floats. Of zeros and NaNs the solver knows what it gives."""

    def make(term: Any, arguments: list[Any]) -> _Made:
        mode, *operands = arguments
        made = _function(f"{word}_{mode}", term, operands)
        return made, [*_odd_operands(lambda *o: operation(mode, *o), made, operands)]

    return make


def _odd_operands(operation: Callable[..., Any], made: Any, operands: list[Any]) -> Iterator[Any]:
    for at, operand in enumerate(operands):
        sort = operand.sort()
        for odd in (z3.fpNaN(sort), z3.fpPlusZero(sort), z3.fpMinusZero(sort)):
            replaced = [*operands]
            replaced[at] = odd
            yield z3.Implies(operand == odd, made == z3.simplify(operation(*replaced)))


def _square_root(term: Any, arguments: list[Any]) -> _Made:
    made = _float("sqrt", z3.fpSqrt)(term, arguments)
    assert made is not None
    root, facts = made
    operand = arguments[1]
    negative = z3.fpLT(operand, z3.fpPlusZero(operand.sort()))
    return root, [*facts, z3.Implies(negative, z3.fpIsNaN(root))]


_ABSTRACT: dict[int, Callable[[Any, list[Any]], _Made]] = {
    z3.Z3_OP_BUDIV: _division,
    z3.Z3_OP_BUDIV_I: _division,
    z3.Z3_OP_BUREM: _remainder,
    z3.Z3_OP_BUREM_I: _remainder,
    z3.Z3_OP_BMUL: _product,
    z3.Z3_OP_FPA_ADD: _float("add", z3.fpAdd),
    z3.Z3_OP_FPA_SUB: _float("sub", z3.fpSub),
    z3.Z3_OP_FPA_MUL: _float("mul", z3.fpMul),
    z3.Z3_OP_FPA_DIV: _float("div", z3.fpDiv),
    z3.Z3_OP_FPA_SQRT: _square_root,
}
