"""Byte swaps for big-endian machines: linear memory is little-endian everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import llvm
from xdsl.dialects.builtin import Float32Type, Float64Type, IntegerType
from xdsl.ir import Attribute, Operation

from wasmdialect.abi.layout import Alias
from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.lowering.emit_function import (
    EMITTERS,
    EmitError,
    Emitter,
    FunctionEmitter,
    access_location,
    ordering_of,
    type_text,
)


def _swapped_bits(op: llvm_ext.LoadOp | llvm_ext.StoreOp, t: Attribute) -> int:
    """The width in bits of an access whose bytes must be swapped; 0 if they need not be."""
    if op.alias is None or op.alias.data != Alias.LINEAR:
        return 0
    match t:
        case Float32Type():
            return 32
        case Float64Type():
            return 64
        case IntegerType() if t.width.data > 8:
            return t.width.data
        case _:
            return 0


def _ending(f: FunctionEmitter, op: llvm_ext.LoadOp | llvm_ext.StoreOp) -> str:
    ordering = ordering_of(op)
    address = f"{f.names[operands_of(op)[-1]]}{f' {ordering}' if ordering else ''}"
    return f"ptr {address}, align {op.alignment.value.data}{f.alias(op)}{access_location(f, op)}"


def _words(op: llvm_ext.LoadOp | llvm_ext.StoreOp) -> str:
    """`atomic` and `volatile`."""
    atomic = "atomic " if ordering_of(op) else ""
    return atomic + ("volatile " if "volatile_" in op.properties else "")


def _load(f: FunctionEmitter, op: llvm_ext.LoadOp) -> None:
    result = result_of(op)
    bits, t, name = _swapped_bits(op, result.type), type_text(result.type), f.names[result][1:]
    if not bits:
        EMITTERS[llvm_ext.LoadOp](f, op)
        return
    f.lines.append(f'  %"{name}.raw" = load {_words(op)}i{bits}, {_ending(f, op)}\n')
    swap = f'call i{bits} @llvm.bswap.i{bits}(i{bits} %"{name}.raw")'
    if t == f"i{bits}":
        f.define(op, swap)
        return
    f.lines.append(f'  %"{name}.swapped" = {swap}\n')
    f.define(op, f'bitcast i{bits} %"{name}.swapped" to {t}')


def _store(f: FunctionEmitter, op: llvm_ext.StoreOp) -> None:
    value = operands_of(op)[0]
    bits, t, source = _swapped_bits(op, value.type), type_text(value.type), f.names[value]
    if not bits:
        EMITTERS[llvm_ext.StoreOp](f, op)
        return
    name = f.unique_name()
    if t != f"i{bits}":
        f.lines.append(f'  %"{name}.bits" = bitcast {t} {source} to i{bits}\n')
        source = f'%"{name}.bits"'
    swap = f"call i{bits} @llvm.bswap.i{bits}(i{bits} {source})"
    f.lines.append(f'  %"{name}.swapped" = {swap}\n')
    f.lines.append(f'  store {_words(op)}i{bits} %"{name}.swapped", {_ending(f, op)}\n')


def _atomic(f: FunctionEmitter, op: Operation) -> None:
    raise EmitError(f"{op.name} is not supported on big-endian machines")


def _intrinsic(f: FunctionEmitter, op: llvm.CallIntrinsicOp) -> None:
    """LLVM aborts on an arithmetic fence for s390x; without it, folding a constant may quiet a NaN."""
    if not op.intrin.data.startswith("llvm.arithmetic.fence"):
        EMITTERS[llvm.CallIntrinsicOp](f, op)
        return
    (value,) = op.operands
    t = type_text(value.type)
    f.define(op, f"bitcast {t} {f.names[value]} to {t}")


def _bitcast(f: FunctionEmitter, op: llvm.BitcastOp) -> None:
    """Between vectors: lane 0 has the first bytes, and its first byte is its lowest one, as on
    little-endian machines. LLVM's `bitcast` keeps bytes as they are in memory, where this machine has
    the highest one first; so the bytes of each lane are swapped before and after it. Of bits, it makes
    lane 0 the highest."""
    source = type_text(op.arg.type)
    target = type_text(op.result.type)
    name, value = f.names[op.result][1:], f.names[op.arg]
    if source.endswith(" x i1>"):
        bits = _line(f, f"{name}.reversed", f"bitcast {source} {value} to {target}")
        f.define(op, f"call {target} @llvm.bitreverse.{target}({target} {bits})")
        return
    before, after = _LANE_BITS.get(source), _LANE_BITS.get(target)
    if before is None or after is None or before == after:
        EMITTERS[llvm.BitcastOp](f, op)
        return
    t = source
    for bits in (before, after):
        integers, lanes = f"<{128 // bits} x i{bits}>", f"v{128 // bits}i{bits}"
        value = _line(f, f"{name}.{lanes}", f"bitcast {t} {value} to {integers}")
        if bits > 8:
            swap = f"call {integers} @llvm.bswap.{lanes}({integers} {value})"
            value = _line(f, f"{name}.{lanes}.swapped", swap)
        t = integers
    f.define(op, f"bitcast {t} {value} to {target}")


def _line(f: FunctionEmitter, name: str, text: str) -> str:
    f.lines.append(f'  %"{name}" = {text}\n')
    return f'%"{name}"'


_LANE_BITS = {
    "<16 x i8>": 8,
    "<8 x i16>": 16,
    "<4 x i32>": 32,
    "<2 x i64>": 64,
    "<4 x float>": 32,
    "<2 x double>": 64,
}
"""The width of the lanes of each type of 128 bits."""


BIG_ENDIAN: Mapping[type[Operation], Emitter] = {
    llvm_ext.LoadOp: _load,
    llvm_ext.StoreOp: _store,
    llvm_ext.AtomicRMWOp: _atomic,
    llvm_ext.CmpXchgOp: _atomic,
    llvm.BitcastOp: _bitcast,
    llvm.CallIntrinsicOp: _intrinsic,
}
