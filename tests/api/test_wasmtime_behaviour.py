"""The subjects of wasmtime-py's own tests, by class: each test runs on both engines."""

from __future__ import annotations

import gc
import math
from pathlib import Path
from typing import Any

import pytest
from api.world import World

# --- Config, Engine, Store


def test_engines_and_stores_are_made_of_each_other(api: Any):
    with pytest.raises(TypeError):
        api.Engine(3)
    with pytest.raises(TypeError):
        api.Store(3)
    assert api.Engine(api.Config()).is_pulley() is False
    engine = api.Engine()
    assert api.Store(engine).engine is engine


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strategy", "nonexistent"), ("cranelift_opt_level", "nonexistent"),
        ("profiler", "nonexistent"), ("target", "not-a-real-target"),
    ],
)  # fmt: skip
def test_values_that_a_setting_does_not_have(api: Any, name: str, value: str):
    with pytest.raises(api.WasmtimeError):
        setattr(api.Config(), name, value)


@pytest.mark.parametrize("name", ["wasm_simd", "wasm_threads", "consume_fuel", "max_wasm_stack"])
def test_settings_of_another_type(api: Any, name: str):
    with pytest.raises(TypeError):
        setattr(api.Config(), name, "yes")


def test_switches_of_features(api: Any):
    text = "(module (func (param v128)))"
    for enable in (False, True):
        config = api.Config()
        config.wasm_relaxed_simd = enable
        config.wasm_simd = enable
        engine = api.Engine(config)
        wasm = api.wat2wasm(text)
        if enable:
            api.Module.validate(engine, wasm)
            continue
        with pytest.raises(api.WasmtimeError):
            api.Module.validate(engine, wasm)


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (lambda api: api.Engine(), lambda engine: engine.increment_epoch()),
        (lambda api: api.Store(), lambda store: store.set_epoch_deadline(1)),
        (lambda api: api.Store(), lambda store: store.gc()),
        (lambda api: api.Linker(api.Engine()), lambda linker: linker.define_wasi()),
        (lambda api: api.WasiConfig(), lambda config: config.preopen_dir(".", ".")),
        (lambda api: api.Module(api.Engine(), "(module)"), lambda module: module.imports),
    ],
)
def test_closed_objects(api: Any, make: Any, use: Any):
    made = make(api)
    with made as inside:
        assert inside is made
    made.close()
    with pytest.raises(ValueError, match="closed"):
        use(made)


def test_what_was_made_from_a_closed_object_stays_usable(api: Any):
    config = api.Config()
    config.consume_fuel = True
    engine = api.Engine(config)
    store = api.Store(engine)
    store.set_fuel(100)
    with api.Linker(engine) as linker, api.Module(engine, '(module (func (export "f")))') as module:
        instance = linker.instantiate(store, module)
    engine.close()
    assert instance.exports(store)["f"](store) is None
    assert 0 < store.get_fuel() < 100
    store.set_fuel(7)


def test_programs_stop_at_the_deadline(api: Any):
    config = api.Config()
    config.epoch_interruption = True
    engine = api.Engine(config)
    store = api.Store(engine)
    store.set_epoch_deadline(1)
    seen: list[str] = []
    nothing = api.FuncType([], [])
    imports = [
        api.Func(store, nothing, lambda: seen.append("hit")),
        api.Func(store, nothing, engine.increment_epoch),
    ]
    module = api.Module(
        engine,
        '(module (import "" "hit" (func $hit)) (import "" "stop" (func $stop))'
        " (func $start (call $hit) (call $stop) (loop (br 0))) (start $start))",
    )
    with pytest.raises(api.Trap) as caught:
        api.Instance(store, module, imports)
    assert caught.value.trap_code == api.TrapCode.INTERRUPT
    assert seen == ["hit"]


