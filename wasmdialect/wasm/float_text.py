"""Float literals of the text format: bit patterns to text and back, exactly."""

from __future__ import annotations

import re
from fractions import Fraction

from wasmdialect.wasm.numerics import CANONICAL_NAN, float_from_bits, is_nan

_FRACTION_BITS = {32: 23, 64: 52}
_MIN_EXPONENT = {32: -126, 64: -1022}
_MAX_EXPONENT = {32: 127, 64: 1023}

_FLOAT = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<inf>inf)|(?P<nan>nan(?::0x(?P<payload>[0-9a-fA-F_]+))?)"
    r"|0x(?P<hint>[0-9a-fA-F_]+)(?:\.(?P<hfrac>[0-9a-fA-F_]*))?(?:[pP](?P<hexp>[+-]?[0-9_]+))?"
    r"|(?P<int>[0-9_]+)(?:\.(?P<frac>[0-9_]*))?(?:[eE](?P<exp>[+-]?[0-9_]+))?)\Z"
)


def format_float(bits: int, width: int) -> str:
    """The literal of an f32 or f64 bit pattern: hexadecimal, `inf` or `nan:0x...`."""
    if is_nan(bits, width):
        sign = "-" if bits >> (width - 1) else ""
        payload = bits & ((1 << _FRACTION_BITS[width]) - 1)
        if payload == CANONICAL_NAN[width] & ((1 << _FRACTION_BITS[width]) - 1):
            return f"{sign}nan"
        return f"{sign}nan:0x{payload:x}"
    text = float_from_bits(bits, width).hex()
    mantissa, _, exponent = text.partition("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa if exponent in ("", "+0") else f"{mantissa}p{exponent}"


def parse_float(text: str, width: int) -> int:
    """The bits of a float literal, rounded once to nearest even.

    Raises ValueError if the text is not a float literal or rounds to infinity.
    """
    match = _FLOAT.match(text)
    if match is None:
        raise ValueError(f"malformed float literal {text!r}")
    fraction_bits = _FRACTION_BITS[width]
    sign = (1 << (width - 1)) if match["sign"] == "-" else 0
    infinity = ((1 << (width - 1 - fraction_bits)) - 1) << fraction_bits
    if match["inf"]:
        return sign | infinity
    if match["nan"]:
        if match["payload"] is None:
            return sign | CANONICAL_NAN[width]
        payload = int(match["payload"].replace("_", ""), 16)
        if not 0 < payload < 1 << fraction_bits:
            raise ValueError(f"constant out of range: NaN payload of {text!r}")
        return sign | infinity | payload
    magnitude = _round(_magnitude(match), width)
    if magnitude >= infinity:
        raise ValueError(f"constant out of range: {text!r}")
    return sign | magnitude


def _magnitude(match: re.Match[str]) -> Fraction:
    if match["hint"] is not None:
        digits, fraction, base, radix = match["hint"], match["hfrac"], 16, 2
        exponent = match["hexp"]
    else:
        digits, fraction, base, radix = match["int"], match["frac"], 10, 10
        exponent = match["exp"]
    fraction = (fraction or "").replace("_", "")
    value = Fraction(int(digits.replace("_", "") + fraction, base), base ** len(fraction))
    # An exponent far outside the format alone decides the result; a huge power would take for ever.
    power = max(min(int((exponent or "0").replace("_", "")), 100_000), -100_000)
    return value * Fraction(radix) ** power


def _round(value: Fraction, width: int) -> int:
    """The bits of a non-negative number, rounded to nearest even; at or above infinity's bits if
    it is too large."""
    if value == 0:
        return 0
    fraction_bits, minimum = _FRACTION_BITS[width], _MIN_EXPONENT[width]
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if value < Fraction(2) ** exponent:
        exponent -= 1
    exponent = max(exponent, minimum)
    significand = round(value * Fraction(2) ** (fraction_bits - exponent))  # halves to even
    # A subnormal has no implicit one; a carry out of the significand goes into the exponent.
    return ((exponent - minimum) << fraction_bits) + significand
