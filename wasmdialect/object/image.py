"""The image of a module: the output of linking, held by an artifact. Loading needs no linker."""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.sections import AddressMap, InlineMap, TrapTable


class Machine(FrozenRecord):
    """The properties of a machine that linking needs."""

    elf_machine: int
    page_size: int
    function_alignment: int
    trampoline_alignment: int


MACHINES = {
    EM_X86_64: Machine(EM_X86_64, 0x1000, 16, 1),
    EM_AARCH64: Machine(EM_AARCH64, 0x10000, 32, 4),
}


class PlacedFunction(FrozenRecord):
    """A function in the image: offset and size in `.text`."""

    symbol: str
    offset: int
    size: int


class LinkedImage(FrozenRecord):
    """Text and constants with all relocations resolved, and the tables about the text."""

    machine: Machine
    text: memoryview
    """Padded to a page."""
    eh_frame: bytes
    """Follows the text directly in memory; empty without unwind information."""
    rodata: memoryview
    rodata_offset: int
    """Offset of the constants from the start of the text."""
    functions: tuple[PlacedFunction, ...]
    """In the order of their offsets."""
    address_map: AddressMap | None
    """None if it was switched off."""
    traps: TrapTable
    inlined: InlineMap | None = None
    """None if nothing was inlined."""
