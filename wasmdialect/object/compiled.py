"""A compiled function: its code and constants, extracted from LLVM's object, position-independent.

LLVM gives each function a section for its code and one for its jump tables (each is in a comdat of
its own), and its constants symbols of their own in the mergeable sections; so a function can be
extracted from an object that holds many, cached, and linked with others. A compiled function consists
of plain values only, so `marshal` carries it between processes; it is kept as these bytes, a
`PackedFunction`, since its relocations and address map take five times as much memory as objects. It
does not know its position: its symbols are those of its text (`lowering.emit`) and its Wasm offsets are
lines. A `NamedFunction` adds both.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from wasmdialect.abi.debug_locations import from_line
from wasmdialect.object.debug_line import Row, decode_lines
from wasmdialect.object.elf import (
    EM_X86_64,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_MERGE,
    STT_FUNC,
    STT_SECTION,
    ElfFile,
    Relocation,
    Section,
    Symbol,
)
from wasmdialect.object.sections import NO_OFFSET, address_runs
from wasmdialect.object.trap_sites import trap_sites
from wasmdialect.object.unwind import FrameInfo, read_frames

Target: TypeAlias = str | int
"""The target of a relocation: a function by symbol, or a piece of the same function by number."""


class Fixup(NamedTuple):
    """A relocation inside a piece: offset, ELF type, target and addend."""

    offset: int
    type: int
    target: Target
    addend: int


class Piece(NamedTuple):
    """Bytes that stay together: the code (piece 0), a jump table, a constant."""

    content: bytes
    alignment: int
    fixups: tuple[Fixup, ...] = ()
    mergeable: bool = False
    """Whether equal pieces of different functions can be one."""


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """One function as machine code."""

    symbol: str
    pieces: tuple[Piece, ...]
    address_map: tuple[tuple[int, int], ...]
    """Code offset and line, `NO_OFFSET` for none, ascending."""
    traps: tuple[tuple[int, int], ...]
    """Code offset and trap code of the instructions that can trap, ascending."""
    frame: FrameInfo | None
    """How to unwind it."""

    @property
    def code(self) -> bytes:
        """The machine code, not relocated."""
        return self.pieces[0].content

    def pack(self) -> PackedFunction:
        """The form in which it is kept."""
        return PackedFunction(self.symbol, len(self.code), marshal.dumps(self.to_plain()))

    def to_plain(self) -> Any:
        """Nested tuples that `marshal` can write."""
        pieces = tuple(
            (
                piece.content,
                piece.alignment,
                tuple(map(tuple, piece.fixups)),
                piece.mergeable,
            )
            for piece in self.pieces
        )
        frame = None if self.frame is None else tuple(self.frame)
        return (self.symbol, pieces, self.address_map, self.traps, frame)

    @staticmethod
    def from_plain(plain: Any) -> CompiledFunction:
        """The inverse of `to_plain`."""
        symbol, pieces, address_map, traps, frame = plain
        return CompiledFunction(
            symbol,
            tuple(
                Piece(content, alignment, tuple(Fixup(*f) for f in fixups), mergeable)
                for content, alignment, fixups, mergeable in pieces
            ),
            address_map,
            traps,
            None if frame is None else FrameInfo(*frame),
        )


class PackedFunction(NamedTuple):
    """A compiled function as bytes."""

    symbol: str
    size: int
    """Of the machine code, in bytes."""
    data: bytes

    def unpack(self) -> CompiledFunction:
        """The function."""
        return CompiledFunction.from_plain(marshal.loads(self.data))


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A compiled function at its position in the module."""

    code: PackedFunction
    symbols: Sequence[str]
    """The symbols behind `s0`, `s1`, ... in it."""
    base: int
    """The Wasm byte offset that its lines count from."""

    @property
    def symbol(self) -> str:
        """Its own symbol."""
        return self.name_of(self.code.symbol)

    def name_of(self, target: str) -> str:
        """The symbol of a function that it refers to."""
        return self.symbols[int(target[1:])]

    def wasm_offset(self, line: int) -> int:
        """The Wasm byte offset of one of its lines, `NO_OFFSET` for none."""
        return line if line == NO_OFFSET else from_line(line, self.base)


class ExtractError(Exception):
    """An object does not have the shape that extraction expects."""


def extract_functions(data: bytes) -> list[CompiledFunction]:
    """The functions of an object from LLVM. Raises ExtractError or ElfError."""
    return _Extraction(ElfFile(data)).functions()


