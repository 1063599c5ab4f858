"""The linker: places functions and constants in an image and resolves every relocation.

Functions lie in the order of their index, then trampolines by kind, at the alignments of
docs/artifact.md; unwind tables and constants follow the text. A call that cannot reach its target goes
through a veneer placed after the caller.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterable, Sequence

from wasmdialect._settings import Config
from wasmdialect.abi.layout import align_up
from wasmdialect.abi.symbol_parts import (
    is_tail_entry,
    is_tail_to_wasm,
    order_key,
    parse_symbol,
)
from wasmdialect.abi.symbols import tail_entry_symbol
from wasmdialect.abi.tail_calls import ENTRY_WORD_SIZE
from wasmdialect.object.compiled import CompiledFunction, Fixup, NamedFunction, Piece
from wasmdialect.object.image import MACHINES, LinkedImage, Machine, PlacedFunction
from wasmdialect.object.relocations import PATCHES, RelocationError
from wasmdialect.object.sections import NO_CALL, NO_OFFSET, AddressMap, InlineMap, TrapTable
from wasmdialect.object.unwind import FrameInfo, write_frames
from wasmdialect.object.veneers import BRANCH_RANGES, BRANCH_TYPES, VENEER_SIZES, write_veneer

RODATA_ALIGNMENT = 64


class PlacementError(Exception):
    """The functions cannot be linked; the message names the function."""


def link(
    functions: Iterable[NamedFunction],
    elf_machine: int,
    config: Config | None = None,
    branch_range: int | None = None,
    elsewhere: Callable[[str], int | None] | None = None,
    page_size: int | None = None,
) -> LinkedImage:
    """Place and relocate. `branch_range` is the assumed reach of a branch in bytes; None: that of the
    machine. `elsewhere` gives the places of symbols that are not among the functions, or are to be
    called elsewhere, as distances from the start of the image. `page_size` is what the text is padded
    to; None: the largest page of the machine. Raises PlacementError on an undefined symbol or a target
    out of reach."""
    config = Config() if config is None else config
    machine = MACHINES[elf_machine]
    ordered = _ordered(functions, config.shuffle_layout)
    reach = branch_range or BRANCH_RANGES[elf_machine]
    layout = _Layout(ordered, machine, config, reach, elsewhere)
    layout.place()
    text_size = align_up(layout.code_size, page_size or machine.page_size)
    tables = _Tables()
    for function, start in zip(ordered, layout.starts, strict=True):
        tables.add(function, function.code.unpack(), start)
    eh_frame = write_frames(text_size, tables.frames) if config.unwind_info else b""
    constants = tables.constants
    rodata = align_up(text_size + len(eh_frame), constants.alignment)
    image = bytearray(rodata + constants.size)
    for index, function in enumerate(ordered):
        pieces = function.code.unpack().pieces
        places = [layout.starts[index], *(rodata + at for at in constants.places[index])]
        for place, piece in zip(places, pieces, strict=True):
            image[place : place + len(piece.content)] = piece.content
        for place, piece in zip(places, pieces, strict=True):
            for fixup in piece.fixups:
                _apply(image, layout, index, place, places, fixup)
        if layout.has_tail_entries:
            _write_entry_word(image, layout, function)
        for symbol, at in layout.veneers[index].items():
            write_veneer(elf_machine, image, at, layout.start_of(function, symbol))
    content = memoryview(image).toreadonly()
    return LinkedImage(
        machine,
        content[:text_size],
        eh_frame,
        content[rodata:],
        rodata,
        tuple(
            PlacedFunction(f.symbol, start, f.code.size)
            for f, start in zip(ordered, layout.starts, strict=True)
        ),
        tables.address_map if config.generate_address_map else None,
        tables.traps,
        tables.inlined.table(),
    )


def _ordered(functions: Iterable[NamedFunction], seed: int | None) -> list[NamedFunction]:
    ordered = _without_copies(sorted(functions, key=lambda f: order_key(f.symbol)))
    if seed is None:
        return ordered
    own = [f for f in ordered if order_key(f.symbol)[0] == 0]
    trampolines = ordered[len(own) :]
    random.Random(seed).shuffle(own)
    return own + trampolines


def _without_copies(functions: Sequence[NamedFunction]) -> list[NamedFunction]:
    """One of each trampoline of tail calls: the functions that need it have brought it along."""
    kept: list[NamedFunction] = []
    for function in functions:
        if kept and kept[-1].symbol == function.symbol and is_tail_to_wasm(function.symbol):
            continue
        kept.append(function)
    return kept


class _Layout:
    """The positions of every function's code and the veneers after it."""

    def __init__(
        self,
        functions: Sequence[NamedFunction],
        machine: Machine,
        config: Config,
        branch_range: int,
        elsewhere: Callable[[str], int | None] | None,
    ):
        self.functions = functions
        self.elsewhere = elsewhere
        self.machine = machine
        self.padding = config.padding
        self.first = 0 if config.shuffle_layout is None else config.padding
        """Where functions start: the first one moves too if layouts are compared."""
        self.alignment = max(machine.function_alignment, config.function_alignment or 1)
        self.range = branch_range
        self.has_tail_entries = any(is_tail_entry(f.symbol) for f in functions)
        self.starts: list[int] = []
        self.code_size = 0
        self.veneers: list[dict[str, int]] = [{} for _ in functions]
        """For each function: the symbols it calls through a veneer, and its offset."""
        self._by_symbol: dict[str, int] = {}
        for index, function in enumerate(functions):
            if function.symbol in self._by_symbol:
                raise PlacementError(f"{function.symbol} is defined twice")
            self._by_symbol[function.symbol] = index
        if config.force_veneers:
            for index, function in enumerate(functions):
                for _, symbol in _branches(function, machine):
                    if symbol != function.symbol:
                        self.veneers[index][symbol] = 0

    def place(self) -> None:
        """Place everything; veneers push functions further away, until no call is out of reach."""
        self._place_once()
        while self._add_missing_veneers():
            self._place_once()

    def start_of(self, user: NamedFunction, symbol: str) -> int:
        """The start of the function of a symbol. Raises PlacementError."""
        place = None if self.elsewhere is None else self.elsewhere(symbol)
        if place is not None:
            return place
        index = self._by_symbol.get(symbol)
        if index is None:
            raise PlacementError(f"{user.symbol} refers to {symbol!r}, which nothing defines")
        return self.starts[index]

    def _place_once(self) -> None:
        self.starts = []
        offset = self.first
        for index, function in enumerate(self.functions):
            if self.has_tail_entries:
                offset += ENTRY_WORD_SIZE
            offset = align_up(offset, self._alignment(function))
            self.starts.append(offset)
            offset += function.code.size
            veneers = self.veneers[index]
            for symbol in veneers:
                offset = align_up(offset, 4)
                veneers[symbol] = offset
                offset += VENEER_SIZES[self.machine.elf_machine]
            offset += self.padding
        self.code_size = offset

    def offset_of(self, symbol: str) -> int | None:
        """The start of the function of a symbol, None if there is none."""
        index = self._by_symbol.get(symbol)
        return None if index is None else self.starts[index]

    def _alignment(self, function: NamedFunction) -> int:
        parsed = parse_symbol(function.symbol)
        if parsed is not None and parsed[0] not in ("function", "tail-entry", "loop-entry"):
            return self.machine.trampoline_alignment
        return max(self.alignment, function.code.alignment)

    def _add_missing_veneers(self) -> bool:
        # The places of code elsewhere are less than 2 GiB away.
        if self.code_size < self.range and (self.elsewhere is None or self.range >= 1 << 31):
            return False
        added = False
        for index, function in enumerate(self.functions):
            for offset, symbol in _branches(function, self.machine):
                distance = self.start_of(function, symbol) - (self.starts[index] + offset)
                if abs(distance) >= self.range and symbol not in self.veneers[index]:
                    self.veneers[index][symbol] = 0
                    added = True
        return added


