"""Affine values are what a loop computes in each iteration, and trip counts how often it goes around:
against running it in the reference interpreter."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter.running import imported
from xdsl.ir import Operation, SSAValue

from wasmdialect.analyses import Affine, Induction, Loops, Polynomial, TripCounts
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import Instance, Machine, Observer, Stopped

LOCALS = ("$p", "$q", "$n", "$i", "$w", "$x")
CONSTANTS = (0, 1, 2, 3, 4, 8, 12, -1, -4, 1 << 30)


def function_of(text: str) -> wasmir.FuncOp:
    return next(op for op in imported(text).ops if isinstance(op, wasmir.FuncOp))


def text_of(body: str) -> str:
    return f"""(module (memory 1) (func (export "f") (param $p i32) (param $q i32) (param $n i32)
      (local $i i32) (local $w i32) (local $x i32) (local $k i64) {body}))"""


def forms(body: str) -> list[Affine | None]:
    """The affine forms of what the stores of a function with one loop store."""
    function = function_of(text_of(body))
    (loop,) = Loops(function).all
    induction = Induction(function)
    return [
        induction.affine(op.stored_value, loop)
        for op in function.body.walk()
        if isinstance(op, wasmir.StoreOp)
    ]


def constants(form: Affine | None) -> tuple[int | None, int | None]:
    assert form is not None
    return form.start.as_number, form.step.as_number


def test_a_counter_and_what_is_computed_from_it():
    found = forms("""
    (local.set $i (i32.const 5))
    (loop $l
      (i32.store (i32.const 0) (local.get $i))
      (i32.store (i32.const 0) (i32.sub (i32.const 1) (i32.shl (local.get $i) (i32.const 3))))
      (i32.store (i32.const 0) (i32.or (i32.shl (local.get $i) (i32.const 3)) (i32.const 7)))
      (i32.store (i32.const 0) (i32.wrap_i64 (i64.mul (local.get $k) (i64.const 6))))
      (local.set $k (i64.add (local.get $k) (i64.const -1)))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))""")
    assert [constants(form) for form in found] == [(5, 2), (-39, -16), (47, 16), (0, -6)]


def test_or_with_bits_that_may_be_set_is_not_a_sum():
    (found,) = forms("""
    (loop $l
      (i32.store (i32.const 0) (i32.or (i32.shl (local.get $i) (i32.const 2)) (i32.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))""")
    assert found is None


def test_a_step_may_be_a_product_of_what_does_not_change():
    function = function_of(
        text_of("""
    (loop $l
      (i32.store (local.get $w) (i32.const 0))
      (local.set $w (i32.add (local.get $w) (i32.mul (local.get $q) (local.get $p))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))""")
    )
    (loop,) = Loops(function).all
    p, q, _ = function.entry.args
    found = [form.step for form in Induction(function).variables(loop).values()]
    assert Polynomial(32, {(p, q): 1}) in found


def test_what_changes_by_what_changes_is_not_affine():
    found = forms("""
    (loop $l
      (i32.store (i32.const 0) (local.get $w))
      (i32.store (i32.const 0) (i32.mul (local.get $i) (local.get $i)))
      (i32.store (i32.const 0) (i32.load (i32.const 0)))
      (local.set $w (i32.add (local.get $w) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))""")
    assert found == [None, None, None]


def test_a_value_that_only_some_iterations_change_is_not_affine():
    (found,) = forms("""
    (loop $l
      (if (i32.load (local.get $i)) (then
        (local.set $w (i32.add (local.get $w) (i32.const 4)))))
      (i32.store (i32.const 0) (local.get $w))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))""")
    assert found is None


def test_invariants_are_computed_without_traps_from_invariants():
    function = function_of(
        text_of("""
    (loop $l
      (i32.store (i32.const 0) (i32.xor (local.get $p) (local.get $q)))
      (i32.store (i32.const 0) (i32.div_u (local.get $p) (local.get $q)))
      (i32.store (i32.const 0) (i32.load (local.get $p)))
      (br_if $l (local.tee $i (i32.add (local.get $i) (i32.const 1)))))""")
    )
    (loop,) = Loops(function).all
    induction = Induction(function)
    stores = [op for op in function.body.walk() if isinstance(op, wasmir.StoreOp)]
    found = [induction.is_invariant(op.stored_value, loop) for op in stores]
    assert found == [True, False, False]


def test_a_long_chain_of_sums_of_the_same_value_ends():
    """Each sum is looked at once: there are 2**200 ways through it."""
    doubled = "(local.set $x (i32.add (local.get $x) (local.get $x)))" * 200
    assert forms(f"""
    (loop $l (local.set $x (local.get $p)) {doubled} (i32.store (i32.const 0) (local.get $x))
      (br_if $l (local.tee $i (i32.add (local.get $i) (i32.const 1)))))""")


# --- programs that run


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        if draw(st.booleans()):
            return f"(local.get {draw(st.sampled_from(LOCALS))})"
        return f"(i32.const {draw(st.sampled_from(CONSTANTS))})"
    name = draw(st.sampled_from(("add", "add", "sub", "mul", "shl", "or", "xor", "wrap")))
    first = draw(expressions(depth - 1))
    if name == "wrap":
        return f"(i32.wrap_i64 (i64.add (local.get $k) (i64.extend_i32_s {first})))"
    return f"(i32.{name} {first} {draw(expressions(depth - 1))})"


RELATIONS = ("ne", "eq", *(f"{r}_{s}" for r in ("lt", "le", "gt", "ge") for s in "su"))


@st.composite
def loops(draw: st.DrawFn) -> str:
    parts = [f"(local.set {n} {draw(expressions(1))})" for n in LOCALS[3:] if draw(st.booleans())]
    body = [
        f"(local.set $k (i64.add (local.get $k) (i64.const {draw(st.sampled_from(CONSTANTS))})))"
    ]
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            body.append(f"(drop {draw(expressions())})")
        else:
            change = f"(local.set {draw(st.sampled_from(LOCALS[4:]))} {draw(expressions())})"
            guarded = f"(if {draw(expressions(1))} (then {change}))"
            body.append(draw(st.sampled_from((change, change, guarded))))
    step = draw(st.sampled_from((1, 2, 3, 4, -1, -3, -8, 1 << 29)))
    body.append(f"(local.set $i (i32.add (local.get $i) (i32.const {step})))")
    order = draw(st.permutations(body))
    relation = draw(st.sampled_from(RELATIONS))
    bound = draw(st.sampled_from(("(local.get $n)", "(i32.const 100)", "(local.get $q)")))
    operands = draw(st.permutations(["(local.get $i)", bound]))
    test = f"(i32.{relation} {' '.join(operands)})"
    if draw(st.booleans()):
        loop = f"(loop $l {''.join(order)} (br_if $l {test}))"
    else:
        loop = f"(block $o (loop $l (br_if $o (i32.eqz {test})) {''.join(order)} (br $l)))"
    return "".join(parts) + loop


ARGUMENTS = st.sampled_from([0, 1, 7, 8, 96, 100, 1000, (1 << 31) - 2, 1 << 31, (1 << 32) - 5]) | (
    st.integers(0, (1 << 32) - 1)
)


def always(op: Operation) -> bool:
    return True


class Run:
    """The values of a run of a function with one loop."""

    def __init__(self, text: str, arguments: Sequence[int]):
        module = imported(text)
        self.function = next(op for op in module.ops if isinstance(op, wasmir.FuncOp))
        (self.loop,) = Loops(self.function).all
        self.inside = {*self.loop.blocks}
        self.values: dict[SSAValue, int] = dict(
            zip(self.function.entry.args, arguments, strict=True)
        )
        self.seen: list[tuple[SSAValue, int, int]] = []
        """A value of the loop, the number of the iteration, and what it was."""
        self.tests: dict[Operation, int] = {}
        """How often a branch of the loop ran."""
        self.iteration = -1
        machine = Machine(4000, observer=Observer(always, self._see))
        self.has_ended = False
        with contextlib.suppress(Stopped):
            instance = Instance(machine, module, {})
            machine.invoke(instance.exports["f"], arguments)  # pyright: ignore[reportArgumentType]
            self.has_ended = True

    def _see(self, op: Operation, values: Sequence[Any], results: Sequence[Any]) -> None:
        header = self.loop.header
        if op is header.last_op:
            self.iteration += 1
        # The branch at the end of the header is the first one that is seen of an iteration for sure.
        iteration = self.iteration + (op.parent is header and op is not header.last_op)
        if op.successors:
            self.tests[op] = self.tests.get(op, 0) + 1
        for value, number in (
            *zip(op.operands, values, strict=True),
            *zip(op.results, results, strict=False),
        ):
            self.values[value] = number
            if op.parent in self.inside:
                self.seen.append((value, iteration, number))


@settings(deadline=None)
@given(loops(), st.lists(ARGUMENTS, min_size=3, max_size=3))
def test_affine_values_are_those_of_each_iteration(body: str, arguments: Sequence[int]):
    run = Run(text_of(body), arguments)
    induction = Induction(run.function)
    forms = {value: induction.affine(value, run.loop) for value, _, _ in run.seen}
    for value, iteration, number in run.seen:
        form = forms[value]
        if form is None:
            continue
        width = form.start.width
        start, step = (p.evaluated(run.values) for p in (form.start, form.step))
        assert number == (start + step * iteration) % (1 << width)


@settings(deadline=None)
@given(loops(), st.lists(ARGUMENTS, min_size=3, max_size=3))
def test_loops_end_after_their_trip_counts(body: str, arguments: Sequence[int]):
    run = Run(text_of(body), arguments)
    for trips in TripCounts(run.function).of(run.loop):
        branch = trips.test.last_op
        assert branch is not None
        tests = run.tests.get(branch, 0)
        if not tests:
            continue
        start, bound = (p.evaluated(run.values) for p in (trips.start, trips.bound))
        count = trips.count(start, bound)
        if run.has_ended:
            assert count is None or tests == count + 1
        else:
            assert count is None or tests <= count + 1


@pytest.mark.parametrize(
    ("test", "start", "step", "bound", "count"),
    [
        ("lt_u", 0, 1, 10, 10),
        ("lt_u", 0, 3, 10, 4),
        ("lt_u", 20, 1, 10, 0),
        ("le_u", 0, 1, 10, 11),
        ("le_u", 0, 1, 0xFFFF_FFFF, None),
        ("lt_u", 0, 2, 0xFFFF_FFFF, None),
        ("lt_s", -10, 1, 10, 20),
        ("lt_s", 0, 1 << 30, 0x7FFF_FFFF, None),
        ("gt_s", 10, -1, -10, 20),
        ("ge_u", 10, -1, 0, None),
        ("ge_s", 10, -1, 0, 11),
        ("gt_u", 10, -4, 0, None),
        ("ne", 0, 4, 40, 10),
        ("ne", 0, 4, 41, None),
        ("ne", -8, 4, 8, 4),
        ("ne", 5, -1, 0, 5),
    ],
)
def test_counts_of_tests(test: str, start: int, step: int, bound: int, count: int | None):
    """After the step, with a loop that tests at its end: one test in each iteration."""
    function = function_of(
        text_of(f"""
    (local.set $i (i32.const {start - step}))
    (loop $l (i32.store (i32.const 0) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const {step})))
      (br_if $l (i32.{test} (local.get $i) (i32.const {bound}))))""")
    )
    (loop,) = Loops(function).all
    (trips,) = TripCounts(function).of(loop)
    assert trips.start.as_number == start
    assert trips.count(start % (1 << 32), bound % (1 << 32)) == count


@pytest.mark.parametrize("test", ["eq", "lt_s", "lt_u", "le_u"])
def test_a_test_in_the_wrong_direction_counts_nothing(test: str):
    function = function_of(
        text_of(f"""
    (loop $l (i32.store (i32.const 0) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const -1)))
      (br_if $l (i32.{test} (local.get $i) (local.get $n))))""")
    )
    (loop,) = Loops(function).all
    assert TripCounts(function).of(loop) == []


def test_a_test_that_some_iterations_skip_counts_nothing():
    function = function_of(
        text_of("""
    (block $o (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.load (local.get $i)))
      (br_if $o (i32.eq (local.get $i) (local.get $n)))
      (br $l)))""")
    )
    (loop,) = Loops(function).all
    assert TripCounts(function).of(loop) == []


# --- polynomials


def test_polynomials_are_equal_in_any_order():
    a, b, c = function_of(text_of("")).entry.args
    x, y, z = (Polynomial.value(32, v) for v in (a, b, c))
    assert (x + y) * z == z * x + y * z
    assert hash((x + y) * z) == hash(z * y + z * x)
    assert (x + y) * (x - y) == x * x - y * y
    assert x - x == Polynomial(32)
    values: dict[SSAValue, int] = {a: 5, b: (1 << 32) - 1, c: 1 << 20}
    assert ((x + y) * z).evaluated(values) == (4 << 20)
    assert (x * Polynomial.number(32, 1 << 31) * Polynomial.number(32, 2)).terms == {}
