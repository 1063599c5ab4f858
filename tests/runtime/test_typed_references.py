"""Function references with types: between modules, and from Python. Wasmtime agrees on all of it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import wasmtime

import wasmdialect

ENGINES = pytest.mark.parametrize("api", [wasmdialect, wasmtime], ids=["wasmdialect", "wasmtime"])

LIBRARY = """(module
  (type $base (sub (func (result i32))))
  (type $derived (sub $base (func (result i32))))
  (type $closed (func (result i32)))
  (func $seven (export "derived") (type $derived) (i32.const 7))
  (func (export "base") (type $base) (i32.const 8))
  (func $nine (export "closed") (type $closed) (i32.const 9))
  (table (export "table") (ref null func) (elem $seven $nine))
  (global (export "global") (ref $derived) (ref.func $seven)))"""


class World:
    """An engine with a store, and modules instantiated in it."""

    def __init__(self, api: ModuleType):
        self.api: Any = api
        config = api.Config()
        config.wasm_function_references = config.wasm_gc = True
        self.engine = api.Engine(config)
        self.store = api.Store(self.engine)
        self.linker = api.Linker(self.engine)

    def make(self, text: str, name: str | None = None) -> Any:
        module = self.api.Module(self.engine, text)
        instance = self.linker.instantiate(self.store, module)
        if name is not None:
            self.linker.define_instance(self.store, name, instance)
        return instance.exports(self.store)


@pytest.fixture
def world(api: ModuleType) -> World:
    world = World(api)
    world.make(LIBRARY, "lib")
    return world


TYPES = """(type $base (sub (func (result i32)))) (type $derived (sub $base (func (result i32))))
  (type $closed (func (result i32)))"""


@ENGINES
@pytest.mark.parametrize(
    ("item", "fits"),
    [
        ('"derived" (func (type $derived))', True),
        ('"derived" (func (type $base))', True),
        ('"base" (func (type $derived))', False),
        ('"closed" (func (type $base))', False),
        ('"derived" (func (type $closed))', False),
        ('"global" (global (ref $base))', True),
        ('"global" (global (ref null func))', True),
        ('"global" (global (ref $closed))', False),
        ('"table" (table 0 funcref)', True),
        ('"table" (table 0 (ref null $base))', False),
    ],
)
def test_imports_match_by_subtyping(world: World, item: str, fits: bool):
    text = f'(module {TYPES} (import "lib" {item}))'
    if fits:
        world.make(text)
    else:
        with pytest.raises(world.api.WasmtimeError, match="incompatible import type"):
            world.make(text)


@ENGINES
def test_indirect_calls_through_an_open_type_take_subtypes_of_other_modules(world: World):
    exports = world.make(
        f"""(module {TYPES} (import "lib" "table" (table $t 2 funcref))
          (func (export "base") (param i32) (result i32)
            (call_indirect $t (type $base) (local.get 0)))
          (func (export "derived") (param i32) (result i32)
            (call_indirect $t (type $derived) (local.get 0)))
          (func (export "closed") (param i32) (result i32)
            (call_indirect $t (type $closed) (local.get 0))))"""
    )
    outcomes = {
        (name, index): _outcome(world, exports[name], index)
        for name in ("base", "derived", "closed")
        for index in (0, 1)
    }
    mismatch = "indirect call type mismatch"
    assert outcomes == {
        ("base", 0): 7,
        ("base", 1): mismatch,
        ("derived", 0): 7,
        ("derived", 1): mismatch,
        ("closed", 0): mismatch,
        ("closed", 1): 9,
    }


def _outcome(world: World, function: Any, *arguments: Any) -> Any:
    try:
        return function(world.store, *arguments)
    except world.api.Trap as trap:
        return next(line for line in str(trap).splitlines() if "wasm trap" in line).split(": ")[1]


CALLER = """(module
  (type $closed (func (result i32))) (type $other (func (result i64)))
  (func (export "nullable") (param (ref null $closed)) (result i32) (call_ref $closed (local.get 0)))
  (func (export "non_null") (param (ref $closed)) (result i32) (call_ref $closed (local.get 0)))
  (func $f (type $closed) (i32.const 3)) (elem declare func $f)
  (func (export "give") (result (ref $closed)) (ref.func $f)))"""


@ENGINES
def test_select_has_the_type_it_names_and_not_that_of_its_first_value(world: World):
    """A value of the first one's type could not be null, and calls would not check it."""
    exports = world.make(
        """(module (type $t (func (result i32))) (func $f (type $t) (i32.const 7))
          (elem declare func $f)
          (func (export "call") (param i32) (result i32)
            (call_ref $t
              (select (result (ref null $t)) (ref.func $f) (ref.null $t) (local.get 0))))
          (func (export "is_null") (param i32) (result i32)
            (ref.is_null
              (select (result funcref) (ref.func $f) (ref.null func) (local.get 0)))))"""
    )
    outcomes = [_outcome(world, exports[name], i) for name in ("call", "is_null") for i in (1, 0)]
    assert outcomes == [7, "null reference", 0, 1]


def test_python_passes_and_gets_functions():
    world = World(wasmdialect)
    exports, store = world.make(CALLER), world.store
    given = exports["give"](store)
    assert exports["nullable"](store, given) == exports["non_null"](store, given) == 3
    host = wasmdialect.Func(store, wasmdialect.FuncType([], [wasmdialect.ValType.i32()]), lambda: 4)
    assert exports["nullable"](store, host) == exports["non_null"](store, host) == 4
    with pytest.raises(wasmdialect.Trap, match="null reference"):
        exports["nullable"](store, None)
    wrong = wasmdialect.Func(store, wasmdialect.FuncType([], []), lambda: None)
    for value in (wrong, None, 5):
        with pytest.raises(TypeError, match="don't know how to convert"):
            exports["non_null"](store, value)


def test_types_of_modules_that_are_gone_stay_the_same():
    """Ids of types are the process's: a second module with the same groups has the same ones."""
    world = World(wasmdialect)
    for _ in range(2):
        exports = world.make(CALLER)
        assert exports["nullable"](world.store, exports["give"](world.store)) == 3
    first, second = (World(wasmdialect).make(LIBRARY)["derived"].reference.type for _ in range(2))
    assert first is second
