"""trace-calls: the host is told of each function that is entered, and of each that returns."""

import pytest
from examples.small import MODES, example, run

from wasmdialect import Linker, Store, TrapCode

TEXT = """
(module
  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
  (func $even (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
  (func $trap (export "trap") unreachable))
"""
CALLS = [("odd", 3), ("odd", 0), ("trap",)]


@pytest.mark.parametrize("mode", MODES)
def test_calls_and_returns_are_seen_in_order(mode: str):
    seen: list[tuple[str, int]] = []

    def define(linker: Linker, store: Store) -> None:
        for event in ("enter", "return"):
            linker.define_builtin(event, lambda index, event=event: seen.append((event, index)))

    traced = run(TEXT, CALLS, {"wasmir-end": [example("trace-calls")]}, define, compilation=mode)
    assert traced.results == run(TEXT, CALLS).results == [1, 0, TrapCode.UNREACHABLE]
    # odd(3) calls even(2), whose tail call returns first; odd(1) calls even(0).
    names = ("odd", "even", "trap")  # what a pass adds comes after them
    assert [f"{event} {names[index]}" for event, index in seen] == [
        *("enter odd", "enter even", "return even", "enter odd", "enter even", "return even"),
        *("return odd", "return odd"),
        *("enter odd", "return odd"),
        "enter trap",
    ]
