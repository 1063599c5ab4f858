"""wasmir-inline: programs do the same as without it, and backtraces have the same frames. What it makes
of functions is in tests/filecheck."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import (
    Config,
    Engine,
    Instance,
    Module,
    Store,
    Trap,
    TrapCode,
    WasmtimeError,
    wat2wasm,
)
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import defined_functions

TEXT = """(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (type $none (func))
  (tag $tag (param i32))
  (global $count (mut i32) (i32.const 0))
  (func $leaf (param i32) (result i32)
    (local i32)
    (if (local.get 0) (then (return (i32.add (local.get 1) (i32.const 1))))) (i32.const 2))
  (func $div (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $middle (param i32 i32) (result i32)
    (i32.add (call $div (local.get 0) (local.get 1)) (call $leaf (local.get 1))))
  (func (export "div") (param i32 i32) (result i32)
    (i32.mul (call $middle (local.get 0) (local.get 1)) (call $leaf (local.get 0))))
  (func $load (param i32) (result i64) (i64.load offset=8 (local.get 0)))
  (func (export "load") (param i32) (result i64) (call $load (local.get 0)))
  (func $store (param i32)
    (i32.store (i32.const 0) (i32.const 11)) (i32.store (local.get 0) (i32.const 5)))
  (func (export "store") (param i32) (result i32)
    (call $store (local.get 0)) (i32.store (i32.const 0) (i32.const 12)) (i32.const 1))
  (func $trap (global.set $count (i32.const 9)) (unreachable))
  (func (export "trap") (param i32) (result i32)
    (if (local.get 0) (then (call $trap))) (global.get $count))
  (func (export "ends") (result i32) (call $trap) (i32.const 3))
  (func $indirect (call_indirect (type $none) (i32.const 0)))
  (func (export "indirect") (call $indirect))
  (func $two (param i32) (result i32 i64) (local.get 0) (i64.const 4))
  (func (export "two") (param i32) (result i64)
    (i64.add (i64.extend_i32_u) (call $two (local.get 0)) (i64.const 1) (i64.add) (i64.add))
  )
  (func $sum (param i32) (result i32)
    (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call $leaf (local.get 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "sum") (param i32) (result i32)
    (i32.add (call $sum (local.get 0)) (call $sum (i32.const 3))))
  (func $throw (param i32) (throw $tag (local.get 0)))
  (func $may_throw (param i32) (result i32)
    (if (local.get 0) (then (call $throw (local.get 0)))) (i32.const 1))
  (func $catch (param i32) (result i32)
    (block $handler (result i32)
      (return (try_table (result i32) (catch $tag $handler) (call $may_throw (local.get 0))))))
  (func (export "catch") (param i32) (result i32) (call $catch (local.get 0)))
  (func $outside (param i32) (result i32)
    (i32.add (call $catch (local.get 0)) (call $may_throw (i32.const 0))))
  (func (export "catches") (param i32) (result i32) (call $outside (local.get 0)))
  (func (export "uncaught") (param i32) (result i32) (call $may_throw (local.get 0)))
)
""".replace(
    """    (i64.add (i64.extend_i32_u) (call $two (local.get 0)) (i64.const 1) (i64.add) (i64.add))
""",
    """    (local i64)
    (call $two (local.get 0)) (local.set 1) (i64.add (i64.extend_i32_u) (local.get 1))
""",
)
CALLS: list[tuple[str, tuple[int, ...]]] = [
    ("div", (7, 2)),
    ("div", (7, 0)),
    ("div", (-(1 << 31), -1)),
    ("load", (0,)),
    ("load", (65528,)),
    ("store", (8,)),
    ("store", (65533,)),
    ("trap", (0,)),
    ("trap", (1,)),
    ("ends", ()),
    ("indirect", ()),
    ("two", (3,)),
    ("sum", (1000,)),
    ("catch", (0,)),
    ("catch", (6,)),
    ("catches", (6,)),
    ("uncaught", (6,)),
]
ON = "wasmir-inline"


def outcomes(text: str, calls: Any, fuel: int | None = None, **settings: Any) -> list[Any]:
    """Results, traps with their frames, fuel, and the first bytes of the memory."""
    settings = {"jobs": 0, "opt_level": 2, **settings}
    engine = Engine(Config(consume_fuel=fuel is not None, **settings))
    module = Module(engine, text)
    found: list[Any] = []
    for name, arguments in calls:
        store = Store(engine)
        if fuel is not None:
            store.set_fuel(fuel)
        exports: Any = Instance(store, module, []).exports(store)
        try:
            outcome: Any = exports[name](store, *arguments)
        except Trap as trap:
            outcome = trap.trap_code, frames_of(trap)
        except WasmtimeError as error:
            outcome = str(error)
        found.append((name, arguments, outcome, fuel and store.get_fuel()))
        memory = exports.get("memory")
        if memory is not None:
            found[-1] += (bytes(memory.read(store, 0, 16)),)
    return found


def frames_of(trap: Trap) -> list[Any]:
    return [(f.func_index, f.func_name, f.module_offset, f.func_offset) for f in trap.frames]


def imported(text: str, pipeline: str = ON) -> dict[str, wasmir.FuncOp]:
    """The functions of a module after a pipeline."""
    session = CompileSession(bytes(wat2wasm(text)), "m.wat", CompileSettings.of(Config()), pipeline)
    module = session.import_everything()
    session.run_passes(module)
    return {f.sym_name.data: f for f in defined_functions(module)}


def callees(function: wasmir.FuncOp) -> list[str]:
    return [
        op.callee.root_reference.data
        for block in function.body.blocks
        for op in block.ops
        if isinstance(op, wasmir.CallOp)
    ]


def test_no_calls_are_left_but_those_in_a_try():
    functions = imported(TEXT)
    calling = {name: names for name, f in functions.items() if (names := callees(f))}
    # `catch`, and the three that it was inlined into.
    assert calling == {key: ["may_throw"] for key in ["catch", "func20", "outside", "func22"]}


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_results_and_frames_are_those_without_it(level: int, bounds: str):
    settings: dict[str, Any] = {"opt_level": level, "bounds": bounds}
    without = outcomes(TEXT, CALLS, opt_level=0, bounds=bounds)
    assert sum(isinstance(outcome, tuple) for _, _, outcome, *_ in without) == 8
    assert outcomes(TEXT, CALLS, pipeline=ON, **settings) == without


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_llvm_inlines_nothing_whose_frame_a_backtrace_would_lack(bounds: str):
    settings: dict[str, Any] = {"bounds": bounds, "inlining": False}
    at_level_3 = outcomes(TEXT, CALLS, opt_level=3, **settings)
    assert at_level_3 == outcomes(TEXT, CALLS, opt_level=0, **settings)


def test_without_an_address_map_frames_have_names():
    settings: dict[str, Any] = {"generate_address_map": False}
    assert outcomes(TEXT, CALLS, pipeline=ON, **settings) == outcomes(TEXT, CALLS, **settings)


def test_a_saved_artifact_has_the_frames(tmp_path: Path):
    engine = Engine(Config(jobs=0, opt_level=2, pipeline=ON))
    file = tmp_path / "m.elf"
    file.write_bytes(Module(engine, TEXT).serialize())
    store = Store(engine)
    exports: Any = Instance(store, Module.deserialize_file(engine, str(file)), []).exports(store)
    with pytest.raises(Trap) as caught:
        exports["div"](store, 1, 0)
    assert [f.func_name for f in caught.value.frames] == ["div", "middle", None]


def test_the_cache_keeps_the_frames_of_code_that_moved(tmp_path: Path):
    """The text of a function is independent of where it and what is inlined are in the module."""
    moved = TEXT.replace(
        "(func $leaf", '(func (export "new") (drop (i32.const 123456)))(func $leaf'
    )
    settings: dict[str, Any] = {"pipeline": ON, "cache": str(tmp_path / "cache")}
    outcomes(TEXT, CALLS, **settings)
    for text in (TEXT, moved):
        assert outcomes(text, CALLS, **settings) == outcomes(text, CALLS)


@pytest.mark.parametrize("fuel", [100_000, 900, 200, 40, 12])
def test_fuel_is_that_without_it(fuel: int):
    """Also when it runs out: the checks at the entries of inlined functions stay."""
    calls = [call for call in CALLS if call[0] not in ("uncaught",)]
    pipeline = "insert-fuel,wasmir-inline"
    assert outcomes(TEXT, calls, fuel, pipeline=pipeline) == outcomes(TEXT, calls, fuel)


def test_slots_of_the_frame_are_taken_once():
    """The counter of fuel is in the frame of each function. In a loop it would use up the stack."""
    done = outcomes(TEXT, [("sum", (1_000_000,))], 1 << 60, pipeline="insert-fuel,wasmir-inline")
    assert done[0][2] == 1_000_000 + 3


def test_recursion_through_inlined_functions_exhausts_the_stack():
    text = """(module
      (func $a (call $b)) (func $b (call $c)) (func $c (call $a))
      (func $leaf (export "leaf") (call $a)))"""
    settings: dict[str, Any] = {"pipeline": ON}
    ((_, _, (code, frames), *_),) = outcomes(text, [("leaf", ())], **settings)
    assert code == TrapCode.STACK_OVERFLOW
    called = [index for index, *_ in frames]
    assert len(called) > 10
    assert {*pairwise(called)} <= {(0, 2), (0, 3), (1, 0), (2, 1)}


def test_a_function_with_the_attribute_is_not_inlined():
    session = CompileSession(
        b"""
        wasmir.func @leaf() attributes {noinline} { wasmir.return } loc("m":0:20)
        wasmir.func @f() { wasmir.call @leaf() : () -> () loc("m":0:31)  wasmir.return } loc("m":0:30)
        """,
        "m.mlir",
        CompileSettings.of(Config()),
        ON,
    )
    module = session.import_everything()
    session.run_passes(module)
    assert [callees(f) for f in defined_functions(module)] == [[], ["leaf"]]


def test_a_function_that_begins_at_a_loop_is_not_inlined():
    """It has other parameters than its callers know of."""
    text = """(module
      (func $loop (param i32) (loop (br_if 0 (local.get 0))))
      (func (export "f") (call $loop (i32.const 0))))"""
    pipeline = "enter-loop{loop=0}," + ON
    assert callees(imported(text, pipeline)["func1"]) == ["loop"]


def test_an_operation_without_a_location_is_in_its_function():
    """Of a pass, say: the frame of its function must not be lost."""
    text = b"""
        wasmir.func @leaf() { wasmir.unreachable } loc("m":0:20)
        wasmir.func @f() { wasmir.call @leaf() : () -> () loc("m":0:31)  wasmir.return } loc("m":0:30)
        wasmir.export "f" @f
        """
    engine = Engine(Config(jobs=0, opt_level=2, pipeline=ON))
    store = Store(engine)
    exports: Any = Instance(store, Module(engine, text), []).exports(store)
    with pytest.raises(Trap) as caught:
        exports["f"](store)
    assert [(f.func_name, f.module_offset) for f in caught.value.frames] == [
        ("leaf", 20),
        ("f", 31),
    ]


PRODUCTS = """(module
  (memory 1)
  (func $multiply (param $at i32) (param $x i64) (param $y i64)
    (local $xl i64) (local $yl i64) (local $first i64) (local $low i64)
    (local.set $xl (i64.and (local.get $x) (i64.const 0xffffffff)))
    (local.set $yl (i64.and (local.get $y) (i64.const 0xffffffff)))
    (local.set $x (i64.shr_u (local.get $x) (i64.const 32)))
    (local.set $y (i64.shr_u (local.get $y) (i64.const 32)))
    (local.set $low (i64.mul (local.get $xl) (local.get $yl)))
    (local.set $first (i64.add
      (i64.mul (local.get $x) (local.get $yl)) (i64.shr_u (local.get $low) (i64.const 32))))
    (local.set $xl (i64.add
      (i64.and (local.get $first) (i64.const 0xffffffff)) (i64.mul (local.get $xl) (local.get $y))))
    (i64.store offset=8 (local.get $at) (i64.add
      (i64.add (i64.mul (local.get $x) (local.get $y)) (i64.shr_u (local.get $first) (i64.const 32)))
      (i64.shr_u (local.get $xl) (i64.const 32))))
    (i64.store (local.get $at) (i64.or
      (i64.shl (local.get $xl) (i64.const 32)) (i64.and (local.get $low) (i64.const 0xffffffff)))))
  (func (export "f") (param i64) CALLS)
)
""".replace("CALLS", "(call $multiply (i32.const 8) (local.get 0) (local.get 0))" * 20)


@pytest.mark.parametrize("in_units", [False, True])
def test_a_product_in_halves_counts_as_the_operation_that_it_becomes(in_units: bool):
    """So that `__multi3`, which is 117 bytes, is inlined wherever it is called."""
    with_products = "wasmir-wide-multiply," + ON
    text = PRODUCTS
    if in_units:
        assert callees(unit_of(text, 1, with_products)) == []
        assert callees(unit_of(text, 1, ON)) == ["multiply"] * 20
    else:
        assert callees(imported(text, with_products)["func1"]) == []
        assert callees(imported(text)["func1"]) == ["multiply"] * 20


def unit_of(text: str, index: int, pipeline: str) -> wasmir.FuncOp:
    """A function that was compiled alone, after a pipeline."""
    session = CompileSession(bytes(wat2wasm(text)), "m.wat", CompileSettings.of(Config()), pipeline)
    unit = session.import_functions([index])
    session.run_passes(unit)
    (function,) = defined_functions(unit)
    return function
