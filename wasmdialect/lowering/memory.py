"""Lowering of linear memory: accesses and checks of bounds."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, i8, i16, i32, i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.layout import (
    Alias,
)
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import number_of, operand_of, operands_of, result_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.signature import type_size

NARROW: dict[int, IntegerType] = {1: i8, 2: i16, 4: i32, 8: i64}
"""The integers by their size."""


def linear_place(
    f: FunctionLowering, op: wasmvm.LinearAccessOp | wasmvm.AtomicAccessOp
) -> SSAValue:
    """The host address of an access. Base and address are added once in a block."""
    base, address, *_ = operands_of(op)  # xDSL's indexing runs Python code
    key = base, address
    place = f.places.get(key)
    if place is None:
        place = f.places[key] = f.index(f.values[base], f.as_i64(address))
    return f.byte_offset(place, number_of(op, "offset") & 0xFFFF_FFFF_FFFF_FFFF)


def _ordering(op: wasmvm.LinearAccessOp) -> str:
    return "seq_cst" if "atomic" in op.properties else ""


def _linear_load(f: FunctionLowering, op: wasmvm.LinearLoadOp) -> None:
    properties = op.properties
    address, width = linear_place(f, op), number_of(op, "bytes")
    result_type = result_of(op).type
    align, faults = number_of(op, "align"), "may_fault" in properties
    volatile = "volatile" in properties
    ordering = _ordering(op)
    if width == type_size(result_type):
        value = f.load(
            *(address, result_type, align, Alias.LINEAR),
            volatile=volatile,
            may_fault=faults,
            ordering=ordering,
        )
    else:
        narrow = f.load(
            *(address, NARROW[width], align, Alias.LINEAR),
            volatile=volatile,
            may_fault=faults,
            ordering=ordering,
        )
        extend = llvm.SExtOp if "signed" in properties else llvm.ZExtOp
        value = f.value(extend, (narrow,), result_type)
    f.values[result_of(op)] = value


def _linear_store(f: FunctionLowering, op: wasmvm.LinearStoreOp) -> None:
    properties = op.properties
    address, width = linear_place(f, op), number_of(op, "bytes")
    value = f.values[operand_of(op, 2)]
    if width != type_size(value.type):
        value = f.value(llvm.TruncOp, (value,), NARROW[width])
    if op in f.torn_stores:
        f.store_probe(address, width)
    f.store(
        value,
        address,
        number_of(op, "align"),
        Alias.LINEAR,
        volatile="volatile" in properties,
        may_fault="may_fault" in properties,
        ordering=_ordering(op),
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
    if op.nuw is None:
        f.trap_if(f.icmp("ult", end, start), code)
    f.trap_if(f.icmp("ugt", end, bound), code)


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.LinearLoadOp: _linear_load,
    wasmvm.LinearStoreOp: _linear_store,
    wasmvm.LinearAddressOp: _linear_address,
    wasmvm.BoundsCheckOp: _bounds_check,
    wasmvm.RangeCheckOp: _range_check,
}
