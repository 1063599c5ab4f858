"""wasmir-direct-calls: programs do the same as without it. What it makes of calls is in
tests/filecheck."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tiers_at_once import improve_at_once

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Limits,
    Module,
    Store,
    Table,
    TableType,
    Trap,
    TrapCode,
    ValType,
    wat2wasm,
)
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, defined_functions

SHOWN = Path(__file__).parents[1] / "filecheck" / "passes" / "wasmir-direct-calls"

TEXT = """(module $program
  (type $t (func (param i32) (result i32)))
  (type $none (func))
  (type $two (func (param i64) (result i32 i64)))
  (import "" "host" (func $host (type $two)))
  (table 8 funcref)
  (table $wide i64 3 funcref)
  (elem (i32.const 1) func $inc $nothing $divide $host)
  (elem (table $wide) (offset (i64.const 2)) func $deep)
  (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
  (func $divide (type $t) (i32.div_u (i32.const 100) (local.get 0)))
  (func $nothing (type $none))
  (func $deep (type $none) (drop (call $indirect (i32.const 0) (i32.const 3))))
  (func $indirect (export "indirect") (param i32 i32) (result i32)
    (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (local.get 1))))
  (func (export "wide") (param i64) (call_indirect $wide (type $none) (local.get 0)))
  (func (export "tail") (param i32 i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (local.get 1)))
  (func (export "host") (param i32) (result i32 i64)
    (call_indirect (type $two) (i64.const 5) (local.get 0)))
  (func (export "caught") (param i32 i32) (result i32)
    (block $out (return (try_table (result i32) (catch_all $out)
      (call_indirect (type $t) (local.get 0) (local.get 1)))))
    (i32.const -1))
  (func (export "sum") (param i32 i32) (result i32) (local i32)
    (loop $again
      (local.set 2 (i32.add (local.get 2) (call_indirect (type $t) (local.get 0) (local.get 1))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2)))"""
CALLS: list[tuple[Any, ...]] = [
    *(("indirect", 7, index) for index in (-1, *range(10))),
    ("indirect", 0, 3),
    *(("wide", index) for index in (0, 2, 3, (1 << 32) + 2)),
    *(("tail", 0, index) for index in range(10)),
    *(("host", index) for index in range(1, 6)),
    *(("caught", 7, index) for index in range(1, 4)),
    *(("sum", 100, index) for index in (1, 3, 2)),
]


def _host(x: int) -> list[int]:
    return [3, x]


def outcomes(text: str = TEXT, calls: Any = CALLS, **settings: Any) -> list[Any]:
    """Results, or traps with their frames."""
    settings = {"jobs": 0, "opt_level": 2, **settings}
    engine = Engine(Config(**settings))
    module, store = Module(engine, text), Store(engine)
    two = FuncType([ValType.i64()], [ValType.i32(), ValType.i64()])
    imports = [Func(store, two, _host)] if module.imports else []
    exports: Any = Instance(store, module, imports).exports(store)
    found: list[Any] = []
    for name, *arguments in calls:
        try:
            found.append(exports[name](store, *arguments))
        except Trap as trap:
            frames = [(f.func_index, f.func_name, f.module_offset) for f in trap.frames]
            found.append((trap.trap_code, frames))
    return found


def direct_calls(text: str, session: CompileSession | None = None) -> dict[str, list[str]]:
    """The functions that each function calls directly, after the pass alone, in a unit of its own."""
    if session is None:
        session = CompileSession(
            *(bytes(wat2wasm(text)), "m.wat", CompileSettings.of(Config()), "wasmir-direct-calls")
        )
    found: dict[str, list[str]] = {}
    for index in session.source.body_sizes:
        unit = session.import_functions([index])
        session.run_passes(unit, count=1)
        for f in defined_functions(unit):
            found[f.sym_name.data] = callees(f)
    return found


def callees(function: wasmir.FuncOp) -> list[str]:
    calls = (wasmir.CallOp, wasmir.ReturnCallOp)
    return [op.callee.root_reference.data for op in function.body.walk() if isinstance(op, calls)]


@pytest.mark.parametrize("file", ["calls.wat", "kept.wat"])
def test_units_have_the_calls_that_the_whole_module_has(file: str):
    text = (SHOWN / file).read_text()
    session = CompileSession(
        *(bytes(wat2wasm(text)), "m.wat", CompileSettings.of(Config()), "wasmir-direct-calls")
    )
    whole = session.import_everything()
    session.run_passes(whole, count=1)
    expected = {f.sym_name.data: callees(f) for f in defined_functions(whole)}
    assert sum(map(len, expected.values())) >= 1
    assert direct_calls(text, session) == expected


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_results_and_traps_are_those_without_it(level: int, bounds: str):
    settings: dict[str, Any] = {"bounds": bounds, "opt_level": level}
    found = outcomes(**settings)
    assert found == outcomes(direct_calls=False, **settings)
    assert found == outcomes(inlining=False, **settings)
    codes: set[TrapCode] = {outcome[0] for outcome in found if isinstance(outcome, tuple)}
    assert codes == {
        TrapCode.TABLE_OUT_OF_BOUNDS,
        TrapCode.INDIRECT_CALL_TO_NULL,
        TrapCode.BAD_SIGNATURE,
        TrapCode.INTEGER_DIVISION_BY_ZERO,
    }


def test_results_and_traps_are_those_without_it_in_tiers(monkeypatch: pytest.MonkeyPatch):
    improve_at_once(monkeypatch.setattr)
    settings: dict[str, Any] = {"compilation": "lazy", "jobs": 1, "opt_level": None}
    assert outcomes(calls=2 * CALLS, **settings) == 2 * outcomes(direct_calls=False)


def random_module(seed: int) -> str:
    """A module with tables that are filled, and perhaps changed, in any way."""
    some = random.Random(seed)
    types = ["$t", "$u", "$open", "$sub"]
    functions = [
        f"(func $f{n} (type {some.choice(types)}) (i32.add (local.get 0) (i32.const {n})))"
        for n in range(5)
    ]

    def items() -> str:
        return " ".join(f"$f{some.randrange(5)}" for _ in range(some.randrange(4)))

    def values() -> str:
        some_items = items().split()
        return " ".join(some.choice([f"(ref.func {f})", "(ref.null func)"]) for f in some_items)

    segments: list[str] = []
    for _ in range(some.randrange(1, 7)):
        place = f"(table {some.randrange(2)}) (offset (i32.const {some.randrange(4)}))"
        segments.append(
            f"(elem {place} func {items()})"
            if some.random() < 0.7
            else f"(elem {place} funcref {values()})"
        )
    changes = [
        "(table.set {} (i32.const 1) (ref.null func))",
        "(drop (table.grow {} (ref.func $f0) (i32.const 1)))",
        "(table.fill {} (i32.const 0) (ref.func $f1) (i32.const 3))",
        "(table.copy {} {} (i32.const 0) (i32.const 1) (i32.const 2))",
        "(table.init {} $passive (i32.const 1) (i32.const 0) (i32.const 2))",
    ]
    change = some.choice(changes).replace("{}", str(some.randrange(2))) if seed % 2 else "(nop)"
    calls = [
        f"""(func (export "{table}{t}") (param i32 i32) (result i32)
          (call_indirect {table} (type {t}) (local.get 0) (local.get 1)))"""
        for table in range(2)
        for t in types
    ]
    return f"""(module
      (type $t (func (param i32) (result i32)))
      (rec (type $u (func (param i32) (result i32))) (type $other (func)))
      (type $open (sub (func (param i32) (result i32))))
      (type $sub (sub $open (func (param i32) (result i32))))
      (table 7 funcref) (table 7 funcref)
      {"".join(segments)} (elem $passive func $f2 $f3) (elem declare func $f0 $f1)
      {"".join(functions)} {"".join(calls)}
      (func (export "change") {change}))"""


RANDOM_CALLS: list[tuple[Any, ...]] = [
    (f"{table}{t}", 10, index)
    for table in range(2)
    for t in ("$t", "$u", "$open", "$sub")
    for index in range(-1, 9)
]


@pytest.mark.parametrize("seed", range(6))
def test_random_tables(seed: int):
    text, calls = random_module(seed), [*RANDOM_CALLS, ("change",), *RANDOM_CALLS]
    assert outcomes(text, calls) == outcomes(text, calls, opt_level=0)


def test_random_tables_have_direct_calls():
    made = [sum(map(len, direct_calls(random_module(seed)).values())) for seed in range(6)]
    assert sum(count > 0 for count in made) >= 3


def test_functions_of_an_instance_that_was_not_finished_find_its_tables_empty():
    """They are in an imported table when a segment does not fit, and before others are copied."""
    text = """(module
      (type $t (func (result i32)))
      (import "" "table" (table $imported 2 funcref))
      (table $own 1 funcref)
      (func $seven (type $t) (i32.const 7))
      (func $calls (type $t) (call_indirect $own (type $t) (i32.const 0)))
      (elem (table $imported) (i32.const 0) func $calls)
      (elem (table $imported) (i32.const 2) func $calls)
      (elem (table $own) (i32.const 0) func $seven))"""
    engine = Engine(Config(jobs=0, opt_level=2))
    store = Store(engine)
    table = Table(store, TableType(ValType.funcref(), Limits(2, None)), None)
    with pytest.raises(Trap):
        Instance(store, Module(engine, text), [table])
    left: Any = table.get(store, 0)
    with pytest.raises(Trap) as caught:
        left(store)
    assert caught.value.trap_code == TrapCode.INDIRECT_CALL_TO_NULL


WRITTEN = """(module
  (type $t (func (result i32)))
  (table $a 1 funcref) (table $b 1 funcref)
  (elem (table $a) (i32.const 0) func $f) (elem (table $b) (i32.const 0) func $f)
  (func $f (type $t) (i32.const 7))
  (func $change (export "change") (nop))
  (func (export "used") (param i32) (result i32) (call_indirect $a (type $t) (local.get 0)))
  (func (export "other") (param i32) (result i32) (call_indirect $b (type $t) (local.get 0))))"""


class Writes(FunctionPass):
    """Writes a table in a function of its own."""

    name = "writes"

    def apply_to_function(self, ctx: Any, function: wasmir.FuncOp) -> None:
        if function.sym_name.data == "change":
            b = WasmBuilder.at_start(function.entry)
            b.table_set("a", b.i32_const(0), b.ref_null(wasmir.FUNCREF))


def test_a_pass_from_elsewhere_may_write_tables():
    """In another unit than those of the calls, or in the same one."""
    calls = [("used", 0), ("change",), ("used", 0)]
    settings: dict[str, Any] = {"passes": {"wasmir-end": [Writes()]}}
    seven, _, (code, _) = outcomes(WRITTEN, calls, **settings)
    assert (seven, code) == (7, TrapCode.INDIRECT_CALL_TO_NULL)


@pytest.mark.parametrize(("text", "has"), [("wasmir-dce", True), ("canonicalize", False)])
def test_passes_of_this_package_write_no_tables(text: str, has: bool):
    config = Config(opt_level=2, at={"wasmir-end": text})
    session = CompileSession(bytes(wat2wasm(WRITTEN)), "m.wat", CompileSettings.of(config))
    assert session.has_direct_calls is has


@pytest.mark.parametrize("inlining", [True, False])
def test_a_written_table_changes_the_functions_that_call_through_it(inlining: bool):
    """And only those: `change` gets a new body, `used` another pair of calls, `other` is as it was."""

    def compiled(text: str, store: Any) -> Any:
        config = Config(jobs=0, opt_level=2, cache=store, inlining=inlining)
        return compile_wasm(config, bytes(wat2wasm(text)), "m.wasm")

    store = MemoryStore()
    compiled(WRITTEN, store)
    changed = WRITTEN.replace("(nop)", "(table.set $a (i32.const 0) (ref.null func))")
    again = compiled(changed, store)
    new = [r.symbol for r in again.log if not r.cached and "function[" in r.symbol]
    assert new == ["wasm[0]::function[1]", "wasm[0]::function[2]"]
    assert again.artifact == compiled(changed, False).artifact
    assert outcomes(changed, [("used", 0), ("change",), ("used", 0)])[2][0] == (
        TrapCode.INDIRECT_CALL_TO_NULL
    )