# --- Val and types


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("i32", 1, 1), ("i32", 0xFFFF_FFFF, -1), ("i32", -1, -1), ("i32", 1 << 35, 0),
        ("i32", 0x8000_0000, -(1 << 31)), ("i64", 0xFFFF_FFFF, 0xFFFF_FFFF),
        ("i64", (1 << 64) - 1, -1), ("i64", 1 << 67, 0), ("f32", 1.0, 1.0), ("f64", 0.1, 0.1),
        ("f32", 0.1, 0.10000000149011612), ("f32", 1e300, math.inf),
    ],
)  # fmt: skip
def test_values_with_a_type(world: World, kind: str, given: Any, found: Any):
    api = world.api
    value = getattr(api.Val, kind)(given)
    assert value.value == found
    assert value.type == getattr(api.ValType, kind)()
    for other in ("i32", "i64", "f32", "f64"):
        assert getattr(value, f"as_{other}")() == (found if other == kind else None)
    glob = api.Global(world.store, api.GlobalType(value.type, True), value)
    assert glob.value(world.store) == found
    glob.set_value(world.store, value)
    assert glob.value(world.store) == found


@pytest.mark.parametrize(
    ("kind", "given"),
    [("i32", ""), ("i32", 1.2), ("i64", ""), ("i64", None), ("f32", ""), ("f32", 1), ("f64", 1)],
)
def test_values_of_another_type(api: Any, kind: str, given: Any):
    with pytest.raises(TypeError):
        getattr(api.Val, kind)(given)


def test_references_as_values(world: World):
    api = world.api
    thing = object()
    assert api.Val.externref(thing).value is thing
    assert api.Val.externref(thing).as_externref() is thing
    assert api.Val.funcref(None).value is None
    func = api.Func(world.store, api.FuncType([], []), lambda: None)
    assert api.Val.funcref(func).as_funcref() is func
    assert api.Val.ref_null(api.ValType.externref()).type == api.ValType.externref()
    with pytest.raises(api.WasmtimeError):
        api.Val.ref_null(api.ValType.i32())
    assert api.Val.i32(3) == api.Val.i32(3)
    assert api.Val.i32(3) == 3
    assert api.Val.i32(3) != api.Val.i64(3)


def test_memory_types(api: Any):
    huge = 1 << 32
    large = api.MemoryType(api.Limits(huge, huge), is_64=True)
    assert (large.limits.min, large.limits.max, large.is_64) == (huge, huge, True)
    assert api.MemoryType(api.Limits(huge, None), is_64=True).limits.max is None
    for limits in (api.Limits(huge, None), api.Limits(1, huge)):
        with pytest.raises(api.WasmtimeError):
            api.MemoryType(limits)
    with pytest.raises(api.WasmtimeError):
        api.MemoryType(api.Limits(1, huge), shared=True)
    ordinary = api.MemoryType(api.Limits(1, None))
    assert (ordinary.page_size, ordinary.page_size_log2, ordinary.is_shared) == (65536, 16, False)
    bytewise = api.MemoryType(api.Limits(1, None), page_size_log2=0)
    assert (bytewise.page_size, bytewise.page_size_log2) == (1, 0)
    for cls, other in ((api.MemoryType, ()), (api.TableType, (api.ValType.funcref(),))):
        with pytest.raises(TypeError):
            cls(*other, 1)


def test_a_memory_with_pages_of_a_byte(api: Any):
    config = api.Config()
    config.wasm_custom_page_sizes = True
    engine = api.Engine(config)
    store = api.Store(engine)
    memory = api.Memory(store, api.MemoryType(api.Limits(3, None), page_size_log2=0))
    assert (memory.page_size(store), memory.page_size_log2(store)) == (1, 0)
    assert memory.data_len(store) == 3
    module = api.Module(
        engine,
        '(module (memory (export "m") 7 (pagesize 1)) (func (export "f") (result i32) memory.size))',
    )
    exports = api.Instance(store, module, []).exports(store)
    assert exports["m"].data_len(store) == exports["f"](store) == 7


