"""Extracting compiled functions from LLVM's objects: their code and constants, without positions.

LLVM gives each function a section for its code and one for its jump tables (each is in a comdat of
its own), and its constants symbols of their own in the mergeable sections. So a function can be
extracted from an object that holds many, cached, and linked with others. Thousands of objects are
read while compiling, and each has some sections for every function: so their headers, symbols and
relocations stay the tuples that `struct` makes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from wasmdialect.object.compiled import CompiledFunction, Fixup, Piece, Target
from wasmdialect.object.debug_line import Row, decode_lines
from wasmdialect.object.elf import (
    EM_X86_64,
    RELA,
    SECTION_HEADER,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_MERGE,
    SHT_RELA,
    SHT_SYMTAB,
    STT_FUNC,
    STT_SECTION,
    SYMBOL,
    ElfError,
    elf_header,
)
from wasmdialect.object.sections import address_runs
from wasmdialect.object.trap_sites import trap_sites
from wasmdialect.object.unwind import FrameInfo, read_frames

PREFIX_END = "."
"""In an object of several texts, what precedes the name of a symbol in its text."""

_Header: TypeAlias = tuple[int, ...]
_NAME, _TYPE, _FLAGS, _, _OFFSET, _SIZE, _LINK, _INFO, _ALIGNMENT, _ENTRY_SIZE = range(10)
"""The fields of a section header."""


class ExtractError(Exception):
    """An object does not have the shape that extraction expects."""


def extract_functions(data: bytes) -> list[CompiledFunction]:
    """The functions of an object from LLVM. Raises ExtractError or ElfError."""
    return [f for functions in extract_texts(data).values() for f in functions]


def extract_texts(data: bytes) -> dict[str, list[CompiledFunction]]:
    """The functions of an object, by the prefix of their symbols, "" without one. Raises
    ExtractError or ElfError."""
    return _Extraction(data).texts()


class _Extraction:
    def __init__(self, data: bytes):
        self.data = memoryview(data)
        header = elf_header(self.data)
        self.machine, table, count, names = header[1], header[5], header[11], header[12]
        rows = self.data[table : table + count * SECTION_HEADER.size]
        self.sections: list[_Header] = [*SECTION_HEADER.iter_unpack(rows)]
        self.section_names = self.content(names)
        self.relocations: dict[int, list[tuple[int, int, int]]] = {}
        """Offset, symbol and type, addend, by the section that they are for."""
        self.symbols: list[tuple[int, int, int, int, int, int]] = []
        """Name, binding and type, visibility, section, value, size."""
        for number, section in enumerate(self.sections):
            if section[_TYPE] == SHT_RELA:
                self.relocations[section[_INFO]] = [*RELA.iter_unpack(self.content(number))]
            elif section[_TYPE] == SHT_SYMTAB:
                self.symbols = [*SYMBOL.iter_unpack(self.content(number))]
                self.names = self.content(section[_LINK])
        self.owners: dict[int, tuple[str, str]] = {}
        """The prefix and the name of the function in each code section."""

    def content(self, number: int) -> bytes:
        """The bytes of a section."""
        section = self.sections[number]
        end = section[_OFFSET] + section[_SIZE]
        if end > len(self.data):
            raise ElfError("a section is outside the file")
        return bytes(self.data[section[_OFFSET] : end])

    def texts(self) -> dict[str, list[CompiledFunction]]:
        """All functions, in the order of their sections."""
        owners = self.owners
        for name, info, _, section, value, _ in self.symbols:
            if info & 15 == STT_FUNC and section:
                if value or section in owners:
                    raise ExtractError(f"{_string(self.names, name)} is not alone in its section")
                prefix, _, symbol = _string(self.names, name).rpartition(PREFIX_END)
                owners[section] = prefix, symbol
        lines: dict[int, list[Row]] = {}
        frames: dict[int, FrameInfo] = {}
        for number, section in enumerate(self.sections):
            if section[_FLAGS] & SHF_EXECINSTR or section[_TYPE] == SHT_RELA:
                continue
            match _string(self.section_names, section[_NAME]):
                case ".llvm_stackmaps":
                    raise ExtractError(
                        "the code has stack maps, which the artifact has no place for"
                    )
                case ".eh_frame":
                    frames = read_frames(memoryview(self.content(number)), self._sections(number))
                case ".debug_line":
                    lines = decode_lines(self.content(number), self._places(number))
                case _:
                    pass
        texts: dict[str, list[CompiledFunction]] = {}
        for number in sorted(owners):
            prefix, symbol = owners[number]
            function = self._function(symbol, number, lines.get(number, []), frames.get(number))
            texts.setdefault(prefix, []).append(function)
        return texts

    def _sections(self, number: int) -> dict[int, int]:
        """The sections that the relocations of a section refer to, by offset."""
        return {at: self.symbols[i >> 32][3] for at, i, _ in self.relocations.get(number, ())}

    def _places(self, number: int) -> dict[int, tuple[int, int]]:
        """The sections, with the offsets there, that the relocations of a section refer to."""
        places: dict[int, tuple[int, int]] = {}
        for at, info, addend in self.relocations.get(number, ()):
            symbol = self.symbols[info >> 32]
            places[at] = symbol[3], symbol[4] + addend
        return places

    def _function(
        self, symbol: str, section: int, lines: list[Row], frame: FrameInfo | None
    ) -> CompiledFunction:
        pieces: list[Piece | None] = []
        numbers: dict[tuple[int, int], int] = {}
        """Piece number by section and offset of a constant (0 for whole sections)."""

        def piece_of(number: int, offset: int) -> int:
            """The number of the piece at an offset; creates it the first time."""
            known = numbers.get((number, offset))
            if known is None:
                known = numbers[number, offset] = len(pieces)
                pieces.append(None)
                pieces[known] = self._piece(number, offset, target_of)
            return known

        def target_of(number: int, addend: int) -> tuple[Target, int]:
            """The target of a relocation to a symbol, and the addend from there."""
            name, info, _, to, value, _ = self.symbols[number]
            if to == 0:
                return _string(self.names, name).rpartition(PREFIX_END)[2], addend
            header = self.sections[to]
            if header[_FLAGS] & SHF_EXECINSTR and to != section:
                return self.owners[to][1], addend
            if header[_FLAGS] & SHF_MERGE:
                if info & 15 != STT_SECTION:
                    return piece_of(to, value), addend
                # The addend locates the constant, except for the distance to the instruction's end.
                bias = -4 if self.machine == EM_X86_64 else 0
                place = value + addend - bias
                inside = place % header[_ENTRY_SIZE]
                return piece_of(to, place - inside), inside + bias
            return piece_of(to, 0), addend + value

        piece_of(section, 0)
        done = tuple(piece for piece in pieces if piece)
        code = done[0].content
        return CompiledFunction(
            symbol,
            done,
            tuple(_address_map(lines, len(code))),
            tuple(trap_sites(code, lines, self.machine)),
            frame,
        )

    def _piece(
        self, number: int, offset: int, target_of: Callable[[int, int], tuple[Target, int]]
    ) -> Piece:
        section = self.sections[number]
        if not section[_FLAGS] & SHF_ALLOC:
            name = _string(self.section_names, section[_NAME])
            raise ExtractError(f"code refers to section {name}")
        content = self.content(number)
        if section[_FLAGS] & SHF_MERGE:
            constant = content[offset : offset + section[_ENTRY_SIZE]]
            return Piece(constant, section[_ALIGNMENT], mergeable=True)
        fixups = [
            Fixup(at, info & 0xFFFF_FFFF, *target_of(info >> 32, addend))
            for at, info, addend in self.relocations.get(number, ())
        ]
        return Piece(content, section[_ALIGNMENT], tuple(fixups))


def _string(table: bytes, offset: int) -> str:
    return table[offset : table.index(0, offset)].decode()


def _address_map(lines: list[Row], end: int) -> list[tuple[int, int]]:
    """(code offset, line) pairs of one function, from its line table."""
    pieces: list[tuple[int, int, int]] = []
    for (start, line, _), following in pairwise([*lines, (end, -1, 0)]):
        if line > 0 and following[0] > start:
            pieces.append((line, start, following[0] - start))
    return address_runs(pieces, end)
