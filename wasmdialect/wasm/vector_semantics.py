"""The semantics of the vector instructions, from those of the scalar ones, lane by lane.

A vector is an unsigned `int` of 128 bits, lane 0 in the lowest ones, so NaN payloads survive. An
operation is written once for all shapes: a function here takes the row's columns (shape, source
shape, half, sign) and returns the semantics, which takes the operands' bits and then the immediates.
Source: specification "Execution / Numerics" and "Vector Instructions".

Relaxed instructions have the results of the deterministic profile. `RELAXED_CHOICES` has the others
that the specification allows; an implementation makes one choice for good.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from wasmdialect.wasm import numerics as n
from wasmdialect.wasm.shapes import SHAPES, VECTOR_BITS, Shape

if TYPE_CHECKING:
    from wasmdialect.wasm.instructions.model import Instruction

Semantics: TypeAlias = Callable[..., int]
_ALL_ONES = (1 << VECTOR_BITS) - 1
_I8X16, _I16X8, _I32X4 = SHAPES["i8x16"], SHAPES["i16x8"], SHAPES["i32x4"]


class Columns(NamedTuple):
    """The columns of a row that decide its semantics."""

    shape: Shape
    signed: bool
    source: Shape
    """The shape of the operands, where it differs from that of the result."""
    high: bool
    """Which half of the lanes of the operands is read, where it is only one."""

    @property
    def bits(self) -> int:
        """The width of a lane of the result."""
        return self.shape.lane_bits

    def half(self, vector: int) -> list[int]:
        """The lanes of the half that is read, extended to the width of the result."""
        lanes = self.source.split(vector)
        count = len(lanes) // 2
        return [self.extend(lane) for lane in (lanes[count:] if self.high else lanes[:count])]

    def extend(self, lane: int) -> int:
        """A lane of the source in the width of the result."""
        return n.signed(lane, self.source.lane_bits) & self.shape.mask if self.signed else lane


# --- lane by lane ---


def _lanewise(scalar: Callable[[Columns], Callable[..., int]]) -> Callable[[Columns], Semantics]:
    """Each lane of the result from the lanes at the same place."""

    def of(c: Columns) -> Semantics:
        compute, split, join = scalar(c), c.shape.split, c.shape.join
        return lambda *vectors: join([*map(compute, *map(split, vectors))])

    return of


def _by_width(scalar: Callable[[int], Callable[..., int]]) -> Callable[[Columns], Semantics]:
    return _lanewise(lambda c: scalar(c.bits))


def _integer_or_float(
    integer: Callable[[int], Callable[..., int]], real: Callable[[int], Callable[..., int]]
) -> Callable[[Columns], Semantics]:
    return _lanewise(lambda c: (real if c.shape.is_float else integer)(c.bits))


def _comparison(
    unsigned: Callable[[int, int], int],
    signed: Callable[[int], n.Binary],
    real: Callable[[int], n.Binary],
) -> Callable[[Columns], Semantics]:
    """All bits of a lane set where it holds."""

    def scalar(c: Columns) -> n.Binary:
        holds = real(c.bits) if c.shape.is_float else signed(c.bits) if c.signed else unsigned
        return lambda a, b: c.shape.mask * holds(a, b)

    return _lanewise(scalar)


def _shift(
    signed: Callable[[int], n.Binary], unsigned: Callable[[int], n.Binary]
) -> Callable[[Columns], Semantics]:
    """Every lane by the same number of bits."""

    def of(c: Columns) -> Semantics:
        compute = (signed if c.signed else unsigned)(c.bits)
        return lambda a, amount: c.shape.join([compute(x, amount) for x in c.shape.split(a)])

    return of


def _saturate(value: int, bits: int, is_signed: bool) -> int:
    low, high = n.integer_range(bits, is_signed)
    return min(max(value, low), high) & ((1 << bits) - 1)


def _number(lane: int, bits: int, is_signed: bool) -> int:
    return n.signed(lane, bits) if is_signed else lane


def _saturating(compute: n.Binary) -> Callable[[Columns], Semantics]:
    def scalar(c: Columns) -> n.Binary:
        def apply(a: int, b: int) -> int:
            x, y = (_number(lane, c.bits, c.signed) for lane in (a, b))
            return _saturate(compute(x, y), c.bits, c.signed)

        return apply

    return _lanewise(scalar)


def _choose(integer: Callable[[int, int], int], real: Callable[[int], n.Binary]):
    """`min` or `max`."""

    def scalar(c: Columns) -> n.Binary:
        if c.shape.is_float:
            return real(c.bits)

        def apply(a: int, b: int) -> int:
            x, y = (_number(lane, c.bits, c.signed) for lane in (a, b))
            return integer(x, y) & c.shape.mask

        return apply

    return _lanewise(scalar)


def _negate(bits: int) -> n.Unary:
    mask = (1 << bits) - 1
    return lambda a: -a & mask


def _absolute(bits: int) -> n.Unary:
    mask = (1 << bits) - 1
    return lambda a: abs(n.signed(a, bits)) & mask


def _pseudo_min(bits: int) -> n.Binary:
    """The second operand if it is less, else the first: no NaN is special."""
    less = n.f_lt(bits)
    return lambda a, b: b if less(b, a) else a


def _pseudo_max(bits: int) -> n.Binary:
    less = n.f_lt(bits)
    return lambda a, b: b if less(a, b) else a


def _q15_multiply(a: int, b: int) -> int:
    """The rounded product of two fractions with 15 bits after the point."""
    return (n.signed(a, 16) * n.signed(b, 16) + 0x4000) >> 15


# --- whole vectors ---


def _bitselect(a: int, b: int, mask: int) -> int:
    return (a & mask) | (b & ~mask)


def _all_true(c: Columns) -> Semantics:
    return lambda a: int(all(c.shape.split(a)))


def _bitmask(c: Columns) -> Semantics:
    top = c.bits - 1
    return lambda a: sum((lane >> top) << i for i, lane in enumerate(c.shape.split(a)))


# --- moving lanes ---


def _shuffle(a: int, b: int, lanes: Sequence[int]) -> int:
    both = _I8X16.split(a) + _I8X16.split(b)
    return _I8X16.join([both[lane] for lane in lanes])


def _swizzle(a: int, selectors: int) -> int:
    lanes = _I8X16.split(a)
    return _I8X16.join([lanes[i] if i < 16 else 0 for i in _I8X16.split(selectors)])


def _splat(c: Columns) -> Semantics:
    return lambda x: c.shape.join([x & c.shape.mask] * c.shape.lanes)


def _extract_lane(c: Columns) -> Semantics:
    sign = n.i_extend_s(c.bits, 32) if c.signed else n.i_extend_u
    return lambda a, lane: sign(c.shape.split(a)[lane])


def _replace_lane(c: Columns) -> Semantics:
    def apply(a: int, x: int, lane: int) -> int:
        lanes = c.shape.split(a)
        lanes[lane] = x & c.shape.mask
        return c.shape.join(lanes)

    return apply


# --- between shapes ---


def _narrow(c: Columns) -> Semantics:
    """The sign says how a lane saturates; it is read as signed."""
    source = c.source.lane_bits

    def apply(a: int, b: int) -> int:
        wide = c.source.split(a) + c.source.split(b)
        return c.shape.join([_saturate(n.signed(x, source), c.bits, c.signed) for x in wide])

    return apply


def _extend(c: Columns) -> Semantics:
    return lambda a: c.shape.join(c.half(a))


def _extended_product(c: Columns) -> Semantics:
    multiply = n.i_mul(c.bits)
    return lambda a, b: c.shape.join([*map(multiply, c.half(a), c.half(b))])


def _pair_sums(c: Columns, numbers: Sequence[int]) -> int:
    """The sums of neighbours."""
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return c.shape.join([(x + y) & c.shape.mask for x, y in pairs])


def _add_pairs(c: Columns) -> Semantics:
    return lambda a: _pair_sums(c, [c.extend(lane) for lane in c.source.split(a)])


def _dot(c: Columns) -> Semantics:
    return lambda a, b: _pair_sums(c, _products(c.source, a, b))


def _products(source: Shape, a: int, b: int, second_signed: bool = True) -> list[int]:
    bits = source.lane_bits
    return [
        n.signed(x, bits) * _number(y, bits, second_signed)
        for x, y in zip(source.split(a), source.split(b), strict=True)
    ]


def _converted(
    convert: Callable[[int, int, bool], n.Unary],
) -> Callable[[Columns], Semantics]:
    """As many lanes as there is room for; the others are zero."""

    def of(c: Columns) -> Semantics:
        compute = convert(c.source.lane_bits, c.bits, c.signed)
        count = min(c.shape.lanes, c.source.lanes)
        return lambda a: c.shape.join([compute(x) for x in c.source.split(a)[:count]])

    return of


SEMANTICS: dict[str, Callable[[Columns], Semantics]] = {
    # As scalar instructions.
    "add": _integer_or_float(n.i_add, n.f_add),
    "sub": _integer_or_float(n.i_sub, n.f_sub),
    "mul": _integer_or_float(n.i_mul, n.f_mul),
    "div": _by_width(n.f_div),
    "sqrt": _by_width(n.f_sqrt),
    "ceil": _by_width(n.f_ceil),
    "floor": _by_width(n.f_floor),
    "trunc": _by_width(n.f_trunc),
    "nearest": _by_width(n.f_nearest),
    "abs": _integer_or_float(_absolute, n.f_abs),
    "neg": _integer_or_float(_negate, n.f_neg),
    "popcnt": _lanewise(lambda c: n.i_popcnt),
    "eq": _comparison(n.i_eq, lambda bits: n.i_eq, n.f_eq),
    "ne": _comparison(n.i_ne, lambda bits: n.i_ne, n.f_ne),
    "lt": _comparison(n.i_lt_u, n.i_lt_s, n.f_lt),
    "gt": _comparison(n.i_gt_u, n.i_gt_s, n.f_gt),
    "le": _comparison(n.i_le_u, n.i_le_s, n.f_le),
    "ge": _comparison(n.i_ge_u, n.i_ge_s, n.f_ge),
    "shl": _shift(n.i_shl, n.i_shl),
    "shr": _shift(n.i_shr_s, n.i_shr_u),
    # Of lanes only.
    "min": _choose(min, n.f_min),
    "max": _choose(max, n.f_max),
    "pmin": _by_width(_pseudo_min),
    "pmax": _by_width(_pseudo_max),
    "add_sat": _saturating(lambda x, y: x + y),
    "sub_sat": _saturating(lambda x, y: x - y),
    "avgr": _lanewise(lambda c: lambda a, b: (a + b + 1) >> 1),
    "q15mulr_sat": _lanewise(lambda c: lambda a, b: _saturate(_q15_multiply(a, b), 16, True)),
    # Of the bits, whatever the lanes.
    "not": lambda c: lambda a: a ^ _ALL_ONES,
    "and": lambda c: n.i_and,
    "andnot": lambda c: lambda a, b: a & ~b,
    "or": lambda c: n.i_or,
    "xor": lambda c: n.i_xor,
    "bitselect": lambda c: _bitselect,
    "any_true": lambda c: lambda a: int(a != 0),
    "all_true": _all_true,
    "bitmask": _bitmask,
    # Moving lanes.
    "shuffle": lambda c: _shuffle,
    "swizzle": lambda c: _swizzle,
    "splat": _splat,
    "extract_lane": _extract_lane,
    "replace_lane": _replace_lane,
    # Between shapes.
    "narrow": _narrow,
    "extend": _extend,
    "extmul": _extended_product,
    "extadd_pairwise": _add_pairs,
    "dot": _dot,
    "trunc_sat": _converted(n.trunc_sat),
    "trunc_sat_zero": _converted(n.trunc_sat),
    "convert": _converted(n.convert),
    "demote_zero": _converted(lambda *_: n.demote),
    "promote": _converted(lambda *_: n.promote),
}
"""The semantics of each operation."""


# --- relaxed: the deterministic profile ---


def _multiply_add(c: Columns) -> Semantics:
    multiply, add = n.f_mul(c.bits), n.f_add(c.bits)
    return _lanewise(lambda _: lambda x, y, z: add(multiply(x, y), z))(c)


def _negated(of: Callable[[Columns], Semantics]) -> Callable[[Columns], Semantics]:
    """With the sign of the first factor changed."""

    def negated(c: Columns) -> Semantics:
        negate, compute = _by_width(n.f_neg)(c), of(c)
        return lambda x, y, z: compute(negate(x), y, z)

    return negated


def _relaxed_dot(c: Columns) -> Semantics:
    return lambda a, b: _pair_sums(c, _products(_I8X16, a, b))


def _relaxed_dot_add(c: Columns) -> Semantics:
    def apply(a: int, b: int, addend: int) -> int:
        sums = _I16X8.split(_relaxed_dot(c._replace(shape=_I16X8))(a, b))
        return _add_pairs_to(sums, addend)

    return apply


def _add_pairs_to(sums: Sequence[int], addend: int) -> int:
    pairs = zip(sums[::2], sums[1::2], strict=True)
    numbers = [n.signed(x, 16) + n.signed(y, 16) for x, y in pairs]
    lanes = zip(numbers, _I32X4.split(addend), strict=True)
    return _I32X4.join([(x + y) & _I32X4.mask for x, y in lanes])


SEMANTICS |= {
    "relaxed_swizzle": SEMANTICS["swizzle"],
    "relaxed_trunc": SEMANTICS["trunc_sat"],
    "relaxed_trunc_zero": SEMANTICS["trunc_sat_zero"],
    "relaxed_madd": _multiply_add,
    "relaxed_nmadd": _negated(_multiply_add),
    "relaxed_laneselect": SEMANTICS["bitselect"],
    "relaxed_min": SEMANTICS["min"],
    "relaxed_max": SEMANTICS["max"],
    "relaxed_q15mulr": SEMANTICS["q15mulr_sat"],
    "relaxed_dot": _relaxed_dot,
    "relaxed_dot_add": _relaxed_dot_add,
}


# --- relaxed: what else is allowed ---


def _swizzle_low_bits(a: int, selectors: int) -> int:
    """A selector from 16 to 127 counts modulo 16."""
    lanes = _I8X16.split(a)
    return _I8X16.join([lanes[i & 15] if i < 128 else 0 for i in _I8X16.split(selectors)])


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

    return _converted(trunc)(c)


def fused_multiply_add(bits: int) -> Callable[[int, int, int], int]:
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


def _select_by_top_bit(c: Columns) -> Semantics:
    top = c.bits - 1
    return _lanewise(lambda _: lambda a, b, mask: a if mask >> top else b)(c)


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
        products = _products(_I8X16, a, b, second_signed=False)
        pairs = zip(products[::2], products[1::2], strict=True)
        return _I16X8.join([_saturate(x + y, 16, True) for x, y in pairs])

    return apply


def _dot_unsigned_add(c: Columns) -> Semantics:
    dot = _dot_unsigned(c)
    return lambda a, b, addend: _add_pairs_to(_I16X8.split(dot(a, b)), addend)


RELAXED_CHOICES: dict[str, Callable[[Columns], Semantics]] = {
    "relaxed_swizzle": lambda c: _swizzle_low_bits,
    "relaxed_trunc": _trunc_or_smallest,
    "relaxed_trunc_zero": _trunc_or_smallest,
    "relaxed_madd": _by_width(fused_multiply_add),
    "relaxed_nmadd": _negated(_by_width(fused_multiply_add)),
    "relaxed_laneselect": _select_by_top_bit,
    "relaxed_min": _by_width(_machine_min),
    "relaxed_max": _by_width(_machine_max),
    "relaxed_q15mulr": _lanewise(lambda c: lambda a, b: _q15_multiply(a, b) & 0xFFFF),
    "relaxed_dot": _dot_unsigned,
    "relaxed_dot_add": _dot_unsigned_add,
}
"""The other semantics that code for a processor may have (`relaxed_simd_deterministic` off)."""


def columns_of(row: Instruction) -> Columns:
    """The columns of a row of the instruction table."""
    shape = SHAPES.get(row.shape or "", _I8X16)  # of `v128`, which has no lanes, the bytes
    source = SHAPES.get(row.source or "", shape)
    return Columns(shape, row.signed is True, source, row.half == "high")


def vector_semantics(row: Instruction) -> Semantics | None:
    """The semantics of a row; None if it is not a pure vector instruction."""
    of = SEMANTICS.get(row.operation)
    return None if of is None else of(columns_of(row))


def relaxed_choice(row: Instruction) -> Semantics | None:
    """The other semantics of a relaxed instruction; None if it is not relaxed."""
    choice = RELAXED_CHOICES.get(row.operation)
    return None if choice is None else choice(columns_of(row))
