"""What wasmtime-py does, wasmdialect does too: each test runs on both."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
import wasmtime
from api.world import World

import wasmdialect

ALL_TYPES = """
(module
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "externref") (param externref) (result externref) (local.get 0))
  (func (export "funcref") (param funcref) (result funcref) (local.get 0))
  (func (export "none"))
  (func (export "many") (param i32 f64) (result f64 i32 i64)
    (local.get 1) (local.get 0) (i64.const -1)))
"""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("i32", 5, 5), ("i32", -1, -1), ("i32", 0x7FFF_FFFF, 0x7FFF_FFFF), ("i32", -(2**31), -(2**31)),
        ("i64", 2**63 - 1, 2**63 - 1), ("i64", -(2**63), -(2**63)),
        ("f32", 1.5, 1.5), ("f32", 0.1, ctypes.c_float(0.1).value), ("f64", 0.1, 0.1),
        ("f64", float("inf"), float("inf")),
        ("externref", None, None), ("externref", "text", "text"), ("externref", 7, 7),
        ("funcref", None, None),
    ],
)  # fmt: skip
def test_values(world: World, name: str, value: Any, expected: Any):
    found = world.exports(ALL_TYPES)[name](world.store, value)
    assert found == expected
    assert type(found) is type(expected)


def test_results(world: World):
    exports = world.exports(ALL_TYPES)
    assert exports["none"](world.store) is None
    assert exports["many"](world.store, 3, 2.5) == [2.5, 3, -1]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("i32", ("1",)), ("i32", (1.5,)), ("i32", (None,)), ("f64", ("x",)), ("funcref", (3,)),
        ("i32", ()), ("i32", (1, 2)), ("none", (1,)),
    ],
)  # fmt: skip
def test_wrong_arguments(world: World, name: str, arguments: tuple[Any, ...]):
    with pytest.raises((TypeError, world.api.WasmtimeError)):
        world.exports(ALL_TYPES)[name](world.store, *arguments)


def test_functions_as_values(world: World):
    exports = world.exports(ALL_TYPES)
    returned = exports["funcref"](world.store, exports["i32"])
    assert isinstance(returned, world.api.Func)
    assert returned(world.store, 9) == 9


def test_host_functions(world: World):
    api, store = world.api, world.store
    seen: list[tuple[Any, ...]] = []
    i32, f64 = api.ValType.i32(), api.ValType.f64()
    world.linker.define_func(
        "env",
        "f",
        api.FuncType([i32, f64], [f64, i32]),
        lambda *a: (seen.append(a), [a[1] * 2, a[0]])[1],
    )
    exports = world.exports(
        '(module (import "env" "f" (func $f (param i32 f64) (result f64 i32)))'
        ' (func (export "g") (result f64 i32) (call $f (i32.const -7) (f64.const 1.25))))'
    )
    assert exports["g"](store) == [2.5, -7]
    assert seen == [(-7, 1.25)]


def test_host_exceptions_pass_through(world: World):
    class Boom(Exception):
        pass

    def raise_() -> None:
        raise Boom("from the host")

    world.linker.define_func("env", "f", world.api.FuncType([], []), raise_)
    exports = world.exports(
        '(module (import "env" "f" (func $f)) (func (export "g") (call $f) (unreachable))'
        ' (func (export "ok") (result i32) (i32.const 1)))'
    )
    with pytest.raises(Boom, match="from the host"):
        exports["g"](world.store)
    assert exports["ok"](world.store) == 1


def test_nested_calls(world: World):
    """Host calls Wasm, which calls the host, which calls Wasm."""
    api, store = world.api, world.store
    holder: dict[str, Any] = {}

    def down(n: int) -> int:
        return 0 if n == 0 else holder["exports"]["up"](store, n - 1) + 1

    i32 = api.ValType.i32()
    world.linker.define_func("env", "down", api.FuncType([i32], [i32]), down)
    holder["exports"] = world.exports(
        '(module (import "env" "down" (func $d (param i32) (result i32)))'
        ' (func (export "up") (param i32) (result i32) (call $d (local.get 0))))'
    )
    assert holder["exports"]["up"](store, 20) == 20


def test_caller(world: World):
    api = world.api

    def read(caller: Any, address: int, size: int) -> int:
        memory = caller["memory"]
        assert caller.get("nothing") is None
        return sum(memory.read(caller, address, address + size))

    i32 = api.ValType.i32()
    kind = api.FuncType([i32, i32], [i32])
    world.linker.define_func("env", "sum", kind, read, access_caller=True)
    exports = world.exports(
        '(module (import "env" "sum" (func $s (param i32 i32) (result i32)))'
        ' (memory (export "memory") 1) (data (i32.const 4) "\\01\\02\\03")'
        ' (func (export "f") (result i32) (call $s (i32.const 4) (i32.const 3))))'
    )
    assert exports["f"](world.store) == 6


def test_memory(world: World):
    api, store = world.api, world.store
    exports = world.exports('(module (memory (export "m") 1 3) (data (i32.const 2) "hey"))')
    memory = exports["m"]
    assert (memory.size(store), memory.data_len(store)) == (1, 65536)
    assert memory.read(store, 2, 5) == bytearray(b"hey")
    assert memory.read(store, -4, None) == bytearray(4)
    assert memory.read(store, 65530, 70000) == bytearray(6)
    assert memory.write(store, b"xyz", 65533) == 3
    with pytest.raises(IndexError):
        memory.write(store, b"xyz", 65534)
    assert memory.grow(store, 2) == 1
    assert memory.size(store) == 3
    with pytest.raises(api.WasmtimeError):
        memory.grow(store, 1)
    assert memory.data_ptr(store)[2] == ord("h")
    limits = memory.type(store).limits
    assert (limits.min, limits.max) == (1, 3)


def test_own_memory(world: World):
    api = world.api
    memory = api.Memory(world.store, api.MemoryType(api.Limits(2, None)))
    world.linker.define(world.store, "env", "m", memory)
    exports = world.exports(
        '(module (import "env" "m" (memory 1))'
        ' (func (export "f") (i32.store8 (i32.const 0) (i32.const 65))))'
    )
    exports["f"](world.store)
    assert memory.read(world.store, 0, 1) == b"A"


def test_globals(world: World):
    api, store = world.api, world.store
    exports = world.exports(
        '(module (global (export "a") i32 (i32.const 3)) (global (export "b") (mut f64) (f64.const 1)))'
    )
    assert exports["a"].value(store) == 3
    with pytest.raises(api.WasmtimeError):
        exports["a"].set_value(store, 4)
    exports["b"].set_value(store, 2.5)
    assert exports["b"].value(store) == 2.5
    kind = exports["b"].type(store)
    assert (kind.mutable, kind.content) == (True, api.ValType.f64())
    own = api.Global(store, api.GlobalType(api.ValType.i64(), True), 8)
    assert own.value(store) == 8


def test_tables(world: World):
    api, store = world.api, world.store
    exports = world.exports(
        '(module (table (export "t") 2 5 funcref) (elem (i32.const 0) $f)'
        " (func $f (result i32) (i32.const 11)))"
    )
    table = exports["t"]
    assert table.size(store) == 2
    assert table.get(store, 0)(store) == 11
    assert table.get(store, 1).value is None
    assert table.get(store, 2) is None
    table.set(store, 1, table.get(store, 0))
    assert table.get(store, 1)(store) == 11
    with pytest.raises(api.WasmtimeError):
        table.set(store, 2, None)
    assert table.grow(store, 3, None) == 2
    with pytest.raises(api.WasmtimeError):
        table.grow(store, 1, None)


def test_traps(world: World):
    exports = world.exports(
        '(module $mod (func $inner (unreachable)) (func $outer (export "f") (call $inner))'
        ' (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))'
    )
    with pytest.raises(world.api.Trap) as caught:
        exports["f"](world.store)
    trap = caught.value
    assert trap.trap_code == world.api.TrapCode.UNREACHABLE
    assert [f.func_name for f in trap.frames] == ["inner", "outer"]
    assert [f.func_index for f in trap.frames] == [0, 1]
    assert all(f.module_name == "mod" for f in trap.frames)
    assert "unreachable" in trap.message
    with pytest.raises(world.api.Trap) as caught:
        exports["div"](world.store, 0)
    assert caught.value.trap_code == world.api.TrapCode.INTEGER_DIVISION_BY_ZERO


def test_trap_offsets_are_the_same():
    text = (
        '(module (func (export "f") (param i32) (result i32)'
        " (drop (i32.const 1)) (i32.load (local.get 0))) (memory 1))"
    )
    places: list[tuple[Any, ...]] = []
    for api in (wasmdialect, wasmtime):
        world = World(api)
        wasm = wasmtime.wat2wasm(text)
        module = api.Module(world.engine, wasm)
        function: Any = world.linker.instantiate(world.store, module).exports(world.store)["f"]
        with pytest.raises(api.Trap) as caught:
            function(world.store, -1)
        (frame,) = caught.value.frames
        places.append(
            (frame.func_index, frame.module_offset, frame.func_offset, caught.value.trap_code.name)
        )
    assert places[0] == places[1]


def test_imports_and_exports(world: World):
    api = world.api
    module = api.Module(
        world.engine,
        '(module (import "a" "f" (func (param i32) (result f32))) (import "a" "m" (memory 1 2))'
        ' (import "a" "t" (table 3 funcref)) (import "a" "g" (global (mut i64))) (func (export "x")))',
    )
    kinds = [(i.module, i.name, type(i.type).__name__) for i in module.imports]
    assert kinds == [
        ("a", "f", "FuncType"), ("a", "m", "MemoryType"),
        ("a", "t", "TableType"), ("a", "g", "GlobalType"),
    ]  # fmt: skip
    first = module.imports[0].type
    assert (first.params, first.results) == ([api.ValType.i32()], [api.ValType.f32()])
    assert [(e.name, type(e.type).__name__) for e in module.exports] == [("x", "FuncType")]


def test_linker(world: World):
    api, store = world.api, world.store
    first = world.linker.instantiate(
        store, api.Module(world.engine, '(module (func (export "f")))')
    )
    world.linker.define_instance(store, "lib", first)
    with pytest.raises(api.WasmtimeError, match="defined twice"):
        world.linker.define_instance(store, "lib", first)
    world.linker.allow_shadowing = True
    world.linker.define_instance(store, "lib", first)
    assert isinstance(world.linker.get(store, "lib", "f"), api.Func)
    world.exports('(module (import "lib" "f" (func)))')
    with pytest.raises(api.WasmtimeError, match="lib::g"):
        world.exports('(module (import "lib" "g" (func)))')
    with pytest.raises(api.WasmtimeError, match="incompatible import type"):
        world.exports('(module (import "lib" "f" (func (param i32))))')


def test_start_function_traps(world: World):
    with pytest.raises(world.api.Trap):
        world.exports("(module (start 0) (func unreachable))")


@pytest.mark.parametrize(
    "wasm", [b"", b"\0asm", b"\0asm\1\0\0\0\xff", "(module (func (i32.add)))", "(modul)"]
)
def test_bad_modules(world: World, wasm: Any):
    with pytest.raises(world.api.WasmtimeError):
        world.api.Module(world.engine, wasm)


def test_validate(world: World):
    api = world.api
    api.Module.validate(world.engine, bytes(api.wat2wasm("(module)")))
    with pytest.raises(api.WasmtimeError):
        api.Module.validate(world.engine, b"\0asm\1\0\0\0\1")


def test_serialize(world: World):
    api = world.api
    module = api.Module(world.engine, '(module (func (export "f") (result i32) (i32.const 5)))')
    again = api.Module.deserialize(world.engine, module.serialize())
    exports = api.Instance(world.store, again, []).exports(world.store)
    assert exports["f"](world.store) == 5
    with pytest.raises(api.WasmtimeError):
        api.Module.deserialize(world.engine, b"nonsense")


def test_exit(world: World):
    world.linker.define_wasi()
    world.store.set_wasi(world.api.WasiConfig())
    exports = world.exports(
        '(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
        ' (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 3))))'
    )
    with pytest.raises(world.api.ExitTrap) as caught:
        exports["_start"](world.store)
    assert caught.value.code == 3


def test_types(api: Any):
    assert api.ValType.i32() == api.ValType.i32()
    assert api.ValType.i32() != api.ValType.i64()
    assert str(api.ValType.f64()) == "f64"
    assert api.Limits(1, None).max is None
    assert api.Val.i32(3).value == 3
    with pytest.raises(TypeError):
        api.FuncType([1], [])
    with pytest.raises(api.WasmtimeError):
        api.ValType()


LIMITED = """(module (memory (export "memory") 1) (table (export "table") 1 funcref)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32)
    (table.grow 0 (ref.null func) (local.get 0))))"""


def test_limits_of_growth(world: World):
    api, store = world.api, world.store
    store.set_limits(memory_size=2 * 65536, table_elements=2)
    exports = world.exports(LIMITED)
    for _ in range(2):
        assert [exports["grow"](store, n) for n in (2, 1, 1, 0)] == [-1, 1, -1, 2]
        assert [exports["grow_table"](store, n) for n in (2, 1, 1, 0)] == [-1, 1, -1, 2]
        with pytest.raises(api.WasmtimeError, match="failed to grow memory by `1`"):
            exports["memory"].grow(store, 1)
        with pytest.raises(api.WasmtimeError, match="failed to grow table by `1`"):
            exports["table"].grow(store, 1, None)
        exports = world.exports(LIMITED)  # the limits are of each memory and table
    store.set_limits()  # no limits
    assert [exports["grow"](store, 9), exports["grow_table"](store, 9)] == [1, 1]


def test_limits_of_new_memories_and_tables(world: World):
    api, store = world.api, world.store
    store.set_limits(memory_size=65536, table_elements=5)
    with pytest.raises(api.WasmtimeError, match="memory minimum size of 2 pages exceeds memory"):
        world.exports("(module (memory 2))")
    with pytest.raises(api.WasmtimeError, match="table minimum size of 6 elements exceeds table"):
        world.exports("(module (table 6 funcref))")
    with pytest.raises(api.WasmtimeError, match="memory minimum size of 2 pages exceeds memory"):
        api.Memory(store, api.MemoryType(api.Limits(2, None)))
    with pytest.raises(api.WasmtimeError, match="table minimum size of 6 elements exceeds table"):
        api.Table(store, api.TableType(api.ValType.funcref(), api.Limits(6, None)), None)
    world.exports("(module (memory 1) (table 5 funcref))")


@pytest.mark.parametrize(
    ("what", "text"),
    [("memory", "(memory 1)"), ("table", "(table 1 funcref)"), ("instance", "")],
)
def test_limits_of_counts(world: World, what: str, text: str):
    api, store = world.api, world.store
    name = {"memory": "memories", "table": "tables", "instance": "instances"}[what]
    store.set_limits(**{name: 2})
    api.Memory(store, api.MemoryType(api.Limits(1, None)))  # those of the host are not counted
    with pytest.raises(api.Trap):
        world.exports(f"(module {text} (start 0) (func unreachable))")  # this one is
    world.exports(f"(module {text})")
    with pytest.raises(api.WasmtimeError, match=f"{what} count too high at 3"):
        world.exports(f"(module {text})")
    store.set_limits(**{name: 3})
    world.exports(f"(module {text})")


def test_data(api: Any):
    data = {"a": 1}
    store = api.Store(api.Engine(), data)
    store.gc()
    assert store.data() == data
    assert api.Store().data() is None


def test_caller_that_is_kept(world: World):
    kept: list[Any] = []
    world.linker.define_func("", "f", world.api.FuncType([], []), kept.append, access_caller=True)
    exports = world.exports(
        '(module (import "" "f" (func $f)) (memory (export "memory") 1)'
        ' (func (export "g") (call $f)))'
    )
    exports["g"](world.store)
    assert kept[0].get("memory") is None
    with pytest.raises(KeyError):
        kept[0]["memory"]


def test_views_after_growth(world: World):
    """They show what was there; both engines keep a small memory in place."""
    memory = world.exports('(module (memory (export "m") 1 4))')["m"]
    array, pointer = memory.get_buffer_ptr(world.store), memory.data_ptr(world.store)
    assert memory.grow(world.store, 2) == 1
    memory.write(world.store, b"x", 5)
    assert (len(array), array[5], pointer[5]) == (65536, ord("x"), ord("x"))
    assert len(memory.get_buffer_ptr(world.store)) == 3 * 65536


def test_stores_that_are_dropped_free_their_address_space(world: World):
    """Each has 8 GiB of the 128 TiB that a process has."""
    api = world.api
    module = api.Module(world.engine, "(module (memory 1))")

    def drop(count: int) -> int:
        for _ in range(count):
            store = api.Store(world.engine)
            api.Instance(store, module, [])
        del store
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * 4096

    first = drop(1)
    assert drop(200) < first + (20 << 30)
