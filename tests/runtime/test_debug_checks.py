"""Debug checks in trampolines: a broken promise stops the call, and is not a Wasm trap."""

from __future__ import annotations

import ctypes

import pytest

from wasmdialect import Config, Engine, Module, Trap, WasmtimeError
from wasmdialect.abi.traps import DEBUG_ASSERTION
from wasmdialect.object.sections import TrapTable
from wasmdialect.runtime.instance import ModuleInstance
from wasmdialect.runtime.native import native
from wasmdialect.runtime.store import StoreState
from wasmdialect.runtime.values import slot_array

TEXT = """(module (func (export "f") (param i32 i32) (result i32)
  (i32.div_u (local.get 0) (local.get 1))))"""


def instance(debug_checks: bool) -> tuple[StoreState, ModuleInstance]:
    config, state = Config(jobs=0, debug_checks=debug_checks), StoreState()
    return state, ModuleInstance(state, Module(Engine(config), TEXT).loaded, [])


def call(state: StoreState, made: ModuleInstance, slot_count: int) -> None:
    """Call with room for two values, saying that there is room for so many."""
    function, slots = made.function(0), slot_array(2)()
    slots[16] = 1  # the divisor
    vmctx, address = function.vmctx, ctypes.addressof(slots)
    native().enter(state, state.native, function.array_call, vmctx, vmctx, address, slot_count)


def test_too_few_slots():
    call(*instance(debug_checks=False), 1)
    state, made = instance(debug_checks=True)
    call(state, made, 2)
    with pytest.raises(WasmtimeError, match="a bug of wasmdialect"):
        call(state, made, 1)
    call(state, made, 2)


def test_wrong_magic_number():
    state, made = instance(debug_checks=True)
    magic = ctypes.c_uint32.from_address(made.vmctx)
    kept, magic.value = magic.value, 7
    with pytest.raises(WasmtimeError, match="a bug of wasmdialect"):
        call(state, made, 2)
    magic.value = kept
    call(state, made, 2)


def test_they_are_in_no_table():
    tables = [instance(checks)[1].module.code[0].traps for checks in (False, True)]
    for table in tables:
        assert isinstance(table, TrapTable)
        assert DEBUG_ASSERTION not in table.codes
    assert tables[0].codes == tables[1].codes


def test_traps_are_still_traps():
    state, made = instance(debug_checks=True)
    slots = slot_array(2)()
    with pytest.raises(Trap, match="divide by zero"):
        state.call(made.function(0), slots)
