"""The semantics of the vector instructions, from those of the scalar ones, lane by lane.

A vector is an unsigned `int` of 128 bits, lane 0 in the lowest ones, so NaN payloads survive. An
operation is written once for all shapes: a function here takes the row's columns (shape, source
shape, half, sign) and returns the semantics, which takes the operands' bits and then the immediates.
Source: specification "Execution / Numerics" and "Vector Instructions".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from wasmdialect.wasm import numerics as n
from wasmdialect.wasm.shapes import SHAPES, VECTOR_BITS, Shape

if TYPE_CHECKING:
    from wasmdialect.wasm.instructions.model import Instruction

Semantics: TypeAlias = Callable[..., int]
Ternary: TypeAlias = Callable[[int, int, int], int]
_ALL_ONES = (1 << VECTOR_BITS) - 1
I8X16 = SHAPES["i8x16"]


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


def lanewise(scalar: Callable[[Columns], Callable[..., int]]) -> Callable[[Columns], Semantics]:
    """Each lane of the result from the lanes at the same place."""

    def of(c: Columns) -> Semantics:
        compute, split, join = scalar(c), c.shape.split, c.shape.join
        return lambda *vectors: join([*map(compute, *map(split, vectors))])

    return of


def by_width(scalar: Callable[[int], Callable[..., int]]) -> Callable[[Columns], Semantics]:
    return lanewise(lambda c: scalar(c.bits))


def _integer_or_float(
    integer: Callable[[int], Callable[..., int]], real: Callable[[int], Callable[..., int]]
) -> Callable[[Columns], Semantics]:
    return lanewise(lambda c: (real if c.shape.is_float else integer)(c.bits))


def _comparison(
    unsigned: Callable[[int, int], int],
    signed: Callable[[int], n.Binary],
    real: Callable[[int], n.Binary],
) -> Callable[[Columns], Semantics]:
    """All bits of a lane set where it holds."""

    def scalar(c: Columns) -> n.Binary:
        holds = real(c.bits) if c.shape.is_float else signed(c.bits) if c.signed else unsigned
        return lambda a, b: c.shape.mask * holds(a, b)

    return lanewise(scalar)


def _shift(
    signed: Callable[[int], n.Binary], unsigned: Callable[[int], n.Binary]
) -> Callable[[Columns], Semantics]:
    """Every lane by the same number of bits."""

    def of(c: Columns) -> n.Binary:
        compute = (signed if c.signed else unsigned)(c.bits)
        return lambda a, amount: c.shape.join([compute(x, amount) for x in c.shape.split(a)])

    return of


def saturate(value: int, bits: int, is_signed: bool) -> int:
    low, high = n.integer_range(bits, is_signed)
    return min(max(value, low), high) & ((1 << bits) - 1)


def _number(lane: int, bits: int, is_signed: bool) -> int:
    return n.signed(lane, bits) if is_signed else lane


def _saturating(compute: n.Binary) -> Callable[[Columns], Semantics]:
    def scalar(c: Columns) -> n.Binary:
        def apply(a: int, b: int) -> int:
            x, y = (_number(lane, c.bits, c.signed) for lane in (a, b))
            return saturate(compute(x, y), c.bits, c.signed)

        return apply

    return lanewise(scalar)


def _choose(integer: Callable[[int, int], int], real: Callable[[int], n.Binary]):
    """`min` or `max`."""

    def scalar(c: Columns) -> n.Binary:
        if c.shape.is_float:
            return real(c.bits)

        def apply(a: int, b: int) -> int:
            x, y = (_number(lane, c.bits, c.signed) for lane in (a, b))
            return integer(x, y) & c.shape.mask

        return apply

    return lanewise(scalar)


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


def q15_multiply(a: int, b: int) -> int:
    """The rounded product of two fractions with 15 bits after the point."""
    return (n.signed(a, 16) * n.signed(b, 16) + 0x4000) >> 15


def _average(_: Columns) -> n.Binary:
    return lambda a, b: (a + b + 1) >> 1


def _q15_multiply_saturating(_: Columns) -> n.Binary:
    return lambda a, b: saturate(q15_multiply(a, b), 16, True)


# --- whole vectors ---


def _invert(a: int) -> int:
    return a ^ _ALL_ONES


def _and_not(a: int, b: int) -> int:
    return a & ~b


def _any_true(a: int) -> int:
    return int(a != 0)


def _bitselect(a: int, b: int, mask: int) -> int:
    return (a & mask) | (b & ~mask)


def _all_true(c: Columns) -> n.Unary:
    return lambda a: int(all(c.shape.split(a)))


def _bitmask(c: Columns) -> n.Unary:
    top = c.bits - 1
    return lambda a: sum((lane >> top) << i for i, lane in enumerate(c.shape.split(a)))


# --- moving lanes ---


def _shuffle(a: int, b: int, lanes: Sequence[int]) -> int:
    both = I8X16.split(a) + I8X16.split(b)
    return I8X16.join([both[lane] for lane in lanes])


def _swizzle(a: int, selectors: int) -> int:
    lanes = I8X16.split(a)
    return I8X16.join([lanes[i] if i < 16 else 0 for i in I8X16.split(selectors)])


def _splat(c: Columns) -> n.Unary:
    return lambda x: c.shape.join([x & c.shape.mask] * c.shape.lanes)


def _extract_lane(c: Columns) -> n.Binary:
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
        return c.shape.join([saturate(n.signed(x, source), c.bits, c.signed) for x in wide])

    return apply


def _extend(c: Columns) -> n.Unary:
    return lambda a: c.shape.join(c.half(a))


def _extended_product(c: Columns) -> n.Binary:
    multiply = n.i_mul(c.bits)
    return lambda a, b: c.shape.join([*map(multiply, c.half(a), c.half(b))])


def pair_sums(c: Columns, numbers: Sequence[int]) -> int:
    """The sums of neighbours."""
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return c.shape.join([(x + y) & c.shape.mask for x, y in pairs])


def _add_pairs(c: Columns) -> n.Unary:
    return lambda a: pair_sums(c, [c.extend(lane) for lane in c.source.split(a)])


def _dot(c: Columns) -> n.Binary:
    return lambda a, b: pair_sums(c, products(c.source, a, b))


def products(source: Shape, a: int, b: int, second_signed: bool = True) -> list[int]:
    bits = source.lane_bits
    return [
        n.signed(x, bits) * _number(y, bits, second_signed)
        for x, y in zip(source.split(a), source.split(b), strict=True)
    ]


def converted(
    convert: Callable[[int, int, bool], n.Unary],
) -> Callable[[Columns], Semantics]:
    """As many lanes as there is room for; the others are zero."""

    def of(c: Columns) -> n.Unary:
        compute = convert(c.source.lane_bits, c.bits, c.signed)
        count = min(c.shape.lanes, c.source.lanes)
        return lambda a: c.shape.join([compute(x) for x in c.source.split(a)[:count]])

    return of


def _demote(_from_bits: int, _bits: int, _signed: bool) -> n.Unary:
    return n.demote


def _promote(_from_bits: int, _bits: int, _signed: bool) -> n.Unary:
    return n.promote


SEMANTICS: dict[str, Callable[[Columns], Semantics]] = {
    # As scalar instructions.
    "add": _integer_or_float(n.i_add, n.f_add),
    "sub": _integer_or_float(n.i_sub, n.f_sub),
    "mul": _integer_or_float(n.i_mul, n.f_mul),
    "div": by_width(n.f_div),
    "sqrt": by_width(n.f_sqrt),
    "ceil": by_width(n.f_ceil),
    "floor": by_width(n.f_floor),
    "trunc": by_width(n.f_trunc),
    "nearest": by_width(n.f_nearest),
    "abs": _integer_or_float(_absolute, n.f_abs),
    "neg": _integer_or_float(_negate, n.f_neg),
    "popcnt": lanewise(lambda c: n.i_popcnt),
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
    "pmin": by_width(_pseudo_min),
    "pmax": by_width(_pseudo_max),
    "add_sat": _saturating(lambda x, y: x + y),
    "sub_sat": _saturating(lambda x, y: x - y),
    "avgr": lanewise(_average),
    "q15mulr_sat": lanewise(_q15_multiply_saturating),
    # Of the bits, whatever the lanes.
    "not": lambda c: _invert,
    "and": lambda c: n.i_and,
    "andnot": lambda c: _and_not,
    "or": lambda c: n.i_or,
    "xor": lambda c: n.i_xor,
    "bitselect": lambda c: _bitselect,
    "any_true": lambda c: _any_true,
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
    "trunc_sat": converted(n.trunc_sat),
    "trunc_sat_zero": converted(n.trunc_sat),
    "convert": converted(n.convert),
    "demote_zero": converted(_demote),
    "promote": converted(_promote),
}
"""The semantics of each operation."""


def columns_of(row: Instruction) -> Columns:
    """The columns of a row of the instruction table."""
    shape = SHAPES.get(row.shape or "", I8X16)  # of `v128`, which has no lanes, the bytes
    source = SHAPES.get(row.source or "", shape)
    return Columns(shape, row.signed is True, source, row.half == "high")


def vector_semantics(row: Instruction) -> Semantics | None:
    """The semantics of a row; None if it is not a pure vector instruction."""
    of = SEMANTICS.get(row.operation)
    return None if of is None else of(columns_of(row))
