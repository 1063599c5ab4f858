"""Lowering of VMContexts and their fields."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.layout import (
    STRUCTS,
    Alias,
)
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import operand_of, result_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.signature import llvm_type, type_size


def _vmctx(f: FunctionLowering, op: wasmvm.VMContextOp) -> None:
    f.values[result_of(op)] = f.vmctx


def _caller_vmctx(f: FunctionLowering, op: wasmvm.CallerVMContextOp) -> None:
    f.values[result_of(op)] = f.caller_vmctx


def _field_address(f: FunctionLowering, op: wasmvm.FieldOp) -> tuple[SSAValue, str, bool]:
    """Address, alias class, and whether the field never changes."""
    base, invariant = f.values[operand_of(op, 0)], op.invariant is not None
    struct, name = op.struct.data, op.field.data
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
        *(address, t, type_size(t), alias),
        invariant=invariant,
        volatile=volatile,
        ordering=_ordering(op),
    )


def _ordering(op: wasmvm.FieldOp) -> str:
    if op.seq_cst is not None:
        return "seq_cst"
    return "" if op.unordered is None else "unordered"


def _store_field(f: FunctionLowering, op: wasmvm.StoreFieldOp) -> None:
    address, alias, _ = _field_address(f, op)
    value = f.values[op.value]
    f.store(
        *(value, address, type_size(value.type), alias),
        volatile=op.volatile is not None,
        ordering=_ordering(op),
    )


def _entry_address(f: FunctionLowering, op: wasmvm.EntryAddressOp) -> None:
    offset = f.layout.offset(op.region.data, op.entry.value.data)
    f.values[result_of(op)] = f.byte_offset(f.values[op.base], offset)


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.VMContextOp: _vmctx,
    wasmvm.CallerVMContextOp: _caller_vmctx,
    wasmvm.LoadFieldOp: _load_field,
    wasmvm.StoreFieldOp: _store_field,
    wasmvm.EntryAddressOp: _entry_address,
}
