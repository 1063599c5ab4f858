"""Intervals of unsigned integers: what each integer operation makes of those of its operands, and what
a comparison that holds says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Range(NamedTuple):
    """All unsigned integers from `low` to `high`."""

    low: int
    high: int

    @property
    def value(self) -> int | None:
        """The only integer in it, None if there are several."""
        return self.low if self.low == self.high else None

    def join(self, other: Range) -> Range:
        """The smallest range with both."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: Range) -> Range | None:
        """What is in both, None if nothing is."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Range(low, high) if low <= high else None


def everything(width: int) -> Range:
    """All integers of so many bits."""
    return Range(0, (1 << width) - 1)


BOOLEAN = Range(0, 1)


def _within(low: int, high: int, width: int) -> Range:
    """An interval, everything if it wraps around."""
    return Range(low, high) if low >= 0 and high < 1 << width else everything(width)


def _mask(number: int) -> int:
    """All ones, as many as the number has bits."""
    return (1 << number.bit_length()) - 1


# --- operations with one operand, of a width: the range of the result ---


def _count(a: Range, width: int) -> Range:
    return Range(0, width)


def _clz(a: Range, width: int) -> Range:
    return Range(width - a.high.bit_length(), width - a.low.bit_length())


def _eqz(a: Range, width: int) -> Range:
    if a.low > 0:
        return Range(0, 0)
    return Range(1, 1) if a.high == 0 else BOOLEAN


def _sign_extension(bits: int, to: int | None = None) -> Callable[[Range, int], Range]:
    """The low bits, as a signed number of another width: `to`, or that of the operand."""

    def extended(a: Range, width: int) -> Range:
        if a.high < 1 << (bits - 1):
            return a
        more = (1 << (to or width)) - (1 << bits)
        if a.low >= 1 << (bits - 1) and a.high < 1 << bits:
            return Range(a.low + more, a.high + more)
        return everything(to or width)

    return extended


def _wrap(a: Range, width: int) -> Range:
    return _within(a.low, a.high, 32)


def _same(a: Range, width: int) -> Range:
    return a


UNARY: dict[str, Callable[[Range, int], Range]] = {
    "clz": _clz,
    "ctz": _count,
    "popcnt": lambda a, width: Range(min(a.low, 1), a.high.bit_length()),
    "eqz": _eqz,
    "extend8_s": _sign_extension(8),
    "extend16_s": _sign_extension(16),
    "extend32_s": _sign_extension(32),
    "extend_i32_s": _sign_extension(32, 64),
    "extend_i32_u": _same,
    "wrap_i64": _wrap,
}
"""By the operation's name; the width is that of the operand."""


# --- operations with two operands of a width ---

_Binary = Callable[[Range, Range, int], Range]


def _add(a: Range, b: Range, width: int) -> Range:
    if a.low + b.low >= 1 << width:  # both ends wrap around
        return Range(a.low + b.low - (1 << width), a.high + b.high - (1 << width))
    return _within(a.low + b.low, a.high + b.high, width)


def _sub(a: Range, b: Range, width: int) -> Range:
    if a.high < b.low:
        return Range(a.low - b.high + (1 << width), a.high - b.low + (1 << width))
    return _within(a.low - b.high, a.high - b.low, width)


def _mul(a: Range, b: Range, width: int) -> Range:
    return _within(a.low * b.low, a.high * b.high, width)


def _and(a: Range, b: Range, width: int) -> Range:
    return Range(0, min(a.high, b.high))


def _or(a: Range, b: Range, width: int) -> Range:
    return Range(max(a.low, b.low), _mask(a.high | b.high))


def _xor(a: Range, b: Range, width: int) -> Range:
    return Range(0, _mask(a.high | b.high))


def _shl(a: Range, b: Range, width: int) -> Range:
    by = b.value
    if by is None:
        return Range(0, 0) if a.high == 0 else everything(width)
    return _within(a.low << by % width, a.high << by % width, width)


def _shr_u(a: Range, b: Range, width: int) -> Range:
    if b.high < width:
        return Range(a.low >> b.high, a.high >> b.low)
    return Range(0, a.high)