def test_types_of_imports_and_exports(world: World):
    api = world.api
    module = world.module(
        '(module (import "" "" (func)) (import "a" "bcd" (global i32)) (import "" "" (memory 1))'
        ' (import "" "x" (table 1 funcref)) (func (export "a") (param i32 f32) (result f64)'
        ' (f64.const 0)) (global (export "") (mut i32) (i32.const 1)))'
    )
    func, glob, memory, table = (item.type for item in module.imports)
    assert (func.params, func.results) == ([], [])
    assert (glob.content, glob.mutable) == (api.ValType.i32(), False)
    assert memory.limits == api.Limits(1, None)
    assert (table.limits, table.element) == (api.Limits(1, None), api.ValType.funcref())
    assert [item.name for item in module.exports] == ["a", ""]
    first, second = (item.type for item in module.exports)
    assert first.params == [api.ValType.i32(), api.ValType.f32()]
    assert first.results == [api.ValType.f64()]
    assert (second.content, second.mutable) == (api.ValType.i32(), True)
    assert (world.module("(module)").imports, world.module("(module)").exports) == ([], [])


# --- Module


def test_modules_from_many_forms(world: World, tmp_path: Path):
    api = world.api
    empty = b"\0asm\1\0\0\0"
    assert api.wat2wasm("(module)") == empty
    for form in ("(module)", empty, bytearray(empty)):
        api.Module(world.engine, form)
    (tmp_path / "m.wat").write_text("(module)")
    for path in (tmp_path / "m.wat", str(tmp_path / "m.wat"), str(tmp_path / "m.wat").encode()):
        api.Module.from_file(world.engine, path)
    with pytest.raises(OSError, match="nowhere"):
        api.Module.from_file(world.engine, str(tmp_path / "nowhere.wat"))


def test_what_is_not_a_module(world: World):
    api, engine = world.api, world.engine
    for wrong in (2, None):
        with pytest.raises(TypeError):
            api.Module(engine, wrong)
        with pytest.raises(TypeError):
            api.Module.validate(engine, wrong)
    with pytest.raises(TypeError):
        api.Module(1, b"")
    with pytest.raises(AttributeError):
        api.Module.validate(1, b"")
    for broken in (b"", b"\x00", "x"):
        with pytest.raises(api.WasmtimeError):
            api.Module(engine, broken)
    with pytest.raises(api.WasmtimeError):
        api.wat2wasm("x")


def test_artifacts_in_files(world: World, tmp_path: Path):
    api, path = world.api, str(tmp_path / "module.bin")
    Path(path).write_bytes(world.module('(module (func (export "f")))').serialize())
    with api.Module.deserialize_file(world.engine, path) as module:
        assert [item.name for item in module.exports] == ["f"]
    with pytest.raises(TypeError):
        api.Module.deserialize(world.engine, 3)
    with pytest.raises(api.WasmtimeError):
        api.Module.deserialize(world.engine, b"")


# --- Instance


def test_exports_are_a_mapping(world: World):
    api = world.api
    exports = world.exports(
        '(module (func (export "a")) (func (export "b")) (global (export "c") i32 (i32.const 0)))'
    )
    assert set(exports) == {"a", "b", "c"}
    assert len(exports) == 3
    assert "a" in exports
    assert "d" not in exports
    assert isinstance(exports.by_index[2], api.Global)
    assert set(exports.values()) == set(exports.by_index)
    assert exports.get("d") is None
    assert exports.get("d", 7) == 7
    assert isinstance(exports.get("b", 7), api.Func)
    with pytest.raises(KeyError):
        exports["d"]
    with pytest.raises(IndexError):
        exports.by_index[100]


def test_items_are_shared_by_their_importers(world: World):
    api, store = world.api, world.store
    module = world.module(
        '(module (import "" "" (global $g (mut i32))) (func (export "get") (result i32)'
        ' (global.get $g)) (func (export "set") (global.set $g (i32.const 5))))'
    )
    glob = api.Global(store, api.GlobalType(api.ValType.i32(), True), 2)
    first, second = (api.Instance(store, module, [glob]).exports(store) for _ in range(2))
    assert first["get"](store) == 2
    glob.set_value(store, 4)
    assert first["get"](store) == second["get"](store) == 4
    first["set"](store)
    assert second["get"](store) == glob.value(store) == 5


