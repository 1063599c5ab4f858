"""Lowering of VMContexts and their fields."""

from __future__ import annotations

from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.layout import COUNTER_SIZE, Alias
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import number_of, operand_of, result_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.memory import NARROW
from wasmdialect.lowering.signature import llvm_type, type_size


def _vmctx(f: FunctionLowering, op: wasmvm.VMContextOp) -> None:
    f.values[result_of(op)] = f.vmctx


def _caller_vmctx(f: FunctionLowering, op: wasmvm.CallerVMContextOp) -> None:
    f.values[result_of(op)] = f.caller_vmctx


def _declared_size(f: FunctionLowering, name: str) -> tuple[int, int]:
    """Size and alignment of a field that a pass declared. Raises ValueError."""
    known = f.layout.extra_sizes.get(name)
    if known is None:
        raise ValueError(
            f"the VMContext has no field {name!r}: a pass declares it with add_counter, add_counters,"
            " add_bytes or add_field"
        )
    return known


def _field_address(f: FunctionLowering, op: wasmvm.FieldOp) -> tuple[SSAValue, str, bool]:
    """Address, alias class, and whether the field never changes."""
    # Properties by name: IRDL's accessors run Python code.
    properties: dict[str, Any] = op.properties
    base, invariant = f.values[operand_of(op, 0)], "invariant" in properties
    struct, name = properties["struct"].data, properties["field"].data
    if struct == "extra":
        accessed, (size, alignment) = type_size(op.accessed_type()), _declared_size(f, name)
        if accessed > size or accessed > alignment:
            raise ValueError(
                f"field {name!r} has size {size} and alignment {alignment}, and is accessed as a"
                f" value of {accessed} bytes"
            )
        return f.byte_offset(base, f.layout.extra_offsets[name]), Alias.EXTRA, invariant
    row = op.field_row
    if "entry" in properties:
        offset = f.layout.offset(struct, number_of(op, "entry"), name)
    else:
        offset = row.offset
    return f.byte_offset(base, offset), row.alias, invariant or row.invariant


def _load_field(f: FunctionLowering, op: wasmvm.LoadFieldOp) -> None:
    address, alias, invariant = _field_address(f, op)
    result = result_of(op)
    null_trap: Any = op.properties.get("null_trap")
    t = llvm_type(result.type)
    f.values[result] = f.load(
        *(address, t, type_size(t), alias),
        invariant=invariant and null_trap is None,
        volatile="volatile" in op.properties,
        null_trap=None if null_trap is None else null_trap.value.data,
        ordering=_ordering(op),
    )


def _ordering(op: wasmvm.FieldOp) -> str:
    if "seq_cst" in op.properties:
        return "seq_cst"
    return "unordered" if "unordered" in op.properties else ""


def _store_field(f: FunctionLowering, op: wasmvm.StoreFieldOp) -> None:
    address, alias, _ = _field_address(f, op)
    value = f.values[operand_of(op, 1)]
    f.store(
        *(value, address, type_size(value.type), alias),
        volatile="volatile" in op.properties,
        ordering=_ordering(op),
    )


def _place_in(f: FunctionLowering, name: str, index: SSAValue, stride: int, width: int) -> SSAValue:
    """The address of `width` bytes, `index` times `stride` bytes from the start of a field that a pass
    declared; traps if they are not in it. Raises ValueError if they never are."""
    size, _ = _declared_size(f, name)
    last = (size - width) // stride
    constant = wasmir.constant_bits(index)
    if last < 0 or (constant is not None and constant > last):
        at = "" if constant is None else f" at index {constant}"
        raise ValueError(f"field {name!r} has {size} bytes, of which {width} are accessed{at}")
    offset = f.layout.extra_offsets[name]
    if constant is not None:
        return f.byte_offset(f.vmctx, offset + constant * stride)
    position = f.as_i64(index)
    f.trap_if(f.icmp("ugt", position, f.constant(last, 64)), TrapCode.MEMORY_OUT_OF_BOUNDS)
    if stride != 1:
        position = f.value(llvm.MulOp, (position, f.constant(stride, 64)), i64)
    return f.index(f.byte_offset(f.vmctx, offset), position)


def _count(f: FunctionLowering, op: wasmvm.CountOp) -> None:
    """With an index: `insert-vmctx-loads` rewrites others."""
    (index,) = op.operands
    place = _place_in(f, op.counter.data, index, COUNTER_SIZE, COUNTER_SIZE)
    count = f.load(place, i64, COUNTER_SIZE, Alias.EXTRA)
    added = f.value(llvm.AddOp, (count, f.constant(op.amount_value, 64)), i64)
    f.store(added, place, COUNTER_SIZE, Alias.EXTRA, volatile=op.volatile is not None)


def _load_bytes(f: FunctionLowering, op: wasmvm.LoadBytesOp) -> None:
    width, result_type = op.bytes.value.data, op.result.type
    place = _place_in(f, op.area.data, op.index, 1, width)
    value = f.load(place, NARROW[width], 1, Alias.EXTRA)
    if NARROW[width] != result_type:
        extend = llvm.ZExtOp if op.signed is None else llvm.SExtOp
        value = f.value(extend, (value,), result_type)
    f.values[result_of(op)] = value


def _store_bytes(f: FunctionLowering, op: wasmvm.StoreBytesOp) -> None:
    width, value = op.bytes.value.data, f.values[op.value]
    place = _place_in(f, op.area.data, op.index, 1, width)
    if NARROW[width] != value.type:
        value = f.value(llvm.TruncOp, (value,), NARROW[width])
    f.store(value, place, 1, Alias.EXTRA, volatile=op.volatile is not None)


def _entry_address(f: FunctionLowering, op: wasmvm.EntryAddressOp) -> None:
    offset = f.layout.offset(op.region.data, op.entry.value.data)
    f.values[result_of(op)] = f.byte_offset(f.values[op.base], offset)


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.VMContextOp: _vmctx,
    wasmvm.CallerVMContextOp: _caller_vmctx,
    wasmvm.LoadFieldOp: _load_field,
    wasmvm.StoreFieldOp: _store_field,
    wasmvm.EntryAddressOp: _entry_address,
    wasmvm.CountOp: _count,
    wasmvm.LoadBytesOp: _load_bytes,
    wasmvm.StoreBytesOp: _store_bytes,
}
