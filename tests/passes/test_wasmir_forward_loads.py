"""wasmir-forward-loads: programs do the same as without it, whatever they load and store. What it makes
of functions is in tests/filecheck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from forward_modules import forward_module
from interpreter.running import imported
from trap_modules import Call
from xdsl.dialects.builtin import ModuleOp

from wasmdialect import Config, Engine, Instance, Module, Store, Trap
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import Instance as Interpreted
from wasmdialect.interpreter import Machine, Stopped
from wasmdialect.passes import wasmir_forward_loads
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.wasmir_forward_loads import MOST_PLACES, NEAR

ON = "wasmir-forward-loads"
SIZE = 1 << 16
WIDTHS = (32, 32, 32, 64)
"""Of the parameters of functions here."""


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at all functions, also those that seldom access memory."""
    monkeypatch.setattr(wasmir_forward_loads, "LEAST_SHARE", 1 << 20)


def forwarded(text: str, pipeline: str = ON) -> ModuleOp:
    take_reports()
    return imported(text, f"{pipeline},wasmir-verify-ssa")


def loads(module: ModuleOp) -> list[str]:
    """The names of the loads that are left."""
    return [op.name for op in module.walk() if isinstance(op, wasmir.LoadLike)]


def counts() -> tuple[int, int]:
    """What the reports say: loads that are gone, and loads whose values nothing uses."""
    data = [report.data for report in take_reports()]
    return sum(d["loads"] for d in data), sum(d["kept_for_traps"] for d in data)


def observed(module: ModuleOp, calls: Sequence[Call]) -> list[Any]:
    """The result or trap of each call, and the memory after it."""
    machine = Machine(2_000_000)
    instance = Interpreted(machine, module, {})
    memory: Any = instance.exports["memory"]
    found: list[Any] = []
    for name, arguments in calls:
        function: Any = instance.exports[name]
        given: list[Any] = [*arguments]
        try:
            found.append(
                machine.invoke(function, [a % (1 << WIDTHS[k]) for k, a in enumerate(given)])
            )
        except Stopped as stopped:
            found.append(str(stopped))
        found.append(bytes(memory.bytes[: memory.length]))
    return found


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("part", range(5))
def test_random_programs_do_the_same(part: int):
    gone = 0
    for number in range(part * 6, part * 6 + 6):
        module = forward_module(5, number)
        before, after = imported(module.text), forwarded(module.text)
        gone += counts()[0]
        assert observed(after, module.calls) == observed(before, module.calls), number
    assert gone > 20


FUNCTION = """(module (memory (export "memory") 1)
  (func (export "f") (param $p i32) (param $q i32) (param $n i32) (param $v i64) (result i64)
    (local $i i32) {body}))"""


def of(body: str) -> str:
    return FUNCTION.format(body=body)


WRAPS = of("""
    (i64.store (i32.add (local.get $p) (i32.const 16)) (local.get $v))
    (i64.store (i32.const 256) (i64.const 1))
    (i64.store (i32.add (local.get $p) (i32.const 16)) (local.get $v))
    (i64.load offset=16 (local.get $p))""")


def test_an_address_that_wraps_around_traps_as_before():
    before, after = imported(WRAPS), forwarded(WRAPS)
    assert counts() == (0, 1)
    calls: list[Call] = [("f", (p, 0, 0, 7)) for p in (0, SIZE - 24, SIZE - 23, -16, -8, -1)]
    outcomes = observed(after, calls)
    assert outcomes == observed(before, calls)
    assert sum(isinstance(each, str) for each in outcomes) == 4


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_the_trap_of_a_load_without_a_use_is_that_of_the_load(level: Any, bounds: Any):
    found: list[Any] = []
    for forward_loads in (True, False):
        store = Store(
            Engine(Config(jobs=0, opt_level=level, bounds=bounds, forward_loads=forward_loads))
        )
        exports: Any = Instance(store, Module(store.engine, WRAPS), []).exports(store)
        with pytest.raises(Trap) as caught:
            exports["f"](store, -16, 0, 0, 7)
        memory = exports["memory"].data_ptr(store)
        found.append(
            ([f.module_offset for f in caught.value.frames], [memory[k] for k in (0, 256)])
        )
    assert found[0] == found[1]
    assert found[0][1] == [7, 1]


