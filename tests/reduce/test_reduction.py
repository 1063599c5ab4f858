"""Shrinking: a planted failure in a large module, every kind of part; everything tried is valid."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import wat2wasm
from wasmdialect.reduce.body import Body
from wasmdialect.reduce.prune import prune
from wasmdialect.reduce.shrink import Reduction
from wasmdialect.reduce.subsets import smallest
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import WASM_3_0
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_module

Condition = Callable[[Module], bool]


def opcodes(module: Module) -> list[set[int]]:
    """The opcodes of each body."""
    bodies = [Body.of(f, WASM_3_0) for f in module.defined_functions()]
    return [{opcode for opcode, _, _ in body.instructions} for body in bodies]


def has(*mnemonics: str) -> Condition:
    """Whether some function has all these instructions."""
    wanted = {BY_MNEMONIC[mnemonic][0].opcode for mnemonic in mnemonics}
    return lambda module: any(wanted <= found for found in opcodes(module))


def reduced(binary: bytes, fails: Condition) -> tuple[bytes, int]:
    """The smallest module found, and the number of modules that were tried; all of them are valid."""
    tried = 0

    def test(candidate: bytes) -> bool:
        nonlocal tried
        tried += 1
        module = decode_module(candidate, WASM_3_0)
        validate_module(module)
        return fails(module)

    better: list[bytes] = []
    reduction = Reduction(binary, WASM_3_0, test, better.append)
    reduction.run()
    assert [len(b) for b in better] == sorted((len(b) for b in better), reverse=True)
    assert better[-1:] in ([], [reduction.best])
    return reduction.best, tried


FULL = """(module $named
  (type $unused (func (param f32)))
  (import "env" "log" (func $log (param i32))) (import "env" "unused" (func))
  (memory (export "memory") 2 10) (table $t 5 funcref) (global $g (mut i64) (i64.const 7)) (tag $e)
  (data (i32.const 100) "some text") (data $passive "more text")
  (elem (i32.const 0) $a $b) (start $s)
  (func $s (global.set $g (i64.const 9)))
  (func $a (export "a") (param i32) (result i32) (local f64 i32 v128)
    (block $out (result i32)
      (loop $again
        (call $log (local.get 0))
        (br_if $again (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 500))))
      (if (result i32) (local.get 0)
        (then (br $out (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1))))
        (else (i32.rotl (i32.load offset=300 (local.get 0)) (i32.const 77))))))
  (func $b (param i32) (result i32)
    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 4)) (try_table (throw $e))
    (local.get 0)))"""
"""Something of everything."""


@pytest.mark.parametrize(
    ("mnemonics", "most"),
    [
        (("i32.rotl",), 40),
        (("i32.load",), 45),
        (("call_indirect",), 55),
        (("memory.init",), 60),
        (("throw",), 45),
        (("global.set",), 50),
        (("loop", "br_if"), 45),
        (("call",), 50),
    ],
)
def test_only_what_fails_is_left(mnemonics: tuple[str, ...], most: int):
    binary, _ = reduced(bytes(wat2wasm(FULL)), has(*mnemonics))
    module = decode_module(binary, WASM_3_0)
    assert has(*mnemonics)(module)
    assert len(binary) <= most
    assert len([*module.defined_functions()]) == 1
    assert module.custom_sections == []


def test_a_segment_is_cut_to_the_bytes_that_fail():
    binary, _ = reduced(
        bytes(wat2wasm(FULL)), lambda module: any(b"text" in bytes(s.bytes) for s in module.data)
    )
    (segment,) = decode_module(binary, WASM_3_0).data
    assert bytes(segment.bytes) == b"text"


def test_an_export_that_fails_stays():
    binary, _ = reduced(
        bytes(wat2wasm(FULL)), lambda module: any(e.name == "memory" for e in module.exports)
    )
    module = decode_module(binary, WASM_3_0)
    assert [e.name for e in module.exports] == ["memory"]
    assert len(module.memories) == 1
    assert module.functions == []


def large_module(functions: int) -> bytes:
    """A module with many functions that call each other, one of which has what fails."""
    source = random.Random(1)
    names = ("add", "sub", "mul", "and", "or", "xor", "shl")
    fields: list[str] = []
    for number in range(functions):
        lines = [
            f"(local.set 1 (i32.{source.choice(names)} (local.get 1) (i32.const {constant})))"
            for constant in source.sample(range(1 << 20), 25)
        ]
        if number == functions // 3:
            lines.insert(12, "(i64.store (local.get 1) (i64.rotr (i64.const 3) (i64.const 4)))")
        lines.append(f"(local.set 1 (call $f{source.randrange(functions)} (local.get 1)))")
        body = " ".join(lines)
        signature = "(param i32) (result i32) (local i32)"
        fields.append(f"(func $f{number} {signature} {body} (local.get 1))")
    fields += [f'(export "e{n}" (func $f{n}))' for n in range(0, functions, 7)]
    data = f'(memory 1) (data (i32.const 0) "{"x" * 9000}")'
    return bytes(wat2wasm(f"(module {data} {' '.join(fields)})"))


def test_a_failure_planted_in_a_large_module_comes_under_a_hundred_bytes():
    binary = large_module(300)
    small, tried = reduced(binary, has("i64.rotr", "i64.store"))
    assert len(binary) > 60_000
    assert len(small) < 60
    assert tried < 300


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(61, 80))
def test_the_smallest_subset_is_what_is_needed(needed: set[int], count: int):
    asked: list[list[int]] = []

    def holds(items: list[int]) -> bool:
        asked.append(items)
        return needed <= {*items}

    assert smallest(range(count), holds) == sorted(needed)
    assert len(asked) < 4 * count


def test_pruning_renumbers_every_kind_of_index():
    source = """(module (rec (type $x (func)) (type $y (func (param (ref null $x)))))
      (type $z (func (param i32) (result i32)))
      (import "m" "f" (func)) (import "m" "g" (func $g (type $z)))
      (table $u 1 externref) (table $t 3 funcref) (memory 1) (memory $m 1)
      (global i32 (i32.const 1)) (global $h (mut i32) (i32.const 2))
      (tag) (tag $e (param i32)) (elem declare func $k) (data "a") (data $d "b")
      (func) (func $k (type $z) (local (ref null $y))
        (drop (ref.func $k)) (memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 1))
        (global.set $h (i32.load $m (local.get 0)))
        (block $b (result i32) (try_table (result i32) (catch $e $b)
          (call_indirect $t (type $z) (call $g (local.get 0)) (i32.const 0)))))
      (export "k" (func $k)))"""
    module = decode_module(bytes(wat2wasm(source)), WASM_3_0)
    small = decode_module(prune(module), WASM_3_0)
    validate_module(small)
    counts = (len(small.functions), len(small.tables), len(small.memories), len(small.globals))
    assert counts == (2, 1, 1, 1)
    assert (len(small.tags), len(small.data), len(small.elements)) == (1, 1, 1)
    assert len(small.written_types) == 4  # the tag has one of its own
