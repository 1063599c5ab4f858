"""Steps of operations on what passes declared: trap codes, fields of the VMContext, counters, bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wasmdialect.abi.layout import COUNTER_SIZE
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.wasmir import RefType, wasm_type
from wasmdialect.interpreter.context import Maker, Registers, Step, StepContext
from wasmdialect.interpreter.errors import NotInterpreted, Trapped

if TYPE_CHECKING:
    from xdsl.ir import Attribute, Operation


def _trap_if(t: StepContext, op: wasmvm.TrapIfOp) -> Step:
    condition, code = t.slot(op.condition), t.instance.trap_code(op.code.value.data)

    def step(r: Registers) -> None:
        if r[condition]:
            raise Trapped(code)

    return step


def _field(t: StepContext, name: str, size: int) -> bytearray:
    """A field that has at least so many bytes."""
    field = t.instance.fields.get(name)
    if field is None or len(field) < size:
        raise NotInterpreted(f"no pass declared a field {name!r} of {size} bytes")
    return field


def _count(t: StepContext, op: wasmvm.CountOp) -> Step:
    counters, amount = _field(t, op.counter.data, COUNTER_SIZE), op.amount_value
    index = t.new_slot(0) if op.index is None else t.slot(op.index)

    def step(r: Registers) -> None:
        start = r[index] * COUNTER_SIZE
        end = start + COUNTER_SIZE
        if end > len(counters):
            raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
        count = int.from_bytes(counters[start:end], "little") + amount
        counters[start:end] = (count & _U64).to_bytes(COUNTER_SIZE, "little")

    return step


_U64 = (1 << 64) - 1


def _load_bytes(t: StepContext, op: wasmvm.LoadBytesOp) -> Step:
    size = op.bytes.value.data
    field, index, to = _field(t, op.area.data, size), t.slot(op.index), t.result(op)
    signed, mask = op.signed is not None, (1 << 8 * _size(op.result.type)) - 1

    def step(r: Registers) -> None:
        end = r[index] + size
        if end > len(field):
            raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
        r[to] = int.from_bytes(field[r[index] : end], "little", signed=signed) & mask

    return step


def _store_bytes(t: StepContext, op: wasmvm.StoreBytesOp) -> Step:
    size = op.bytes.value.data
    field, index, value = _field(t, op.area.data, size), t.slot(op.index), t.slot(op.value)

    def step(r: Registers) -> None:
        end = r[index] + size
        if end > len(field):
            raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
        field[r[index] : end] = r[value].to_bytes(_LARGEST, "little")[:size]

    return step


_LARGEST = 8


def _vmctx(t: StepContext, op: wasmvm.VMContextOp) -> None:
    t.define(op, t.instance)


def _own_field(op: wasmvm.FieldOp) -> str:
    if op.struct.data != "extra":
        raise NotInterpreted(
            f"{op.name} of {op.struct.data}.{op.field.data} is of the runtime's ABI"
        )
    return op.field.data


def _size(t: Attribute) -> int:
    return wasm_type(t).size


def _load_field(t: StepContext, op: wasmvm.LoadFieldOp) -> Step:
    name, to, loaded = _own_field(op), t.result(op), op.result.type
    if isinstance(loaded, RefType):
        references = t.instance.field_references

        def load_reference(r: Registers) -> None:
            r[to] = references.get(name)

        return load_reference
    size = _size(loaded)
    field = _field(t, name, size)

    def load(r: Registers) -> None:
        r[to] = int.from_bytes(field[:size], "little")

    return load


def _store_field(t: StepContext, op: wasmvm.StoreFieldOp) -> Step:
    name, value, stored = _own_field(op), t.slot(op.value), op.value.type
    if isinstance(stored, RefType):
        references = t.instance.field_references

        def store_reference(r: Registers) -> None:
            references[name] = r[value]

        return store_reference
    size = _size(stored)
    field = _field(t, name, size)

    def store(r: Registers) -> None:
        field[:size] = r[value].to_bytes(size, "little")

    return store


MAKERS: Mapping[type[Operation], Maker] = {
    wasmvm.TrapIfOp: _trap_if,
    wasmvm.CountOp: _count,
    wasmvm.LoadBytesOp: _load_bytes,
    wasmvm.StoreBytesOp: _store_bytes,
    wasmvm.VMContextOp: _vmctx,
    wasmvm.LoadFieldOp: _load_field,
    wasmvm.StoreFieldOp: _store_field,
}
