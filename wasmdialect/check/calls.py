"""The calls that a check makes: those of the command line, or generated ones of every export, with the
boundaries of each type and seeded random values."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain, islice, product, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.wasm.float_text import format_float

if TYPE_CHECKING:
    from wasmdialect.dialects.declared import ModuleDeclarations


class Call(NamedTuple):
    """A call of an export. Arguments are bits; a reference is 0, which is null."""

    export: str
    types: tuple[wt.ValType, ...]
    arguments: tuple[int, ...]

    def __str__(self) -> str:
        values = zip(self.types, self.arguments, strict=True)
        return f"{self.export}({', '.join(format_value(*value) for value in values)})"


def format_value(t: wt.ValType, bits: int | None) -> str:
    """A value as text, from which its bits follow; for a reference only whether it is null."""
    if isinstance(t, wt.RefType):
        return "ref" if bits else "null"
    assert bits is not None
    if t is wt.V128:
        return f"0x{bits:032x}"
    if t in (wt.F32, wt.F64):
        return format_float(bits, t.bits)
    return str(bits - (1 << t.bits) if bits >> (t.bits - 1) else bits)


_SMALL = (0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 63, 64, 65, 100, 255, 256, 65_532, 65_535, 65_536)
_FLOATS_32 = (
    *(0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x3F00_0000, 0x4000_0000, 0x4F00_0000),
    *(0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7FA0_0000, 0x7F7F_FFFF, 1, 0x4B80_0001),
)
"""Zeros, ones, halves, 2^31, infinities, the canonical NaN, a signalling one, the largest and the
smallest number, and one that is not a half."""
_FLOATS_64 = (
    *(0, 1 << 63, 0x3FF0 << 48, 0xBFF0 << 48, 0x3FE0 << 48, 0x4000 << 48, 0x41E0 << 48),
    *(0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 0x7FF4 << 48, (0x7FF0 << 48) - 1, 1, 0x43E0 << 48),
)


def _boundaries(t: wt.ValType) -> Sequence[int]:
    if isinstance(t, wt.RefType):
        return (0,)
    if t is wt.F32:
        return _FLOATS_32
    if t is wt.F64:
        return _FLOATS_64
    if t is wt.V128:
        ones = (1 << 128) - 1
        return (0, ones, ones // 0xFF, 0x7FA0_0000 << 32, int.from_bytes(range(16), "little"))
    mask = (1 << t.bits) - 1
    top = 1 << (t.bits - 1)
    return (*_SMALL, mask, mask - 1, top, top - 1, top + 1, mask & 0x5555_5555_5555_5555)


def _random(source: random.Random, t: wt.ValType) -> int:
    """A boundary, or anything."""
    if isinstance(t, wt.RefType) or source.random() < 0.6:
        return source.choice(_boundaries(t))
    if t is wt.F32 or t is wt.F64:  # a number of a usual size
        bias, fraction = (127, 23) if t is wt.F32 else (1023, 52)
        exponent = bias + source.randrange(-8, 40)
        sign = source.getrandbits(1) << (t.bits - 1)
        return sign | exponent << fraction | source.getrandbits(fraction)
    return source.getrandbits(source.choice((8, 16, t.bits)))


def generate(
    declared: ModuleDeclarations, count: int, seed: int, only: str | None = None
) -> list[Call]:
    """`count` calls of every exported function, or of one, in turns; a function without parameters is
    called twice."""
    source = random.Random(seed)
    rows = [
        [*_calls_of(source, name, types, count)]
        for name, types in exported_functions(declared)
        if only is None or name == only
    ]
    return [call for turn in zip_longest(*rows) for call in turn if call is not None]


def _calls_of(
    source: random.Random, name: str, types: tuple[wt.ValType, ...], count: int
) -> Iterator[Call]:
    """Combinations of extremes, each boundary for all parameters at once, and mixtures."""
    if not types:
        yield from [Call(name, (), ())] * 2
        return
    seen: set[tuple[int, ...]] = set()
    mixtures = (tuple(_random(source, t) for t in types) for _ in range(2 * count))
    for row in chain(
        islice(product(*map(_extremes, types)), count // 3),
        islice(zip_longest(*map(_boundaries, types), fillvalue=0), count // 3),
        mixtures,
    ):
        if row not in seen:
            seen.add(row)
            yield Call(name, types, row)
        if len(seen) == count:
            return


def _extremes(t: wt.ValType) -> Sequence[int]:
    """Zero, all bits one (for a float a signalling NaN), and one."""
    boundaries = _boundaries(t)
    if t in (wt.F32, wt.F64):
        return (0, boundaries[10], boundaries[2])
    return boundaries if len(boundaries) < 3 else (0, _ALL_ONES[t], 1)


_ALL_ONES: dict[wt.ValType, int] = {t: (1 << t.bits) - 1 for t in (wt.I32, wt.I64, wt.V128)}


def exported_functions(
    declared: ModuleDeclarations,
) -> list[tuple[str, tuple[wt.ValType, ...]]]:
    """Name and parameters of each."""
    found: list[tuple[str, tuple[wt.ValType, ...]]] = []
    for export in declared.exports:
        op = declared.symbols[export.target.root_reference.data]
        if isinstance(op, wasmir.FuncOp):
            signature = declared.types.function(op).composite
            assert isinstance(signature, wt.FuncType)
            found.append((export.name_text, signature.params))
    return found
