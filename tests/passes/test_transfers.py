"""The passes that every program goes through know every operation, or stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import Builtin, UnrealizedConversionCastOp
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, traits_def
from xdsl.parser import Parser
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator

from wasmdialect import Config, Engine, Module
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.control_transfer import (
    Branches,
    CallsCode,
    LeavesFunction,
    RunsInPlace,
)
from wasmdialect.dialects.llvm_ext import LLVM_EXT
from wasmdialect.passes.insert_fuel import InsertFuel
from wasmdialect.passes.insert_vmctx_loads import InsertVMContextLoads
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.passes.transfers import transfer_of

AT_MODULE_LEVEL = (
    *(wasmir.DeclarationOp, wasmir.ExportOp, wasmir.StartOp, wasmvm.DeclareFieldOp),
    *(wasmvm.DeclareTrapOp, wasmvm.FuncOp),
)
OURS = [
    op
    for dialect in (wasmir.WASMIR, wasmvm.WASMVM, LLVM_EXT)
    for op in dialect.operations
    if not issubclass(op, AT_MODULE_LEVEL)
]


def test_every_operation_of_ours_says_where_control_goes():
    assert [op.name for op in OURS if transfer_of(op) is None] == []


def test_what_does_not_run_in_place():
    """A new operation has to be put here by hand."""
    elsewhere: dict[str, list[str]] = {}
    for op in OURS:
        transfer = transfer_of(op)
        assert transfer is not None
        elsewhere.setdefault(transfer.__name__, []).append(op.name)
    assert {*elsewhere.pop("RunsInPlace")}.isdisjoint(
        op.name for op in OURS if issubclass(op, wasmir.CallLike)
    )
    assert {name: {*ops} for name, ops in elsewhere.items()} == {
        "Branches": {"wasmir.br", "wasmir.br_if", "wasmir.br_table", "llvm_ext.switch"},
        "CallsCode": {
            *("wasmir.call", "wasmir.call_indirect", "wasmir.call_ref"),
            *("wasmvm.call", "wasmvm.call_pointer", "wasmvm.call_builtin"),
            *("wasmvm.new_exception", "wasmvm.exception_barrier"),
        },
        "LeavesFunction": {
            *("wasmir.return", "wasmir.unreachable", "wasmvm.trap"),
            *("wasmir.return_call", "wasmir.return_call_indirect", "wasmir.return_call_ref"),
            *("wasmvm.return_call", "wasmvm.return_call_pointer"),
            *("wasmir.throw_ref", "wasmvm.unwind"),
        },
    }


def test_operations_of_other_dialects():
    expected = {
        llvm.CallOp: CallsCode,
        llvm.AddOp: RunsInPlace,
        llvm.CondBrOp: Branches,
        llvm.ReturnOp: LeavesFunction,
        llvm.FuncOp: None,
    }
    assert {op: transfer_of(op) for op in expected} == expected


# --- operations of a user's passes

MINE = """
from xdsl.dialects.builtin import i64
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, traits_def
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import {imported}
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass

@irdl_op_definition
class MineOp(IRDLOperation):
    name = "mine.op"
    {traits}

MINE = Dialect("mine", [MineOp], [])

class Insert(FunctionPass):
    '''Put one before the first operation.'''
    name = "insert-mine"

    def apply_to_function(self, ctx, function):
        function.entry.insert_op_before(MineOp(), function.entry.first_op)

class Lower(FunctionPass):
    '''Ask the runtime for fuel: a call.'''
    name = "lower-mine"

    def apply_to_function(self, ctx, function):
        for op in [*function.walk()]:
            if isinstance(op, MineOp):
                b = WasmBuilder.before(op)
                {lowered}
                b.replace(op)
