"""Typing rules of tables, references, memories and vector lanes (spec "Validation")."""

from __future__ import annotations

from typing import Any

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    RULES,
    Rule,
    check_data,
    look_up,
    made_of,
    memory_at,
    rule,
    table_at,
)
from wasmdialect.wasm.types import I32, I64, matches, ref_type


@rule("ref.null")
def _ref_null(s: OperandStack, heap: wt.HeapType) -> None:
    s.push(ref_type(True, heap))


@rule("ref.is_null")
def _ref_is_null(s: OperandStack, _: None) -> None:
    s.pop_ref()
    s.push(I32)


@rule("ref.as_non_null")
def _ref_as_non_null(s: OperandStack, _: None) -> None:
    t = s.pop_ref()
    s.push(ref_type(False, t.heap))


@rule("ref.func")
def _ref_func(s: OperandStack, index: int) -> None:
    function = look_up(s.module.functions, index, "function")
    if index not in s.module.declared_functions():
        raise ValidationError(f"undeclared function reference {index}")
    known = function.imported is None or function.exact_import
    s.push(made_of(s.module, function.type) if known else ref_type(False, function.type))


@rule("table.get")
def _table_get(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.pop(t.address)
    s.push(t.element)


@rule("table.set")
def _table_set(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.pop_all((t.address, t.element))


@rule("table.size")
def _table_size(s: OperandStack, index: int) -> None:
    s.push(table_at(s.module, index).type.address)


@rule("table.grow")
def _table_grow(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.pop_all((t.element, t.address))
    s.push(t.address)


@rule("table.fill")
def _table_fill(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.pop_all((t.address, t.element, t.address))


@rule("table.copy")
def _table_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = (table_at(s.module, index).type for index in immediate)
    if not matches(source.element, destination.element):
        raise ValidationError(
            f"type mismatch: cannot copy {source.element} to a table of {destination.element}"
        )
    s.pop_all((destination.address, source.address, _shorter(destination.address, source.address)))


def _shorter(a: wt.NumType, b: wt.NumType) -> wt.NumType:
    return I64 if a is I64 and b is I64 else I32


@rule("table.init")
def _table_init(s: OperandStack, immediate: tuple[int, int]) -> None:
    segment, index = immediate
    table = table_at(s.module, index).type
    element = look_up(s.module.elements, segment, "elem segment").type
    if not matches(element, table.element):
        raise ValidationError(f"type mismatch: table {index} cannot hold {element}")
    s.pop_all((table.address, I32, I32))


@rule("elem.drop")
def _elem_drop(s: OperandStack, segment: int) -> None:
    look_up(s.module.elements, segment, "elem segment")


@rule("memory.size")
def _memory_size(s: OperandStack, index: int) -> None:
    s.push(memory_at(s.module, index).type.address)


@rule("memory.grow")
def _memory_grow(s: OperandStack, index: int) -> None:
    address = memory_at(s.module, index).type.address
    s.pop(address)
    s.push(address)


@rule("memory.fill")
def _memory_fill(s: OperandStack, index: int) -> None:
    address = memory_at(s.module, index).type.address
    s.pop_all((address, I32, address))


@rule("memory.copy")
def _memory_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = (memory_at(s.module, index).type.address for index in immediate)
    s.pop_all((destination, source, _shorter(destination, source)))


@rule("memory.init")
def _memory_init(s: OperandStack, immediate: tuple[int, int]) -> None:
    segment, index = immediate
    address = memory_at(s.module, index).type.address
    check_data(s.module, segment)
    s.pop_all((address, I32, I32))


@rule("data.drop")
def _data_drop(s: OperandStack, segment: int) -> None:
    check_data(s.module, segment)


def _memory_access(row: Instruction) -> Rule:
    """The rule of a load, store or atomic instruction: those with a memarg."""
    assert row.access is not None
    assert row.params is not None
    assert row.results is not None
    rest, results = row.params[1:], row.results
    natural = row.access.bytes.bit_length() - 1
    atomic = row.access.atomic
    lanes = 16 // row.access.bytes if row.immediates[-1] is Immediate.LANE else 0

    def access(s: OperandStack, immediate: Any) -> None:
        memarg = immediate
        if lanes:
            memarg, lane = immediate
            if lane >= lanes:
                raise ValidationError(f"invalid lane index {lane}")
        align_log2, offset, index = memarg
        memory = memory_at(s.module, index)
        if align_log2 > natural:
            raise ValidationError("alignment must not be larger than natural")
        if atomic and align_log2 != natural:
            raise ValidationError("atomic alignment must be natural")
        address = memory.type.address
        if offset > 0xFFFF_FFFF and address is I32:
            raise ValidationError(f"offset out of range: {offset:#x}")
        if rest:
            s.pop_all(rest)
        s.pop(address)
        s.operands.extend(results)

    return access


def _lane_rule(row: Instruction) -> Rule:
    """The rule of an instruction with one lane index and no memory: extract_lane, replace_lane."""
    assert row.params is not None
    assert row.results is not None
    params, results = row.params, row.results
    assert row.shape is not None
    lanes = int(row.shape.partition("x")[2])

    def check(s: OperandStack, lane: int) -> None:
        if lane >= lanes:
            raise ValidationError(f"invalid lane index {lane}")
        s.pop_all(params)
        s.push_all(results)

    return check


@rule("i8x16.shuffle")
def _shuffle(s: OperandStack, lanes: tuple[int, ...]) -> None:
    if max(lanes) >= 32:
        raise ValidationError(f"invalid lane index {max(lanes)}")
    s.pop_all((wt.V128, wt.V128))
    s.push(wt.V128)


for _row in INSTRUCTIONS:
    if _row.access is not None:
        RULES[_row.opcode] = _memory_access(_row)
    elif _row.immediates == (Immediate.LANE,):
        RULES[_row.opcode] = _lane_rule(_row)