def test_imports_that_do_not_fit(world: World):
    api, store = world.api, world.store
    func = api.Func(store, api.FuncType([], []), lambda: None)
    needs_func = world.module('(module (import "" "" (func)))')
    api.Instance(store, needs_func, [func])
    for imports in ([], [func, func]):
        with pytest.raises(api.WasmtimeError, match=f"expected 1 imports, found {len(imports)}"):
            api.Instance(store, needs_func, imports)
    with pytest.raises(TypeError):
        api.Instance(store, needs_func, [1])
    with pytest.raises(api.WasmtimeError, match="incompatible import type"):
        api.Instance(store, world.module('(module (import "" "" (global i32)))'), [func])
    with pytest.raises(AttributeError):
        api.Instance(store, 1, [])


# --- Func and Caller


def test_functions_of_python(world: World):
    api, store = world.api, world.store
    i32, i64, f32, f64 = (getattr(api.ValType, name)() for name in ("i32", "i64", "f32", "f64"))
    turned = api.Func(
        store, api.FuncType([i32, i64, f32, f64], [f64, f32, i64, i32]), lambda *a: list(a[::-1])
    )
    assert turned(store, 1, 2, 3.0, 4.0) == [4.0, 3.0, 2, 1]
    assert turned(store, api.Val.i32(1), api.Val.i64(2), 3.0, 4.0) == [4.0, 3.0, 2, 1]
    assert turned.type(store).params == [i32, i64, f32, f64]


def test_functions_that_are_made_or_called_wrongly(world: World):
    api, store = world.api, world.store
    nothing, takes = api.FuncType([], []), api.FuncType([api.ValType.i32()], [])
    with pytest.raises(TypeError):
        api.Func(1, nothing, lambda: None)
    with pytest.raises(TypeError):
        api.Func(store, 1, lambda: None)
    with pytest.raises(
        api.WasmtimeError, match="too many parameters provided: given 1, expected 0"
    ):
        api.Func(store, nothing, lambda: None)(store, 2)
    with pytest.raises(api.WasmtimeError, match="too few parameters provided: given 0, expected 1"):
        api.Func(store, takes, lambda _: None)(store)
    for wrong in (3.0, api.Val.i64(3), "x", None):
        with pytest.raises(TypeError):
            api.Func(store, takes, lambda _: None)(store, wrong)


def test_results_that_are_wrong(world: World):
    api, store = world.api, world.store
    two = api.FuncType([], [api.ValType.i32()] * 2)
    with pytest.raises(api.WasmtimeError, match="produced results when it shouldn't"):
        api.Func(store, api.FuncType([], []), lambda: 1)(store)
    with pytest.raises(TypeError):
        api.Func(store, two, lambda: 1)(store)
    with pytest.raises(api.WasmtimeError, match="wrong number of results"):
        api.Func(store, two, lambda: [1, 2, 3])(store)
    with pytest.raises(TypeError):
        api.Func(store, two, lambda: [1, "x"])(store)


@pytest.mark.parametrize("kind", [Exception, KeyboardInterrupt, SystemExit, BaseException])
def test_exceptions_of_python_functions(world: World, kind: type[BaseException]):
    def fail() -> None:
        raise kind("hello")

    func = world.api.Func(world.store, world.api.FuncType([], []), fail)
    with pytest.raises(kind, match="hello"):
        func(world.store)


def test_a_caller_without_an_instance(world: World):
    seen: list[Any] = []

    def look(caller: Any) -> None:
        seen.extend(caller.get(name) for name in ("", "x"))

    world.api.Func(world.store, world.api.FuncType([], []), look, access_caller=True)(world.store)
    assert seen == [None, None]


START = (
    '(module (import "" "" (func)) (memory (export "foo") 1) (start 0) (data (i32.const 0) "foo"))'
)


def test_the_caller_of_a_start_function_that_is_imported_is_the_new_instance(world: World):
    api, store = world.api, world.store
    kept: list[Any] = []

    def look(caller: Any) -> None:
        kept.append(caller)
        assert caller.get("bar") is None
        memory = caller.get("foo")
        assert isinstance(memory, api.Memory)
        assert bytes(memory.data_ptr(caller)[:4]) == b"foo\0"

    func = api.Func(store, api.FuncType([], []), look, access_caller=True)
    api.Instance(store, world.module(START), [func])
    (caller,) = kept
    assert caller.get("foo") is None


