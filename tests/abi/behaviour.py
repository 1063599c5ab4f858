"""What programs do that use every part of the contract between compiled code and its runtime.

`behaviour()` compiles, runs, and says what happened; `other_contract.py` calls it with all tables
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from native_convention import call_natively

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Linker,
    Module,
    Store,
    Trap,
    TrapCode,
    ValType,
)

EXAMPLES = Path(__file__).parents[2] / "examples"

EXPORTING = """(module $exporting
  (func (export "sums") (param i32 i64 f32 f64) (result f64 i32 i32 i64 f64 i64 i32 f32 f64)
    (f64.add (local.get 3) (f64.const 1))
    (local.get 0) (i32.add (local.get 0) (i32.const 1))
    (local.get 1) (f64.promote_f32 (local.get 2)) (i64.add (local.get 1) (i64.const 2))
    (i32.const 3) (local.get 2) (local.get 3))
  (memory (export "memory") 1 3)
  (data (i32.const 16) "exported")
  (table (export "table") 4 8 funcref)
  (global (export "constant") i64 (i64.const 1234567890123))
  (global (export "variable") (mut f64) (f64.const 0.5))
  (func $seven (export "seven") (result i32) (i32.const 7))
  (elem (i32.const 1) $seven))"""

IMPORTING = """(module $importing
  (type $unary (func (param i32) (result i32)))
  (import "e" "sums" (func $sums (param i32 i64 f32 f64)
    (result f64 i32 i32 i64 f64 i64 i32 f32 f64)))
  (import "host" "add" (func $add (param i32 i64 f32 f64) (result i64)))
  (import "host" "fail" (func $fail))
  (import "host" "pair" (func $pair (param externref) (result externref i32)))
  (import "e" "memory" (memory $theirs 1))
  (import "e" "table" (table $t 2 funcref))
  (import "e" "constant" (global $constant i64))
  (import "e" "variable" (global $variable (mut f64)))
  (global $i (mut i32) (i32.const 5))
  (global $l (mut i64) (i64.const 6))
  (global $s (mut f32) (f32.const 1.5))
  (global $f (mut f64) (f64.const 2.5))
  (global $x (export "x") (mut externref) (ref.null extern))
  (global $r (export "r") funcref (ref.func $double))
  (table $own (export "own") 6 20 funcref)
  (table $objects (export "objects") 2 20 externref)
  (elem $passive func $double $triple)
  (elem (table $own) (i32.const 1) func $double $triple $trap)
  (memory $mine (export "mine") 1 4)
  (data $bytes "passive bytes")
  (data (memory $mine) (i32.const 100) "\\01\\02\\03\\04\\05\\06\\07\\08")
  (func $double (export "double") (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $triple (type $unary) (i32.mul (local.get 0) (i32.const 3)))
  (func $trap (type $unary) unreachable)
  (func (export "sums") (param i32 i64 f32 f64) (result f64 i32 i32 i64 f64 i64 i32 f32 f64)
    (call $sums (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "add") (param i32 i64 f32 f64) (result i64)
    (call $add (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "fail") (call $fail))
  (func (export "pair") (param externref) (result externref i32) (call $pair (local.get 0)))
  (func (export "many") (param i32 i64 f32 f64 i32 i64 i32 i32 i64 f64 f64 f64 f64 f64 f64 f64 f64)
    (result i64)
    (i64.add (i64.add (i64.extend_i32_s (local.get 7)) (local.get 8))
      (i64.trunc_f64_s (f64.add (local.get 15) (local.get 16)))))
  (func (export "globals") (result i32 i64 f32 f64 i64 f64)
    (global.set $i (i32.add (global.get $i) (i32.const 1)))
    (global.set $l (i64.add (global.get $l) (i64.const 1)))
    (global.set $s (f32.add (global.get $s) (f32.const 1)))
    (global.set $f (f64.add (global.get $f) (f64.const 1)))
    (global.set $variable (f64.add (global.get $variable) (f64.const 1)))
    (global.get $i) (global.get $l) (global.get $s) (global.get $f) (global.get $constant)
    (global.get $variable))
  (func (export "object") (param externref) (result externref)
    (global.set $x (local.get 0)) (table.set $objects (i32.const 1) (local.get 0))
    (table.get $objects (i32.const 1)))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect $own (type $unary) (local.get 1) (local.get 0)))
  (func (export "theirs") (param i32) (result i32)
    (table.set $t (i32.const 2) (ref.func $double))
    (call_indirect $t (result i32) (local.get 0)))
  (func (export "references") (param i32) (result funcref)
    (table.set $own (i32.const 5) (ref.func $triple)) (table.get $own (local.get 0)))
  (func (export "tables") (param i32) (result i32 i32 i32)
    (table.grow $own (ref.func $triple) (local.get 0))
    (table.grow $objects (ref.null extern) (local.get 0))
    (table.fill $own (i32.const 0) (ref.func $double) (i32.const 1))
    (table.copy $own $own (i32.const 5) (i32.const 1) (i32.const 1))
    (table.init $own $passive (i32.const 4) (i32.const 0) (i32.const 2))
    (elem.drop $passive)
    (table.size $own))
  (func (export "memories") (param i32) (result i32 i32 i32 i64)
    (memory.grow $mine (local.get 0))
    (memory.fill $mine (i32.const 65536) (i32.const 7) (i32.const 16))
    (memory.copy $theirs $mine (i32.const 32) (i32.const 100) (i32.const 8))
    (memory.init $mine $bytes (i32.const 200) (i32.const 2) (i32.const 4))
    (data.drop $bytes)
    (memory.size $mine)
    (i32.load $mine (i32.const 200))
    (i64.load $theirs (i32.const 32)))
  (func (export "load") (param i32) (result i32) (i32.load $mine offset=1 (local.get 0)))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "truncate") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func $deeper (export "deep") (param i32) (result i32)
    (i32.add (call $deeper (local.get 0)) (i32.const 1)))
  (func (export "loop") (loop (br 0))))"""

NUMBERS = (-5, 1 << 40, 1.5, -2.25)


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """The results, or the exception, a trap with its code and functions."""
    try:
        result = function(*arguments)
    except Trap as trap:
        code, functions = trap.trap_code, [frame.func_index for frame in trap.frames]
        return [
            None if code is None else code.name,
            trap.message.splitlines()[-1].strip(),
            functions,
        ]
    except Exception as error:
        return [type(error).__name__, str(error)]
    return repr(result)


def linked(engine: Engine) -> tuple[Store, dict[str, Any]]:
    """An instance of IMPORTING with what it imports, and its exports."""
    store = Store(engine)
    if engine.config.consume_fuel:
        store.set_fuel(1_000_000)
    if engine.config.epoch_interruption:
        store.set_epoch_deadline(1)
    types = [ValType.i32(), ValType.i64(), ValType.f32(), ValType.f64()]

    def fail() -> None:
        raise KeyError("of the host")

    linker = Linker(engine)
    linker.define_instance(store, "e", Instance(store, Module(engine, EXPORTING), []))
    add = FuncType(types, [ValType.i64()])
    linker.define(
        store, "host", "add", Func(store, add, lambda a, b, c, d: a + b + int(4 * (c + d)))
    )
    linker.define(store, "host", "fail", Func(store, FuncType([], []), fail))
    pair = FuncType([ValType.externref()], [ValType.externref(), ValType.i32()])
    linker.define(store, "host", "pair", Func(store, pair, lambda x: [(x, x), 17]))
    exports = linker.instantiate(store, Module(engine, IMPORTING)).exports(store)
    return store, {name: exports[name] for name in exports}


def calls(store: Store, exports: dict[str, Any]) -> dict[str, Any]:
    """Everything that needs no switch."""

    def call(name: str, *arguments: Any) -> Any:
        return outcome(exports[name], store, *arguments)

    def native(name: str, *arguments: Any) -> Any:
        return outcome(call_natively, exports[name], *arguments)

    done = {
        "wasm results": call("sums", *NUMBERS),
        "native results": native("sums", *NUMBERS),
        "host": call("add", *NUMBERS),
        "host error": call("fail"),
        "host references": call("pair", "object"),
        "registers and stack": native("many", *range(17)),
        "globals": [call("globals"), call("globals")],
        "object": call("object", (1, 2)),
        "objects in tables": outcome(lambda: exports["objects"].get(store, 1)),
        "global in Python": outcome(lambda: exports["x"].value(store)),
        "function in a global": outcome(lambda: exports["r"].value(store)(store, 21)),
        "indirect": [call("indirect", i, 10) for i in range(-1, 5)],
        "imported table": [call("theirs", i) for i in (0, 1, 2)],
        "function from a table": outcome(lambda: exports["references"](store, 5)(store, 5)),
        "tables": [call("tables", 2), call("tables", 100)],
        "indirect, changed": [call("indirect", i, 10) for i in range(8)],
        "memories": [call("memories", 1), call("memories", 1)],
        "memory": outcome(lambda: exports["mine"].read(store, 65536, 65552)),
        "loads": [call("load", i) for i in (99, -1, 131072)],
        "divide": [call("divide", 7, 0), call("divide", -1 << 31, -1)],
        "truncate": [call("truncate", float("nan")), call("truncate", 1e30)],
    }
    overflow = call("deep", 1)
    done["stack"] = overflow[:2]
    return done


def switched() -> dict[str, Any]:
    """What a program does that is stopped, watched, or compiled with debug checks."""
    done: dict[str, Any] = {}
    engine = Engine(Config(jobs=0, opt_level=0, consume_fuel=True, epoch_interruption=True))
    store, exports = linked(engine)
    done["fuel"] = [outcome(exports["double"], store, 4), store.get_fuel()]
    done["no fuel"] = [outcome(exports["loop"], store), store.get_fuel()]
    store.set_fuel(1_000_000)
    engine.increment_epoch()
    done["deadline"] = outcome(exports["loop"], store)
    counting = {"load": (str(EXAMPLES / "count_calls.py"),), "at": {"wasmir-end": "count-calls"}}
    engine = Engine(Config(jobs=0, opt_level=0, bounds="explicit", debug_checks=True, **counting))
    store = Store(engine)
    instance = Instance(store, Module(engine, EXPORTING), [])
    exports = instance.exports(store)
    done["debug checks"] = outcome(exports["sums"], store, *NUMBERS)
    done["counter"] = instance.counters()
    return done


def behaviour() -> dict[str, Any]:
    """By what is tried: what happened."""
    engine = Engine(Config(jobs=0, opt_level=0))
    store, exports = linked(engine)
    artifact = Module.deserialize(engine, Module(engine, EXPORTING).serialize())
    seven = Instance(store, artifact, []).exports(store)["seven"]
    return {
        **calls(store, exports),
        "saved": outcome(seven, store),
        "trap codes": [code.name for code in TrapCode],
        **switched(),
    }
