"""Lowering of control flow: branches, `select`, return, `unreachable`, traps."""

from __future__ import annotations

from xdsl.ir import Operation

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import llvm_ext, wasmir, wasmvm
from wasmdialect.dialects.branch_hints import hint_of
from wasmdialect.dialects.fast import operands_of, result_of, segment_sizes, successors_of
from wasmdialect.lowering.choices import own_opposite
from wasmdialect.lowering.function import FunctionLowering, Handler


def _br(f: FunctionLowering, op: wasmir.BrOp) -> None:
    arguments = [f.values[a] for a in operands_of(op)]
    (target,) = successors_of(op)
    f.br(f.blocks[target], arguments)


def _br_if(f: FunctionLowering, op: wasmir.BrIfOp) -> None:
    deciding, *passed = operands_of(op)
    then_block, else_block = successors_of(op)
    arguments = [f.values[a] for a in passed]
    split = segment_sizes(op)[1] if passed else 0
    f.cond_br(
        *(f.condition(deciding), f.blocks[then_block], f.blocks[else_block]),
        *(arguments[:split], arguments[split:]),
        unlikely=deciding in f.unlikely,
        likely=hint_of(op) if op.attributes else None,
    )


def _br_table(f: FunctionLowering, op: wasmir.BrTableOp) -> None:
    operands = [f.values[a] for a in operands_of(op)]
    successors = [f.blocks[b] for b in op.successors]
    f.terminator(llvm_ext.SwitchOp, operands, successors, dict(op.properties))


def _return(f: FunctionLowering, op: wasmir.ReturnOp) -> None:
    f.return_values([f.values[v] for v in operands_of(op)])


def _select(f: FunctionLowering, op: wasmir.SelectOp) -> None:
    deciding, true_value, false_value = operands_of(op)
    values = f.values[true_value], f.values[false_value]
    opposite = own_opposite(f, op)
    if opposite is None:
        f.values[result_of(op)] = f.select(f.condition(deciding), *values)
        return
    operands = (f.condition(deciding), opposite, *values)
    f.values[result_of(op)] = f.value(llvm_ext.ChoiceOp, operands, result_of(op).type)


def _unreachable(f: FunctionLowering, op: wasmir.UnreachableOp) -> None:
    f.trap(TrapCode.UNREACHABLE)


def _trap(f: FunctionLowering, op: wasmvm.TrapOp) -> None:
    f.trap(op.code.value.data)


def _trap_if(f: FunctionLowering, op: wasmvm.TrapIfOp) -> None:
    f.trap_if(f.condition(op.condition), op.code.value.data)


def _trap_fence(f: FunctionLowering, op: wasmir.TrapFenceOp) -> None:
    f.step(llvm_ext.FenceOp)
    f.has_trap_free_loops = True


HANDLERS: dict[type[Operation], Handler] = {
    wasmir.BrOp: _br,
    wasmir.BrIfOp: _br_if,
    wasmir.BrTableOp: _br_table,
    wasmir.ReturnOp: _return,
    wasmir.SelectOp: _select,
    wasmir.UnreachableOp: _unreachable,
    wasmir.TrapFenceOp: _trap_fence,
    wasmvm.TrapOp: _trap,
    wasmvm.TrapIfOp: _trap_if,
}