def test_a_caller_is_over_after_an_exception_too(world: World):
    api, store = world.api, world.store
    kept: list[Any] = []

    def look(caller: Any) -> None:
        kept.append(caller)
        assert caller["foo"] is not None
        raise api.WasmtimeError("foo")

    func = api.Func(store, api.FuncType([], []), look, access_caller=True)
    with pytest.raises(api.WasmtimeError, match="foo"):
        api.Instance(store, world.module(START), [func])
    assert kept[0].get("foo") is None
    with pytest.raises(ValueError, match="caller is no longer valid"):
        api.Memory(kept[0], api.MemoryType(api.Limits(1, None)))


# --- Linker


def test_definitions_of_every_kind(world: World):
    api, store, linker = world.api, world.store, world.linker
    items = [
        api.Func(store, api.FuncType([], []), lambda: None),
        api.Global(store, api.GlobalType(api.ValType.i32(), False), api.Val.i32(0)),
        api.Memory(store, api.MemoryType(api.Limits(1, None))),
        api.Table(store, api.TableType(api.ValType.funcref(), api.Limits(1, None)), None),
    ]
    for number, item in enumerate(items):
        linker.define(store, "", str(number), item)
        assert type(linker.get(store, "", str(number))) is type(item)
        with pytest.raises(api.WasmtimeError, match="defined twice"):
            linker.define(store, "", str(number), item)
    linker.allow_shadowing = True
    linker.define(store, "", "0", items[1])
    linker.allow_shadowing = False
    with pytest.raises(api.WasmtimeError, match="defined twice"):
        linker.define(store, "", "0", items[0])
    with pytest.raises(TypeError):
        linker.define(store, "", "x", 2)
    for names in ((2, ""), ("", 2)):
        with pytest.raises((TypeError, AttributeError)):
            linker.define(store, *names, items[0])
    with pytest.raises((TypeError, AttributeError)):
        api.Linker(2)
    with pytest.raises((TypeError, AttributeError)):
        linker.instantiate(store, 3)
    with pytest.raises(TypeError):
        linker.define_instance(store, "x", 2)
    with pytest.raises(api.WasmtimeError):
        linker.get(store, "nothing", "there")


def test_what_is_defined_twice(world: World):
    api, linker = world.api, world.linker
    nothing = api.FuncType([], [])
    linker.define_func("a", "b", nothing, lambda: None)
    with pytest.raises(api.WasmtimeError, match="defined twice"):
        linker.define_func("a", "b", nothing, lambda: None)
    linker.define_wasi()
    with pytest.raises(api.WasmtimeError, match="defined twice"):
        linker.define_wasi()


def test_functions_for_any_store(world: World):
    api = world.api
    hits: list[int] = []
    world.linker.define_func("a", "b", api.FuncType([], []), lambda: hits.append(1))
    module = world.module('(module (import "a" "b" (func)) (start 0))')
    for count in (1, 2):
        world.linker.instantiate(api.Store(world.engine), module)
        assert len(hits) == count


def test_the_default_function_of_a_module(world: World):
    api, store, linker = world.api, world.store, world.linker
    assert linker.get_default(store, "nothing")(store) is None
    one = api.FuncType([], [api.ValType.i32()])
    linker.define_func("m", "_start", one, lambda: 1)
    assert linker.get_default(store, "m")(store) == 1
    linker.define_func("m", "", one, lambda: 2)
    assert linker.get_default(store, "m")(store) == 2
    linker.define(store, "g", "", api.Global(store, api.GlobalType(api.ValType.i32(), False), 0))
    with pytest.raises(api.WasmtimeError, match="is not a function"):
        linker.get_default(store, "g")


COUNTER = """(global $n (mut i32) (i32.const 0))
  (func $up (global.set $n (i32.add (global.get $n) (i32.const 1))))"""
COUNTED = f'{COUNTER} (func (export "next") (result i32) (call $up) (global.get $n))'


def test_a_reactor_is_one_instance(world: World):
    store, linker = world.store, world.linker
    module = world.module(f'(module {COUNTED} (func (export "_initialize") (call $up)))')
    linker.define_module(store, "m", module)
    assert [linker.get(store, "m", "next")(store) for _ in range(2)] == [2, 3]


