"""Ranges contain every value that there is: of each operation, and of whole programs as they run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter.running import imported
from xdsl.dialects.builtin import i32
from xdsl.ir import Block, Operation, Region

from wasmdialect.analyses import Range, Ranges
from wasmdialect.analyses.intervals import BINARY, NEGATED, TURNED, UNARY, narrowed
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import Instance, Machine, Observer, Stopped
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.numerics import NumericTrap

EDGES = {
    width: sorted({e % (1 << width) for p in (0, 7, 8, 15, 16, 31, 32, 63) for e in (
        (1 << p) - 1, 1 << p, (1 << p) + 1, -1 << p, -(1 << p) - 1, 0, 3
    )})
    for width in (32, 64)
}  # fmt: skip


def numbers(width: int) -> st.SearchStrategy[int]:
    return st.sampled_from(EDGES[width]) | st.integers(0, (1 << width) - 1) | st.integers(0, 70)


@st.composite
def members(draw: st.DrawFn, width: int) -> tuple[Range, int]:
    """A range, and a number in it."""
    low, inside, high = sorted(draw(st.tuples(*[numbers(width)] * 3)))
    return Range(low, high), inside


def rows(names: Any) -> list[str]:
    found = [f"{shape}.{name}" for shape in ("i32", "i64") for name in names]
    return [mnemonic for mnemonic in found if mnemonic in BY_MNEMONIC]


@pytest.mark.parametrize("mnemonic", [*rows(UNARY), *rows(BINARY)])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_range_of_an_operation_has_its_result(mnemonic: str, data: st.DataObject):
    row = BY_MNEMONIC[mnemonic][0]
    assert row.params is not None
    assert row.semantics is not None
    widths = [64 if str(p) == "i64" else 32 for p in row.params]
    operands = [data.draw(members(width)) for width in widths]
    try:
        result = row.semantics(*(number for _, number in operands))
    except NumericTrap:
        return
    ranges = [r for r, _ in operands]
    name = mnemonic.partition(".")[2]
    rule: Any = UNARY[name] if len(ranges) == 1 else BINARY[name]
    low, high = rule(*ranges, widths[0])
    assert low <= result <= high


@pytest.mark.parametrize("relation", NEGATED)
@pytest.mark.parametrize("width", [32, 64])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_in_relation_is_kept(relation: str, width: int, data: st.DataObject):
    (a, x), (b, y) = data.draw(members(width)), data.draw(members(width))
    semantics: Any = BY_MNEMONIC[f"i{width}.{relation}"][0].semantics
    relation = relation if semantics(x, y) else NEGATED[relation]
    for mine, its, number, name in ((a, b, x, relation), (b, a, y, TURNED[relation])):
        kept = narrowed(name, mine, its, width)
        assert kept is not None
        assert kept.low <= number <= kept.high
        assert mine.low <= kept.low <= kept.high <= mine.high


# --- programs


def function_of(text: str) -> wasmir.FuncOp:
    return next(
        op for op in imported(text).ops if isinstance(op, wasmir.FuncOp) and not op.is_declaration
    )


def stored(body: str, head: str = "(param $p i32) (param $n i32)") -> dict[int, Range | None]:
    """The ranges of the values that a function stores, by address."""
    text = f"(module (memory 1) (func {head} (local $i i32) {body}))"
    function = function_of(text)
    ranges = Ranges(function)
    return {
        wasmir.constant_bits(op.address_operand) or 0: ranges.at(op.stored_value, op)
        for op in function.body.walk()
        if isinstance(op, wasmir.StoreOp)
    }


TOP = Range(0, (1 << 32) - 1)


def test_a_counting_loop_is_bounded_by_its_test():
    body = """
    (loop $l
      (i32.store (i32.const 4) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 100))))
    (i32.store (i32.const 8) (local.get $i))"""
    assert stored(body) == {4: Range(0, 99), 8: Range(100, 100)}


def test_a_loop_that_tests_first():
    body = """
    (block $done (loop $l
      (br_if $done (i32.ge_u (local.get $i) (i32.const 64)))
      (i32.store (i32.const 4) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br $l)))
    (i32.store (i32.const 8) (local.get $i))"""
    assert stored(body) == {4: Range(0, 63), 8: Range(64, 67)}


def test_a_loop_up_to_a_value():
    body = """
    (local.set $n (i32.and (local.get $n) (i32.const 1023)))
    (block $done (loop $l
      (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
      (i32.store (i32.const 4) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l)))"""
    assert stored(body) == {4: Range(0, 1022)}


def test_a_loop_that_wraps_around_is_not_bounded():
    body = """
    (loop $l
      (i32.store (i32.const 4) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 3)))
      (br_if $l (local.get $p)))"""
    assert stored(body) == {4: TOP}


def test_branches_narrow_on_both_sides():
    body = """
    (if (i32.lt_u (local.get $p) (i32.const 10))
      (then (i32.store (i32.const 4) (local.get $p)))
      (else (i32.store (i32.const 8) (local.get $p))))
    (if (i32.eqz (local.get $n)) (then (i32.store (i32.const 12) (local.get $n)))
      (else (i32.store (i32.const 16) (local.get $n))))
    (if (i32.ge_s (local.get $p) (i32.const 0)) (then (i32.store (i32.const 20) (local.get $p)))
      (else (i32.store (i32.const 24) (local.get $p))))
    (i32.store (i32.const 28) (local.get $p))"""
    assert stored(body) == {
        4: Range(0, 9),
        8: Range(10, TOP.high),
        12: Range(0, 0),
        16: Range(1, TOP.high),
        20: Range(0, (1 << 31) - 1),
        24: Range(1 << 31, TOP.high),
        28: TOP,
    }


def test_a_case_of_a_table_and_its_default():
    body = """
    (block $d (block $b (block $a (br_table $a $b $d (local.get $p)))
      (i32.store (i32.const 4) (local.get $p)) (return))
      (i32.store (i32.const 8) (local.get $p)) (return))
    (i32.store (i32.const 12) (local.get $p))"""
    assert stored(body) == {4: Range(0, 0), 8: Range(1, 1), 12: Range(2, TOP.high)}


def test_code_that_cannot_run_has_no_ranges():
    body = """
    (if (i32.lt_u (local.get $p) (i32.const 10)) (then
      (if (i32.gt_u (local.get $p) (i32.const 20)) (then
        (i32.store (i32.const 4) (i32.add (local.get $p) (i32.const 1)))))))"""
    assert stored(body) == {4: None}


def test_loads_and_conversions():
    body = """
    (i32.store (i32.const 4) (i32.load8_u (local.get $p)))
    (i32.store (i32.const 8) (i32.load16_s (local.get $p)))
    (i64.store (i32.const 12) (i64.extend_i32_u (local.get $p)))
    (i64.store (i32.const 16) (i64.load32_u (local.get $p)))
    (i32.store (i32.const 20) (i32.wrap_i64 (i64.shr_u (i64.load (local.get $p)) (i64.const 60))))
    (i32.store (i32.const 24) (i32.trunc_sat_f64_u (f64.load (local.get $p))))
    (i32.store (i32.const 28) (select (i32.const 7) (i32.const 3) (local.get $p)))"""
    assert stored(body) == {
        **{4: Range(0, 255), 8: TOP, 12: TOP, 16: TOP, 20: Range(0, 15)},
        **{24: TOP, 28: Range(3, 7)},
    }


def test_parameters_of_an_entry_that_is_a_loop_may_be_anything():
    """IR that nobody wrote as structured code: what branches pass is not all that callers do."""
    entry = Block(arg_types=[i32])
    zero = wasmir.I32ConstOp(0)
    other = Block([wasmir.ReturnOp()])
    branch = wasmir.BrIfOp(operands=[entry.args[0], [zero.result], []], successors=[entry, other])
    entry.add_ops([zero, branch])
    function = wasmir.FuncOp.create(
        properties=function_of("(module (func (param i32)))").properties,
        regions=[Region([entry, other])],
    )
    assert Ranges(function).range(entry.args[0]) == TOP


def test_a_value_that_is_no_integer_has_no_range():
    function = function_of("(module (func (param f64 v128)))")
    assert [Ranges(function).range(a) for a in function.entry.args] == [None, None]


def test_nested_loops_end():
    """In a fixed number of rounds, whatever depends on what."""
    depth = 300
    body = "(loop (local.set $i (i32.add (local.get $i) (i32.const 1)))" * depth
    body += "(i32.store (i32.const 4) (local.get $i))"
    body += "(br_if 0 (i32.lt_u (local.get $i) (i32.const 1000000))))" * depth
    found = stored(body)[4]
    assert found is not None
    assert found.low <= depth
    assert found.high >= 1_000_000


# --- programs that run


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """An i32 of locals 0 to 3."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        if draw(st.booleans()):
            return f"(local.get {draw(st.integers(0, 3))})"
        return f"(i32.const {draw(st.sampled_from([0, 1, 2, 7, 100, 255, -1, -5, 1 << 30]))})"
    name = draw(st.sampled_from([n for n in (*UNARY, *BINARY) if f"i32.{n}" in BY_MNEMONIC]))
    if name == "wrap_i64":
        return f"(i32.wrap_i64 (i64.extend_i32_s {draw(expressions(depth - 1))}))"
    count = 1 if name in UNARY else 2
    return f"(i32.{name} {' '.join(draw(expressions(depth - 1)) for _ in range(count))})"


