"""Numbers that the table's semantic functions run on in place of Python's: the same text that folding
and the interpreter run.

A `Symbolic` is an exact integer, like Python's: a bit vector in two's complement that becomes wider
where the result would not fit. A `Real` is a float. Where the text branches on one, it is run again for
each way (`ways.py`). What cannot be said is not decided.
"""

from __future__ import annotations

from typing import Any

from wasmdialect.check.ways import Condition, Undecided, is_certain, z3
from wasmdialect.wasm.numerics import CANONICAL_NAN, bits_from_float, float_from_bits

_SHIFTS = (8, 16, 32, 64, 128, 256)
"""Bounds of amounts of shifts that are tried."""


def _vector(value: Any) -> Any:
    """An integer as a vector that is wide enough for its sign."""
    if isinstance(value, Symbolic):
        return value.vector
    return z3.BitVecVal(value, value.bit_length() + 1)


def _widened(vector: Any, width: int) -> Any:
    return z3.SignExt(width - vector.size(), vector) if width > vector.size() else vector


def _equals(a: Any, b: Any) -> Any:
    """Whether two vectors are the same integer."""
    width = max(a.size(), b.size())
    return _widened(a, width) == _widened(b, width)


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
        a, b = _both(self, other)
        for width in (32, 64):  # as processors multiply, and so what it is compared with
            if width >= a.size():
                break
            for extend, made in ((z3.SignExt, Symbolic), (z3.ZeroExt, Symbolic.unsigned)):
                x, y = (extend(width, z3.Extract(width - 1, 0, v)) for v in (a, b))
                if is_certain(z3.And(*(_equals(v, low) for v, low in ((a, x), (b, y))))):
                    return made(x * y)
        width = 2 * a.size()
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
        return Symbolic.unsigned(z3.URem(a, b))

    def __floordiv__(self, divisor: Any) -> Symbolic:
        a, b = _not_negative(self, divisor)
        return Symbolic.unsigned(z3.UDiv(a, b))

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

    # What `numerics` asks for in place of functions of Python.

    def as_float(self, bits: int) -> Real:
        """The float with these bits."""
        vector = z3.simplify(self.low_bits(bits))
        return Real(z3.fpBVToFP(vector, _SORTS[bits]))

    def to_float(self) -> Real:
        """The nearest double."""
        vector = self.vector
        for width in (32, 64):  # as processors convert
            if width >= vector.size():
                break
            low = z3.Extract(width - 1, 0, vector)
            for extend, convert in (
                (z3.SignExt, z3.fpSignedToFP),
                (z3.ZeroExt, z3.fpUnsignedToFP),
            ):
                if is_certain(extend(vector.size() - width, low) == vector):
                    return Real(convert(NEAREST, z3.simplify(low), z3.Float64()))
        return Real(z3.fpSignedToFP(NEAREST, vector, z3.Float64()))

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
    x, y = _both(a, b)
    for width in (32, 64):  # as processors divide, and so what it is compared with
        if width < x.size() and is_certain(z3.And(x >> width == 0, y >> width == 0)):
            return z3.Extract(width - 1, 0, x), z3.Extract(width - 1, 0, y)
    return x, y


def _shifted_left(value: Any, amount: Any) -> Symbolic:
    a = _vector(value)
    if isinstance(amount, int):
        width = a.size() + amount
        return Symbolic(_widened(a, width) << amount)
    by = amount.vector
    for most in _SHIFTS:
        if is_certain(z3.And(by >= 0, _widened(by, 11) <= most)):
            break
    else:
        raise Undecided
    width = max(a.size() + most, by.size())
    return Symbolic(_widened(a, width) << _widened(by, width))


# --- floats

NEAREST = z3.RNE()
_SORTS: dict[int, Any] = {32: z3.Float32(), 64: z3.Float64()}


def _width(term: Any) -> int:
    return term.sort().ebits() + term.sort().sbits()


