"""shadow-memory: the lines that a program reads and writes, of the first memory."""

import pytest
from examples.small import MODES, example, run

from wasmdialect import TrapCode

TEXT = """
(module
  (memory (export "memory") 1)
  (memory $other 1)
  (func (export "copy") (param $from i32) (param $to i32)
    (i32.store (local.get $to) (i32.load (local.get $from)))
    (i64.store $other (i32.const 4096) (i64.const 1)))
  (func (export "far") (i32.store offset=0xffffffff (i32.const -1) (i32.const 0))))
"""
CALLS = [("copy", 0, 63), ("copy", 64, 640), ("copy", 641, 65532), ("copy", 0, 65533), ("far",)]


@pytest.mark.parametrize("mode", MODES)
def test_touched_lines_are_marked(mode: str):
    done = run(TEXT, CALLS, {"wasmir-end": [example("shadow-memory")]}, compilation=mode)
    plain = run(TEXT, CALLS)
    assert (done.results, done.memory) == (plain.results, plain.memory)
    assert done.results[3:] == [TrapCode.MEMORY_OUT_OF_BOUNDS] * 2
    shadow = done.instance.fields["shadow"].buffer
    assert len(shadow) == 1 << 26
    touched = {line: shadow[line] for line in range(2048) if shadow[line]}
    assert touched == {0: 3, 1: 1, 10: 3, 1023: 2}
