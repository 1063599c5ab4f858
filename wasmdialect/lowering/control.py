"""Lowering of control flow: branches, `select`, return, `unreachable`, traps."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.ir import Attribute, Operation

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import llvm_ext, wasmir, wasmvm
from wasmdialect.dialects.fast import operands_of
from wasmdialect.lowering.function import NO_FAST_MATH, FunctionLowering, Handler


def _br(f: FunctionLowering, op: wasmir.BrOp) -> None:
    arguments = [f.values[a] for a in operands_of(op)]
    f.terminate(llvm.BrOp, arguments, (f.blocks[op.target],))


def _br_if(f: FunctionLowering, op: wasmir.BrIfOp) -> None:
    deciding, *passed = operands_of(op)
    arguments = [f.values[a] for a in passed]
    condition = f.condition(deciding)
    then_block, else_block = op.successors
    f.terminate(
        llvm.CondBrOp,
        (condition, *arguments),
        (f.blocks[then_block], f.blocks[else_block]),
        {"operandSegmentSizes": op.properties["operandSegmentSizes"]},
    )


def _br_table(f: FunctionLowering, op: wasmir.BrTableOp) -> None:
    operands = [f.values[a] for a in operands_of(op)]
    successors = [f.blocks[b] for b in op.successors]
    f.terminate(llvm_ext.SwitchOp, operands, successors, dict(op.properties))


def _return(f: FunctionLowering, op: wasmir.ReturnOp) -> None:
    f.return_values([f.values[v] for v in operands_of(op)])


def _select(f: FunctionLowering, op: wasmir.SelectOp) -> None:
    _, true_value, false_value = operands_of(op)
    condition = f.condition(op.condition)
    operands = (condition, f.values[true_value], f.values[false_value])
    properties: dict[str, Attribute] = {"fastmathFlags": NO_FAST_MATH}
    f.values[op.results[0]] = f.emit(llvm.SelectOp, operands, operands[1].type, properties)


def _unreachable(f: FunctionLowering, op: wasmir.UnreachableOp) -> None:
    f.fill_trap(f.block, TrapCode.UNREACHABLE)


def _trap(f: FunctionLowering, op: wasmvm.TrapOp) -> None:
    f.fill_trap(f.block, op.code.value.data)


def _trap_if(f: FunctionLowering, op: wasmvm.TrapIfOp) -> None:
    f.trap_if(f.condition(op.condition), op.code.value.data)


HANDLERS: dict[type[Operation], Handler] = {
    wasmir.BrOp: _br,
    wasmir.BrIfOp: _br_if,
    wasmir.BrTableOp: _br_table,
    wasmir.ReturnOp: _return,
    wasmir.SelectOp: _select,
    wasmir.UnreachableOp: _unreachable,
    wasmvm.TrapOp: _trap,
    wasmvm.TrapIfOp: _trap_if,
}
