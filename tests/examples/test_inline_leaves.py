"""inline-leaves: calls of small functions are gone, and the results are the same."""

import pytest
from examples.small import MODES, example, run

TEXT = """
(module
  (memory (export "memory") 1)
  (func $abs (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 0))
      (then (return (i32.sub (i32.const 0) (local.get 0)))))
    (local.get 0))
  (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func $trap (param i32) (i32.store (local.get 0) (i32.const 1)))
  (func $calls (param i32) (result i32) (call $abs (local.get 0)))
  (func (export "sum") (param $x i32) (param $y i32) (result i32)
    (loop $l (result i32)
      (local.set $x (i32.add (local.get $x) (i32.const 1)))
      (br_if $l (i32.lt_s (local.get $x) (local.get $y)))
      (i32.sub (call $swap (call $abs (local.get $x)) (call $calls (local.get $y))))))
  (func (export "trap") (param i32) (call $trap (local.get 0)) (call $trap (i32.const 4))))
"""
CALLS = [("sum", -7, -3), ("sum", 2, 90), ("trap", 16), ("trap", 65533)]


@pytest.mark.parametrize("mode", MODES)
def test_calls_of_leaves_are_gone(mode: str):
    done = run(TEXT, CALLS, {"wasmir-end": [example("inline-leaves")]}, compilation=mode)
    plain = run(TEXT, CALLS)
    assert (done.results, done.memory) == (plain.results, plain.memory)
    callees = [(r["function"], r["callee"]) for r in done.reports("inlined")]
    assert callees == [
        ("calls", "abs"),
        *(("func4", c) for c in ("abs", "swap")),
        *[("func5", "trap")] * 2,
    ]


def test_the_limit_is_an_option():
    done = run(TEXT, CALLS, {"wasmir-end": [example("inline-leaves")(limit=2)]})
    assert [r["callee"] for r in done.reports("inlined")] == ["swap"]