"""
CALL = 'b.call_builtin("out_of_gas", b.vmctx())'


def module(folder: Path, traits: str, lowered: str = "pass", **settings: Any) -> Module:
    """A module with the operation in its function, compiled."""
    file = folder / "mine.py"
    imported = traits.removesuffix("()") or "RunsInPlace"
    declared = f"traits = traits_def({traits})" if traits else "pass"
    file.write_text(MINE.format(imported=imported, traits=declared, lowered=lowered))
    config = Config(
        jobs=0,
        load=(str(file),),
        at={"wasmir-end": "insert-mine", "wasmvm-end": "lower-mine"},
        **settings,
    )
    text = '(module (func (export "f") (param i32) (result i32) (local.get 0)))'
    return Module(Engine(config), text)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "insert-vmctx-loads"),
        ({"consume_fuel": True}, "insert-fuel"),
        ({"epoch_interruption": True}, "insert-epoch-checks"),
    ],
)
def test_an_operation_that_says_nothing_stops_the_pass(
    tmp_path: Path, settings: dict[str, Any], name: str
):
    with pytest.raises(PassFailure, match=r"mine.op does not say where control goes") as caught:
        module(tmp_path, "", **settings)
    assert caught.value.pass_name == name
    assert "control_transfer" in str(caught.value)
    assert "it was at mine.op" in caught.value.details


@irdl_op_definition
class InPlaceOp(IRDLOperation):
    name = "mine.in_place"
    traits = traits_def(RunsInPlace())
    assembly_format = "attr-dict"


@irdl_op_definition
class CallingOp(IRDLOperation):
    name = "mine.calls"
    traits = traits_def(CallsCode())
    assembly_format = "attr-dict"


@irdl_op_definition
class LeavingOp(IRDLOperation):
    name = "mine.leaves"
    traits = traits_def(LeavesFunction(), IsTerminator())
    assembly_format = "attr-dict"


FUNCTION = """
wasmir.global @g mut i32 index 0 slot 0 { %0 = wasmir.i32.const 1 wasmir.return %0 : i32 }
wasmir.table @t !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.func index 0 slot 0 @f() {
  %0 = wasmir.table.size @t : i32
  wasmir.operators 3
  mine.in_place
  mine.calls
  %1 = wasmir.table.size @t : i32
  mine.leaves
}"""


def steps_after(pass_: ModulePass) -> list[str]:
    """The operations of FUNCTION after a pass, with the field that each accesses."""
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(wasmir.WASMIR)
    context.load_dialect(wasmvm.WASMVM)
    context.load_dialect(Dialect("mine", [InPlaceOp, CallingOp, LeavingOp], []))
    module = Parser(context, f"builtin.module {{{FUNCTION}}}").parse_module()
    pass_.apply(context, module)
    (function,) = (op for op in module.ops if isinstance(op, wasmir.FuncOp))
    return [
        f"{op.name} {op.field.data}" if isinstance(op, wasmvm.FieldOp) else op.name
        for block in function.body.blocks
        for op in block.ops
    ]


def test_fuel_is_written_back_where_control_goes_elsewhere():
    steps = steps_after(InsertFuel())
    write, read = "wasmvm.store_field fuel_consumed", "wasmvm.load_field fuel_consumed"
    around = {name: steps.index(f"mine.{name}") for name in ("in_place", "calls", "leaves")}
    assert steps[around["in_place"] - 1] == "wasmvm.store_slot"
    assert steps[around["in_place"] + 1] != read
    assert (steps[around["calls"] - 1], steps[around["calls"] + 1]) == (write, read)
    assert steps[around["leaves"] - 1] == write


def test_fields_are_loaded_again_after_an_operation_that_calls():
    steps = steps_after(InsertVMContextLoads())
    load = "wasmvm.load_field current_elements"
    called = steps.index("mine.calls")
    assert (steps[:called].count(load), steps[called:].count(load)) == (1, 1)


def test_a_function_with_an_operation_that_calls_is_checked_for_its_stack(tmp_path: Path):
    plain = module(tmp_path, "RunsInPlace()")
    calling = module(tmp_path, "CallsCode()", CALL)
    assert not stack_overflows(plain)
    assert stack_overflows(calling)


def stack_overflows(compiled: Module) -> list[int]:
    """The trap codes of stack overflows in the code."""
    return [code for code in compiled.loaded.code[0].traps.codes if code == 0]


def test_a_cast_that_is_left_over_is_named():
    assert transfer_of(UnrealizedConversionCastOp) is RunsInPlace  # it is pure
