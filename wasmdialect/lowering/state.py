"""Lowering of runtime state: fields, linear memory, tables, references, calls, the machine's state."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, i8, i16, i32, i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import (
    POINTER_SIZE,
    RUNTIME_LIMITS,
    SIGNATURE_ID,
    STRUCTS,
    TABLE_ELEMENT_INITIALIZED,
    VALUE_SLOT_SIZE,
    Alias,
)
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.signature import abi_signature, llvm_type, type_size

# --- VMContexts and fields ---


def _vmctx(f: FunctionLowering, op: wasmvm.VMContextOp) -> None:
    f.values[result_of(op)] = f.vmctx


def _caller_vmctx(f: FunctionLowering, op: wasmvm.CallerVMContextOp) -> None:
    f.values[result_of(op)] = f.caller_vmctx


def _field_address(f: FunctionLowering, op: wasmvm.FieldOp) -> tuple[SSAValue, str, bool]:
    """Address, alias class, and whether the field never changes."""
    base, struct, name = f.values[operands_of(op)[0]], op.struct.data, op.field.data
    invariant = op.invariant is not None
    if struct == "extra":
        if name not in f.layout.extra_offsets:
            raise ValueError(
                f"the VMContext has no field {name!r}: a pass declares it with add_counter or add_field"
            )
        accessed, (size, alignment) = type_size(op.accessed_type()), f.layout.extra_sizes[name]
        if accessed > size or accessed > alignment:
            raise ValueError(
                f"field {name!r} has size {size} and alignment {alignment}, and is accessed as a"
                f" value of {accessed} bytes"
            )
        return f.byte_offset(base, f.layout.extra_offsets[name]), Alias.EXTRA, invariant
    row = op.field_row
    if op.entry is not None:
        offset = f.layout.offset(struct, op.entry.value.data, name)
    else:
        offset = STRUCTS[struct].field(name).offset
    return f.byte_offset(base, offset), row.alias, invariant or row.invariant


def _load_field(f: FunctionLowering, op: wasmvm.LoadFieldOp) -> None:
    address, alias, invariant = _field_address(f, op)
    t = llvm_type(op.result.type)
    volatile = op.volatile is not None
    f.values[result_of(op)] = f.load(
        address, t, type_size(t), alias, invariant=invariant, volatile=volatile
    )


def _store_field(f: FunctionLowering, op: wasmvm.StoreFieldOp) -> None:
    address, alias, _ = _field_address(f, op)
    value = f.values[op.value]
    f.store(value, address, type_size(value.type), alias, volatile=op.volatile is not None)


def _entry_address(f: FunctionLowering, op: wasmvm.EntryAddressOp) -> None:
    offset = f.layout.offset(op.region.data, op.entry.value.data)
    f.values[result_of(op)] = f.byte_offset(f.values[op.base], offset)


# --- linear memory ---

_NARROW: dict[int, IntegerType] = {1: i8, 2: i16, 4: i32, 8: i64}


def _linear_place(f: FunctionLowering, op: wasmvm.LinearLoadOp | wasmvm.LinearStoreOp) -> SSAValue:
    base, address = operands_of(op)[:2]
    place = f.index(f.values[base], f.as_i64(address))
    return f.byte_offset(place, op.offset.value.data & 0xFFFF_FFFF_FFFF_FFFF)


def _linear_load(f: FunctionLowering, op: wasmvm.LinearLoadOp) -> None:
    address, width = _linear_place(f, op), op.bytes.value.data
    result_type = result_of(op).type
    align, faults = op.align.value.data, op.may_fault is not None
    volatile = op.volatile is not None
    if width == type_size(result_type):
        value = f.load(
            address, result_type, align, Alias.LINEAR, volatile=volatile, may_fault=faults
        )
    else:
        narrow = f.load(
            address, _NARROW[width], align, Alias.LINEAR, volatile=volatile, may_fault=faults
        )
        extend = llvm.ZExtOp if op.signed is None else llvm.SExtOp
        value = f.value(extend, (narrow,), result_type)
    f.values[result_of(op)] = value


def _linear_store(f: FunctionLowering, op: wasmvm.LinearStoreOp) -> None:
    address, width = _linear_place(f, op), op.bytes.value.data
    value = f.values[op.value]
    if width != type_size(value.type):
        value = f.value(llvm.TruncOp, (value,), _NARROW[width])
    f.store(
        value,
        address,
        op.align.value.data,
        Alias.LINEAR,
        volatile=op.volatile is not None,
        may_fault=op.may_fault is not None,
    )


def _linear_address(f: FunctionLowering, op: wasmvm.LinearAddressOp) -> None:
    f.values[result_of(op)] = f.index(f.values[op.base], f.as_i64(op.address))


def _bounds_check(f: FunctionLowering, op: wasmvm.BoundsCheckOp) -> None:
    """A sum of a zero-extended i32 and a size below 2**33 does not wrap; one of an i64 may."""
    address, bound = f.as_i64(op.address), f.values[op.bound]
    size = f.constant(op.size.value.data, 64)
    end = f.value(llvm.AddOp, (address, size), i64)
    if op.address.type == i64:
        f.trap_if(f.icmp("ult", end, address), TrapCode.MEMORY_OUT_OF_BOUNDS)
    f.trap_if(f.icmp("ugt", end, bound), TrapCode.MEMORY_OUT_OF_BOUNDS)


def _range_check(f: FunctionLowering, op: wasmvm.RangeCheckOp) -> None:
    start, length, bound = f.values[op.start], f.values[op.length], f.values[op.bound]
    end = f.value(llvm.AddOp, (start, length), i64)
    code = op.code.value.data
    f.trap_if(f.icmp("ult", end, start), code)
    f.trap_if(f.icmp("ugt", end, bound), code)


# --- tables and references ---


def _element_address(f: FunctionLowering, op: wasmvm.ElementAddressOp) -> None:
    scale = f.constant(POINTER_SIZE, 64)
    offset = f.value(llvm.MulOp, (f.as_i64(op.index), scale), i64)
    f.values[result_of(op)] = f.index(f.values[op.base], offset)


def _load_element(f: FunctionLowering, op: wasmvm.LoadElementOp) -> None:
    address = f.values[op.address]
    if op.function is None:
        f.values[result_of(op)] = f.load(address, PTR, POINTER_SIZE, Alias.TABLE_ELEMENT)
        return
    raw = f.load(address, i64, POINTER_SIZE, Alias.TABLE_ELEMENT)
    not_computed = f.icmp("eq", raw, f.constant(0, 64))
    cold = f.cold_block()
    f.branch_cold(not_computed, cold)
    joined = f.new_block((i64,))
    f.br(joined, (raw,))
    f.begin(cold)
    arguments = (f.constant(op.table.value.data, 32), f.values[op.index])
    computed = f.call_builtin("table_get_lazy_init_func_ref", f.values[op.vmctx], arguments, PTR)
    assert computed is not None
    f.br(joined, (f.value(llvm.PtrToIntOp, (computed,), i64),))
    f.begin(joined)
    mask = f.constant(~TABLE_ELEMENT_INITIALIZED, 64)
    bits = f.value(llvm.AndOp, (joined.args[0], mask), i64)
    f.values[result_of(op)] = f.value(llvm.IntToPtrOp, (bits,), PTR)


def _store_element(f: FunctionLowering, op: wasmvm.StoreElementOp) -> None:
    address, value = f.values[op.address], f.values[op.value]
    if op.function is not None:
        bits = f.value(llvm.PtrToIntOp, (value,), i64)
        value = f.value(llvm.OrOp, (bits, f.constant(TABLE_ELEMENT_INITIALIZED, 64)), i64)
    volatile = op.volatile is not None
    f.store(value, address, POINTER_SIZE, Alias.TABLE_ELEMENT, volatile=volatile)


def _signature_id(f: FunctionLowering, op: wasmvm.SignatureIdOp) -> None:
    row = SIGNATURE_ID.field("id")
    offset = SIGNATURE_ID.size * op.type_index.value.data + row.offset
    address = f.byte_offset(f.values[op.ids], offset)
    f.values[result_of(op)] = f.load(address, i32, row.size, row.alias, invariant=row.invariant)


def _ref_null(f: FunctionLowering, op: wasmir.RefNullOp) -> None:
    f.values[result_of(op)] = f.null()


def _ref_is_null(f: FunctionLowering, op: wasmir.RefIsNullOp) -> None:
    bits = f.value(llvm.PtrToIntOp, (f.values[op.operand],), i64)
    is_null = f.icmp("eq", bits, f.constant(0, 64))
    f.conditions[op.result] = is_null
    f.values[result_of(op)] = f.value(llvm.ZExtOp, (is_null,), i32)


# --- calls ---


def _call(f: FunctionLowering, op: wasmvm.CallOp) -> None:
    callee = f.symbols[op.callee.root_reference.data]
    _, _, *arguments = operands_of(op)
    params, results = [a.type for a in arguments], [r.type for r in op.results]
    signature = abi_signature(Convention.WASM, params, results)
    callee_vmctx, caller_vmctx = f.values[op.callee_vmctx], f.values[op.caller_vmctx]
    returned = f.abi_call(
        callee, signature, callee_vmctx, caller_vmctx, [f.values[a] for a in arguments]
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


# --- the machine's state ---


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


# --- array calls ---


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
    wasmvm.VMContextOp: _vmctx,
    wasmvm.CallerVMContextOp: _caller_vmctx,
    wasmvm.LoadFieldOp: _load_field,
    wasmvm.StoreFieldOp: _store_field,
    wasmvm.EntryAddressOp: _entry_address,
    wasmvm.LinearLoadOp: _linear_load,
    wasmvm.LinearStoreOp: _linear_store,
    wasmvm.LinearAddressOp: _linear_address,
    wasmvm.BoundsCheckOp: _bounds_check,
    wasmvm.RangeCheckOp: _range_check,
    wasmvm.ElementAddressOp: _element_address,
    wasmvm.LoadElementOp: _load_element,
    wasmvm.StoreElementOp: _store_element,
    wasmvm.SignatureIdOp: _signature_id,
    wasmir.RefNullOp: _ref_null,
    wasmir.RefIsNullOp: _ref_is_null,
    wasmvm.CallOp: _call,
    wasmvm.CallPointerOp: _call_pointer,
    wasmvm.CallBuiltinOp: _call_builtin,
    wasmvm.CheckPendingOp: _check_pending,
    wasmvm.StackPointerOp: _stack_pointer,
    wasmvm.ParentFramePointerOp: _parent_frame_pointer,
    wasmvm.ReturnAddressOp: _return_address,
    wasmvm.StackCheckOp: _stack_check,
    wasmvm.StackSlotsOp: _stack_slots,
    wasmvm.LoadSlotOp: _load_slot,
    wasmvm.StoreSlotOp: _store_slot,
}
