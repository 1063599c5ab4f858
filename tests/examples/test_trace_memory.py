"""trace-memory: the ring has the last accesses in order, and the one that trapped."""

import struct

import pytest
from examples.small import MODES, Ran, example, run

from wasmdialect import TrapCode

TEXT = """
(module
  (memory (export "memory") 1)
  (func (export "f") (param i32)
    (i32.store8 offset=3 (local.get 0) (i32.const 9))
    (drop (i64.load (local.get 0)))
    (drop (i32.load offset=8 (local.get 0)))))
"""
CALLS = [("f", 16), ("f", 65524), ("f", 65529)]
"""The last one traps in the second access."""


def accesses(done: Ran) -> list[tuple[int, bool]]:
    pairs = struct.iter_unpack("<II", done.instance.fields["trace"].buffer)
    return [(address, bool(place >> 31)) for address, place in pairs]


@pytest.mark.parametrize("mode", MODES)
def test_accesses_are_recorded(mode: str):
    done = run(TEXT, CALLS, {"wasmir-end": [example("trace-memory")]}, compilation=mode)
    plain = run(TEXT, CALLS)
    assert (done.results, done.memory) == (plain.results, plain.memory)
    assert done.results == [None, None, TrapCode.MEMORY_OUT_OF_BOUNDS]
    count = done.instance.fields["accesses"].value
    assert count == 3 + 3 + 2
    assert accesses(done)[: count + 1] == [
        *((19, True), (16, False), (24, False)),
        *((65527, True), (65524, False), (65532, False)),
        *((65532, True), (65529, False)),
        (0, False),
    ]
    places = [place for _, place in struct.iter_unpack("<II", done.instance.fields["trace"].buffer)]
    assert places[:3] == places[3:6]
    assert sorted(place & 0x7FFF_FFFF for place in places[:3]) != [0, 0, 0]


def test_the_ring_keeps_the_last_ones():
    done = run(TEXT, CALLS[:2], {"wasmir-end": [example("trace-memory")(size=4)]})
    assert done.instance.fields["accesses"].value == 6
    assert accesses(done) == [(65524, False), (65532, False), (24, False), (65527, True)]