def test_a_command_is_a_new_instance_in_each_call(world: World):
    api, store, linker = world.api, world.store, world.linker
    module = world.module(
        f'(module {COUNTED} (memory (export "memory") 1) (func (export "_start")))'
    )
    linker.define_module(store, "m", module)
    assert [linker.get(store, "m", "next")(store) for _ in range(2)] == [1, 1]
    assert linker.get_default(store, "m")(store) is None
    with pytest.raises(api.WasmtimeError):
        linker.get(store, "m", "memory")


@pytest.mark.parametrize(
    "fields",
    [
        '(func (export "_start")) (func (export "_initialize"))',
        '(memory (export "_start") 1)',
        '(memory (export "_initialize") 1)',
        '(func (export "_start")) (memory (export "other") 1)',
    ],
)
def test_neither_a_command_nor_a_reactor(world: World, fields: str):
    with pytest.raises(world.api.WasmtimeError):
        world.linker.define_module(world.store, "m", world.module(f"(module {fields})"))


def test_unknown_imports_as_traps(world: World):
    api, store, linker = world.api, world.store, world.linker
    module = world.module('(module (import "env" "f" (func $f)) (func (export "g") (call $f)))')
    linker.define_unknown_imports_as_traps(module)
    exports = linker.instantiate(store, module).exports(store)
    with pytest.raises(api.WasmtimeError, match="unknown import: `env::f` has not been defined"):
        exports["g"](store)
    needs_memory = world.module('(module (import "env" "m" (memory 1)))')
    linker.define_unknown_imports_as_traps(needs_memory)
    with pytest.raises(api.WasmtimeError, match="env::m"):
        linker.instantiate(store, needs_memory)
    with pytest.raises(TypeError):
        linker.define_unknown_imports_as_traps("not a module")


EVERYTHING = """(module
  (import "e" "f" (func $f (param i32) (result i32 f64 funcref externref)))
  (import "e" "m" (memory 2 3)) (import "e" "t" (table 4 externref))
  (import "e" "g" (global i64)) (import "e" "h" (global (mut f32))) (import "e" "r" (global funcref))
  (import "e" "known" (func $known (result i32)))
  (func (export "f") (result i32 f64 funcref externref) (call $f (i32.const 1)))
  (func (export "known") (result i32) (call $known))
  (func (export "sizes") (result i32 i32) (memory.size) (table.size 0))
  (export "g" (global 0)) (export "h" (global 1)) (export "r" (global 2)))"""


def test_unknown_imports_as_default_values(world: World):
    api, store, linker = world.api, world.store, world.linker
    linker.define_func("e", "known", api.FuncType([], [api.ValType.i32()]), lambda: 7)
    module = world.module(EVERYTHING)
    linker.define_unknown_imports_as_default_values(store, module)
    exports = linker.instantiate(store, module).exports(store)
    assert exports["f"](store) == [0, 0.0, None, None]
    assert exports["known"](store) == 7
    assert exports["sizes"](store) == [2, 4]
    assert [exports[name].value(store) for name in ("g", "h", "r")] == [0, 0.0, None]
    with pytest.raises(TypeError):
        linker.define_unknown_imports_as_default_values(store, "not a module")


def test_instances_with_imports_that_were_found_before(world: World):
    api, linker = world.api, world.linker
    one = api.FuncType([], [api.ValType.i32()])
    linker.define_func("a", "f", one, lambda: 42)
    module = world.module('(module (import "a" "f" (func $f (result i32))) (export "f" (func $f)))')
    pre = linker.instantiate_pre(module)
    assert isinstance(pre, api.InstancePre)
    assert [item.name for item in pre.module.exports] == ["f"]
    linker.allow_shadowing = True
    linker.define_func("a", "f", one, lambda: 43)
    for store in (api.Store(world.engine), api.Store(world.engine)):
        assert pre.instantiate(store).exports(store)["f"](store) == 42
        assert linker.instantiate(store, module).exports(store)["f"](store) == 43
    with pytest.raises(TypeError):
        linker.instantiate_pre("not a module")
    with pytest.raises(api.WasmtimeError, match="unknown import: `a::g` has not been defined"):
        linker.instantiate_pre(world.module('(module (import "a" "g" (func)))'))
    pre.close()
    with pytest.raises(ValueError, match="closed"):
        pre.instantiate(api.Store(world.engine))


