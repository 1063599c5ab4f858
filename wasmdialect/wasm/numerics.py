"""The semantics of the scalar numeric instructions, as plain Python on bit patterns.

Every value is an unsigned `int` holding the bits of an i32, i64, f32 or f64, so NaN payloads and
signed zeros survive. The functions are the `semantics` column of the instruction table; constant
folding, the differential tests and the documentation read them from there. A trapping one raises
`NumericTrap`. Source: specification "Execution / Numerics".

Where the specification allows several NaNs, the result is the first NaN operand made quiet (what
x86-64 and aarch64 hardware do), else the canonical NaN.

A solver runs the same text on integers and floats of its own (`check/symbolic.py`). They have Python's
operators; the few functions of Python that want a real `float` are below, "Python's floats".
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.traps import TrapCode

if TYPE_CHECKING:
    from typing import Any

Unary = Callable[[int], int]
Binary = Callable[[int, int], int]


class NumericTrap(Exception):
    """The instruction traps on these operands; `code` says why."""

    def __init__(self, code: TrapCode):
        super().__init__(code.message)
        self.code = code


# --- integers ---


def signed(value: int, bits: int) -> int:
    """The two's complement reading of the low `bits` bits."""
    return value - (1 << bits) if value >> (bits - 1) else value


def i_add(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: (a + b) & mask


def i_sub(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: (a - b) & mask


def i_mul(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: (a * b) & mask


def _quotient(a: int, b: int) -> int:
    """Integer division that rounds toward zero."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def i_div_s(bits: int) -> Binary:
    mask = (1 << bits) - 1

    def div_s(a: int, b: int) -> int:
        if b == 0:
            raise NumericTrap(TrapCode.INTEGER_DIVISION_BY_ZERO)
        q = _quotient(signed(a, bits), signed(b, bits))
        if q == 1 << (bits - 1):
            raise NumericTrap(TrapCode.INTEGER_OVERFLOW)
        return q & mask

    return div_s


def i_div_u(bits: int) -> Binary:
    def div_u(a: int, b: int) -> int:
        if b == 0:
            raise NumericTrap(TrapCode.INTEGER_DIVISION_BY_ZERO)
        return a // b

    return div_u


def i_rem_s(bits: int) -> Binary:
    mask = (1 << bits) - 1

    def rem_s(a: int, b: int) -> int:
        if b == 0:
            raise NumericTrap(TrapCode.INTEGER_DIVISION_BY_ZERO)
        x, y = signed(a, bits), signed(b, bits)
        return (x - y * _quotient(x, y)) & mask

    return rem_s


def i_rem_u(bits: int) -> Binary:
    def rem_u(a: int, b: int) -> int:
        if b == 0:
            raise NumericTrap(TrapCode.INTEGER_DIVISION_BY_ZERO)
        return a % b

    return rem_u


def i_and(a: int, b: int) -> int:
    return a & b


def i_or(a: int, b: int) -> int:
    return a | b


def i_xor(a: int, b: int) -> int:
    return a ^ b


def i_shl(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: (a << (b % bits)) & mask


def i_shr_s(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: (signed(a, bits) >> (b % bits)) & mask


def i_shr_u(bits: int) -> Binary:
    return lambda a, b: a >> (b % bits)


def i_rotl(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: ((a << (b % bits)) | (a >> (bits - b % bits))) & mask


def i_rotr(bits: int) -> Binary:
    mask = (1 << bits) - 1
    return lambda a, b: ((a >> (b % bits)) | (a << (bits - b % bits))) & mask


def i_clz(bits: int) -> Unary:
    return lambda a: bits - a.bit_length()


def i_ctz(bits: int) -> Unary:
    return lambda a: (a & -a).bit_length() - 1 if a else bits


def i_popcnt(a: int) -> int:
    return a.bit_count()


def i_eqz(a: int) -> int:
    return int(a == 0)


def i_eq(a: int, b: int) -> int:
    return int(a == b)


def i_ne(a: int, b: int) -> int:
    return int(a != b)


def i_lt_u(a: int, b: int) -> int:
    return int(a < b)


def i_gt_u(a: int, b: int) -> int:
    return int(a > b)


def i_le_u(a: int, b: int) -> int:
    return int(a <= b)


def i_ge_u(a: int, b: int) -> int:
    return int(a >= b)


def i_lt_s(bits: int) -> Binary:
    return lambda a, b: int(signed(a, bits) < signed(b, bits))


def i_gt_s(bits: int) -> Binary:
    return lambda a, b: int(signed(a, bits) > signed(b, bits))


def i_le_s(bits: int) -> Binary:
    return lambda a, b: int(signed(a, bits) <= signed(b, bits))


def i_ge_s(bits: int) -> Binary:
    return lambda a, b: int(signed(a, bits) >= signed(b, bits))


def i_extend_s(from_bits: int, to_bits: int) -> Unary:
    """Sign-extension of the low `from_bits` bits."""
    low, mask = (1 << from_bits) - 1, (1 << to_bits) - 1
    return lambda a: signed(a & low, from_bits) & mask


def i_wrap(a: int) -> int:
    return a & 0xFFFFFFFF


def i_extend_u(a: int) -> int:
    return a


# --- floats ---

_SIGN = {32: 1 << 31, 64: 1 << 63}
_FRACTION_BITS = {32: 23, 64: 52}
_INFINITY = {32: 0x7F80_0000, 64: 0x7FF0_0000_0000_0000}
_QUIET = {32: 1 << 22, 64: 1 << 51}
CANONICAL_NAN = {32: 0x7FC0_0000, 64: 0x7FF8_0000_0000_0000}


def is_nan(value: int, bits: int) -> bool:
    """Whether the bit pattern is a NaN of that width."""
    return (value & ~_SIGN[bits]) > _INFINITY[bits]


# --- Python's floats, and those of a solver, which have methods for what `math` does


def float_from_bits(value: int, bits: int) -> float:
    """The number encoded by a non-NaN bit pattern (f32 values are exact as Python floats)."""
    number: Any = value
    if not isinstance(number, int):
        return number.as_float(bits)
    if bits == 32:
        return struct.unpack("<f", value.to_bytes(4, "little"))[0]
    return struct.unpack("<d", value.to_bytes(8, "little"))[0]


def bits_from_float(value: float, bits: int) -> int:
    """The bit pattern of a float, rounded to nearest even when `bits` is 32."""
    number: Any = value
    if not isinstance(number, float):
        return number.as_bits(bits)
    if math.isnan(value):
        return CANONICAL_NAN[bits]
    if bits == 64:
        return int.from_bytes(struct.pack("<d", value), "little")
    try:
        return int.from_bytes(struct.pack("<f", value), "little")
    except OverflowError:  # struct refuses values that round to infinity
        return _INFINITY[32] | (_SIGN[32] if value < 0 else 0)


def _is_infinite(value: float) -> bool:
    return value == math.inf or value == -math.inf


def _is_negative(value: Any) -> bool:
    """Whether the sign is set, that of a zero too."""
    return math.copysign(1, value) < 0 if isinstance(value, float) else value.is_negative()


def _with_sign_of(value: Any, integer: Any) -> float:
    """An integer as a float; the sign of a zero is that of `value`."""
    if isinstance(integer, int):
        return math.copysign(float(integer), value)
    return integer.with_sign_of(value)


def _to_float(integer: Any) -> float:
    """An integer as a float, rounded to nearest even."""
    return float(integer) if isinstance(integer, int) else integer.to_float()


def _first_nan(bits: int, *operands: int) -> int | None:
    for value in operands:
        if is_nan(value, bits):
            return value | _QUIET[bits]
    return None


def _arithmetic(bits: int, compute: Callable[..., float]) -> Callable[..., int]:
    """An IEEE operation. For f32 the double result rounded once more is the right one: 53 >= 2*24+2
    makes double rounding innocuous for +, -, *, / and the square root."""

    def apply(*operands: int) -> int:
        nan = _first_nan(bits, *operands)
        if nan is not None:
            return nan
        return bits_from_float(compute(*(float_from_bits(v, bits) for v in operands)), bits)

    return apply


def f_add(bits: int) -> Binary:
    return _arithmetic(bits, operator.add)


def f_sub(bits: int) -> Binary:
    return _arithmetic(bits, operator.sub)


def f_mul(bits: int) -> Binary:
    return _arithmetic(bits, operator.mul)


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0:
        return math.nan
    return math.inf if _is_negative(a) == _is_negative(b) else -math.inf


def f_div(bits: int) -> Binary:
    return _arithmetic(bits, _divide)


def _square_root(a: Any) -> float:
    if not a >= 0:
        return math.nan
    return math.sqrt(a) if isinstance(a, float) else a.square_root()


def f_sqrt(bits: int) -> Unary:
    return _arithmetic(bits, _square_root)


def f_min(bits: int) -> Binary:
    def smaller(a: float, b: float) -> float:
        if a == b:  # zeros of different sign
            return a if _is_negative(a) else b
        return min(a, b)

    return _arithmetic(bits, smaller)


def f_max(bits: int) -> Binary:
    def larger(a: float, b: float) -> float:
        if a == b:
            return b if _is_negative(a) else a
        return max(a, b)

    return _arithmetic(bits, larger)


def _integral(round_to_integer: Callable[[float], int]) -> Callable[[float], float]:
    def apply(a: float) -> float:
        if _is_infinite(a) or a == 0:
            return a
        return _with_sign_of(a, round_to_integer(a))

    return apply


def f_ceil(bits: int) -> Unary:
    return _arithmetic(bits, _integral(math.ceil))


def f_floor(bits: int) -> Unary:
    return _arithmetic(bits, _integral(math.floor))


def f_trunc(bits: int) -> Unary:
    return _arithmetic(bits, _integral(math.trunc))


def f_nearest(bits: int) -> Unary:
    return _arithmetic(bits, _integral(round))  # Python rounds halves to even


def f_abs(bits: int) -> Unary:
    sign = _SIGN[bits]
    return lambda a: a & ~sign


def f_neg(bits: int) -> Unary:
    sign = _SIGN[bits]
    return lambda a: a ^ sign


def f_copysign(bits: int) -> Binary:
    sign = _SIGN[bits]
    return lambda a, b: (a & ~sign) | (b & sign)


def _comparison(bits: int, compare: Callable[[float, float], bool], unordered: int = 0) -> Binary:
    def apply(a: int, b: int) -> int:
        if is_nan(a, bits) or is_nan(b, bits):
            return unordered
        return int(compare(float_from_bits(a, bits), float_from_bits(b, bits)))

    return apply


def f_eq(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a == b)


def f_ne(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a != b, unordered=1)


def f_lt(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a < b)


def f_gt(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a > b)


def f_le(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a <= b)


def f_ge(bits: int) -> Binary:
    return _comparison(bits, lambda a, b: a >= b)


# --- conversions ---


def integer_range(bits: int, is_signed: bool) -> tuple[int, int]:
    """The smallest and the largest integer of a width."""
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)


def trunc(float_bits: int, int_bits: int, is_signed: bool) -> Unary:
    """Float to integer; NaN and out-of-range values trap."""
    low, high = integer_range(int_bits, is_signed)
    mask = (1 << int_bits) - 1

    def apply(a: int) -> int:
        if is_nan(a, float_bits):
            raise NumericTrap(TrapCode.BAD_CONVERSION_TO_INTEGER)
        value = float_from_bits(a, float_bits)
        if _is_infinite(value) or not low <= math.trunc(value) <= high:
            raise NumericTrap(TrapCode.INTEGER_OVERFLOW)
        return math.trunc(value) & mask

    return apply


def trunc_sat(float_bits: int, int_bits: int, is_signed: bool) -> Unary:
    """Float to integer; NaN gives 0 and an out-of-range value the nearest bound."""
    low, high = integer_range(int_bits, is_signed)
    mask = (1 << int_bits) - 1

    def apply(a: int) -> int:
        if is_nan(a, float_bits):
            return 0
        value = float_from_bits(a, float_bits)
        if _is_infinite(value):
            return (high if value > 0 else low) & mask
        return min(max(math.trunc(value), low), high) & mask

    return apply


def convert(int_bits: int, float_bits: int, is_signed: bool) -> Unary:
    """Integer to float, rounded once, to nearest even."""

    def apply(a: int) -> int:
        value = signed(a, int_bits) if is_signed else a
        if float_bits == 32:
            value = _round_to_precision(value, _FRACTION_BITS[32] + 1)
        return bits_from_float(_to_float(value), float_bits)

    return apply


def _round_to_precision(value: int, precision: int) -> int:
    """`value` rounded to nearest even at `precision` significant bits, still an integer: the float
    it becomes next is exact, so nothing is rounded twice."""
    magnitude = abs(value)
    excess = magnitude.bit_length() - precision
    if excess <= 0:
        return value
    half = 1 << (excess - 1)
    kept, rest = magnitude >> excess, magnitude & ((1 << excess) - 1)
    if rest > half or (rest == half and kept & 1):
        kept += 1
    magnitude = kept << excess
    return -magnitude if value < 0 else magnitude


def demote(a: int) -> int:
    if is_nan(a, 64):
        payload = (a >> (52 - 23)) & ((1 << 23) - 1)
        return ((a >> 63) << 31) | _INFINITY[32] | payload | _QUIET[32]
    return bits_from_float(float_from_bits(a, 64), 32)


def promote(a: int) -> int:
    if is_nan(a, 32):
        payload = (a & ((1 << 23) - 1)) << (52 - 23)
        return ((a >> 31) << 63) | _INFINITY[64] | payload | _QUIET[64]
    return bits_from_float(float_from_bits(a, 32), 64)


def reinterpret(a: int) -> int:
    return a


# --- wide arithmetic (proposal): 128-bit values as (low, high) pairs ---


def _halves(value: int) -> tuple[int, int]:
    return value & 0xFFFF_FFFF_FFFF_FFFF, (value >> 64) & 0xFFFF_FFFF_FFFF_FFFF


def i64_add128(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> tuple[int, int]:
    return _halves((a_hi << 64 | a_lo) + (b_hi << 64 | b_lo))


def i64_sub128(a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> tuple[int, int]:
    return _halves((a_hi << 64 | a_lo) - (b_hi << 64 | b_lo))


def i64_mul_wide_s(a: int, b: int) -> tuple[int, int]:
    return _halves(signed(a, 64) * signed(b, 64))


def i64_mul_wide_u(a: int, b: int) -> tuple[int, int]:
    return _halves(a * b)