class _Extraction:
    def __init__(self, elf: ElfFile):
        self.elf = elf
        self.symbols = elf.symbols()
        self.relocations: dict[int, list[Relocation]] = dict(elf.relocations())
        self.starts: dict[int, Symbol] = {}
        """The function in each code section."""

    def functions(self) -> list[CompiledFunction]:
        """All functions, in the order of their sections."""
        if self.elf.section(".llvm_stackmaps") is not None:
            raise ExtractError("the code has stack maps, which the artifact has no place for")
        starts = self.starts
        for symbol in self.symbols:
            if symbol.type == STT_FUNC and symbol.section:
                if symbol.value or symbol.section in starts:
                    raise ExtractError(f"{symbol.name} is not alone in its section")
                starts[symbol.section] = symbol
        lines, frames = self._lines(), self._frames()
        return [
            self._function(starts[n], n, lines.get(n, []), frames.get(n)) for n in sorted(starts)
        ]

    def _frames(self) -> dict[int, FrameInfo]:
        for number, section in enumerate(self.elf.sections):
            if section.name == ".eh_frame":
                addresses = {
                    relocation.offset: self.symbols[relocation.symbol].section
                    for relocation in self.relocations.get(number, ())
                }
                return read_frames(self.elf.content(section), addresses)
        return {}

    def _lines(self) -> dict[int, list[Row]]:
        for number, section in enumerate(self.elf.sections):
            if section.name == ".debug_line":
                addresses: dict[int, tuple[int, int]] = {}
                for relocation in self.relocations.get(number, ()):
                    symbol = self.symbols[relocation.symbol]
                    place = (symbol.section, symbol.value + relocation.addend)
                    addresses[relocation.offset] = place
                return decode_lines(self.elf.content(section), addresses)
        return {}

    def _function(
        self, symbol: Symbol, section: int, lines: list[Row], frame: FrameInfo | None
    ) -> CompiledFunction:
        pieces: list[Piece | None] = []
        numbers: dict[tuple[int, int], int] = {}
        """Piece number by section and offset of a constant (0 for whole sections)."""

        def piece_of(section_number: int, offset: int) -> int:
            """The number of the piece at an offset; creates it the first time."""
            known = numbers.get((section_number, offset))
            if known is not None:
                return known
            number = numbers[section_number, offset] = len(pieces)
            pieces.append(None)
            pieces[number] = self._piece(section_number, offset, target_of)
            return number

        def target_of(relocation: Relocation) -> tuple[Target, int]:
            """The target of a relocation, and the addend from there."""
            to = self.symbols[relocation.symbol]
            if to.section == 0:
                return to.name, relocation.addend
            header = self.elf.sections[to.section]
            if header.flags & SHF_EXECINSTR and to.section != section:
                return self.starts[to.section].name, relocation.addend
            if header.flags & SHF_MERGE:
                if to.type != STT_SECTION:
                    return piece_of(to.section, to.value), relocation.addend
                # The addend locates the constant, except for the distance to the instruction's end.
                bias = -4 if self.elf.machine == EM_X86_64 else 0
                place = to.value + relocation.addend - bias
                inside = place % header.entry_size
                return piece_of(to.section, place - inside), inside + bias
            return piece_of(to.section, 0), relocation.addend + to.value

        piece_of(section, 0)
        code = self._code(section)
        return CompiledFunction(
            symbol.name,
            tuple(p for p in pieces if p),
            tuple(_address_map(lines, len(code))),
            tuple(trap_sites(code, lines, self.elf.machine)),
            frame,
        )

    def _code(self, section: int) -> bytes:
        return bytes(self.elf.content(self.elf.sections[section]))

    def _piece(self, number: int, offset: int, target_of: Any) -> Piece:
        section: Section = self.elf.sections[number]
        if not section.flags & SHF_ALLOC:
            raise ExtractError(f"code refers to section {section.name}")
        content = self.elf.content(section)
        if section.flags & SHF_MERGE:
            constant = bytes(content[offset : offset + section.entry_size])
            return Piece(constant, section.alignment, mergeable=True)
        fixups: list[Fixup] = []
        for relocation in self.relocations.get(number, ()):
            target, addend = target_of(relocation)
            fixups.append(Fixup(relocation.offset, relocation.type, target, addend))
        return Piece(bytes(content), section.alignment, tuple(fixups))


def _address_map(lines: list[Row], end: int) -> list[tuple[int, int]]:
    """(code offset, line) pairs of one function, from its line table."""
    pieces: list[tuple[int, int, int]] = []
    for row, following in zip(lines, (*lines[1:], (end, -1, 0)), strict=True):
        start, line, _ = row
        if line > 0 and following[0] > start:
            pieces.append((line, start, following[0] - start))
    return address_runs(pieces, end)
