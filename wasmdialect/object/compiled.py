"""A compiled function: its code and constants, extracted from LLVM's object, position-independent.

A compiled function consists of plain values only, so `marshal` carries it between processes; it is
kept as these bytes, a `PackedFunction`, since its relocations and address map take five times as much
memory as objects. It does not know its position: its symbols are those of its text (`lowering.emit`)
and its Wasm offsets are lines. A `NamedFunction` adds both.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from wasmdialect.abi.debug_locations import INLINED_LINES, from_line, is_inlined
from wasmdialect.object.sections import NO_OFFSET
from wasmdialect.object.unwind import FrameInfo

Target: TypeAlias = str | int
"""The target of a relocation: a function by symbol, or a piece of the same function by number."""


InlinedRows: TypeAlias = Sequence[tuple[int, ...]]
"""For each line from `INLINED_LINES` on: the Wasm byte offset of an instruction that was inlined, and
those of the calls it was inlined at, innermost first."""


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
        code = self.pieces[0]
        size = len(code.content)
        return PackedFunction(self.symbol, size, code.alignment, marshal.dumps(self.to_plain()))

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
    alignment: int
    """That LLVM asks for the machine code: the loops in it are aligned relative to its start."""
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
    inlined: InlinedRows = ()

    @property
    def symbol(self) -> str:
        """Its own symbol."""
        return self.name_of(self.code.symbol)

    def name_of(self, target: str) -> str:
        """The symbol of a function that it refers to."""
        return self.symbols[int(target[1:])]

    def wasm_offset(self, line: int) -> int:
        """The Wasm byte offset of one of its lines, `NO_OFFSET` for none."""
        if line == NO_OFFSET:
            return line
        if is_inlined(line):
            return self.inlined[line - INLINED_LINES][0]
        return from_line(line, self.base)

    def calls(self, line: int) -> tuple[int, ...]:
        """The calls that the instruction of one of its lines was inlined at, innermost first."""
        return self.inlined[line - INLINED_LINES][1:] if is_inlined(line) else ()
