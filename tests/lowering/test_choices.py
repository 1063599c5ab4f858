"""Choices between floats by conditions that something else needs too: the same floats, bit by bit, as
by the condition itself, for every comparison, with and without masks."""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
}
JOINTS: dict[str, Callable[[bool, bool], bool]] = {
    "and": lambda first, second: first and second,
    "or": lambda first, second: first or second,
}
FLOATS = {
    32: (0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0x7FC0_0001, 0xFFA0_0001),
    64: (
        *(0, 1 << 63, 0x3FF0 << 48, 0xBFF0 << 48, 0x7FF0 << 48),
        *(0x7FF8_0000_0000_0001, 0xFFF4_0000_0000_0001),
    ),
}
"""Zeros, ones, infinity, a quiet and a signalling NaN."""


def text_of(width: int) -> str:
    """Functions of two floats' bits: a condition and the bits that are chosen by it."""
    t, i = f"f{width}", f"i{width}"
    x, y = (f"({t}.reinterpret_{i} (local.get {n}))" for n in range(2))

    def function(name: str, condition: str) -> str:
        return f"""
  (func (export "{name}") (param {i} {i}) (result i32 {i}) (local i32)
    (local.set 2 {condition})
    (select (i32.const 1) (i32.const 0) (local.get 2))
    ({i}.reinterpret_{t} (select {x} {y} (local.get 2))))"""

    functions = [function(a, f"({t}.{a} {x} {y})") for a in COMPARISONS]
    functions += [
        function(f"{a} {joint} {b}", f"(i32.{joint} ({t}.{a} {x} {y}) ({t}.{b} {y} ({t}.const 0)))")
        for a, b, joint in product(COMPARISONS, COMPARISONS, JOINTS)
    ]
    return f"(module {' '.join(functions)})"


def number(bits: int, width: int) -> float:
    """The float of some bits."""
    return struct.unpack("<f" if width == 32 else "<d", bits.to_bytes(width // 8, "little"))[0]


def holds(name: str, x: float, y: float) -> bool:
    """Whether the condition of a function holds."""
    first, *rest = name.split()
    known = COMPARISONS[first](x, y)
    return JOINTS[rest[0]](known, COMPARISONS[rest[1]](y, 0)) if rest else known


@pytest.mark.parametrize("width", [32, 64])
@pytest.mark.parametrize("settings", [{}, {"opt_level": 3}, {"cpu": "base"}], ids=str)
def test_choices_are_those_of_the_condition(settings: dict[str, Any], width: int):
    store = Store(Engine(Config(jobs=0, **settings)))
    exports: Any = Instance(store, Module(store.engine, text_of(width)), []).exports(store)
    names = [
        *COMPARISONS,
        *(f"{a} {j} {b}" for a, b, j in product(COMPARISONS, COMPARISONS, JOINTS)),
    ]
    for name, x, y in product(names, FLOATS[width], FLOATS[width]):
        expected = holds(name, number(x, width), number(y, width))
        decided, chosen = exports[name](store, x, y)
        assert (decided, chosen % 2**width) == (expected, x if expected else y), (name, x, y)
