"""Polynomials over the values of a function: sums of products of values and numbers, modulo a power of
two, as addresses are computed. Two expressions that differ only in their form are the same polynomial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

Product = tuple[SSAValue, ...]
"""The values that are multiplied; none for a number."""

_MOST_TERMS = 12
_MOST_FACTORS = 3


@dataclass(frozen=True)
class Polynomial:
    """A sum of products of integers, modulo `2**width`. A wider value stands for its low bits."""

    width: int
    terms: Mapping[Product, int] = field(default_factory=dict[Product, int])
    """The factor of each product: from 1 to `2**width - 1`."""

    @staticmethod
    def number(width: int, number: int) -> Polynomial:
        """A constant."""
        number %= 1 << width
        return Polynomial(width, {(): number} if number else {})

    @staticmethod
    def value(width: int, value: SSAValue) -> Polynomial:
        """A value alone."""
        return Polynomial(width, {(value,): 1})

    @property
    def constant(self) -> int:
        """What is added to the products of values, as an unsigned number."""
        return self.terms.get((), 0)

    @property
    def signed_constant(self) -> int:
        """What is added to the products of values, as a signed number."""
        return self._signed(self.constant)

    @property
    def as_number(self) -> int | None:
        """The signed number that it is, None if it depends on values."""
        return self.signed_constant if all(product == () for product in self.terms) else None

    @property
    def without_constant(self) -> Polynomial:
        """The products of values alone."""
        return Polynomial(self.width, {p: factor for p, factor in self.terms.items() if p})

    @property
    def values(self) -> list[SSAValue]:
        """The values that it depends on."""
        return [*dict.fromkeys(value for product in self.terms for value in product)]

    @property
    def is_small(self) -> bool:
        """Whether it is worth working with."""
        return len(self.terms) <= _MOST_TERMS and all(len(p) <= _MOST_FACTORS for p in self.terms)

    def is_multiple_of(self, number: int) -> bool:
        """Whether it is a multiple of a power of two, whatever the values are."""
        return all(factor % number == 0 for factor in self.terms.values())

    def reduced(self, width: int) -> Polynomial:
        """The low bits."""
        return _reduced(width, self.terms)

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for product, factor in other.terms.items():
            same = _same(product, terms)
            terms[same] = terms.get(same, 0) + factor
        return _reduced(self.width, terms)

    def __neg__(self) -> Polynomial:
        return _reduced(self.width, {p: -factor for p, factor in self.terms.items()})

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Product, int] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                same = _same(a + b, terms)
                terms[same] = terms.get(same, 0) + x * y
        return _reduced(self.width, terms)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial):
            return NotImplemented
        return self.width == other.width and self._counted() == other._counted()

    def __hash__(self) -> int:
        return hash((self.width, self._counted()))

    def evaluated(self, values: Mapping[SSAValue, int]) -> int:
        """The number that it is for some values, unsigned."""
        total = 0
        for product, factor in self.terms.items():
            for value in product:
                factor *= values[value]
            total += factor
        return total % (1 << self.width)

    def _counted(self) -> frozenset[tuple[frozenset[tuple[SSAValue, int]], int]]:
        """The terms without an order of their values."""
        return frozenset(
            (frozenset((v, product.count(v)) for v in product), factor)
            for product, factor in self.terms.items()
        )

    def _signed(self, number: int) -> int:
        return number - (1 << self.width) if number >> (self.width - 1) else number


def _same(product: Product, terms: Mapping[Product, int]) -> Product:
    """The product of the terms with the same values in another order, if there is one."""
    if product in terms or len(product) < 2:
        return product
    for known in terms:
        if len(known) == len(product) and all(known.count(v) == product.count(v) for v in product):
            return known
    return product


def _reduced(width: int, terms: Mapping[Product, int]) -> Polynomial:
    modulus = 1 << width
    return Polynomial(width, {p: f % modulus for p, f in terms.items() if f % modulus})
