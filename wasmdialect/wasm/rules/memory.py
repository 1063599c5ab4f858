"""Typing rules of memory instructions (spec "Validation")."""

from __future__ import annotations

from typing import Any

from wasmdialect.types import I32
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    RULES,
    Rule,
    check_data,
    memory_at,
    rule,
    smaller_address,
)


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
    s.pop_all((destination, source, smaller_address(destination, source)))


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


for _row in INSTRUCTIONS:
    if _row.access is not None:
        RULES[_row.opcode] = _memory_access(_row)