@st.composite
def statements(draw: st.DrawFn, depth: int = 3) -> str:
    """Assignments, branches and loops, which fuel ends."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 4 if depth else 1))
        value = draw(expressions())
        if kind <= 1:
            parts.append(f"(local.set {draw(st.integers(0, 3))} {value})")
        elif kind == 2:
            then, other = draw(statements(depth - 1)), draw(statements(depth - 1))
            parts.append(f"(if {value} (then {then}) (else {other}))")
        elif kind == 3:
            parts.append(f"(loop {draw(statements(depth - 1))} (br_if 0 {value}))")
        else:
            inner = draw(statements(depth - 1))
            parts.append(f"(block (block (br_table 0 1 0 {value})) {inner})")
    return "".join(parts)


def always(op: Operation) -> bool:
    return True


@settings(deadline=None)
@given(statements(), st.lists(numbers(32), min_size=4, max_size=4))
def test_every_value_of_a_run_is_in_its_range(body: str, arguments: Sequence[int]):
    text = f'(module (func (export "f") (param i32 i32 i32 i32) (result i32) {body} (local.get 0)))'
    module = imported(text)
    function = next(op for op in module.ops if isinstance(op, wasmir.FuncOp))
    ranges = Ranges(function)
    wrong: list[tuple[Operation, Any, Any]] = []

    def see(op: Operation, values: Sequence[Any], results: Sequence[Any]) -> None:
        computed = zip(op.results, results, strict=False)  # a call and a terminator give none
        for operand, value in (*zip(op.operands, values, strict=True), *computed):
            known = ranges.at(operand, op)
            if known is None or not known.low <= value <= known.high:
                wrong.append((op, value, known))

    machine = Machine(2000, observer=Observer(always, see))
    instance = Instance(machine, module, {})
    with contextlib.suppress(Stopped):  # a division by zero, or too many steps
        machine.invoke(instance.exports["f"], arguments)  # pyright: ignore[reportArgumentType]
    assert wrong == []
