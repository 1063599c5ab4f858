"""A compiled function: its code and constants, cut out of LLVM's object, independent of its place.

LLVM gives each function a section for its code and one for its jump tables (each is in a comdat of
its own), and its constants symbols of their own in the mergeable sections; so a function can be taken
out of an object that holds many, cached, and linked with others. A compiled function is made of
plain values only, so `marshal` carries it between processes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, TypeAlias

from wasmdialect.object.debug_line import Row, decode_lines
from wasmdialect.object.elf import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_MERGE,
    STT_FUNC,
    ElfFile,
    Relocation,
    Section,
    Symbol,
)

Target: TypeAlias = str | int
"""What a relocation refers to: a function by symbol, or a piece of the same function by number."""


@dataclass(frozen=True, slots=True)
class Fixup:
    """A relocation inside a piece: offset, ELF type, target and addend."""

    offset: int
    type: int
    target: Target
    addend: int


@dataclass(frozen=True, slots=True)
class Piece:
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
    lines: tuple[Row, ...]
    """Code offset, Wasm byte offset (0: none; -1: the end) and column of each row of the line
    table, in order."""

    @property
    def code(self) -> bytes:
        """The machine code, not relocated."""
        return self.pieces[0].content

    def to_plain(self) -> Any:
        """Nested tuples that `marshal` can write."""
        return astuple(self)

    @staticmethod
    def from_plain(plain: Any) -> CompiledFunction:
        """The inverse of `to_plain`."""
        symbol, pieces, lines = plain
        return CompiledFunction(
            symbol,
            tuple(
                Piece(content, alignment, tuple(Fixup(*f) for f in fixups), mergeable)
                for content, alignment, fixups, mergeable in pieces
            ),
            lines,
        )


class ExtractError(Exception):
    """An object does not have the shape that compiled functions are cut out of."""


def extract_functions(data: bytes) -> list[CompiledFunction]:
    """The functions of an object that LLVM made. Raises ExtractError or ElfError."""
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
        starts = self.starts
        for symbol in self.symbols:
            if symbol.type == STT_FUNC and symbol.section:
                if symbol.value or symbol.section in starts:
                    raise ExtractError(f"{symbol.name} is not alone in its section")
                starts[symbol.section] = symbol
        lines = self._lines()
        return [self._function(starts[n], n, lines.get(n, [])) for n in sorted(starts)]

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

    def _function(self, symbol: Symbol, section: int, lines: list[Row]) -> CompiledFunction:
        pieces: list[Piece | None] = []
        numbers: dict[tuple[int, int], int] = {}
        """Piece number by section and offset of a constant (0 for whole sections)."""

        def piece_of(section_number: int, offset: int) -> int:
            """The number of the piece at a place; makes it the first time."""
            known = numbers.get((section_number, offset))
            if known is not None:
                return known
            number = numbers[section_number, offset] = len(pieces)
            pieces.append(None)
            pieces[number] = self._piece(section_number, offset, target_of)
            return number

        def target_of(relocation: Relocation) -> tuple[Target, int]:
            """What a relocation refers to, and the addend from there."""
            to = self.symbols[relocation.symbol]
            if to.section == 0:
                return to.name, relocation.addend
            header = self.elf.sections[to.section]
            if header.flags & SHF_EXECINSTR and to.section != section:
                return self.starts[to.section].name, relocation.addend
            if header.flags & SHF_MERGE:
                return piece_of(to.section, to.value), relocation.addend
            return piece_of(to.section, 0), relocation.addend + to.value

        piece_of(section, 0)
        return CompiledFunction(symbol.name, tuple(p for p in pieces if p), tuple(lines))

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