# --- Memory, Table, Global


def test_slices_of_memories(world: World):
    api, store = world.api, world.store
    memory = api.Memory(store, api.MemoryType(api.Limits(1, None)))
    data = bytearray(range(200))
    size = memory.data_len(store)
    memory.write(store, data, 2048)
    assert memory.read(store, 2048, 2248) == data
    assert [memory.data_ptr(store)[at] for at in (2048, 2049, 2247)] == [0, 1, 199]
    for start, stop in ((0, 0), (2048, 2048), (2048, 2047), (size + 1, None)):
        assert memory.read(store, start, stop) == b""
    assert len(memory.read(store, -10)) == 10
    assert memory.write(store, b"", 2048) == 0
    for start in (size, size - 199):
        with pytest.raises(IndexError):
            memory.write(store, data, start)
    assert memory.write(store, data, -200) == 200
    assert memory.read(store, -200) == data


@pytest.mark.parametrize("amount", ["", None])
def test_growth_by_something_else_than_a_number(world: World, amount: Any):
    api, store = world.api, world.store
    memory = api.Memory(store, api.MemoryType(api.Limits(1, None)))
    with pytest.raises(TypeError):
        memory.grow(store, amount)
    table = api.Table(store, api.TableType(api.ValType.funcref(), api.Limits(1, None)), None)
    with pytest.raises(TypeError):
        table.grow(store, amount, None)


def test_growth(world: World):
    api, store = world.api, world.store
    memory = api.Memory(store, api.MemoryType(api.Limits(1, 2)))
    assert [memory.grow(store, 1), memory.grow(store, 0)] == [1, 2]
    for amount in (1, -1):
        with pytest.raises(api.WasmtimeError):
            memory.grow(store, amount)
    table = api.Table(store, api.TableType(api.ValType.funcref(), api.Limits(1, 2)), None)
    assert table.grow(store, 1, None) == 1
    with pytest.raises(api.WasmtimeError):
        table.grow(store, 1, None)


def test_what_tables_hold(world: World):
    api, store = world.api, world.store
    table = api.Table(store, api.TableType(api.ValType.funcref(), api.Limits(1, 2)), None)
    func = api.Func(store, api.FuncType([], [api.ValType.i32()]), lambda: 3)
    assert table.get(store, 0) == None  # noqa: E711  # a Val that equals it
    assert table.get(store, 1) is None
    table.grow(store, 1, func)
    assert table.get(store, 1)(store) == 3
    table.set(store, 0, api.Val.funcref(func))
    assert table.get(store, 0)(store) == 3
    for wrong in ("x", 3):
        with pytest.raises(TypeError):
            table.set(store, 0, wrong)
    externs = api.Table(store, api.TableType(api.ValType.externref(), api.Limits(2, None)), "init")
    externs.grow(store, 1, "grown")
    externs.set(store, 1, "set")
    assert [externs.get(store, at) for at in range(3)] == ["init", "set", "grown"]


def test_globals_of_another_type(world: World):
    api, store = world.api, world.store
    ty = api.GlobalType(api.ValType.i32(), True)
    for given in (store, "x", 1.5, api.Val.i64(1)):
        with pytest.raises(TypeError):
            api.Global(store, ty, given)
        with pytest.raises(TypeError):
            api.Global(store, ty, 1).set_value(store, given)
    with pytest.raises(TypeError):
        api.Global(store, 1, api.Val.i32(1))
    constant = api.Global(store, api.GlobalType(api.ValType.i32(), False), 1)
    with pytest.raises(api.WasmtimeError):
        constant.set_value(store, 1)


# --- references to Python objects


class Dropped:
    """Notes that it is freed."""

    def __init__(self, notes: list[str], name: str):
        self.notes, self.name = notes, name

    def __del__(self) -> None:
        self.notes.append(self.name)


