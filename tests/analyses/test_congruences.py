"""The low bits that are known are those that values have: of each operation, and of programs."""

from __future__ import annotations

from typing import Any

import pytest
from analyses.test_ranges import function_of, numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdialect.analyses import Congruence, Congruences
from wasmdialect.analyses.congruences import RULES
from wasmdialect.dialects import wasmir
from wasmdialect.wasm.instructions import BY_MNEMONIC

ROWS = [f"{t}.{name}" for t in ("i32", "i64") for name in RULES if f"{t}.{name}" in BY_MNEMONIC]


@st.composite
def members(draw: st.DrawFn, width: int) -> tuple[Congruence, int]:
    """A congruence, and a number in it."""
    number, bits = draw(numbers(width)), draw(st.integers(0, width))
    return Congruence(bits, number & ((1 << bits) - 1)), number


def holds(known: Congruence, number: int) -> bool:
    return number & ((1 << known.bits) - 1) == known.residue


@pytest.mark.parametrize("mnemonic", ROWS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_result_of_an_operation_is_in_its_congruence(mnemonic: str, data: st.DataObject):
    row = BY_MNEMONIC[mnemonic][0]
    assert row.params is not None
    assert row.results is not None
    semantics: Any = row.semantics
    drawn: list[tuple[Congruence, int]] = [
        data.draw(members(64 if str(p) == "i64" else 32)) for p in row.params
    ]
    width = 64 if str(row.results[0]) == "i64" else 32
    rule: Any = RULES[mnemonic.partition(".")[2]]
    found = rule(*(known for known, _ in drawn), width)
    assert found.bits <= width
    assert holds(found, semantics(*(number for _, number in drawn)))


@settings(max_examples=150, deadline=None)
@given(members(64), members(64))
def test_a_join_has_both(first: tuple[Congruence, int], second: tuple[Congruence, int]):
    for a, b in ((first, second), (second, first)):
        joined = a[0].join(b[0])
        assert holds(joined, a[1])
        assert holds(joined, b[1])


def stored(body: str, locals: str = "(local $i i32)") -> dict[int, Congruence]:
    """The congruences of the values that a function stores, by address."""
    function = function_of(
        f"(module (memory 1) (func (param $p i32) (param $q i32) {locals} {body}))"
    )
    congruences = Congruences(function)
    return {
        wasmir.constant_bits(op.address_operand) or 0: congruences.of(op.stored_value)
        for op in function.body.walk()
        if isinstance(op, wasmir.StoreOp)
    }


def test_a_loop_of_steps_keeps_what_start_and_step_have():
    body = """
    (local.set $i (i32.const 20))
    (loop $l
      (i32.store (i32.const 4) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 24)))
      (br_if $l (local.get $p)))"""
    assert stored(body) == {4: Congruence(3, 4)}


def test_a_loop_around_a_loop():
    body = """
    (local.set $i (i32.const 16))
    (loop $outer
      (loop $inner
        (i32.store (i32.const 4) (local.get $i))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $inner (local.get $p)))
      (local.set $i (i32.sub (local.get $i) (i32.const 4)))
      (br_if $outer (local.get $q)))"""
    assert stored(body) == {4: Congruence(2, 0)}


def test_branches_that_meet():
    body = """
    (i32.store (i32.const 4) (if (result i32) (local.get $p)
      (then (i32.const 40)) (else (i32.and (local.get $q) (i32.const -16)))))
    (i32.store (i32.const 8)
      (select (i32.const 4) (i32.shl (local.get $q) (i32.const 4)) (local.get $p)))"""
    assert stored(body) == {4: Congruence(3, 0), 8: Congruence(2, 0)}


def test_parameters_and_loads_may_be_anything():
    body = """
    (i32.store (i32.const 4) (i32.add (local.get $p) (i32.const 8)))
    (i32.store (i32.const 8) (i32.load align=4 (local.get $q)))"""
    assert stored(body) == {4: Congruence(0, 0), 8: Congruence(0, 0)}


@pytest.mark.parametrize(("number", "offset", "divisor", "expected"), [
    (-16, 8, 8, True), (-16, 0, 16, True), (-16, 8, 16, False), (-8, 0, 16, False),
    (-8, 4, 4, True), (-2, 1, 1, True), (-4, 0xFFFF_FFFC, 4, True), (-4, 0xFFFF_FFFE, 4, False),
])  # fmt: skip
def test_multiples(number: int, offset: int, divisor: int, expected: bool):
    function = function_of(
        "(module (memory 1) (func (param i32)"
        f" (i32.store (i32.and (local.get 0) (i32.const {number})) (i32.const 1))))"
    )
    (store,) = [op for op in function.body.walk() if isinstance(op, wasmir.StoreOp)]
    congruences = Congruences(function)
    assert congruences.is_multiple(store.address_operand, offset, divisor) == expected
