"""Tail calls: constant stack, what is left on the stack, and the same behaviour as Wasmtime's."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import wasmtime
from hypothesis import example, given, settings
from hypothesis.strategies import integers, sampled_from
from runtime.tail_call_modules import HOST_PARAMS, Pair

import wasmdialect
from wasmdialect import Config, Engine, Func, FuncType, Instance, Linker, Module, Store, ValType

LEVELS = (0, 2, 3)
FEW = "i32 i64"
MANY = "i32 f64 i32 i64 f32 i32 i64 i32 f64 f64 f64 f64 f64 f64 f64 f64 i64 f32"
"""More than the registers hold, of both kinds."""
WIDE = "f64 i32 i64 i32 i64 i32 i64"
RESULTS = "i32 i64 i32 i64 f32 f64 f64 i32"
"""More than the registers hold, of both kinds."""
ENDLESS = 10_000_000


def engine(**settings: Any) -> Engine:
    return Engine(Config(jobs=0, **settings))


def converted(value: str, source: str, target: str) -> str:
    """A value of one number type as another, bits kept where that is possible."""
    steps = {
        ("i32", "i64"): ["i64.extend_i32_u"],
        ("i64", "i32"): ["i32.wrap_i64"],
        ("i32", "f32"): ["f32.convert_i32_u"],
        ("i32", "f64"): ["f64.convert_i32_u"],
        ("f32", "i32"): ["i32.trunc_sat_f32_u"],
        ("f64", "i32"): ["i32.trunc_sat_f64_u"],
        ("i64", "f32"): ["i32.wrap_i64", "f32.convert_i32_u"],
        ("i64", "f64"): ["f64.convert_i64_u"],
        ("f32", "i64"): ["i64.trunc_sat_f32_u"],
        ("f64", "i64"): ["i64.trunc_sat_f64_u"],
        ("f32", "f64"): ["f64.promote_f32"],
        ("f64", "f32"): ["f32.demote_f64"],
    }.get((source, target), [])
    for step in steps:
        value = f"({step} {value})"
    return value


def link_of_chain(
    name: str, own: str, following: str, call: str, results: str = RESULTS, first: str = ""
) -> str:
    """A function that counts its first parameter down and tail-calls another with each of its own
    parameters moved on by one, or returns values made of all of them."""
    types, others = own.split(), following.split()
    count = converted("(local.get 0)", types[0], "i32")
    left = converted(f"(i32.sub {count} (i32.const 1))", "i32", others[0])
    arguments = [left]
    for position, target in enumerate(others[1:], 1):
        source = position % (len(types) - 1) + 1
        moved = converted(f"(local.get {source})", types[source], target)
        arguments.append(f"({target}.add {moved} ({target}.const {position % 3}))")
    total = "(i32.const 0)"
    for position, t in enumerate(types[1:], 1):
        value = converted(f"(local.get {position})", t, "i32")
        total = f"(i32.add (i32.mul {total} (i32.const 31)) {value})"
    returned = " ".join(converted(total, "i32", t) for t in results.split())
    return f"""(func ${name} {first} (param {own}) (result {results})
      (if (i32.eqz {count}) (then (return {returned})))
      ({call.replace("ARGUMENTS", " ".join(arguments))}))"""


def chain_modules() -> tuple[str, str]:
    """Two modules whose functions tail-call each other in every way: by name, through an own table, an
    import, and a table of the other module; with few and many parameters, both with more results
    than registers."""
    types = "".join(
        f"(type ${name} (func (param {params}) (result {RESULTS})))"
        for name, params in (("few", FEW), ("many", MANY), ("wide", WIDE))
    )
    indirect = "return_call_indirect $shared (type ${}) ARGUMENTS (i32.const {})".format
    exported = '(export "{}")'.format
    first = f"""(module {types}
      (table $shared (export "table") 8 funcref)
      (elem (table $shared) (i32.const 0) func $b $c $d)
      {link_of_chain("a", FEW, MANY, "return_call $b ARGUMENTS", first=exported("a"))}
      {link_of_chain("b", MANY, FEW, indirect("few", 1))}
      {link_of_chain("c", FEW, WIDE, indirect("wide", 2))}
      {link_of_chain("d", WIDE, MANY, indirect("many", 4), first=exported("d"))})"""
    second = f"""(module {types}
      (import "first" "a" (func $a (type $few)))
      (import "first" "d" (func $d (type $wide)))
      (import "first" "table" (table $shared 8 funcref))
      (elem (table $shared) (i32.const 4) func $e $f)
      {link_of_chain("e", MANY, WIDE, "return_call $f ARGUMENTS", first=exported("e"))}
      {link_of_chain("f", WIDE, FEW, "return_call_ref $few ARGUMENTS (ref.func $a)")}
      {link_of_chain("g", FEW, WIDE, "return_call $d ARGUMENTS", first=exported("g"))}
      (elem declare func $a))"""
    return first, second


def instances(w: Any, on: Any, store: Any, modules: dict[str, str]) -> dict[str, Any]:
    """The exports of modules that import from those before them, by module and name."""
    linker = w.Linker(on)
    found: dict[str, Any] = {}
    for name, text in modules.items():
        instance = linker.instantiate(store, w.Module(on, text))
        linker.define_instance(store, name, instance)
        exports = instance.exports(store)
        found |= {f"{name}.{export}": exports[export] for export in exports}
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_ten_million_calls_between_modules_and_signatures_use_no_stack(level: int):
    first, second = chain_modules()
    on = engine(opt_level=level, max_wasm_stack=64 * 1024)
    store = Store(on)
    exports = instances(wasmdialect, on, store, {"first": first, "second": second})
    short = [exports[f"{name}"](store, n, 7) for name in ("first.a", "second.g") for n in range(12)]
    on = wasmtime.Engine()
    theirs = wasmtime.Store(on)
    expected = instances(wasmtime, on, theirs, {"first": first, "second": second})
    assert short == [
        expected[name](theirs, n, 7) for name in ("first.a", "second.g") for n in range(12)
    ]
    assert exports["first.a"](store, ENDLESS, 7) == expected["first.a"](theirs, ENDLESS, 7)


@pytest.mark.parametrize(("caller", "callee"), [(FEW, FEW), (FEW, MANY), (MANY, FEW), (MANY, WIDE)])
def test_a_function_of_a_module_without_tail_calls_is_called_with_constant_stack(
    caller: str, callee: str
):
    """It calls the tail-calling module back, which tail-calls it: only its own frames pile up."""
    plain = f"""(module (memory (export "depth") 1)
      (func (export "plain") (param {callee}) (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (local.get {[*callee.split()].index("i32")})))"""
    zeros = " ".join(f"({t}.const 0)" for t in caller.split()[1:])
    # Every argument of the callee has its position, converted.
    arguments = " ".join(f"({t}.const {n})" for n, t in enumerate(callee.split()))
    tail = f"""(module (import "plain" "plain" (func $plain (param {callee}) (result i32)))
      (type $plain (func (param {callee}) (result i32)))
      (table 1 funcref) (elem (i32.const 0) func $plain)
      (func $direct (param {caller}) (result i32) (return_call $plain {arguments}))
      (func $indirect (param {caller}) (result i32)
        (return_call_indirect (type $plain) {arguments} (i32.const 0)))
      (func (export "run") (param i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum)
            (i32.add (call $direct ({caller.split()[0]}.const 0) {zeros})
                     (call $indirect ({caller.split()[0]}.const 0) {zeros}))))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $again (local.get 0)))
        (local.get $sum)))"""
    on = engine(max_wasm_stack=64 * 1024)
    store = Store(on)
    exports = instances(wasmdialect, on, store, {"plain": plain, "tail": tail})
    position = [*callee.split()].index("i32")
    assert exports["tail.run"](store, 100_000) == 200_000 * position
    calls = exports["plain.depth"].read(store, 0, 4)
    assert int.from_bytes(calls, "little") == 200_000


@pytest.mark.parametrize("params", [FEW, MANY, WIDE])
def test_a_host_function_is_called_with_constant_stack(params: str):
    """And sees the instance that made the tail call as its caller."""
    types = {"i32": ValType.i32(), "i64": ValType.i64(), "f32": ValType.f32(), "f64": ValType.f64()}
    values = [float(n) if t[0] == "f" else n for n, t in enumerate(params.split(), 3)]
    arguments = " ".join(f"({t}.const {n})" for n, t in enumerate(params.split(), 3))
    text = f"""(module (import "" "host" (func $host (param {params}) (result i32 i64)))
      (type $host (func (param {params}) (result i32 i64)))
      (table 1 funcref) (elem (i32.const 0) func $host)
      (memory (export "memory") 1)
      (func $direct (result i32 i64) (return_call $host {arguments}))
      (func $indirect (result i32 i64)
        (return_call_indirect (type $host) {arguments} (i32.const 0)))
      (func $twice (result i32 i64) (return_call $direct))
      (func (export "run") (param i32) (result i32)
        (loop $again
          (drop (drop (call $direct))) (drop (drop (call $indirect))) (drop (drop (call $twice)))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 0))
      (func (export "last") (result i32 i64) (return_call $twice)))"""
    on = engine(max_wasm_stack=64 * 1024)
    store = Store(on)
    seen: list[Any] = []

    def host(caller: Any, *arguments: Any) -> tuple[int, int]:
        seen.append(arguments)
        assert caller["memory"].size(caller) == 1
        return len(seen), -1

    signature = FuncType([types[t] for t in params.split()], [ValType.i32(), ValType.i64()])
    function = Func(store, signature, host, access_caller=True)
    exports: Any = Instance(store, Module(on, text), [function]).exports(store)
    assert exports["run"](store, 2000) == 0
    assert exports["last"](store) == [6001, -1]
    assert {*seen} == {tuple(values)}


# --- what is left on the stack

TRAPPING = """(module $m
  (type $t (func (param i32) (result i32)))
  (type $wide (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "" "host" (func $host (param i32) (result i32)))
  (table 4 funcref) (elem (i32.const 0) func $last $wide $plain $host)
  (memory 1)
  (func $last (param i32) (result i32) (i32.load (local.get 0)))
  (func $plain (type $wide) (i32.load (local.get 6)))
  (func $wide (type $wide)
    (if (local.get 5) (then (return_call $wide (local.get 0) (local.get 1) (local.get 2)
      (local.get 3) (local.get 4) (i32.const 0) (local.get 6))))
    (return_call $last (local.get 6)))
  (func $direct (param i32) (result i32) (return_call $last (local.get 0)))
  (func $indirect (param i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $to_wide (param i32) (result i32)
    (return_call $wide (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (local.get 0)))
  (func $to_plain (param i32) (result i32)
    (return_call_indirect (type $wide) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
      (i32.const 5) (i32.const 6) (local.get 0) (i32.const 2)))
  (func $to_host (param i32) (result i32) (return_call $host (local.get 0)))
  (func $to_host_indirect (param i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 3)))
  (func $null (param i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 9)))
  (func $mismatch (param i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 1)))
  (func $outer (param i32 i32) (result i32)
    (block (block (block (block (block (block (block (block (block
      (br_table 0 1 2 3 4 5 6 7 8 (local.get 0)))
      (return (i32.add (i32.const 1) (call $direct (local.get 1)))))
      (return (i32.add (i32.const 1) (call $indirect (local.get 1)))))
      (return (i32.add (i32.const 1) (call $to_wide (local.get 1)))))
      (return (i32.add (i32.const 1) (call $to_plain (local.get 1)))))
      (return (i32.add (i32.const 1) (call $to_host (local.get 1)))))
      (return (i32.add (i32.const 1) (call $to_host_indirect (local.get 1)))))
      (return (i32.add (i32.const 1) (call $null (local.get 1)))))
      (return (i32.add (i32.const 1) (call $mismatch (local.get 1)))))
    (return_call $direct (local.get 1)))
  (func (export "run") (param i32 i32) (result i32)
    (i32.add (i32.const 1) (call $outer (local.get 0) (local.get 1))))
  (func (export "entry") (param i32) (result i32) (return_call $to_wide (local.get 0)))
  (func (export "host entry") (param i32) (result i32) (return_call $to_host (local.get 0))))"""


def outcomes(w: Any, on: Any) -> list[Any]:
    """Results, or the message of the trap and the functions and offsets on the stack."""
    store = w.Store(on)

    def host(value: int) -> int:
        if value < 0:
            raise KeyError(value)
        return value + 5

    signature = w.FuncType([w.ValType.i32()], [w.ValType.i32()])
    module = w.Module(on, TRAPPING)
    exports = w.Instance(store, module, [w.Func(store, signature, host)]).exports(store)
    calls = [("run", kind, value) for kind in range(9) for value in (0, -1)]
    calls += [(name, value) for name in ("entry", "host entry") for value in (0, -1)]
    found: list[Any] = []
    for name, *arguments in calls:
        try:
            found.append(exports[name](store, *arguments))
        except w.Trap as trap:
            frames = [(frame.func_name, frame.module_offset) for frame in trap.frames]
            found.append((trap.trap_code.name, frames))
        except KeyError as error:
            found.append(("KeyError", error.args))
    return found


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_frame_that_made_a_tail_call_is_gone_from_the_backtrace(level: int, bounds: str):
    """As in Wasmtime, with the offset of each remaining frame."""
    ours = outcomes(wasmdialect, engine(opt_level=level, bounds=bounds))
    assert ours == outcomes(wasmtime, wasmtime.Engine())


def test_recursion_between_tail_calls_uses_up_the_stack():
    """The frames of the recursion pile up; and the store can be used afterwards."""
    text = """(module
      (type $wide (func (param i32 i32 i32 i32 i32 i32 i64) (result i64)))
      (func $f (export "f") (param i32) (result i64)
        (i64.add (i64.const 1) (call $g (local.get 0))))
      (func $g (param i32) (result i64)
        (return_call $wide (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
          (i32.const 5) (i64.const 6)))
      (func $wide (type $wide)
        (if (i32.eqz (local.get 0)) (then (return (local.get 6))))
        (return_call $f (i32.sub (local.get 0) (i32.const 1)))))"""
    on = engine()
    store = Store(on)
    f: Any = Instance(store, Module(on, text), []).exports(store)["f"]
    for _ in range(3):
        assert f(store, 1000) == 1007
        with pytest.raises(wasmdialect.Trap, match="call stack exhausted"):
            f(store, 100_000_000)


# --- random modules


def observed(w: Any, on: Any, pair: Pair) -> list[Any]:
    """What calls of all functions do, and what the host and the table saw."""
    store = w.Store(on)
    linker = w.Linker(on)
    seen: list[Any] = []

    def host(*arguments: Any) -> Any:
        seen.append(arguments)
        values = [float(len(seen)) if t[0] == "f" else len(seen) for t in pair.results]
        return (values[0] if len(values) == 1 else values) if values else None

    signature = w.FuncType(
        *([getattr(w.ValType, t)() for t in types] for types in (HOST_PARAMS, pair.results))
    )
    linker.define(store, "", "host", w.Func(store, signature, host))
    functions: dict[str, Any] = {}
    state: Any = None
    for name, text in (("first", pair.first), ("second", pair.second)):
        instance = linker.instantiate(store, w.Module(on, text))
        linker.define_instance(store, name, instance)
        exports = instance.exports(store)
        functions |= {f.name: exports[f.name] for f in pair.functions if f.name in exports}
        state = exports["state"] if name == "first" else state
    found: list[Any] = []
    for f in pair.functions:
        for count in (1, 4, 30):
            arguments = [float(n) if t[0] == "f" else n for n, t in enumerate(f.params)]
            arguments[0] = count
            try:
                found.append(functions[f.name](store, *arguments))
            except w.Trap as trap:
                frames = [(frame.func_name, frame.module_offset) for frame in trap.frames]
                found.append((trap.trap_code.name, frames))
            found.append(state.value(store))
    return [*found, *seen]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=integers(0, 1 << 32), level=sampled_from(LEVELS))
@example(1053, 3)  # an ordinary entry was inlined
def test_random_modules_do_the_same_as_in_wasmtime(seed: int, level: int):
    pair = Pair(seed)
    ours = observed(wasmdialect, engine(opt_level=level), pair)
    assert ours == observed(wasmtime, wasmtime.Engine(), pair)


# --- limits

COUNTED = """(module
  (type $t (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) func $b $a)
  (func $a (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 6))))
    (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (local.get 6)
      (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 0)))
  (func $b (type $t)
    (nop) (drop (i32.const 4))
    (return_call $a (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
      (local.get 5) (local.get 6)))
  (func $last (param i32) (result i32) (i32.eqz (local.get 0)))
  (func (export "run") (param i32) (result i32)
    (call $a (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6)))
  (func (export "once") (param i32) (result i32) (return_call $last (local.get 0))))"""


def fuel_left(w: Any, on: Any, name: str, count: int, fuel: int) -> Any:
    store = w.Store(on)
    store.set_fuel(fuel)
    run = w.Instance(store, w.Module(on, COUNTED), []).exports(store)[name]
    try:
        result = run(store, count)
    except w.Trap as trap:
        return trap.trap_code.name
    return result, store.get_fuel()


@pytest.mark.parametrize("level", LEVELS)
def test_tail_calls_use_the_same_fuel_as_in_wasmtime(level: int):
    ours = engine(opt_level=level, consume_fuel=True)
    config = wasmtime.Config()
    config.consume_fuel = True
    theirs = wasmtime.Engine(config)
    for case in [("run", 0, 1000), ("run", 1, 1000), ("run", 13, 10_000), ("once", 3, 100)]:
        assert fuel_left(wasmdialect, ours, *case) == fuel_left(wasmtime, theirs, *case)
    assert fuel_left(wasmdialect, ours, "run", 1_000_000, 10_000) == "OUT_OF_FUEL"
    assert fuel_left(wasmtime, theirs, "run", 1_000_000, 10_000) == "OUT_OF_FUEL"


def test_a_deadline_ends_an_endless_chain_of_tail_calls():
    on = engine(epoch_interruption=True)
    store = Store(on)
    store.set_epoch_deadline(1)
    run: Any = Instance(store, Module(on, COUNTED), []).exports(store)["run"]
    assert run(store, 100) >= 1
    on.increment_epoch()
    with pytest.raises(wasmdialect.Trap) as caught:
        run(store, -1)
    assert caught.value.trap_code == wasmdialect.TrapCode.INTERRUPT


# --- lifetimes, other kinds of modules


def test_an_instance_outlives_the_last_reference_when_it_is_tail_called():
    on = engine()
    store = Store(on)
    linker = Linker(on)
    callee = Instance(
        store,
        Module(
            on,
            f"""(module (memory 1) (data (i32.const 0) "\\2a") (func (export "f") (param {MANY})
              (result i32) (i32.load8_u (local.get 0))))""",
        ),
        [],
    )
    linker.define_instance(store, "m", callee)
    zeros = " ".join(f"({t}.const 0)" for t in MANY.split())
    caller = linker.instantiate(
        store,
        Module(
            on,
            f"""(module (import "m" "f" (func $f (param {MANY}) (result i32)))
              (func (export "run") (result i32) (return_call $f {zeros})))""",
        ),
    )
    run: Any = caller.exports(store)["run"]
    del callee, caller, linker
    for _ in range(3):
        gc.collect()
        assert run(store) == 42


def test_saved_artifacts_with_and_without_tail_entries_call_each_other():
    first, second = chain_modules()
    on = engine()
    store = Store(on)
    linker = Linker(on)
    for name, text in (("first", first), ("second", second)):
        module = Module.deserialize(on, Module(on, text).serialize())
        linker.define_instance(store, name, linker.instantiate(store, module))
    direct = instances(wasmdialect, on, Store(on), {"first": first})
    assert direct.keys() == {"first.a", "first.d", "first.table"}
    a: Any = linker.get(store, "first", "a")
    assert a(store, 1000, 7) == a(store, 1000, 7)


def test_functions_without_tail_calls_are_compiled_as_in_other_modules():
    """Byte for byte, their callers too."""
    plain = """(func $f (export "f") (param i32 i64 f64 i32 i32 i32 i32) (result i32)
        (i32.add (local.get 0) (call $g (local.get 1))))
      (func $g (param i64) (result i32) (i32.wrap_i64 (local.get 0)))"""
    tail = "(func (param i64) (result i32) (return_call $g (local.get 0)))"
    on = engine(inlining=False)
    without = Module(on, f"(module {plain})")
    with_one = Module(on, f"(module {plain} {tail})")
    code = [
        {
            f.symbol: bytes(module.loaded.artifact.text[f.offset :][: f.size])
            for f in module.loaded.artifact.functions
            if f.symbol.startswith("wasm[0]::function")
        }
        for module in (without, with_one)
    ]
    assert {*code[1]} - {*code[0]} == {"wasm[0]::function[2]"}
    del code[1]["wasm[0]::function[2]"]
    assert code[0] == code[1]
