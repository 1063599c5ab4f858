"""An indirect call of null traps by itself with guard pages: reading the type of null faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from passes.instrumented import settings, write_pass

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    Trap,
    WasmtimeError,
    wat2wasm,
)
from wasmdialect.abi.traps import TrapCode

CALLS = """(module
  (import "" "host" (func))
  (type $t (func (result i32)))
  (memory (export "memory") 1)
  (global (export "global") (mut i32) (i32.const 0))
  (table (export "table") 3 funcref) (elem (i32.const 1) $seven $other)
  (func $seven (type $t) (i32.const 7))
  (func $other)
  (func (export "call") (param i32) (result i32)
    (i32.store (i32.const 8) (i32.const 1))
    (global.set 0 (i32.const 2))
    (i32.store (i32.const 12) (i32.const 3))
    (call_indirect (type $t) (local.get 0))
    (i32.store (i32.const 8) (i32.const 11))
    (global.set 0 (i32.const 12)))
  (func (export "tail") (param i32) (result i32)
    (i32.store (i32.const 8) (i32.const 1))
    (global.set 0 (i32.const 2))
    (i32.store (i32.const 12) (i32.const 3))
    (return_call_indirect (type $t) (local.get 0))))"""
BINARY = bytes(wat2wasm(CALLS))
OPCODES = {"call": 0x11, "tail": 0x13}
WAYS = [
    *((level, "eager", bounds) for level in (0, 1, 2, 3) for bounds in ("guard", "explicit")),
    *((level, "lazy", "guard") for level in (0, 2)),
]


@pytest.mark.parametrize("function", ["call", "tail"])
@pytest.mark.parametrize(("level", "compilation", "bounds"), WAYS)
def test_null_is_not_called(
    level: Literal[0, 1, 2, 3],
    compilation: Literal["lazy", "eager"],
    bounds: Literal["guard", "explicit"],
    function: str,
):
    """All stores before have been made, none after; the instance can be called again."""
    engine = Engine(Config(opt_level=level, compilation=compilation, bounds=bounds))
    store = Store(engine)
    host = Func(store, FuncType([], []), lambda: None)
    exports: Any = Instance(store, Module(engine, CALLS), [host]).exports(store)
    for index, code in (
        (0, TrapCode.INDIRECT_CALL_TO_NULL),
        (2, TrapCode.BAD_SIGNATURE),
        (3, TrapCode.TABLE_OUT_OF_BOUNDS),
    ):
        exports["memory"].write(store, bytes(16))
        exports["global"].set_value(store, 0)
        with pytest.raises(Trap) as stopped:
            exports[function](store, index)
        assert stopped.value.trap_code is code
        (frame,) = stopped.value.frames
        assert BINARY[frame.module_offset] == OPCODES[function]
        assert exports["memory"].read(store, 8, 16) == bytes((1, 0, 0, 0, 3, 0, 0, 0))
        assert exports["global"].value(store) == 2
        assert exports[function](store, 1) == 7


@pytest.mark.parametrize("level", [0, 2])
def test_another_load_of_null_is_a_bug(level: Literal[0, 2], tmp_path: Path):
    """Only loads that are in the trap table are traps."""
    apply = 'b.load_field(b.ref_null(wasmir.FUNCREF), "func_ref.type_index", volatile=True)'
    engine = Engine(settings(write_pass(tmp_path, "pass", apply), opt_level=level))
    store = Store(engine)
    exports: Any = Instance(store, Module(engine, '(module (func (export "f")))'), []).exports(
        store
    )
    with pytest.raises(WasmtimeError, match=r"signal 11 .* \(address 0x18\): a bug"):
        exports["f"](store)