def _branches(function: NamedFunction, machine: Machine) -> Iterable[tuple[int, str]]:
    """The calls and jumps of a function to others: offsets and symbols."""
    for fixup in function.code.unpack().pieces[0].fixups:
        if fixup.type in BRANCH_TYPES[machine.elf_machine] and isinstance(fixup.target, str):
            yield fixup.offset, function.name_of(fixup.target)


class _Constants:
    """The positions of constants and jump tables. Equal mergeable ones are merged."""

    def __init__(self) -> None:
        self.alignment = RODATA_ALIGNMENT
        """Of all together."""
        self.size = 0
        self.places: list[tuple[int, ...]] = []
        """For each function: the offsets of its pieces after the code, from the first of all."""
        self._shared: dict[Piece, int] = {}

    def add(self, pieces: Sequence[Piece]) -> None:
        """Place those of the next function."""
        self.places.append(tuple(map(self._place, pieces)))

    def _place(self, piece: Piece) -> int:
        known = self._shared.get(piece) if piece.mergeable else None
        if known is not None:
            return known
        self.alignment = max(self.alignment, piece.alignment)
        place = align_up(self.size, piece.alignment)
        self.size = place + len(piece.content)
        if piece.mergeable:
            self._shared[piece] = place
        return place


class _Tables:
    """Everything but the code, collected in the order of the functions."""

    def __init__(self) -> None:
        self.constants = _Constants()
        self.frames: list[tuple[int, int, FrameInfo]] = []
        """Offset, size and frame of each function."""
        code_offsets, wasm_offsets = array("I"), array("I")
        self.address_map = AddressMap(code_offsets, wasm_offsets)
        trap_offsets, codes = array("I"), array("B")
        self.traps = TrapTable(trap_offsets, codes)
        self._arrays = code_offsets, wasm_offsets, trap_offsets, codes
        self.inlined = _Inlined()

    def add(self, function: NamedFunction, code: CompiledFunction, start: int) -> None:
        """Take those of the next function, whose code starts at an offset."""
        self.constants.add(code.pieces[1:])
        if code.frame is not None:
            self.frames.append((start, function.code.size, code.frame))
        code_offsets, wasm_offsets, trap_offsets, codes = self._arrays
        code_offsets.extend([start + at for at, _ in code.address_map])
        wasm_offsets.extend([function.wasm_offset(line) for _, line in code.address_map])
        trap_offsets.extend([start + at for at, _ in code.traps])
        codes.extend([trap for _, trap in code.traps])
        if function.inlined:
            self.inlined.add(function, code, start)


