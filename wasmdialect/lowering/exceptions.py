"""Lowering of exceptions: their memory, and leaving functions that do not catch them."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Block, Operation, SSAValue

from wasmdialect.abi.layout import (
    EXCEPTION,
    FUNC_REF,
    POINTER_SIZE,
    RUNTIME_LIMITS,
    TESTS_EXCEPTIONS,
    Alias,
    Field,
)
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.function import FunctionLowering, Handler


def _limits_place(f: FunctionLowering, vmctx: SSAValue, name: str) -> tuple[SSAValue, Field]:
    row = RUNTIME_LIMITS.field(name)
    return f.byte_offset(f.header_field(vmctx, "limits"), row.offset), row


def _is_thrown(f: FunctionLowering, vmctx: SSAValue) -> SSAValue:
    """Whether an exception has been thrown and not caught, as an i1."""
    place, row = _limits_place(f, vmctx, "exception")
    thrown = f.load(place, i64, row.size, row.alias)
    return f.icmp("ne", thrown, f.constant(0, 64))


def _new_exception(f: FunctionLowering, op: wasmvm.NewExceptionOp) -> None:
    vmctx, size = f.values[op.vmctx], f.constant(op.size.value.data, 64)
    place, row = _limits_place(f, vmctx, "exceptions_next")
    start = f.load(place, i64, row.size, row.alias)
    end_place, end_row = _limits_place(f, vmctx, "exceptions_end")
    end = f.load(end_place, i64, end_row.size, end_row.alias)
    following = f.value(llvm.AddOp, (start, size), i64)
    full, fits, made = f.cold_block(), f.new_block(), f.new_block([i64])
    f.cond_br(f.icmp("ugt", following, end), full, fits, unlikely=True)
    f.begin(fits)
    f.store(following, place, row.size, row.alias)
    f.br(made, (start,))
    f.begin(full)
    allocated = f.call_builtin("new_exception", vmctx, (size,), i64)
    assert allocated is not None
    f.br(made, (allocated,))
    f.begin(made)
    f.values[result_of(op)] = f.value(llvm.IntToPtrOp, (made.args[0],), PTR)


def _exception_slots(f: FunctionLowering, op: wasmvm.ExceptionSlotsOp) -> None:
    f.values[op.result] = f.byte_offset(f.values[op.exception], EXCEPTION.size)


def _thrown(f: FunctionLowering, op: wasmvm.ThrownOp) -> None:
    condition = _is_thrown(f, f.values[op.vmctx])
    f.conditions[op.result] = condition
    f.unlikely.add(op.result)
    f.values[op.result] = f.value(llvm.ZExtOp, (condition,), i32)


def _unwind_if_thrown(f: FunctionLowering, op: wasmvm.UnwindIfThrownOp) -> None:
    leave_if_thrown(f, f.values[op.vmctx])


def leave_if_thrown(f: FunctionLowering, vmctx: SSAValue) -> None:
    """Leave the function if an exception has been thrown; `vmctx` is an instance of its image."""
    condition, leaving = _is_thrown(f, vmctx), _leaving_block(f, vmctx)
    following = f.new_block()
    f.cond_br(condition, leaving, following, unlikely=True)
    f.begin(following)


def _unwind(f: FunctionLowering, op: wasmvm.UnwindOp) -> None:
    f.br(_leaving_block(f, f.values[op.vmctx]))


def _leaving_block(f: FunctionLowering, vmctx: SSAValue) -> Block:
    """The block that leaves the function with an exception: by returning, if the code there tests for
    one. The results do not matter then, but may not be undefined: LLVM would take the branch to this
    block for one that is never taken."""
    if f.leaving_block is not None:
        return f.leaving_block
    current = f.block
    block = f.leaving_block = f.cold_block()
    f.begin(block)
    if f.is_trampoline:  # the host called it
        f.call_builtin("uncaught", vmctx, (f.constant(0, 64),), None)
        f.unreachable()
    else:
        pointer = f.intrinsic("llvm.returnaddress", (f.constant(0, 32),), PTR)
        address = f.value(llvm.PtrToIntOp, (pointer,), i64)
        distance = f.value(llvm.SubOp, (address, _code_field(f, vmctx, "start")), i64)
        returning, elsewhere = f.cold_block(), f.cold_block()
        is_here = f.icmp("ult", distance, _code_field(f, vmctx, "size"))
        f.cond_br(is_here, returning, elsewhere)
        f.begin(elsewhere)
        f.call_builtin("uncaught", vmctx, (address,), None)
        f.br(returning)
        f.begin(returning)
        f.return_zeros()
    f.begin(current)
    return block


def _code_field(f: FunctionLowering, vmctx: SSAValue, name: str) -> SSAValue:
    """Where the code of the running function's image is."""
    place = f.byte_offset(vmctx, f.layout.offset("code", 0, name))
    return f.load(place, i64, POINTER_SIZE, Alias.VMCONTEXT, invariant=True)


def _exception_barrier(f: FunctionLowering, op: wasmvm.ExceptionBarrierOp) -> None:
    vmctx, function = (f.values[v] for v in operands_of(op))
    row = FUNC_REF.field("vmctx")
    callee_vmctx = f.load(
        f.byte_offset(function, row.offset), PTR, row.size, row.alias, invariant=row.invariant
    )
    other, unaware, chosen = f.cold_block(), f.cold_block(), f.new_block([PTR])
    own, called = (f.value(llvm.PtrToIntOp, (v,), i64) for v in (vmctx, callee_vmctx))
    is_other = f.icmp("ne", called, own)
    f.cond_br(is_other, other, chosen, (), (function,), unlikely=True)
    f.begin(other)
    f.cond_br(f.has_flag(callee_vmctx, TESTS_EXCEPTIONS), chosen, unaware, (function,), ())
    f.begin(unaware)
    barrier = f.call_builtin("exception_barrier", vmctx, (function,), PTR)
    assert barrier is not None
    f.br(chosen, (barrier,))
    f.begin(chosen)
    f.values[result_of(op)] = chosen.args[0]


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.NewExceptionOp: _new_exception,
    wasmvm.ExceptionSlotsOp: _exception_slots,
    wasmvm.ThrownOp: _thrown,
    wasmvm.UnwindIfThrownOp: _unwind_if_thrown,
    wasmvm.UnwindOp: _unwind,
    wasmvm.ExceptionBarrierOp: _exception_barrier,
}
