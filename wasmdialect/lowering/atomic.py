"""Lowering of atomic accesses that read and write at once, and of the fence.

They are volatile too: LLVM may merge atomic accesses, but each one that may fault has to happen
(docs/llvm.md, "Traps").
"""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.layout import Alias
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import result_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.memory import linear_place


def _narrowed(f: FunctionLowering, op: wasmvm.AtomicAccessOp, operand: SSAValue) -> SSAValue:
    """The bytes of an operand that are accessed."""
    value, t = f.values[operand], IntegerType(8 * op.bytes.value.data)
    return value if value.type == t else f.value(llvm.TruncOp, (value,), t)


def _give(f: FunctionLowering, op: wasmvm.AtomicAccessOp, old: SSAValue) -> None:
    """Use an accessed value, zero-extended, for the result."""
    result = result_of(op)
    wide = old.type == result.type
    f.values[result] = old if wide else f.value(llvm.ZExtOp, (old,), result.type)


def _rmw(f: FunctionLowering, op: wasmvm.AtomicRMWOp) -> None:
    place, value = linear_place(f, op), _narrowed(f, op, op.value)
    may_fault = op.may_fault is not None
    old = f.atomic_rmw(op.operation.data, place, value, Alias.LINEAR, may_fault=may_fault)
    _give(f, op, old)


def _compare_exchange(f: FunctionLowering, op: wasmvm.AtomicCompareExchangeOp) -> None:
    place, expected = linear_place(f, op), _narrowed(f, op, op.expected)
    replacement, may_fault = _narrowed(f, op, op.replacement), op.may_fault is not None
    old = f.compare_exchange(place, expected, replacement, Alias.LINEAR, may_fault=may_fault)
    _give(f, op, old)


def _fence(f: FunctionLowering, op: wasmvm.FenceOp) -> None:
    f.fence()


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.AtomicRMWOp: _rmw,
    wasmvm.AtomicCompareExchangeOp: _compare_exchange,
    wasmvm.FenceOp: _fence,
}
