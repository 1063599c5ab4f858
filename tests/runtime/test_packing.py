"""Packers and readers made from the rows of structures."""

from __future__ import annotations

import ctypes
from itertools import permutations
from typing import Any

import pytest

from wasmdialect.abi.layout import FIELD_SIZES, FUNC_REF, STRUCTS, Alias, Field, Struct
from wasmdialect.runtime.packing import (
    AlignedMemory,
    field_at,
    members,
    pack_array,
    packer,
    reader,
)

GAPS = Struct(
    "gaps",
    48,
    (
        Field("late", "i32", 36, Alias.EXTRA),
        Field("early", "ptr", 8, Alias.EXTRA),
        Field("middle", "i64", 24, Alias.EXTRA),
    ),
)
VALUES = {"late": 1 << 31, "early": 1 << 63, "middle": 3}


@pytest.mark.parametrize("names", [*permutations(VALUES)])
def test_values_go_to_their_fields_in_whatever_order_they_are_named(names: tuple[str, ...]):
    buffer = bytearray(b"\xff" * (GAPS.size + 8))
    packer(GAPS, *names)(buffer, 8, *[VALUES[name] for name in names])
    for field in GAPS.fields:
        start = 8 + field.offset
        found = int.from_bytes(buffer[start : start + field.size], "little")
        assert found == VALUES[field.name]
    assert buffer[:8] == b"\xff" * 8
    assert buffer[8:16] == bytes(8)
    assert buffer[8 + 40 :] == b"\xff" * 8, "what follows the last field is left alone"
    assert reader(GAPS, *names)(buffer, 8) == tuple(VALUES[name] for name in names)


@pytest.mark.parametrize("struct", [*STRUCTS.values()], ids=lambda s: s.name)
def test_every_structure_of_the_table(struct: Struct):
    fields = [field for field in struct.fields if field.type != "v128"]
    names = [field.name for field in fields]
    buffer = bytearray(struct.size)
    packer(struct, *names)(buffer, 0, *range(1, len(names) + 1))
    assert reader(struct, *names[::-1])(buffer) == (*range(len(names), 0, -1),)
    memory = ctypes.create_string_buffer(bytes(buffer), len(buffer))
    for number, field in enumerate(fields, 1):
        cell = field_at(struct, field.name)(ctypes.addressof(memory))
        assert cell.value == number
        assert ctypes.sizeof(cell) == FIELD_SIZES[field.type]


def test_a_field_can_be_signed():
    memory = ctypes.create_string_buffer(b"\xff" * GAPS.size)
    at = ctypes.addressof(memory)
    assert field_at(GAPS, "middle", signed=True)(at).value == -1
    assert field_at(GAPS, "middle")(at).value == (1 << 64) - 1


def test_a_field_that_there_is_not():
    for make in (packer, reader, field_at):
        with pytest.raises(KeyError, match="func_ref has no field 'code'"):
            make(FUNC_REF, "code")


def test_arrays_have_the_size_of_the_structure_as_stride():
    content = pack_array(GAPS, "middle", [1, 2])
    assert len(content) == 2 * GAPS.size
    read = reader(GAPS, "late", "early", "middle")
    assert [read(content, GAPS.size * i) for i in range(2)] == [(0, 0, 1), (0, 0, 2)]
    assert pack_array(GAPS, "middle", []) == b""


@pytest.mark.parametrize("align", [1, 16, 64])
def test_aligned_memory(align: int):
    memory = AlignedMemory(100, align)
    assert memory.address % align == 0
    assert memory.address == ctypes.addressof(memory.buffer) + memory.start
    assert memory.start + 100 <= len(memory.buffer)


def test_members_of_a_structure_are_where_its_fields_are():
    class Memory(ctypes.Structure):
        _fields_ = members(GAPS, signed=["middle"])

    buffer = bytearray(GAPS.size)
    memory: Any = Memory.from_buffer(buffer)
    memory.late, memory.early, memory.middle = 1 << 31, 1 << 63, -2
    assert reader(GAPS, "late", "early", "middle")(buffer) == (1 << 31, 1 << 63, (1 << 64) - 2)
    assert ctypes.sizeof(Memory) == GAPS.size
