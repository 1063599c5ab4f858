"""Lowering of tables."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation

from wasmdialect.abi.layout import (
    POINTER_SIZE,
    TABLE_ELEMENT_INITIALIZED,
    Alias,
)
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import result_of
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.function import FunctionLowering, Handler


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
    cold, joined = f.cold_block(), f.new_block((i64,))
    f.cond_br(not_computed, cold, joined, (), (raw,))
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


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.ElementAddressOp: _element_address,
    wasmvm.LoadElementOp: _load_element,
    wasmvm.StoreElementOp: _store_element,
}
