"""Linking: compiled functions to one image of text and constants with its tables.

Functions go in the order of RUNTIME_ABI (Wasm functions by index, then each kind of trampoline), so
the image does not depend on who compiled what when. Constants follow the text at a page boundary.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wasmdialect.abi.layout import align_up
from wasmdialect.abi.symbols import order_key, parse_symbol
from wasmdialect.abi.traps import DEBUG_ASSERTION
from wasmdialect.object.compiled import CompiledFunction, Fixup, Piece
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.relocations import PATCHES, RelocationError
from wasmdialect.object.sections import address_runs


class LinkError(Exception):
    """The functions do not make an image; the message names the function."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What linking needs to know of a machine."""

    elf_machine: int
    page_size: int
    function_alignment: int
    trampoline_alignment: int


MACHINES = {
    EM_X86_64: Machine(EM_X86_64, 0x1000, 16, 1),
    EM_AARCH64: Machine(EM_AARCH64, 0x10000, 32, 4),
}


@dataclass(frozen=True, slots=True)
class PlacedFunction:
    """A function in the image: offset and size in `.text`."""

    symbol: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class LinkedImage:
    """Text and constants with all relocations resolved, and the tables about the text."""

    machine: Machine
    text: bytes
    """Padded to a page."""
    rodata: bytes
    """Follows the text directly in memory."""
    functions: tuple[PlacedFunction, ...]
    address_map: tuple[tuple[int, int], ...]
    """(code offset, Wasm offset) pairs."""
    traps: tuple[tuple[int, int], ...]
    """(code offset, trap code) pairs."""


def link(functions: Iterable[CompiledFunction], elf_machine: int) -> LinkedImage:
    """Place and relocate. Raises LinkError on an undefined symbol or a target out of reach."""
    machine = MACHINES[elf_machine]
    ordered = sorted(functions, key=lambda f: order_key(f.symbol))
    placement = _Placement(ordered, machine)
    image = bytearray(placement.size)
    for function in ordered:
        for number, piece in enumerate(function.pieces):
            start = placement.piece_offsets[function.symbol][number]
            image[start : start + len(piece.content)] = piece.content
    for function in ordered:
        for number, piece in enumerate(function.pieces):
            for fixup in piece.fixups:
                _apply(image, placement, function, number, fixup)
    placed = tuple(
        PlacedFunction(f.symbol, placement.piece_offsets[f.symbol][0], len(f.code)) for f in ordered
    )
    address_map: list[tuple[int, int]] = []
    traps: list[tuple[int, int]] = []
    for function, place in zip(ordered, placed, strict=True):
        address_map.extend((place.offset + at, wasm) for at, wasm in function_address_map(function))
        traps.extend(
            (place.offset + at, code) for at, code in function_traps(function, elf_machine)
        )
    return LinkedImage(
        machine,
        bytes(image[: placement.text_size]),
        bytes(image[placement.text_size :]),
        placed,
        tuple(address_map),
        tuple(traps),
    )


class _Placement:
    """Where every piece goes."""

    def __init__(self, functions: list[CompiledFunction], machine: Machine):
        self.machine = machine
        self.piece_offsets: dict[str, list[int]] = {}
        offset = 0
        for function in functions:
            offset = align_up(offset, _alignment(function, machine))
            if function.symbol in self.piece_offsets:
                raise LinkError(f"{function.symbol} is defined twice")
            self.piece_offsets[function.symbol] = [offset]
            offset += len(function.code)
        self.text_size = offset = align_up(offset, machine.page_size)
        shared: dict[Piece, int] = {}
        for function in functions:
            for piece in function.pieces[1:]:
                place = shared.get(piece) if piece.mergeable else None
                if place is None:
                    place = align_up(offset, piece.alignment)
                    offset = place + len(piece.content)
                    if piece.mergeable:
                        shared[piece] = place
                self.piece_offsets[function.symbol].append(place)
        self.size = offset


def _alignment(function: CompiledFunction, machine: Machine) -> int:
    parsed = parse_symbol(function.symbol)
    if parsed is not None and parsed[0] != "function":
        return machine.trampoline_alignment
    return machine.function_alignment


def _apply(
    image: bytearray,
    placement: _Placement,
    function: CompiledFunction,
    piece: int,
    fixup: Fixup,
) -> None:
    at = placement.piece_offsets[function.symbol][piece] + fixup.offset
    if isinstance(fixup.target, int):
        target = placement.piece_offsets[function.symbol][fixup.target]
    else:
        places = placement.piece_offsets.get(fixup.target)
        if places is None:
            raise LinkError(f"{function.symbol} refers to {fixup.target!r}, which nothing defines")
        target = places[0]
    patch = PATCHES[placement.machine.elf_machine].get(fixup.type)
    if patch is None:
        raise LinkError(f"{function.symbol} needs relocation type {fixup.type}, which is unknown")
    try:
        patch(image, at, target + fixup.addend)
    except RelocationError as error:
        raise LinkError(f"{function.symbol}: {error}") from None


# --- the tables about one function ---


def function_address_map(function: CompiledFunction) -> list[tuple[int, int]]:
    """(code offset, Wasm offset) pairs of one function, from its line table."""
    end = len(function.code)
    pieces: list[tuple[int, int, int]] = []
    for row, following in zip(function.lines, (*function.lines[1:], (end, -1, 0)), strict=True):
        start, wasm_offset, _ = row
        if wasm_offset > 0 and following[0] > start:
            pieces.append((wasm_offset, start, following[0] - start))
    return address_runs(pieces, end)


_UD1 = bytes((0x67, 0x0F, 0xB9, 0x40))
"""`ud1 eax, [eax + code]`, what `llvm.ubsantrap(code)` is on x86-64; the code is the next byte."""


def function_traps(function: CompiledFunction, elf_machine: int) -> list[tuple[int, int]]:
    """(code offset, trap code) pairs of the explicit traps of one function.

    The instructions are found by their bytes. The line table says the same (the column of a trap is
    its code), so that constants which happen to look like one are not taken for it.
    """
    candidates = (
        _ud1_sites(function.code) if elf_machine == EM_X86_64 else _brk_sites(function.code)
    )
    starts = [at for at, _, _ in function.lines]
    traps: list[tuple[int, int]] = []
    for at, code in candidates:
        row = bisect_right(starts, at) - 1
        confirmed = row >= 0 and function.lines[row][2] == code
        if (confirmed or not starts) and code != DEBUG_ASSERTION:
            traps.append((at, code))
    return traps


def _ud1_sites(code: bytes) -> Iterator[tuple[int, int]]:
    at = code.find(_UD1)
    while 0 <= at < len(code) - 4:
        yield at, code[at + 4]
        at = code.find(_UD1, at + 1)


def _brk_sites(code: bytes) -> Iterator[tuple[int, int]]:
    """aarch64: `brk #0x5500 | code`."""
    for at, (word,) in enumerate(struct.iter_unpack("<I", code)):
        if word & 0xFFFF_E01F == 0xD42A_A000:
            yield 4 * at, (word >> 5) & 0xFF
