"""reuse-loads: what has been loaded or stored is not loaded again, unless something else may be
there.
"""

import pytest
from examples.small import MODES, example, run

TEXT = """
(module
  (memory (export "memory") 1)
  (data (i32.const 8) "\\01\\02\\03\\04\\05\\06\\07\\08")
  (func $nothing)
  (func (export "f") (param $p i32) (param $q i32) (result i32 i32 i32 i32 i32)
    (i32.load (local.get $p))                   ;; kept: the first one
    (i32.store offset=4 (local.get $p) (i32.const 70000))
    (i32.load (local.get $p))                   ;; reused: the store was beside it
    (i32.load16_u offset=4 (local.get $p))      ;; kept: another load than the store's
    (i32.store8 (local.get $q) (i32.const 9))
    (i32.load (local.get $p))                   ;; kept: the store may have been there
    (call $nothing)
    (i32.load offset=4 (local.get $p))          ;; kept: the callee may have written
    (if (local.get $q) (then
      (drop (i32.load offset=4 (local.get $p)))))) ;; reused: in the only block after it
  (func (export "stored") (param $p i32) (param $x f32) (result f32 i32)
    (f32.store (local.get $p) (local.get $x))
    (f32.load (local.get $p))                   ;; reused: what was stored
    (i32.store8 (local.get $p) (i32.const 511))
    (i32.load8_u (local.get $p))))              ;; kept: the store narrowed
"""
CALLS = [("f", 8, 0), ("f", 8, 8), ("f", 8, 11), ("f", 65536, 0), ("stored", 100, 1.5)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [0, 2])
def test_results_are_the_same_and_loads_are_gone(mode: str, level: int):
    passes = {"wasmir-end": [example("reuse-loads")]}
    reused = run(TEXT, CALLS, passes, compilation=mode, opt_level=level)
    plain = run(TEXT, CALLS)
    assert (reused.results, reused.memory) == (plain.results, plain.memory)
    sources = [report["of"] for report in reused.reports("reused")]
    assert sources == ["wasmir.i32.load", "wasmir.i32.load", "wasmir.f32.store"]
