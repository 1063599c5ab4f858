"""Effects: operations that do not interfere change places without anybody noticing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter.running import imported
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from wasmdialect.analyses import Access, Effects
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import Global, Instance, Machine, Memory, Table, Trapped
from wasmdialect.types import FUNCREF, I32
from wasmdialect.wasm.instructions import State

HEAD = """
  (import "m" "memory1" (memory $m1 1)) (import "m" "memory2" (memory $m2 1))
  (import "m" "global1" (global $g1 (mut i32))) (import "m" "global2" (global $g2 (mut i32)))
  (import "m" "table1" (table $t1 4 funcref))
  (memory $own 1) (global $mine (mut i32) (i32.const 5)) (table $t2 4 funcref)
  (data $d "abcdefgh") (func $callee (global.set $g1 (i32.const 77))) (elem declare func $callee)
"""
ADDRESSES = [
    "(i32.const 0)",
    "(i32.const 2)",
    "(i32.const 65534)",
    "(local.get 0)",
    "(local.get 1)",
]
MEMORIES = ["$m1", "$m2", "$own"]


@st.composite
def values(draw: st.DrawFn) -> str:
    """What the program observes."""
    address, memory = draw(st.sampled_from(ADDRESSES)), draw(st.sampled_from(MEMORIES))
    offset = draw(st.integers(0, 4))
    return draw(
        st.sampled_from(
            [
                f"(i32.load8_u {memory} offset={offset} {address})",
                f"(i32.load {memory} offset={offset} {address})",
                f"(i32.load16_s {memory} offset={offset} {address})",
                f"(global.get {draw(st.sampled_from(['$g1', '$g2', '$mine']))})",
                f"(memory.size {memory})",
                f"(memory.grow {memory} (i32.const 1))",
                "(i32.div_u (local.get 0) (local.get 1))",
                "(i32.add (local.get 0) (local.get 1))",
                f"(ref.is_null (table.get {draw(st.sampled_from(['$t1', '$t2']))} {address}))",
                f"(table.size {draw(st.sampled_from(['$t1', '$t2']))})",
            ]
        )
    )


@st.composite
def statements(draw: st.DrawFn) -> str:
    address, memory = draw(st.sampled_from(ADDRESSES)), draw(st.sampled_from(MEMORIES))
    other, table = draw(st.sampled_from(MEMORIES)), draw(st.sampled_from(["$t1", "$t2"]))
    offset = draw(st.integers(0, 4))
    kept = draw(st.integers(2, 5))
    return draw(
        st.sampled_from(
            [
                f"(i32.store8 {memory} offset={offset} {address} (local.get {kept}))",
                f"(i32.store {memory} offset={offset} {address} (i32.const {draw(st.integers(1, 9))}))",
                f"(global.set {draw(st.sampled_from(['$g1', '$g2', '$mine']))} (local.get {kept}))",
                f"(local.set {kept} {draw(values())})",
                f"(local.set {kept} {draw(values())})",
                f"(memory.fill {memory} {address} (i32.const 3) (i32.const 2))",
                f"(memory.copy {memory} {other} (i32.const 1) {address} (i32.const 3))",
                f"(memory.init {memory} $d {address} (i32.const 1) (i32.const 2))",
                "(data.drop $d)",
                f"(table.set {table} {address} (ref.func $callee))",
                f"(table.fill {table} (i32.const 1) (ref.null func) (i32.const 2))",
                "(call $callee)",
            ]
        )
    )


Outcome = tuple[Any, ...]


def outcome(module: ModuleOp, arguments: Sequence[int], same: bool) -> Outcome:
    """All that can be observed of a run. With `same`, one memory and one global are imported twice."""
    memory, variable = Memory(1, 2), Global(I32, mutable=True, value=1)
    memories = [memory, memory if same else Memory(1, 2)]
    variables = [variable, variable if same else Global(I32, mutable=True, value=2)]
    table = Table(FUNCREF, 4, None)
    imports: dict[tuple[str, str], Any] = {
        ("m", "memory1"): memories[0],
        ("m", "memory2"): memories[1],
        ("m", "global1"): variables[0],
        ("m", "global2"): variables[1],
        ("m", "table1"): table,
    }
    instance = Instance(Machine(10_000), module, imports)
    try:
        ended: Any = instance.machine.invoke(instance.exports["f"], arguments)  # pyright: ignore
    except Trapped as trap:
        ended = trap.code
    own: Any = instance.entities
    return (
        ended,
        *(each.bytes[: each.length] for each in (*memories, own["own"])),
        *(each.value for each in (*variables, own["mine"])),
        *([e is None for e in each.elements] for each in (table, own["t2"])),
    )


def swappable(effects: Effects, ops: list[Operation]) -> list[tuple[Operation, Operation]]:
    return [
        (first, second)
        for first, second in pairwise(ops)
        if not any(operand is r for operand in second.operands for r in first.results)
        and not effects.interfere(first, second)
    ]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(statements(), min_size=2, max_size=7),
    st.lists(st.sampled_from([0, 1, 2, 3, 65533, 65535, 1 << 31]), min_size=2, max_size=2),
    st.booleans(),
    st.data(),
)
def test_operations_that_do_not_interfere_can_change_places(
    body: list[str], arguments: list[int], same: bool, data: st.DataObject
):
    results = " ".join(f"(local.get {n})" for n in range(2, 6))
    text = (
        f'(module {HEAD} (func (export "f") (param i32 i32) (result i32 i32 i32 i32)'
        f" (local i32 i32 i32 i32) {' '.join(body)} {results}))"
    )
    module = imported(text)
    function = [op for op in module.ops if isinstance(op, wasmir.FuncOp)][-1]
    pairs = swappable(Effects(function), [*function.entry.ops])
    if not pairs:
        return
    before = outcome(imported(text), arguments, same)
    first, second = data.draw(st.sampled_from(pairs))
    second.detach()
    function.entry.insert_op_before(second, first)
    assert outcome(module, arguments, same) == before


def ops_of(body: str, head: str = HEAD) -> tuple[Effects, list[Operation]]:
    module = imported(f"(module {head} (func (param i32 i32) {body}))")
    function = [op for op in module.ops if isinstance(op, wasmir.FuncOp)][-1]
    return Effects(function), [
        op for op in function.entry.ops if not isinstance(op, wasmir.ConstOp | wasmir.ReturnOp)
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Which one has trapped is in the backtrace.
        ("(drop (i32.load $own (local.get 0)))", "(drop (i32.load $m1 (local.get 0)))", True),
        ("(drop (i32.load $own (local.get 0)))", "(drop (global.get $mine))", False),
        ("(global.set $mine (i32.const 1))", "(drop (global.get $g1))", False),
        ("(global.set $g2 (i32.const 1))", "(drop (global.get $g1))", True),
        ("(global.set $mine (i32.const 1))", "(drop (global.get $mine))", True),
        ("(global.set $mine (i32.const 1))", "(drop (i32.load $own (local.get 0)))", True),
        ("(data.drop $d)", "(global.set $mine (i32.const 1))", False),
        ("(call $callee)", "(drop (i32.add (local.get 0) (i32.const 1)))", False),
        ("(call $callee)", "(drop (global.get $mine))", True),
        ("(drop (memory.size $own))", "(drop (memory.grow $own (i32.const 1)))", True),
        ("(drop (memory.size $m1))", "(drop (memory.grow $own (i32.const 1)))", False),
    ],
)
def test_interference(first: str, second: str, expected: bool):
    effects, ops = ops_of(first + second)
    one, other = [op for op in ops if not isinstance(op, wasmir.RefNullOp)]
    assert effects.interfere(one, other) == expected
    assert effects.interfere(other, one) == expected


def test_accesses_at_constant_addresses_and_around_one_value():
    effects, ops = ops_of("""
      (i32.store $own (i32.const 8) (local.get 0))
      (i64.store $own offset=4 (i32.const 8) (i64.const 1))
      (i32.store8 $own offset=4 (local.get 0) (local.get 1))
      (i32.store8 $own offset=5 (local.get 0) (local.get 1))
      (i32.store16 $own offset=4 (local.get 0) (local.get 1))
      (i32.store8 $own offset=4 (local.get 1) (local.get 1))""")
    stores = [access for op in ops for access in effects.accesses(op) or ()]
    assert stores[0] == Access(State.MEMORY, True, "own", None, 8, 4)
    assert stores[1] == Access(State.MEMORY, True, "own", None, 12, 8)
    alias = [[effects.may_alias(a, b) for b in stores] for a in stores]
    #        8+4    12+8   x+4    x+5    x+4,2  y+4
    assert alias == [
        [True, False, True, True, True, True],
        [False, True, True, True, True, True],
        [True, True, True, False, True, True],
        [True, True, False, True, True, True],
        [True, True, True, True, True, True],
        [True, True, True, True, True, True],
    ]


def test_an_access_in_bounds_does_not_trap():
    module = imported("(module (memory 1) (func (drop (i32.load (i32.const 0)))))")
    function = [op for op in module.ops if isinstance(op, wasmir.FuncOp)][-1]
    effects = Effects(function)
    (load,) = [op for op in function.entry.ops if isinstance(op, wasmir.LoadOp)]
    assert effects.may_trap(load) != load.known_in_bounds


def test_calls_and_unknown_operations_do_anything():
    from xdsl.dialects.test import TestOp

    effects, ops = ops_of("(call $callee)")
    assert effects.accesses(ops[0]) is None
    assert effects.accesses(TestOp()) is None
    assert effects.may_trap(TestOp())


LOAD = "(drop (i32.load $own (local.get 0)))"


@pytest.mark.parametrize(
    ("op", "access", "expected"),
    [
        # The order of two traps can be observed, but a trap leaves the bytes as they are.
        ("(drop (i32.load $own (local.get 1)))", LOAD, False),
        ("(i32.store $m1 (local.get 1) (i32.const 1))", LOAD, False),
        (
            "(i32.store $m1 (i32.const 0) (i32.const 1))",
            "(drop (i32.load $m2 (local.get 0)))",
            True,
        ),
        ("(i32.store8 $own offset=4 (local.get 0) (i32.const 1))", LOAD, False),
        ("(i32.store8 $own offset=3 (local.get 0) (i32.const 1))", LOAD, True),
        (
            "(i64.store $own (local.get 0) (i64.const 1))",
            "(i32.store8 $own (local.get 0) (i32.const 1))",
            True,
        ),
        ("(memory.fill $own (local.get 1) (i32.const 1) (i32.const 1))", LOAD, True),
        ("(global.set $mine (i32.const 1))", LOAD, False),
        ("(call $callee)", LOAD, True),
        ("(call $callee)", "(drop (i32.add (local.get 0) (i32.const 1)))", False),
    ],
)
def test_what_may_change_what_an_access_read_or_wrote(op: str, access: str, expected: bool):
    effects, ops = ops_of(op + access)
    one, other = ops
    assert effects.clobbers(one, other) == expected


def test_an_atomic_access_may_show_what_other_threads_wrote():
    """Even in another memory."""
    module = imported("""
      wasmir.memory @flag i32 min 1 max 1 page 16 shared
      wasmir.memory @data i32 min 1 max 1 page 16 shared
      wasmir.func @f(%at: i32) {
        %ready = wasmir.i32.atomic.load @flag[%at]
        %read = wasmir.i32.load @data[%at]
        wasmir.return
      }""")
    (function,) = [op for op in module.ops if isinstance(op, wasmir.FuncOp)]
    ready, read, _ = function.entry.ops
    effects = Effects(function)
    assert effects.clobbers(ready, read)
    assert not effects.clobbers(read, read)
