"""edge-coverage: inputs that take other ways have other maps, and loops count."""

import pytest
from examples.small import MODES, example, run

TEXT = """
(module
  (func $check (param i32) (result i32)
    (if (result i32) (i32.eq (local.get 0) (i32.const 77)) (then (i32.const 1)) (else (i32.const 0))))
  (func (export "parse") (param i32) (result i32) (local $i i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
    (call $check (local.get 0))))
"""


def coverage(mode: str, argument: int) -> dict[int, int]:
    passes = {"wasmir-end": [example("edge-coverage")]}
    done = run(TEXT, [("parse", argument)], passes, compilation=mode)
    assert done.results == run(TEXT, [("parse", argument)]).results
    buffer = done.instance.fields["coverage"].buffer
    return {edge: times for edge, times in enumerate(buffer) if times}


@pytest.mark.parametrize("mode", MODES)
def test_maps_tell_ways_apart(mode: str):
    usual, other = coverage(mode, 5), coverage(mode, 77)
    assert usual == coverage(mode, 6)
    assert usual.keys() - other.keys()
    assert other.keys() - usual.keys()
    assert max(usual.values()) == 8  # back to the start of the loop
    assert sum(usual.values()) == sum(other.values())
