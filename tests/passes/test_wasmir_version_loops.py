"""Loops with a copy that is run without checks: it is used exactly if nothing in it can trap, and
nothing else about the program changes, whatever addresses are near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from interpreter.running import imported
from loop_modules import loop_module
from trap_modules import CalledModule
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.traits import Pure

from wasmdialect import Config, Engine, Instance, Module, Store, Trap, TrapCode, wat2wasm
from wasmdialect.analyses import misplaced_accesses
from wasmdialect.analyses.trap_free import NEVER_LEAVES
from wasmdialect.codegen.exported import to_wasm
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import Branches, CallsCode, LeavesFunction
from wasmdialect.interpreter import Instance as Interpreted
from wasmdialect.interpreter import Machine, Observer, Stopped
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.insert_vmctx_loads import InsertVMContextLoads
from wasmdialect.passes.transfers import transfer_of
from wasmdialect.passes.wasmir_version_loops import MOST_LOOPS, MOST_OPERATIONS

SIZE = 1 << 16
LEAST = 8
"""Iterations of the copy from which it is used."""


def versioned(text: str, bounds: str = "guard") -> ModuleOp:
    """A module after the pass."""
    take_reports()
    return imported(text, f"{versioning(bounds)},wasmir-verify-ssa,wasmir-verify-symbols")


def versioning(bounds: str) -> str:
    """The pass, as pipeline text."""
    return f"wasmir-version-loops{{bounds={bounds}}}"


def what_was_done(text: str, bounds: str = "guard") -> list[str]:
    """The kind of each report on a loop, with the reason if there is one."""
    versioned(text, bounds)
    return [" ".join([r.kind, *map(str, r.data.get("reason", "").split())]) for r in take_reports()]


def function_of(module: ModuleOp) -> wasmir.FuncOp:
    return next(op for op in module.ops if isinstance(op, wasmir.FuncOp))


class Outcome(NamedTuple):
    results: Any
    memory: bytes
    is_copy_used: bool


def run(module: ModuleOp, arguments: Sequence[int]) -> Outcome:
    """Call `f` of a module in the interpreter, which checks what is said of plain accesses."""
    used: list[Operation] = []

    def is_plain(op: Operation) -> bool:
        return isinstance(op, wasmir.MemoryAccess) and op.is_plain

    def see(op: Operation, values: Sequence[Any], results: Sequence[Any]) -> None:
        used.append(op)

    machine = Machine(1_000_000, observer=Observer(is_plain, see))
    instance = Interpreted(machine, module, {})
    function: Any = instance.exports["f"]
    try:
        results: Any = machine.invoke(function, [a % (1 << 32) for a in arguments])
    except Stopped as stopped:
        results = str(stopped)
    memory: Any = instance.exports["memory"]
    return Outcome(results, bytes(memory.bytes[: memory.length]), len(used) > 0)


def fits(p: int, step: int, count: int, lowest: int, end: int) -> bool:
    """Whether accesses of the bytes from `lowest` to `end`, relative to p, p + step, ... are inside the
    memory and do not wrap around."""
    addresses = [p + step * k for k in range(count)]
    return all(a + lowest in range(1 << 32) and a + end <= SIZE for a in addresses)


def edges(step: int, count: int, lowest: int, end: int) -> list[int]:
    """Addresses for which the first or the last access is around the ends of the memory, and of 32
    bits."""
    way = step * (count - 1)
    around = (0, SIZE, 1 << 32)
    places = [edge - part - far for edge in around for part in (lowest, end) for far in (0, way)]
    return sorted({(place + d) % (1 << 32) for place in places for d in (-1, 0, 1)})


POINTERS = [
    ("i32.store8", "", 1, 1, 0),
    ("i32.store", "", 4, 4, 0),
    ("i32.store", "offset=12", 4, 4, 12),
    ("i64.store32", "", -4, 4, 0),
    ("i32.store16", "offset=65000", 7, 2, 65000),
    ("i32.store", "", 16384, 4, 0),
]


@pytest.mark.parametrize(("name", "offset", "step", "bytes", "static"), POINTERS)
def test_the_copy_runs_exactly_if_all_of_it_is_in_the_memory(
    name: str, offset: str, step: int, bytes: int, static: int
):
    value = "(i64.extend_i32_u (local.get $n))" if name.startswith("i64") else "(local.get $n)"
    text = f"""(module (memory (export "memory") 1)
    (func (export "f") (param $p i32) (param $n i32) (result i32)
      (loop $l
        ({name} {offset} (local.get $p) {value})
        (local.set $p (i32.add (local.get $p) (i32.const {step})))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $p)))"""
    before, after = imported(text), versioned(text)
    for count in (LEAST, LEAST + 1, 12):
        for p in edges(step, count, static, static + bytes):
            expected, found = run(before, (p, count)), run(after, (p, count))
            assert found[:2] == expected[:2], p
            # Addresses do not wrap around before the constant offset is added.
            may = fits(p, step, count, 0, static + bytes)
            assert found.is_copy_used == may, (p, count)
    assert not run(after, (1000, LEAST - 1)).is_copy_used


def test_neighbours_share_a_guard_that_covers_them_all():
    text = """(module (memory (export "memory") 1)
    (func (export "f") (param $p i32) (param $n i32) (local $i i32)
      (loop $l
        (i32.store (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))
          (i32.add
            (i32.load (i32.sub (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))
                               (i32.const 8)))
            (i32.load (i32.add (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))
                               (i32.const 4)))))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                            (local.get $n))))))"""
    before, after = imported(text), versioned(text)
    (report,) = take_reports()
    assert (report.kind, report.data) == ("loop-versioned", {"accesses": 3, "guards": 1})
    count = 11
    for p in edges(4, count, -8, 8):
        expected, found = run(before, (p, count)), run(after, (p, count))
        assert found[:2] == expected[:2]
        assert found.is_copy_used == fits(p, 4, count, -8, 8)


@pytest.mark.parametrize("stride", [0, 4, -4, 4096, -4096, 1 << 30, (1 << 31) - 1, -(1 << 31)])
def test_strides_that_are_not_known(stride: int):
    text = """(module (memory (export "memory") 1)
    (func (export "f") (param $p i32) (param $n i32) (param $s i32) (local $i i32)
      (loop $l
        (i32.store (i32.add (local.get $p) (i32.mul (local.get $i) (local.get $s)))
                   (local.get $i))
        (br_if $l (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                            (local.get $n))))))"""
    before, after = imported(text), versioned(text)
    count = 9
    for p in (0, 1000, 40000, *edges(stride, count, 0, 4)):
        expected, found = run(before, (p, count, stride)), run(after, (p, count, stride))
        assert found[:2] == expected[:2]
        assert found.is_copy_used == fits(p, stride, count, 0, 4)


@pytest.mark.parametrize(
    ("test", "step"),
    [
        *[("lt_u", 1), ("lt_s", 1), ("le_u", 3), ("le_s", 1), ("ne", 1), ("ne", 4), ("ne", 12)],
        *[("gt_u", -1), ("gt_s", -3), ("ge_u", -4), ("ge_s", -1), ("ne", -1), ("ne", -4)],
        ("lt_u", 1 << 28),
    ],
)
@pytest.mark.parametrize("tests_first", [False, True])
def test_counters_near_the_ends_of_their_type(test: str, step: int, *, tests_first: bool):
    """The address depends only on the number of the iteration: what is tested is the count."""
    body = """(i32.store8 (local.get $w) (i32.const 1))
      (local.set $w (i32.add (local.get $w) (i32.const 1)))"""
    body += f"(local.set $a (i32.add (local.get $a) (i32.const {step})))"
    stays = f"(i32.{test} (local.get $a) (local.get $b))"
    loop = f"(loop $l {body} (br_if $l {stays}))"
    if tests_first:
        loop = f"(block $o (loop $l (br_if $o (i32.eqz {stays})) {body} (br $l)))"
    text = f"""(module (memory (export "memory") 1)
    (func (export "f") (param $a i32) (param $b i32) (result i32) (local $w i32)
      (local.set $w (i32.const {SIZE - 300})) {loop} (local.get $w)))"""
    before, after = imported(text), versioned(text)
    used = 0
    for edge in (0, 1 << 31, -1, 100):
        for count in (0, 1, 9, 10, 40, 299, 300, 301):
            for off in (-1, 0, 1):
                arguments = (edge - step * count, edge + off)
                expected, found = run(before, arguments), run(after, arguments)
                assert found[:2] == expected[:2], arguments
                used += found.is_copy_used
    assert used > 0


def test_a_counter_of_64_bits():
    text = """(module (memory (export "memory") 1)
    (func (export "f") (param $n i32) (param $b i32) (local $i i64)
      (local.set $i (i64.extend_i32_s (local.get $b)))
      (loop $l
        (i32.store8 (i32.wrap_i64 (local.get $i)) (i32.const 1))
        (br_if $l (i64.lt_s (local.tee $i (i64.add (local.get $i) (i64.const 1)))
                            (i64.extend_i32_s (local.get $n)))))))"""
    before, after = imported(text), versioned(text)
    for arguments in ((20, 0), (SIZE, SIZE - 20), (SIZE + 1, SIZE - 20), (5, -20)):
        expected, found = run(before, arguments), run(after, arguments)
        assert found[:2] == expected[:2]
        # A counter that starts below zero may wrap around, for all that the guard knows.
        assert found.is_copy_used == (arguments[1] >= 0 and arguments[0] <= SIZE)


_NEXT = "(local.set $p (i32.add (local.get $p) (i32.const 4)))"
_GOES_ON = "(local.tee $n (i32.sub (local.get $n) (i32.const 1)))"


@pytest.mark.parametrize(
    "body",
    [
        # Values of the loop after it: an argument of its header, a load, and a sum of both.
        f"""(loop $l (local.set $x (i32.load (local.get $p))) {_NEXT}
              (local.set $y (i32.add (local.get $y) (local.get $x))) (br_if $l {_GOES_ON}))
            (i32.add (i32.mul (local.get $x) (local.get $y)) (local.get $p))""",
        # The branch that leaves passes values on, two of them one value.
        f"""(block $o (result i32 i32 i32)
              (loop $l (i32.store (local.get $p) (local.get $n)) {_NEXT}
                (br_if $l {_GOES_ON})
                (br $o (local.get $p) (local.get $n) (local.get $p))) (unreachable))
            (i32.add) (i32.add)""",
        # Another loop goes on where one ended, and its guard asks for where that was.
        f"""(loop $l (i32.store (local.get $p) (local.get $n)) {_NEXT} (br_if $l {_GOES_ON}))
            (local.set $n (i32.const 9))
            (loop $l (i32.store (local.get $p) (i32.load offset=4 (local.get $p))) {_NEXT}
              (br_if $l {_GOES_ON}))
            (local.get $p)""",
        # What the end of one loop gives is the bound of the next.
        f"""(loop $l (local.set $y (i32.add (local.get $y) (i32.load (local.get $p)))) {_NEXT}
              (br_if $l {_GOES_ON}))
            (loop $l (i32.store8 (local.get $x) (local.get $p))
              (br_if $l (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1)))
                                  (i32.and (local.get $p) (i32.const 31)))))
            (i32.add (local.get $x) (local.get $y))""",
        # The loop around begins again where it ends.
        f"""(local.set $x (i32.const 3))
            (loop $around
              (local.set $n (i32.const 10))
              (loop $l (i32.store (local.get $p) (i32.add (local.get $n) (local.get $x))) {_NEXT}
                (br_if $l {_GOES_ON}))
              (local.set $x (i32.sub (local.get $x) (i32.const 1)))
              (br_if $around (local.get $x)))
            (local.get $p)""",
        # Another exit, after which nothing of the loop is used.
        f"""(block $o (result i32)
              (loop $l (i32.store (local.get $p) (local.get $n)) {_NEXT}
                (drop (br_if $o (i32.const 7) (i32.load (i32.const 48)))) (br_if $l {_GOES_ON}))
              (i32.add (local.get $p) (local.get $n)))""",
    ],
)
def test_values_after_a_loop_are_those_of_the_loop_or_its_copy(body: str):
    text = f"""(module (memory (export "memory") 1)
    (func (export "f") (param $p i32) (param $n i32) (result i32) (local $x i32) (local $y i32)
      {body}))"""
    before, after = imported(text), versioned(text, "explicit")
    used = 0
    for p in (0, 40, 44, 1000, SIZE - 160, SIZE - 40, SIZE - 36, -4):
        for count in (1, LEAST - 1, LEAST, 10, 20):
            expected, found = run(before, (p, count)), run(after, (p, count))
            assert found[:2] == expected[:2], (p, count)
            used += found.is_copy_used
    assert used > 0
    again = imported(text, ",".join([versioning("explicit")] * 2))
    assert str(again) == str(after)  # no copy of what has one


def test_a_histogram():
    """Its counts are at any address, but inside the memory; the bytes it reads get the guard."""
    text = """(module (memory (export "memory") 1)
    (func (export "f") (param $p i32) (param $n i32) (result i32) (local $i i32) (local $a i32)
      (i32.store (i32.const 0) (i32.const 0x01020304))
      (i32.store (i32.const 0xFFFC) (i32.const 0x0506FF08))
      (loop $l
        (local.set $a (i32.shl (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 2)))
        (i32.store offset=0xFC00 (local.get $a)
          (i32.add (i32.load offset=0xFC00 (local.get $a)) (i32.const 1)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                            (local.get $n))))
      (i32.load (i32.const 0xFC00))))"""
    before, after = imported(text), versioned(text)
    count = 20
    for p in (0, 5, 1000, 0xFC00 - 10, *edges(1, count, 0, 1)):
        expected, found = run(before, (p, count)), run(after, (p, count))
        assert found[:2] == expected[:2]
        assert found.is_copy_used == fits(p, 1, count, 0, 1)


LOOP = """(module (memory (export "memory") 1) (memory $other 1 1 {shared})
  (global $g (mut i32) (i32.const 0))
  (func $called)
  (func (export "f") (param $p i32) (param $n i32) (local $i i32) (local $x i32)
    (block $out (loop $l
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
      {body}
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                          (local.get $n)))))
    {after}))"""


@pytest.mark.parametrize(
    ("body", "after", "expected"),
    [
        ("", "", "loop-versioned"),
        ("(global.set $g (local.get $i))", "", "loop-versioned"),
        ("(local.set $x (i32.div_s (local.get $x) (i32.const 3)))", "", "loop-versioned"),
        ("(br_if $out (i32.load (i32.const 8)))", "", "loop-kept it has another exit"),
        ("(if (local.get $x) (then (return)))", "", "loop-kept it has another exit"),
        ("(call $called)", "", "loop-kept it has call"),
        ("(drop (memory.grow (i32.const 1)))", "", "loop-kept it has memory.grow"),
        (
            "(local.set $x (i32.div_u (local.get $x) (local.get $p)))",
            "",
            "loop-kept it has i32.div_u",
        ),
        (
            "(local.set $x (i32.div_s (i32.const 3) (i32.const -1)))",
            "",
            "loop-kept it has i32.div_s",
        ),
        (
            "(local.set $x (i32.div_u (i32.const 3) (i32.const 0)))",
            "",
            "loop-kept it has i32.div_u",
        ),
        (
            "(local.set $x (i32.load (local.get $x)))",
            "",
            "loop-kept the address of i32.load is not affine",
        ),
        (
            "(local.set $x (i32.load8_u (i32.and (i32.load (local.get $i)) (i32.const 0xFFFF))))",
            "",
            "loop-versioned",
        ),
        (
            "(local.set $x (i32.load16_u (i32.and (i32.load (local.get $i)) (i32.const 0xFFFF))))",
            "",
            "loop-kept the address of i32.load16_u is not affine",
        ),
        (
            "(local.set $x (i32.load8_u (i32.and (local.get $x) (i32.const 0xFFFF))))",
            "",
            "loop-kept the address of i32.load8_u is not affine",  # nothing is to be gained
        ),
        (
            "(i32.store8 offset=0xFF00 (i32.load8_u (local.get $i)) (local.get $x))",
            "",
            "loop-versioned",
        ),
        (
            "(local.set $x (i32.trunc_f32_s (f32.const 1)))",
            "",
            "loop-kept it has i32.trunc_f32_s",
        ),
        (
            "(i32.store $other (local.get $i) (i32.const 0))",
            "",
            "loop-kept @other is shared with other threads",
        ),
        (
            "(drop (i32.atomic.load $other (i32.const 0)))",
            "",
            "loop-kept it has i32.atomic.load",
        ),
    ],
)
def test_what_is_done_to_loops(body: str, after: str, expected: str):
    shared = "shared" if "$other" in body else ""
    text = LOOP.format(body=body, after=after, shared=shared)
    done = _reports(text, Config(features="all")) if shared else what_was_done(text)
    assert done == [expected]


@pytest.mark.parametrize(
    ("body", "after", "expected"),
    [
        ("", "", "loop-versioned"),
        ("(br_if $out (i32.load (i32.const 8)))", "", "loop-versioned"),
        (
            "(br_if $out (i32.load (i32.const 8)))",
            "(i32.store (i32.const 0) (local.get $i))",
            "loop-versioned",  # the branch passes it on
        ),
        (
            "(if (local.get $x) (then (i32.store (i32.const 0) (local.get $i)) (return)))",
            "",
            "loop-kept it has another exit, after which values of the loop are used",
        ),
    ],
)
def test_explicit_bounds_are_a_reason_to_copy_loops_with_another_exit(
    body: str, after: str, expected: str
):
    """Their copies are not vectorised, but have fewer checks."""
    text = LOOP.format(body=body, after=after, shared="")
    assert what_was_done(text, "explicit") == [expected]
    assert _reports(text, Config(bounds="explicit")) == [expected]


def _reports(text: str, config: Config) -> list[str]:
    """The same, from machine code."""
    reports: Any = Module(Engine(config), text).reports
    return [" ".join([r["kind"], *str(r.get("reason", "")).split()]) for r in reports]


@pytest.mark.parametrize("setting", ["consume_fuel", "epoch_interruption"])
def test_loops_that_can_be_interrupted_are_kept(setting: str):
    text = LOOP.format(body="", after="", shared="")
    switched_on: dict[str, Any] = {setting: True}
    assert _reports(text, Config(**switched_on)) == [
        "loop-kept it asks for the runtime's state, as for fuel and epochs"
    ]


def test_functions_have_a_budget_of_loops():
    one = """(local.set $i (i32.const 0)) (loop $l{number}
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $n))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l{number} (i32.lt_u (local.get $i) (local.get $n))))"""
    loops = "".join(one.format(number=number) for number in range(MOST_LOOPS + 2))
    text = f"(module (memory 1) (func (param $n i32) (local $i i32) {loops}))"
    done = what_was_done(text)
    assert done.count("loop-versioned") == MOST_LOOPS
    assert done.count(f"loop-kept {MOST_LOOPS} loops of the function have copies") == 2


SIDE_PATH = """(module (memory 1) (func (param $n i32) (param $p i32) (local $i i32) (local $k i32)
  {around}
    {conditions}
    (local.set $i (i32.const 0))
    (loop $inner
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $n))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $inner (i32.lt_u (local.get $i) (local.get $n))))
  {end}))"""


@pytest.mark.parametrize(
    ("around", "end", "what"),
    [
        ("(block $skip", ")", "calls of the function"),
        (
            "(loop $outer (block $skip",
            ") (br_if $outer (local.get $p)))",
            "rounds of the loop around it",
        ),
    ],
)
def test_loops_on_side_paths_are_kept(around: str, end: str, what: str):
    condition = "(br_if $skip (i32.and (local.get $p) (i32.const {bit})))"
    for number, expected in ((0, "loop-versioned"), (2, "loop-versioned"), (3, None)):
        conditions = "".join(condition.format(bit=1 << k) for k in range(number))
        done = what_was_done(SIDE_PATH.format(around=around, end=end, conditions=conditions))
        kept = f"loop-kept it is entered in less than one of 4 {what}"
        assert done == [expected or kept], number


def test_large_functions_are_left_as_they_are():
    body = "(local.set $x (i32.mul (local.get $x) (local.get $i)))" * MOST_OPERATIONS
    (said,) = what_was_done(LOOP.format(body=body, after="", shared=""))
    assert said.startswith("loops-kept the function has 1")


@pytest.mark.parametrize(("outside", "is_kept"), [(20, False), (100, True)])
def test_loops_that_are_a_small_part_of_a_function_are_kept(outside: int, is_kept: bool):
    after = "(local.set $x (i32.mul (local.get $x) (local.get $p)))" * outside
    (said,) = what_was_done(LOOP.format(body="", after=after, shared=""))
    assert ("loop-kept" in said and "operations are in such loops" in said) is is_kept, said


def test_a_known_number_of_iterations_that_is_too_small():
    text = LOOP.format(body="", after="", shared="").replace(
        "(local.get $n)))))", "(i32.const 7)))))"
    )
    assert what_was_done(text) == ["loop-kept it goes around 7 times"]


# --- fences


FILL = """(module (memory (export "memory") 1)
  (func (export "f") (local $i i32)
    (loop $l
      (i32.store offset=100 (i32.shl (local.get $i) (i32.const 2)) (i32.const 7))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                          (i32.const 12))))
    (drop (i32.load (i32.const 70000)))
    {stores}))""".format(
    stores="".join(f"(i32.store (i32.const {100 + 4 * k}) (i32.const 0))" for k in range(12))
)


@pytest.mark.parametrize("removed", [0, 1])
def test_without_one_of_its_fences_a_copy_is_refused(removed: int):
    module = versioned(FILL)
    function = function_of(module)
    assert misplaced_accesses(function) == []
    fence = [op for op in function.body.walk() if isinstance(op, wasmir.TrapFenceOp)][removed]
    fence.detach()
    assert misplaced_accesses(function)
    with pytest.raises(Exception, match=r"wrong side of a `wasmir.trap_fence`"):
        InsertVMContextLoads().apply(None, module)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_stores_of_a_copy_are_seen_after_a_trap(level: Any, bounds: Any):
    """Later stores to the same places do not delete them, nor do they wait for the trap."""
    store = Store(Engine(Config(opt_level=level, bounds=bounds)))
    exports = Instance(store, Module(store.engine, FILL), []).exports(store)
    function: Any = exports["f"]
    with pytest.raises(Trap) as caught:
        function(store)
    assert caught.value.trap_code == TrapCode.MEMORY_OUT_OF_BOUNDS
    memory: Any = exports["memory"]
    assert memory.read(store, 100, 148) == b"\7\0\0\0" * 12


def test_a_versioned_loop_can_be_exported():
    """Wasm has no 64-bit addresses in a memory with 32-bit ones."""
    config = Config(pipeline="wasmir-version-loops")
    settings = CompileSettings.of(config)
    exported = to_wasm(bytes(wat2wasm(FILL)), "m.wasm", settings).binary
    store = Store(Engine(Config(version_loops=False)))
    exports = Instance(store, Module(store.engine, bytes(exported)), []).exports(store)
    function: Any = exports["f"]
    with pytest.raises(Trap):
        function(store)
    memory: Any = exports["memory"]
    assert memory.read(store, 100, 148) == b"\7\0\0\0" * 12


def _calls(module: CalledModule, config: Config) -> list[Any]:
    """What the calls of a module give: results, or the trap with the offsets of its frames."""
    store = Store(Engine(config))
    exports = Instance(store, Module(store.engine, module.binary), []).exports(store)
    outcomes: list[Any] = []
    for name, arguments in module.calls:
        function: Any = exports[name]
        try:
            outcomes.append(function(store, *arguments))
        except Trap as trap:
            outcomes.append((trap.trap_code, [frame.module_offset for frame in trap.frames]))
    return outcomes


@pytest.mark.parametrize("number", range(3))
def test_traps_are_where_they_are_without_copies(number: int):
    module = loop_module(1, number)
    without = _calls(module, Config(opt_level=2, jobs=0, version_loops=False))
    assert _calls(module, Config(opt_level=2, jobs=0)) == without


def test_what_never_leaves_has_no_effect_that_could():
    for cls in NEVER_LEAVES:
        row: Any = getattr(cls, "INSTRUCTION", None)
        assert row is not None
        assert not row.traps, cls
        assert not cls.has_trait(LeavesFunction), cls
        assert not cls.has_trait(CallsCode), cls
        assert cls.has_trait(Pure) or transfer_of(cls) is Branches, cls