class _Inlined:
    """The map of inlined functions, collected in the order of the functions."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []
        self._numbers: dict[tuple[int, tuple[int, ...]], int] = {}
        """Those of the calls, by the start of the function and the chain of calls up to it."""
        self._rows: list[tuple[int, int, int]] = []

    def add(self, function: NamedFunction, code: CompiledFunction, start: int) -> None:
        """Take what was inlined into the next function."""
        last = NO_CALL
        for at, line in code.address_map:
            calls = () if line == NO_OFFSET else function.calls(line)
            call = self._number(start, calls, function.wasm_offset(line)) if calls else NO_CALL
            if call != last:
                self._runs.append((start + at, call))
                last = call
        if last != NO_CALL:
            self._runs.append((start + function.code.size, NO_CALL))

    def _number(self, start: int, calls: tuple[int, ...], inside: int) -> int:
        """The number of the innermost of some calls, in whose callee there is a Wasm offset."""
        known = self._numbers.get((start, calls))
        if known is None:
            place, *outer = calls
            outer_number = self._number(start, calls[1:], place) if outer else NO_CALL
            known = self._numbers[start, calls] = len(self._rows)
            self._rows.append((place, inside, outer_number))
        return known

    def table(self) -> InlineMap | None:
        """The map, None if nothing was inlined."""
        if not self._runs:
            return None
        offsets, calls = zip(*self._runs, strict=True)
        places, callees, outer = zip(*self._rows, strict=True)
        return InlineMap(offsets, calls, places, callees, outer)


def _write_entry_word(image: bytearray, layout: _Layout, function: NamedFunction) -> None:
    """Write the distance from a Wasm function to its tail entry, before the function."""
    parsed = parse_symbol(function.symbol)
    if parsed is None or parsed[0] != "function":
        return
    tail_entry = layout.offset_of(tail_entry_symbol(parsed[1]))
    if tail_entry is not None:
        start = layout.start_of(function, function.symbol)
        distance = (tail_entry - start).to_bytes(ENTRY_WORD_SIZE, "little", signed=True)
        image[start - ENTRY_WORD_SIZE : start] = distance


def _apply(
    image: bytearray, layout: _Layout, index: int, place: int, places: list[int], fixup: Fixup
) -> None:
    function, elf_machine = layout.functions[index], layout.machine.elf_machine
    if isinstance(fixup.target, int):
        target = places[fixup.target]
    else:
        symbol = function.name_of(fixup.target)
        is_branch = fixup.type in BRANCH_TYPES[elf_machine]
        veneer = layout.veneers[index].get(symbol) if is_branch else None
        target = layout.start_of(function, symbol) if veneer is None else veneer
    patch = PATCHES[elf_machine].get(fixup.type)
    if patch is None:
        raise PlacementError(
            f"{function.symbol} needs relocation type {fixup.type}, which is unknown"
        )
    try:
        patch(image, place + fixup.offset, target + fixup.addend)
    except RelocationError as error:
        raise PlacementError(f"{function.symbol}: {error}") from None