def test_objects_are_freed_when_nothing_refers_to_them(world: World):
    api, store = world.api, world.store
    notes: list[str] = []
    externref = api.ValType.externref()
    glob = api.Global(
        store, api.GlobalType(externref, True), api.Val.externref(Dropped(notes, "global"))
    )
    table = api.Table(store, api.TableType(externref, api.Limits(1, None)), Dropped(notes, "table"))
    exports = world.exports('(module (func (export "f") (param externref)))')
    exports["f"](store, Dropped(notes, "argument"))
    store.gc()
    gc.collect()
    assert notes == ["argument"]
    glob.set_value(store, None)
    table.set(store, 0, None)
    store.gc()
    gc.collect()
    assert sorted(notes) == ["argument", "global", "table"]


@pytest.mark.parametrize("thing", [42, True, False, None, "Hello", {"x": 1}, [12, 13], 5.7])
def test_objects_come_back(world: World, thing: Any):
    exports = world.exports(
        '(module (func (export "f") (param externref) (result externref) local.get 0))'
    )
    for given in (thing, world.api.Val.externref(thing)):
        found = exports["f"](world.store, given)
        assert found is thing


# --- Trap


def test_the_text_of_a_trap(world: World):
    exports = world.exports(
        '(module $module (func (export "init") (call $foo)) (func $foo (call $bar))'
        " (func $bar (unreachable)))"
    )
    with pytest.raises(world.api.Trap) as caught:
        exports["init"](world.store)
    trap = caught.value
    assert [(f.func_index, f.func_name, f.module_name) for f in trap.frames] == [
        (2, "bar", "module"),
        (1, "foo", "module"),
        (0, None, "module"),
    ]
    assert (
        str(trap)
        == trap.message
        == (
            "error while executing at wasm backtrace:\n"
            "    0:     0x2d - module!bar\n"
            "    1:     0x28 - module!foo\n"
            "    2:     0x23 - module!<wasm function 0>\n"
            "\n"
            "Caused by:\n"
            "    wasm trap: wasm `unreachable` instruction executed\n"
        )
    )


def test_a_trap_in_a_module_without_names(world: World):
    exports = world.exports('(module (func (export "init") (unreachable)))')
    with pytest.raises(world.api.Trap, match="<unknown>!<wasm function 0>") as caught:
        exports["init"](world.store)
    (frame,) = caught.value.frames
    assert (frame.func_index, frame.func_name, frame.module_name) == (0, None, None)


def test_traps_of_python(api: Any):
    trap = api.Trap("x")
    assert (trap.message, str(trap), trap.frames, trap.trap_code) == ("x", "x", [], None)
    with pytest.raises((TypeError, AttributeError)):
        api.Trap(3)


def test_programs_that_exit(world: World):
    api, store = world.api, world.store
    world.linker.define_wasi()
    store.set_wasi(api.WasiConfig())
    exports = world.exports(
        '(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
        ' (memory (export "memory") 1) (func (export "exit") (param i32) (call $exit (local.get 0))))'
    )
    for code in (0, 1):
        with pytest.raises(api.ExitTrap, match=f"Exited with i32 exit status {code}") as caught:
            exports["exit"](store, code)
        assert caught.value.code == code


# --- WasiConfig


def test_the_resources_of_programs(api: Any, tmp_path: Path):
    config = api.WasiConfig()
    config.argv = ["a", "b"]
    config.inherit_argv()
    config.env = [["a", "b"]]
    config.inherit_env()
    (tmp_path / "f").write_text("")
    for name in ("stdin", "stdout", "stderr"):
        for path in (str(tmp_path / "f"), tmp_path / "f"):
            setattr(config, f"{name}_file", path)
        getattr(config, f"inherit_{name}")()
        with pytest.raises(api.WasmtimeError):
            setattr(config, f"{name}_file", str(tmp_path / "nowhere" / "f"))
    config.preopen_dir(str(tmp_path), "there")
    config.preopen_dir(str(tmp_path), "fixed", False)
    with pytest.raises(api.WasmtimeError):
        config.preopen_dir(str(tmp_path / "nowhere"), "/")
