"""Lowering of the machine's state: the stack, frames and return addresses."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation

from wasmdialect.abi.layout import (
    POINTER_SIZE,
    Alias,
)
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import result_of
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.function import FunctionLowering, Handler


def _stack_pointer(f: FunctionLowering, op: wasmvm.StackPointerOp) -> None:
    f.values[result_of(op)] = f.value(llvm.StackSaveOp, (), PTR)


def _parent_frame_pointer(f: FunctionLowering, op: wasmvm.ParentFramePointerOp) -> None:
    own = f.intrinsic("llvm.frameaddress.p0", (f.constant(0, 32),), PTR)
    f.values[result_of(op)] = f.load(own, PTR, POINTER_SIZE, Alias.STACK)


def _return_address(f: FunctionLowering, op: wasmvm.ReturnAddressOp) -> None:
    f.values[result_of(op)] = f.intrinsic("llvm.returnaddress", (f.constant(0, 32),), PTR)


def _stack_check(f: FunctionLowering, op: wasmvm.StackCheckOp) -> None:
    pointer = f.value(llvm.StackSaveOp, (), PTR)
    current = f.value(llvm.PtrToIntOp, (pointer,), i64)
    f.trap_if(f.icmp("ult", current, f.values[op.limit]), TrapCode.STACK_OVERFLOW)


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.StackPointerOp: _stack_pointer,
    wasmvm.ParentFramePointerOp: _parent_frame_pointer,
    wasmvm.ReturnAddressOp: _return_address,
    wasmvm.StackCheckOp: _stack_check,
}
