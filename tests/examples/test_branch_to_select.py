"""branch-to-select: no branch depends on a condition whose sides only compute."""

import pytest
from examples.small import MODES, example, run

TEXT = """
(module
  (memory (export "memory") 1)
  (func (export "diamond") (param i32 i32) (result i32 i32)
    (if (result i32 i32) (local.get 0)
      (then (i32.mul (local.get 1) (i32.const 3)) (i32.const 7))
      (else (i32.xor (local.get 1) (i32.const -1)) (i32.const 7))))
  (func (export "triangle") (param i32 i32) (result i32)
    (if (i32.lt_s (local.get 0) (local.get 1))
      (then (local.set 0 (i32.sub (local.get 1) (local.get 0)))))
    (local.get 0))
  (func (export "traps") (param i32 i32) (result i32)
    (if (result i32) (local.get 1)
      (then (i32.div_u (local.get 0) (local.get 1))) (else (i32.const 0))))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))
"""
VALUES = (0, 1, 5, -3)
CALLS = [
    *((name, x, y) for name in ("diamond", "triangle", "traps") for x in VALUES for y in VALUES),
    ("loop", 9),
]


@pytest.mark.parametrize("mode", MODES)
def test_sides_that_only_compute_are_selected(mode: str):
    done = run(TEXT, CALLS, {"wasmir-end": [example("branch-to-select")]}, compilation=mode)
    assert done.results == run(TEXT, CALLS).results
    reports = [r for r in done.module.reports if r["pass"] == "branch-to-select"]
    kinds = {r["function"]: r["kind"] for r in reports}
    assert kinds == {"func0": "selected", "func1": "selected", "func2": "left", "func3": "left"}


def test_the_selected_value_is_a_conditional_move():
    """On x86-64, with nothing else to jump over."""
    passes = {"wasmir-end": [example("branch-to-select")]}
    done = run(TEXT, (), passes)
    assert "cmov" in done.module.function("triangle").asm