def _shr_s(a: Range, b: Range, width: int) -> Range:
    return _shr_u(a, b, width) if a.high < 1 << (width - 1) else everything(width)


def _div_u(a: Range, b: Range, width: int) -> Range:
    """By zero it traps."""
    return Range(a.low // max(b.high, 1), a.high // max(b.low, 1))


def _rem_u(a: Range, b: Range, width: int) -> Range:
    if a.high < b.low:
        return a
    return Range(0, min(a.high, max(b.high, 1) - 1))


def _if_positive(rule: _Binary) -> _Binary:
    """Signed numbers of which neither is negative."""

    def signed(a: Range, b: Range, width: int) -> Range:
        return rule(a, b, width) if max(a.high, b.high) < 1 << (width - 1) else everything(width)

    return signed


def _comparison(relation: str) -> _Binary:
    def compared(a: Range, b: Range, width: int) -> Range:
        never = narrowed(relation, a, b, width) is None
        always = narrowed(NEGATED[relation], a, b, width) is None
        return Range(int(always), int(not never))

    return compared


# --- comparisons that hold ---

NEGATED = {
    **{"eq": "ne", "lt_u": "ge_u", "gt_u": "le_u", "lt_s": "ge_s", "gt_s": "le_s"},
    **{"ne": "eq", "ge_u": "lt_u", "le_u": "gt_u", "ge_s": "lt_s", "le_s": "gt_s"},
}
"""The relation that holds if the other does not."""
TURNED = {
    **{"eq": "eq", "lt_u": "gt_u", "gt_u": "lt_u", "lt_s": "gt_s", "gt_s": "lt_s"},
    **{"ne": "ne", "ge_u": "le_u", "le_u": "ge_u", "ge_s": "le_s", "le_s": "ge_s"},
}
"""The relation with its operands exchanged."""


def narrowed(relation: str, a: Range, b: Range, width: int) -> Range | None:
    """The numbers of `a` that are in relation to one of `b`, None if there are none."""
    if relation == "eq":
        return a.meet(b)
    if relation == "ne":
        return _without(a, b.value)
    if relation.endswith("_s"):
        return _narrowed_signed(relation[:2], a, b, width)
    return _ordered(relation[:2], a, b)


def _without(a: Range, gone: int | None) -> Range | None:
    low, high = a.low + (a.low == gone), a.high - (a.high == gone)
    return Range(low, high) if low <= high else None


def _ordered(order: str, a: Range, b: Range) -> Range | None:
    low, high = a
    if order == "lt":
        high = min(high, b.high - 1)
    elif order == "le":
        high = min(high, b.high)
    elif order == "gt":
        low = max(low, b.low + 1)
    else:
        low = max(low, b.low)
    return Range(low, high) if low <= high else None


def _narrowed_signed(order: str, a: Range, b: Range, width: int) -> Range | None:
    """The negative numbers, which come first, and the others, each as unsigned ones."""
    half = 1 << (width - 1)
    parts: list[Range] = []
    for part in (Range(0, half - 1), Range(half, 2 * half - 1)):
        mine = a.meet(part)
        if mine is None:
            continue
        for other in (Range(0, half - 1), Range(half, 2 * half - 1)):
            its = b.meet(other)
            if its is None:
                continue
            if part == other:
                kept = _ordered(order, mine, its)
            else:  # one is negative, and less than the other
                kept = mine if (part.low == half) == (order in ("lt", "le")) else None
            if kept is not None:
                parts.append(kept)
    if not parts:
        return None
    return Range(min(p.low for p in parts), max(p.high for p in parts))


BINARY: dict[str, _Binary] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "shl": _shl,
    "shr_u": _shr_u,
    "shr_s": _shr_s,
    "div_u": _div_u,
    "div_s": _if_positive(_div_u),
    "rem_u": _rem_u,
    "rem_s": _if_positive(_rem_u),
    **{relation: _comparison(relation) for relation in NEGATED},
}
"""By the operation's name. A result that does not exist, because it traps, may be anything."""
