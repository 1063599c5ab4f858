"""The places in source code that instructions come from: `.debug_line` of a module's custom sections.

Addresses there count from the start of the contents of the code section (WebAssembly tool conventions,
"DWARF for WebAssembly"). Source: DWARF 5, section 6.2 "Line Number Information"; versions 2 to 5.
`object/debug_line.py` decodes what LLVM writes for this project's own code, which has no files.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from posixpath import join
from typing import TypeAlias

from wasmdialect.wasm.leb128 import decode_unsigned

_CUSTOM, _CODE = 0, 10
_FIRST_OFFSET = 8
_DW_LNE_END_SEQUENCE, _DW_LNE_SET_ADDRESS = 1, 2
_PATH, _DIRECTORY = 1, 2
_FIXED_FORMS = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}
"""Bytes of the forms data1, data2, data4, data8 and data16."""
_STRING, _BLOCK, _UDATA = 0x08, 0x09, 0x0F
_STRING_SECTIONS = {0x0E: ".debug_str", 0x1F: ".debug_line_str"}
_DAMAGED = (IndexError, ValueError, struct.error, ZeroDivisionError)

_Row: TypeAlias = tuple[int, str, int]
"""An address, and the file and line of the instructions from there on; line 0 is none."""


class SourceLines:
    """The file and line of each instruction of a module, by its byte offset in the module."""

    def __init__(self, binary: bytes):
        """`binary` is a valid module. What cannot be decoded has no lines."""
        sections, self._code, size = _sections(binary)
        rows: list[_Row] = []
        try:
            for sequence in _sequences(sections):
                # Linkers leave the sequences of functions that they drop at 0, or at the end.
                if 0 < sequence[0][0] <= sequence[-1][0] <= size:
                    rows += sequence
        except _DAMAGED:
            pass
        rows.sort(key=lambda row: row[0])
        self._rows = rows
        self._addresses = [row[0] for row in rows]

    def at(self, offset: int) -> str | None:
        """`file:line` of the instruction at a byte offset."""
        index = bisect_right(self._addresses, offset - self._code) - 1
        if index < 0:
            return None
        _, file, line = self._rows[index]
        return f"{file}:{line}" if line else None


def _sections(binary: bytes) -> tuple[dict[str, bytes], int, int]:
    """The sections of DWARF by name; where the contents of the code section start, and their size."""
    found: dict[str, bytes] = {}
    code = size = 0
    position = _FIRST_OFFSET
    while position < len(binary):
        kind, position = binary[position], position + 1
        length, position = decode_unsigned(binary, position, 32)
        end = position + length
        if kind == _CODE:
            code, size = position, length
        elif kind == _CUSTOM:
            name_length, start = decode_unsigned(binary, position, 32)
            name = binary[start : start + name_length]
            if name.startswith(b".debug_"):
                found[name.decode("utf-8", "replace")] = binary[start + name_length : end]
        position = end
    return found, code, size


def _sequences(sections: Mapping[str, bytes]) -> Iterator[list[_Row]]:
    """The rows of each sequence, in order of address; the last one is where it ends."""
    data, position = sections.get(".debug_line", b""), 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "little")
        end = position + 4 + length
        yield from _Program(data[position + 4 : end], sections).sequences()
        position = end


class _Program:
    """The line program of one compilation unit."""

    def __init__(self, data: bytes, sections: Mapping[str, bytes]):
        """`data` follows the length of the unit."""
        self.data = data
        self.at: int = 0
        self.sections = sections
        version = self._fixed(2)
        if not 2 <= version <= 5:
            raise ValueError(f"version {version} of .debug_line")
        if version >= 5:
            self.at += 2  # sizes of addresses and segment selectors
        header_length = self._fixed(4)
        self.start = self.at + header_length
        self.minimum_length = self._fixed(1)
        self.at += 2 if version >= 4 else 1  # maximum_operations_per_instruction, default_is_stmt
        self.line_base = (self._fixed(1) ^ 0x80) - 0x80
        self.line_range = self._fixed(1)
        self.operand_counts = [0, *(self._fixed(1) for _ in range(self._fixed(1) - 1))]
        self.files = self._files_of_5() if version >= 5 else self._files_of_4()

    # --- the header ---

    def _files_of_4(self) -> list[str]:
        folders = [""]
        while folder := self._string():
            folders.append(folder)
        files = [""]  # they count from 1
        while name := self._string():
            folder = self._unsigned()
            self._unsigned()  # time
            self._unsigned()  # size
            files.append(join(folders[folder], name))
        return files

    def _files_of_5(self) -> list[str]:
        folders = [path for path, _ in self._entries()]
        return [join(folders[folder], name) for name, folder in self._entries()]

    def _entries(self) -> Iterator[tuple[str, int]]:
        """The path and the folder of each folder or file."""
        formats = [(self._unsigned(), self._unsigned()) for _ in range(self._fixed(1))]
        for _ in range(self._unsigned()):
            values = {content: self._value(form) for content, form in formats}
            yield str(values.get(_PATH, "")), int(values.get(_DIRECTORY, 0))

    def _value(self, form: int) -> str | int:
        if form == _STRING:
            return self._string()
        if form in _STRING_SECTIONS:
            strings, start = self.sections.get(_STRING_SECTIONS[form], b""), self._fixed(4)
            return strings[start : strings.index(0, start)].decode("utf-8", "replace")
        if form == _UDATA:
            return self._unsigned()
        if form == _BLOCK:
            self.at += self._unsigned()
            return 0
        if form not in _FIXED_FORMS:
            raise ValueError(f"form {form} in .debug_line")
        return self._fixed(_FIXED_FORMS[form])

    # --- the program ---

    def sequences(self) -> Iterator[list[_Row]]:
        """The rows of each sequence."""
        self.at = self.start
        opcode_base, rows = len(self.operand_counts), list[_Row]()
        address, file, line = 0, 1, 1
        while self.at < len(self.data):
            opcode = self._fixed(1)
            if opcode >= opcode_base:
                advance, more = divmod(opcode - opcode_base, self.line_range)
                address += advance * self.minimum_length
                line += self.line_base + more
                rows.append((address, self.files[file], line))
            elif opcode == 0:
                length = self._unsigned()
                end = self.at + length
                extended = self._fixed(1)
                if extended == _DW_LNE_SET_ADDRESS:
                    address = self._fixed(length - 1)
                elif extended == _DW_LNE_END_SEQUENCE:
                    yield [*rows, (address, "", 0)]
                    address, file, line, rows = 0, 1, 1, []
                self.at = end
            elif opcode == 1:  # DW_LNS_copy
                rows.append((address, self.files[file], line))
            elif opcode == 2:  # DW_LNS_advance_pc
                address += self._unsigned() * self.minimum_length
            elif opcode == 3:  # DW_LNS_advance_line
                line += self._signed()
            elif opcode == 4:  # DW_LNS_set_file
                file = self._unsigned()
            elif opcode == 8:  # DW_LNS_const_add_pc
                address += (255 - opcode_base) // self.line_range * self.minimum_length
            elif opcode == 9:  # DW_LNS_fixed_advance_pc
                address += self._fixed(2)
            else:  # the others say nothing that is needed
                for _ in range(self.operand_counts[opcode]):
                    self._unsigned()

    # --- values ---

    def _fixed(self, size: int) -> int:
        value = int.from_bytes(self.data[self.at : self.at + size], "little")
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the section ends too early")
        return value

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._fixed(1)) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _signed(self) -> int:
        start = self.at
        value = self._unsigned()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> bits - 1 else value

    def _string(self) -> str:
        end = self.data.index(0, self.at)
        text = self.data[self.at : end].decode("utf-8", "replace")
        self.at = end + 1
        return text
