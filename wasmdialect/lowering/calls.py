"""Lowering of calls, and of the slots of array calls."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import (
    POINTER_SIZE,
    RUNTIME_LIMITS,
    SIGNATURE_ID,
    VALUE_SLOT_SIZE,
    Alias,
)
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.signature import abi_signature, llvm_type, type_size


def _signature_id(f: FunctionLowering, op: wasmvm.SignatureIdOp) -> None:
    row = SIGNATURE_ID.field("id")
    offset = SIGNATURE_ID.size * op.type_index.value.data + row.offset
    address = f.byte_offset(f.values[op.ids], offset)
    f.values[result_of(op)] = f.load(address, i32, row.size, row.alias, invariant=row.invariant)


def _call(f: FunctionLowering, op: wasmvm.CallOp) -> None:
    symbol: Any = op.properties["callee"]
    callee = f.symbols[symbol.root_reference.data]
    callee_vmctx, caller_vmctx, *arguments = operands_of(op)
    params, results = [a.type for a in arguments], [r.type for r in op.results]
    signature = abi_signature(Convention.WASM, params, results)
    returned = f.abi_call(
        callee,
        signature,
        f.values[callee_vmctx],
        f.values[caller_vmctx],
        [f.values[a] for a in arguments],
    )
    f.values.update(zip(op.results, returned, strict=True))


def _call_pointer(f: FunctionLowering, op: wasmvm.CallPointerOp) -> None:
    code, callee_vmctx, caller_vmctx, *arguments = operands_of(op)
    params, results = [a.type for a in arguments], [r.type for r in op.results]
    signature = abi_signature(Convention(op.convention.data), params, results)
    returned = f.abi_call(
        f.values[code],
        signature,
        f.values[callee_vmctx],
        f.values[caller_vmctx],
        [f.values[a] for a in arguments],
    )
    f.values.update(zip(op.results, returned, strict=True))


def _call_builtin(f: FunctionLowering, op: wasmvm.CallBuiltinOp) -> None:
    vmctx, *arguments = (f.values[v] for v in operands_of(op))
    result_type = llvm_type(op.results[0].type) if op.results else None
    returned = f.call_builtin(op.builtin.data, vmctx, arguments, result_type)
    if returned is not None:
        f.values[result_of(op)] = returned


def _check_pending(f: FunctionLowering, op: wasmvm.CheckPendingOp) -> None:
    vmctx = f.values[op.vmctx]
    limits = f.header_field(vmctx, "limits")
    row = RUNTIME_LIMITS.field("pending_error")
    pending = f.load(f.byte_offset(limits, row.offset), i64, POINTER_SIZE, row.alias)
    cold = f.cold_block()
    f.branch_cold(f.icmp("ne", pending, f.constant(0, 64)), cold)
    following = f.block
    f.begin(cold)
    f.call_builtin("raise_pending", vmctx, (), None)
    f.unreachable()
    f.begin(following)


def _stack_slots(f: FunctionLowering, op: wasmvm.StackSlotsOp) -> None:
    size = max(1, op.count.value.data) * VALUE_SLOT_SIZE
    f.values[result_of(op)] = f.stack_slot(size)


def _slot_address(f: FunctionLowering, slots: SSAValue, slot: int) -> SSAValue:
    return f.byte_offset(f.values[slots], VALUE_SLOT_SIZE * slot)


def _load_slot(f: FunctionLowering, op: wasmvm.LoadSlotOp) -> None:
    t = llvm_type(op.result.type)
    address = _slot_address(f, op.slots, op.slot.value.data)
    f.values[result_of(op)] = f.load(address, t, type_size(t), Alias.STACK)


def _store_slot(f: FunctionLowering, op: wasmvm.StoreSlotOp) -> None:
    value = f.values[op.value]
    address = _slot_address(f, op.slots, op.slot.value.data)
    f.store(value, address, type_size(value.type), Alias.STACK)


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.SignatureIdOp: _signature_id,
    wasmvm.CallOp: _call,
    wasmvm.CallPointerOp: _call_pointer,
    wasmvm.CallBuiltinOp: _call_builtin,
    wasmvm.CheckPendingOp: _check_pending,
    wasmvm.StackSlotsOp: _stack_slots,
    wasmvm.LoadSlotOp: _load_slot,
    wasmvm.StoreSlotOp: _store_slot,
}
