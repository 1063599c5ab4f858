"""The semantics of the relaxed vector instructions: the results of the deterministic profile, and the
others that processors give and the specification allows. An implementation makes one choice for
good.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from wasmdialect.wasm import numerics as n
from wasmdialect.wasm.shapes import SHAPES
from wasmdialect.wasm.vector_semantics import (
    I8X16,
    SEMANTICS,
    Columns,
    Semantics,
    Ternary,
    by_width,
    columns_of,
    converted,
    pair_sums,
    products,
    q15_multiply,
    saturate,
)

if TYPE_CHECKING:
    from wasmdialect.wasm.instructions.model import Instruction

I16X8, I32X4 = SHAPES["i16x8"], SHAPES["i32x4"]


# --- the deterministic profile ---


def _multiply_add(bits: int) -> Ternary:
    multiply, add = n.f_mul(bits), n.f_add(bits)
    return lambda x, y, z: add(multiply(x, y), z)


def _negated(of: Callable[[Columns], Semantics]) -> Callable[[Columns], Semantics]:
    """With the sign of the first factor changed."""

    def negated(c: Columns) -> Ternary:
        negate, compute = by_width(n.f_neg)(c), of(c)
        return lambda x, y, z: compute(negate(x), y, z)

    return negated


def _relaxed_dot(c: Columns) -> n.Binary:
    return lambda a, b: pair_sums(c, products(I8X16, a, b))


def _relaxed_dot_add(c: Columns) -> Semantics:
    def apply(a: int, b: int, addend: int) -> int:
        sums = I16X8.split(_relaxed_dot(c._replace(shape=I16X8))(a, b))
        return _add_pairs_to(sums, addend)

    return apply


def _add_pairs_to(sums: Sequence[int], addend: int) -> int:
    pairs = zip(sums[::2], sums[1::2], strict=True)
    numbers = [n.signed(x, 16) + n.signed(y, 16) for x, y in pairs]
    lanes = zip(numbers, I32X4.split(addend), strict=True)
    return I32X4.join([(x + y) & I32X4.mask for x, y in lanes])


DETERMINISTIC: dict[str, Callable[[Columns], Semantics]] = {
    "relaxed_swizzle": SEMANTICS["swizzle"],
    "relaxed_trunc": SEMANTICS["trunc_sat"],
    "relaxed_trunc_zero": SEMANTICS["trunc_sat_zero"],
    "relaxed_madd": by_width(_multiply_add),
    "relaxed_nmadd": _negated(by_width(_multiply_add)),
    "relaxed_laneselect": SEMANTICS["bitselect"],
    "relaxed_min": SEMANTICS["min"],
    "relaxed_max": SEMANTICS["max"],
    "relaxed_q15mulr": SEMANTICS["q15mulr_sat"],
    "relaxed_dot": _relaxed_dot,
    "relaxed_dot_add": _relaxed_dot_add,
}
"""The semantics of each operation in the deterministic profile."""


# --- what processors do ---


def _swizzle_low_bits(a: int, selectors: int) -> int:
    """A selector from 16 to 127 counts modulo 16."""
    lanes = I8X16.split(a)
    return I8X16.join([lanes[i & 15] if i < 128 else 0 for i in I8X16.split(selectors)])


def _trunc_or_smallest(c: Columns) -> Semantics:
    """Out of range, the lane that has only the top bit set."""
    low, high = n.integer_range(c.bits, c.signed)

    def trunc(float_bits: int, bits: int, is_signed: bool) -> n.Unary:
        saturated = n.trunc_sat(float_bits, bits, is_signed)

        def apply(a: int) -> int:
            if not n.is_nan(a, float_bits):
                value = n.float_from_bits(a, float_bits)
                if math.isfinite(value) and low <= math.trunc(value) <= high:
                    return saturated(a)
            return 1 << (bits - 1)

        return apply

    return converted(trunc)(c)


def fused_multiply_add(bits: int) -> Ternary:
    """`x * y + z`, rounded once."""
    multiply, add, sign = n.f_mul(bits), n.f_add(bits), 1 << (bits - 1)

    def fraction(value: int) -> Fraction:
        return Fraction(n.float_from_bits(value, bits))

    def is_finite(value: int) -> bool:
        return not n.is_nan(value, bits) and math.isfinite(n.float_from_bits(value, bits))

    def apply(x: int, y: int, z: int) -> int:
        if not (is_finite(x) and is_finite(y)):
            return add(multiply(x, y), z)
        product_zero = (x ^ y) & sign
        if not is_finite(z):
            return add(product_zero, z)
        exact = fraction(x) * fraction(y) + fraction(z)
        if exact:
            return _rounded(exact, bits)
        return 0 if fraction(z) else add(product_zero, z)

    return apply


def _rounded(exact: Fraction, bits: int) -> int:
    """The nearest float; of two, the even one."""
    precision, smallest = {32: (24, -149), 64: (53, -1074)}[bits]
    # Between 2**(magnitude - 1) and 2**(magnitude + 1).
    magnitude = abs(exact.numerator).bit_length() - exact.denominator.bit_length()
    if abs(exact) < Fraction(2) ** magnitude:
        magnitude -= 1
    exponent = max(magnitude + 1 - precision, smallest)
    quantum = Fraction(2) ** exponent
    value = round(exact / quantum) * quantum
    try:
        nearest = float(abs(value))
    except OverflowError:
        nearest = math.inf
    return n.bits_from_float(nearest if exact > 0 else -nearest, bits)


def _select_by_top_bit(bits: int) -> Ternary:
    return lambda a, b, mask: a if mask >> (bits - 1) else b


def _q15_multiply_wrapping(_: int) -> n.Binary:
    return lambda a, b: q15_multiply(a, b) & 0xFFFF


def _machine_min(bits: int) -> n.Binary:
    """The second operand unless the first is less, as on x86-64."""
    less = n.f_lt(bits)
    return lambda a, b: a if less(a, b) else b


def _machine_max(bits: int) -> n.Binary:
    less = n.f_lt(bits)
    return lambda a, b: a if less(b, a) else b


def _dot_unsigned(c: Columns) -> Semantics:
    """Signed by unsigned, and the sum of two products saturates, as on x86-64."""

    def apply(a: int, b: int) -> int:
        found = products(I8X16, a, b, second_signed=False)
        pairs = zip(found[::2], found[1::2], strict=True)
        return I16X8.join([saturate(x + y, 16, True) for x, y in pairs])

    return apply


def _dot_unsigned_add(c: Columns) -> Ternary:
    dot = _dot_unsigned(c)
    return lambda a, b, addend: _add_pairs_to(I16X8.split(dot(a, b)), addend)


CHOICES: dict[str, Callable[[Columns], Semantics]] = {
    "relaxed_swizzle": lambda c: _swizzle_low_bits,
    "relaxed_trunc": _trunc_or_smallest,
    "relaxed_trunc_zero": _trunc_or_smallest,
    "relaxed_madd": by_width(fused_multiply_add),
    "relaxed_nmadd": _negated(by_width(fused_multiply_add)),
    "relaxed_laneselect": by_width(_select_by_top_bit),
    "relaxed_min": by_width(_machine_min),
    "relaxed_max": by_width(_machine_max),
    "relaxed_q15mulr": by_width(_q15_multiply_wrapping),
    "relaxed_dot": _dot_unsigned,
    "relaxed_dot_add": _dot_unsigned_add,
}
"""The other semantics that code for a processor may have (`relaxed_simd_deterministic` off)."""


def relaxed_semantics(row: Instruction) -> Semantics:
    """The semantics of a row in the deterministic profile."""
    return DETERMINISTIC[row.operation](columns_of(row))


def relaxed_choice(row: Instruction) -> Semantics | None:
    """The other semantics of a relaxed instruction; None if it is not relaxed."""
    choice = CHOICES.get(row.operation)
    return None if choice is None else choice(columns_of(row))
