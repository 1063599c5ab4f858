"""Resolving relocations: how each kind puts an address into code, for each machine.

All of them are relative to their own address, since text and constants keep their distance; a
saved artifact is mapped anywhere and runs with nothing left to patch.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from wasmdialect.object.elf import EM_AARCH64, EM_X86_64

Patch = Callable[[bytearray | memoryview, int, int], None]
"""Puts a target (both offsets count from the start of the image) into a buffer at an offset."""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class RelocationError(Exception):
    """A relocation cannot be resolved: unknown kind, or the target is out of reach."""


def _relative32(buffer: bytearray | memoryview, at: int, target: int) -> None:
    distance = target - at
    if not -(1 << 31) <= distance < 1 << 31:
        raise RelocationError("a target is more than 2 GiB away")
    _U32.pack_into(buffer, at, distance & 0xFFFF_FFFF)


def _relative64(buffer: bytearray | memoryview, at: int, target: int) -> None:
    _U64.pack_into(buffer, at, (target - at) & 0xFFFF_FFFF_FFFF_FFFF)


def _aarch64_branch26(buffer: bytearray | memoryview, at: int, target: int) -> None:
    distance = target - at
    if not -(1 << 27) <= distance < 1 << 27:
        raise RelocationError("a branch target is more than 128 MiB away")
    (word,) = _U32.unpack_from(buffer, at)
    _U32.pack_into(buffer, at, (word & ~0x3FF_FFFF) | ((distance >> 2) & 0x3FF_FFFF))


def aarch64_page21(buffer: bytearray | memoryview, at: int, target: int) -> None:
    """adrp. The image is mapped at a multiple of the page size, so page distances are known."""
    pages = (target >> 12) - (at >> 12)
    if not -(1 << 20) <= pages < 1 << 20:
        raise RelocationError("a target is more than 4 GiB away")
    (word,) = _U32.unpack_from(buffer, at)
    word &= ~((3 << 29) | (0x7FFFF << 5))
    _U32.pack_into(buffer, at, word | ((pages & 3) << 29) | (((pages >> 2) & 0x7FFFF) << 5))


def aarch64_low12(scale: int) -> Patch:
    """The low 12 bits of an address, in units of 1 << scale, as an instruction's immediate."""

    def patch(buffer: bytearray | memoryview, at: int, target: int) -> None:
        (word,) = _U32.unpack_from(buffer, at)
        low = (target & 0xFFF) >> scale
        _U32.pack_into(buffer, at, (word & ~(0xFFF << 10)) | (low << 10))

    return patch


PATCHES: Mapping[int, Mapping[int, Patch]] = {
    EM_X86_64: {
        2: _relative32,  # R_X86_64_PC32
        4: _relative32,  # R_X86_64_PLT32
        24: _relative64,  # R_X86_64_PC64
    },
    EM_AARCH64: {
        260: _relative64,  # R_AARCH64_PREL64
        261: _relative32,  # R_AARCH64_PREL32
        275: aarch64_page21,  # R_AARCH64_ADR_PREL_PG_HI21
        277: aarch64_low12(0),  # R_AARCH64_ADD_ABS_LO12_NC
        278: aarch64_low12(0),  # R_AARCH64_LDST8_ABS_LO12_NC
        282: _aarch64_branch26,  # R_AARCH64_JUMP26
        283: _aarch64_branch26,  # R_AARCH64_CALL26
        284: aarch64_low12(1),  # R_AARCH64_LDST16_ABS_LO12_NC
        285: aarch64_low12(2),  # R_AARCH64_LDST32_ABS_LO12_NC
        286: aarch64_low12(3),  # R_AARCH64_LDST64_ABS_LO12_NC
        299: aarch64_low12(4),  # R_AARCH64_LDST128_ABS_LO12_NC
    },
}
"""By ELF machine and relocation type."""