class Real:
    """A float: of 32 bits if it was made of such, where Python's has 64.

    Python computes with doubles, so the table's semantics of f32 rounds a sum to a double and then to a
    float. For +, -, *, / and the square root that is the same as rounding once (Figueroa, "When is
    double rounding innocuous?", 1995), which a solver takes too long to see. So a result of floats is
    one that is rounded once, and it may only be turned into bits.
    """

    def __init__(self, term: Any, *, is_exact: bool = True):
        self._term = term
        self._is_exact = is_exact
        """Whether Python's double has this value."""

    @property
    def term(self) -> Any:
        """Its expression. Raises Undecided if Python's double has another value."""
        if not self._is_exact:
            raise Undecided
        return self._term

    def _rounded(self, operation: Any, *others: Any) -> Real:
        terms = [self.term, *(self._like(other) for other in others)]
        return Real(operation(NEAREST, *terms), is_exact=_width(self._term) == 64)

    def _like(self, other: Any) -> Any:
        """Another number in the same width."""
        if isinstance(other, Real):
            if other.term.sort() != self.term.sort():
                raise Undecided
            return other.term
        return _constant(other, self.term.sort())

    def __add__(self, other: Any) -> Real:
        return self._rounded(z3.fpAdd, other)

    def __sub__(self, other: Any) -> Real:
        return self._rounded(z3.fpSub, other)

    def __mul__(self, other: Any) -> Real:
        return self._rounded(z3.fpMul, other)

    def __truediv__(self, other: Any) -> Real:
        return self._rounded(z3.fpDiv, other)

    def square_root(self) -> Real:
        """As `math.sqrt`."""
        return self._rounded(z3.fpSqrt)

    def __lt__(self, other: Any) -> Condition:
        return Condition(z3.fpLT(self.term, self._like(other)))

    def __le__(self, other: Any) -> Condition:
        return Condition(z3.fpLEQ(self.term, self._like(other)))

    def __gt__(self, other: Any) -> Condition:
        return Condition(z3.fpGT(self.term, self._like(other)))

    def __ge__(self, other: Any) -> Condition:
        return Condition(z3.fpGEQ(self.term, self._like(other)))

    def __eq__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Condition(z3.fpEQ(self.term, self._like(other)))

    def __ne__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Condition(z3.Not(z3.fpEQ(self.term, self._like(other))))

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def is_negative(self) -> Condition:
        """Whether the sign is set."""
        return Condition(z3.fpIsNegative(self.term))

    def __trunc__(self) -> Integral:
        return Integral(z3.RTZ(), self.term)

    def __ceil__(self) -> Integral:
        return Integral(z3.RTP(), self.term)

    def __floor__(self) -> Integral:
        return Integral(z3.RTN(), self.term)

    def __round__(self, _: None = None) -> Integral:
        return Integral(NEAREST, self.term)

    def as_bits(self, bits: int) -> Symbolic:
        """The bit pattern, rounded to a width; of a NaN the canonical one."""
        term = self._term
        if bits != _width(term):
            term = z3.fpFPToFP(NEAREST, self.term, _SORTS[bits])
        nan = z3.BitVecVal(CANONICAL_NAN[bits], bits)
        return Symbolic.unsigned(z3.If(z3.fpIsNaN(term), nan, z3.fpToIEEEBV(term)))


class Integral:
    """The integer that a float is rounded to, by a rounding mode."""

    def __init__(self, mode: Any, source: Any):
        self._mode, self._source = mode, source
        self._term = z3.fpRoundToIntegral(mode, source)

    def with_sign_of(self, value: Real) -> Real:
        """As a float; the sign of a zero is that of `value`."""
        magnitude = z3.fpAbs(self._term)
        return Real(z3.If(z3.fpIsNegative(value.term), z3.fpNeg(magnitude), magnitude))

    def __le__(self, other: int) -> Condition:
        return self < other + 1

    def __gt__(self, other: int) -> Condition:
        return self >= other + 1

    def __lt__(self, other: int) -> Condition:
        return Condition(z3.Not(self._is_at_least(other)))

    def __ge__(self, other: int) -> Condition:
        return Condition(self._is_at_least(other))

    def _is_at_least(self, limit: int) -> Any:
        bits = _width(self._term)
        nearest = float_from_bits(bits_from_float(float(limit), bits), bits)
        if int(nearest) != limit:
            raise Undecided
        return z3.fpGEQ(self._term, z3.FPVal(nearest, self._term.sort()))

    def __and__(self, mask: int) -> Symbolic:
        """The low bits, as many as a processor makes of it."""
        width = mask.bit_length()
        for convert, low in ((z3.fpToUBV, 0), (z3.fpToSBV, -1 << (width - 1))):
            inside = z3.And(self._is_at_least(low), z3.Not(self._is_at_least(low + (1 << width))))
            if is_certain(inside):
                return Symbolic.unsigned(convert(self._mode, self._source, z3.BitVecSort(width)))
        raise Undecided


def _constant(number: Any, sort: Any) -> Any:
    """A number of Python that needs no rounding."""
    return z3.FPVal(number, sort)
