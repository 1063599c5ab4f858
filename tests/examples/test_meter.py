"""meter: blocks pay before they run, and a program without gas stops."""

from itertools import pairwise

import pytest
from examples.small import MODES, example, run

from wasmdialect import TrapCode

TEXT = """
(module
  (memory (export "memory") 1)
  (func (export "loop") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (i32.store (i32.const 0) (local.get $n))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
"""


@pytest.mark.parametrize("mode", MODES)
def test_gas_grows_with_the_work(mode: str):
    calls = [("loop", n) for n in (1, 2, 3, 100)]
    used: list[int] = []
    for number in range(len(calls) + 1):
        made = calls[:number]
        metered = run(TEXT, made, {"wasmir-end": [example("meter")]}, compilation=mode)
        assert metered.results == run(TEXT, made).results
        used.append(metered.instance.fields["gas"].value)
    first, second, third, last = (b - a for a, b in pairwise(used))
    assert used[0] == 0
    assert second - first == third - second > 3  # each time around costs the same
    assert last == first + 99 * (second - first)


@pytest.mark.parametrize("mode", MODES)
def test_a_program_stops_before_the_block_that_it_cannot_pay(mode: str):
    passes = {"wasmir-end": [example("meter")(limit=500)]}
    stopped = run(TEXT, [("loop", 1000)], passes, compilation=mode)
    assert stopped.results == [TrapCode.UNREACHABLE]
    gas = stopped.instance.fields["gas"]
    rounds = 1001 - int.from_bytes(stopped.memory[:4], "little")
    assert 500 < gas.value < 520
    assert rounds == 83  # six operations each
    gas.value = 0  # the host gives more
    assert stopped.exports["loop"](stopped.store, 4) == 10
