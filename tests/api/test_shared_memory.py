"""SharedMemory on both engines, as far as wasmtime-py can use one: its release 50 cannot import it."""

from __future__ import annotations

from typing import Any

import pytest

import wasmdialect
from wasmdialect import (
    Config,
    Engine,
    Instance,
    Limits,
    Linker,
    MemoryType,
    Module,
    SharedMemory,
    Store,
)

IMPORTING = """(module (import "m" "m" (memory 1 3 shared)) (export "again" (memory 0))
  (func (export "get") (result i32) (i32.load8_u (i32.const 3))))"""
DEFINING = '(module (memory (export "m") 1 3 shared) (data (i32.const 3) "*"))'


def engine(api: Any) -> Any:
    config = api.Config()
    config.wasm_threads = True
    config.shared_memory = True
    return api.Engine(config)


def shared(api: Any, low: int, high: int | None, **more: Any) -> Any:
    return api.MemoryType(api.Limits(low, high), shared=True, **more)


def test_sizes_and_growth(api: Any):
    memory = api.SharedMemory(engine(api), shared(api, 1, 3))
    ty = memory.type()
    assert (ty.is_shared, ty.limits.min, ty.limits.max, ty.is_64) == (True, 1, 3, False)
    assert memory.data_len() == 65536
    start = memory.data_ptr()
    start[65535] = 7
    assert memory.grow(2) == 1
    assert memory.data_len() == 3 * 65536
    assert memory.data_ptr()[65535] == 7
    assert memory.grow(0) == 3
    for delta, message in ((1, "failed to grow memory by `1`"), (-1, "negative amount")):
        with pytest.raises(api.WasmtimeError, match=message):
            memory.grow(delta)
    assert memory.type().limits.min == 1


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [(1, None, "shared memories must have a maximum size"), (2, 1, "cannot be smaller")],
)
def test_types_that_no_shared_memory_has(api: Any, low: int, high: int | None, message: str):
    with pytest.raises(api.WasmtimeError, match=message):
        shared(api, low, high)


def test_an_unshared_type_is_refused(api: Any):
    with pytest.raises(api.WasmtimeError, match="must have the `shared` flag enabled"):
        api.SharedMemory(engine(api), api.MemoryType(api.Limits(1, 2)))
    with pytest.raises(api.WasmtimeError, match="must be created through `SharedMemory`"):
        api.Memory(api.Store(engine(api)), shared(api, 1, 2))


def test_an_exported_shared_memory_is_one(api: Any):
    made = engine(api)
    store = api.Store(made)
    memory = api.Instance(store, api.Module(made, DEFINING), []).exports(store)["m"]
    assert isinstance(memory, api.SharedMemory)
    assert memory.data_ptr()[3] == ord("*")


def test_an_unshared_memory_is_not_imported_as_a_shared_one(api: Any):
    made = engine(api)
    store = api.Store(made)
    memory = api.Memory(store, api.MemoryType(api.Limits(1, 3)))
    with pytest.raises(api.WasmtimeError, match="shared"):
        api.Instance(store, api.Module(made, IMPORTING), [memory])


# --- imports, on wasmdialect alone ---


@pytest.fixture
def made() -> Engine:
    return engine(wasmdialect)


def test_stores_import_one_memory_by_themselves_and_through_linkers(made: Engine):
    module = Module(made, IMPORTING)
    memory = SharedMemory(made, MemoryType(Limits(1, 3), shared=True))
    first, second = Store(made), Store(made)
    exports = Instance(first, module, [memory]).exports(first)
    again: Any = exports["again"]
    linker = Linker(made)
    linker.define(first, "m", "m", again)
    assert linker.get(second, "m", "m").data_len() == 65536  # pyright: ignore
    other = linker.instantiate(second, module).exports(second)
    memory.data_ptr()[3] = 5
    for store, found in ((first, exports), (second, other)):
        get: Any = found["get"]
        assert get(store) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(memory 1 3)", "one memory is shared, the other is not"),
        ("(memory 1 2 shared)", "expected a memory with a maximum of 2, found a maximum of 3"),
        ("(memory 2 3 shared)", "expected a memory of at least 2, found 1"),
        ("(memory i64 1 3 shared)", "the memories have different address types"),
        ("(table 1 funcref)", "expected a table, found a memory"),
    ],
)
def test_imports_that_do_not_fit(made: Engine, text: str, message: str):
    memory = SharedMemory(made, MemoryType(Limits(1, 3), shared=True))
    module = Module(made, f'(module (import "m" "m" {text}))')
    with pytest.raises(wasmdialect.LinkError, match=message):
        Instance(Store(made), module, [memory])


def test_limits_of_a_store_do_not_bound_the_growth_of_a_shared_memory(made: Engine):
    """As in Wasmtime: other stores use it too."""
    store = Store(made)
    store.set_limits(memory_size=65536)
    text = """(module (import "m" "m" (memory 1 3 shared))
      (func (export "f") (result i32) (memory.grow (i32.const 1))))"""
    memory = SharedMemory(made, MemoryType(Limits(1, 3), shared=True))
    grow: Any = Instance(store, Module(made, text), [memory]).exports(store)["f"]
    assert (grow(store), memory.size()) == (1, 2)


def test_unknown_shared_memories_get_default_values(made: Engine):
    store, linker = Store(made), Linker(made)
    module = Module(made, IMPORTING)
    linker.define_unknown_imports_as_default_values(store, module)
    again = linker.instantiate(store, module).exports(store)["again"]
    assert isinstance(again, SharedMemory)


def test_shared_memory_needs_the_threads_feature():
    with pytest.raises(wasmdialect.WasmtimeError, match="needs the feature threads"):
        Module(Engine(), DEFINING)
    config = Config()
    assert config.shared_memory is True
    with pytest.raises(wasmdialect.WasmtimeError, match="without it, none can be used"):
        config.shared_memory = False