TWICE = "(i64.store (local.get $p) (local.get $v)) {} (i64.load (local.get $p))"


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    ("between", "left"),
    [
        ("", 0),
        ("(i64.store offset=8 (local.get $p) (i64.const 0))", 0),
        ("(i64.store offset=7 (local.get $p) (i64.const 0))", 1),
        ("(i64.store8 offset=7 (local.get $p) (i64.const 0))", 1),
        ("(i64.store (i32.sub (local.get $p) (i32.const 8)) (i64.const 0))", 0),
        ("(i64.store (i32.sub (local.get $p) (i32.const 7)) (i64.const 0))", 1),
        ("(v128.store (i32.sub (local.get $p) (i32.const 15)) (i64x2.splat (i64.const 0)))", 1),
        ("(v128.store (i32.sub (local.get $p) (i32.const 16)) (i64x2.splat (i64.const 0)))", 0),
        ("(v128.store8_lane offset=3 0 (local.get $p) (i64x2.splat (i64.const 0)))", 1),
        ("(v128.store8_lane offset=8 0 (local.get $p) (i64x2.splat (i64.const 0)))", 0),
        ("(i64.store (local.get $q) (i64.const 0))", 1),
        ("(i64.store (i32.const 128) (i64.const 0))", 1),
        ("(memory.copy (local.get $q) (local.get $p) (i32.const 1))", 1),
        ("(memory.fill (local.get $q) (i32.const 0) (i32.const 1))", 1),
        ("(drop (memory.grow (i32.const 0)))", 1),
        ("(if (local.get $n) (then (i64.store8 offset=1 (local.get $p) (i64.const 0))))", 1),
        ("(if (local.get $n) (then (i64.store8 offset=9 (local.get $p) (i64.const 0))))", 0),
        ("(if (local.get $n) (then (i64.store (local.get $p) (local.get $v))))", 0),
        ("(if (local.get $n) (then (return (i64.const 0))))", 0),
        ("(loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))", 1),
    ],
)
def test_what_may_be_between(between: str, left: int):
    text = of(TWICE.format(between))
    before, after = imported(text), forwarded(text)
    assert len(loads(after)) == left
    calls: list[Call] = [
        ("f", (p, q, n, 77)) for p in (64, 0, SIZE - 8) for q in (64, 68) for n in (1, 2)
    ]
    assert observed(after, calls) == observed(before, calls)


@pytest.mark.parametrize("test", ["(local.get $p)", "(i32.eqz (local.get $p))"])
def test_what_one_way_stores_after_an_empty_block_is_not_known_on_the_other(test: str):
    text = f"""(module (memory (export "memory") 1)
  (func (export "f") (param $p i32) (param $v i32) (result i32)
    (i32.store (i32.const 16) (i32.const 7))
    (if (result i32) {test}
      (then (i32.load (i32.const 16)))
      (else (block $empty (br $empty))
        (i32.store (i32.const 16) (local.get $v)) (i32.load (i32.const 16))))))"""
    before, after = imported(text), forwarded(text)
    assert counts() == (2, 0)
    calls: list[Call] = [("f", (0, 9)), ("f", (1, 9))]
    assert observed(after, calls) == observed(before, calls)


@pytest.mark.parametrize(("shared", "left"), [("", 0), ("shared", 1)])
def test_shared_memories_are_left_to_other_threads(shared: str, left: int):
    text = f"""
        wasmir.memory @m i32 min 1 max 1 page 16 {shared}
        wasmir.func @f(%p: i32, %v: i64) -> i64 {{
          wasmir.i64.store @m[%p], %v
          %w = wasmir.i64.load @m[%p]
          wasmir.return %w : i64
        }}"""
    assert len(loads(forwarded(text))) == left


@pytest.mark.usefixtures("everywhere")
def test_a_value_is_not_kept_in_a_register_for_long():
    work = "(local.set $i (i32.mul (local.get $i) (local.get $i)))"
    near, far = (of(TWICE.format(work * n)) for n in (NEAR - 4, NEAR + 4))
    assert len(loads(forwarded(near))) == 0
    assert len(loads(forwarded(far))) == 1
    constant = of(TWICE.format(work * (NEAR + 4)).replace("(local.get $v)", "(i64.const 5)", 1))
    assert len(loads(forwarded(constant))) == 0


def test_few_places_are_known_at_a_time():
    stores = "".join(
        f"(i32.store8 offset={k} (local.get $p) (i32.const {k}))" for k in range(MOST_PLACES + 1)
    )
    text = of(f"{stores} (i64.extend_i32_u (i32.add (i32.load8_u (local.get $p))"
              " (i32.load8_u offset=2 (local.get $p))))")  # fmt: skip
    assert loads(forwarded(text)) == ["wasmir.i32.load8_u"]
    assert counts() == (1, 0)


def test_functions_that_seldom_access_memory_are_left_as_they_are():
    work = "(local.set $i (i32.mul (local.get $i) (local.get $i)))" * 10
    text = of(f"(local.set $i (local.get $n)) {work} {TWICE.format('')}")
    assert len(loads(forwarded(text))) == 1


def test_what_a_callee_stores_for_its_caller_is_forwarded():
    text = """(module (memory 1) (global $sp (mut i32) (i32.const 1024))
      (func $square (param $to i32) (param $x i64)
        (i64.store (local.get $to) (i64.mul (local.get $x) (local.get $x))))
      (func (export "f") (param $x i64) (result i64)
        (local $frame i32)
        (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 16))))
        (call $square (i32.add (local.get $frame) (i32.const 8)) (local.get $x))
        (drop (i64.load offset=8 (local.get $frame)))
        (i64.load offset=8 (local.get $frame))
        (global.set $sp (i32.add (local.get $frame) (i32.const 16)))))"""
    after = forwarded(text, f"wasmir-inline,{ON}")
    assert counts() == (1, 1)  # the first tells that the address does not wrap around
    assert len(loads(after)) == 1
