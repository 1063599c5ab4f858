"""drop-bounds-checks: fewer checks, and every trap is where it was."""

import pytest
from examples.small import MODES, example, run

TEXT = """
(module
  (memory (export "memory") 1)
  (memory $other 2)
  (func $callee)
  (func (export "f") (param $p i32) (param $c i32) (result i32)
    (i32.store offset=8 (local.get $p) (i32.const 1))          ;; check of 12 bytes
    (i32.store offset=4 (local.get $p) (i32.const 2))          ;; dropped
    (i32.store offset=12 (local.get $p) (i32.const 3))         ;; more than before
    (i32.store $other offset=4 (local.get $p) (i32.const 4))   ;; another memory
    (if (local.get $c)
      (then
        (call $callee)
        (i32.store8 offset=15 (local.get $p) (i32.const 5))    ;; dropped, also after a call
        (i64.store offset=16 (local.get $p) (i64.const 6))))   ;; more than before
    (i32.store8 offset=23 (local.get $p) (i32.const 7))        ;; the branch may not have run
    (i32.load (i32.add (local.get $p) (i32.const 0)))))        ;; another address
"""
CALLS = [("f", p, c) for p in (0, 65512, 65513, 65520, 65521, 65525, -1) for c in (0, 1)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [0, 2])
def test_needless_checks_are_dropped(mode: str, level: int):
    settings = {"bounds": "explicit", "compilation": mode, "opt_level": level}
    passes = {"wasmvm-end": [example("drop-bounds-checks")]}
    done = run(TEXT, CALLS, passes, **settings)
    plain = run(TEXT, CALLS)
    assert (done.results, done.memory) == (plain.results, plain.memory)
    (report,) = done.reports("bounds-checks")
    assert (report["dropped"], report["left"]) == (2, 6)


def test_guard_pages_need_no_checks():
    done = run(TEXT, CALLS[:1], {"wasmvm-end": [example("drop-bounds-checks")]})
    assert done.module.reports == []
