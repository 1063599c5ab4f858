"""Veneers: jumps to targets that a branch cannot reach, in scratch registers of the C convention, and
to code that is compiled when it is first called.
"""

from __future__ import annotations

import struct

from wasmdialect._records import FrozenRecord
from wasmdialect._static import Mapping
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.relocations import aarch64_low12, aarch64_page21

BRANCH_TYPES = {
    EM_X86_64: frozenset({4}),  # R_X86_64_PLT32
    EM_AARCH64: frozenset({282, 283}),  # R_AARCH64_JUMP26, R_AARCH64_CALL26
}
"""The relocations of calls and jumps to other functions."""
BRANCH_RANGES = {EM_X86_64: 1 << 31, EM_AARCH64: 1 << 27}
"""Their reach, in bytes."""
VENEER_SIZES = {EM_X86_64: 23, EM_AARCH64: 12}

_X86_64 = struct.Struct("<7s2sq6s")
_LEA_R11_HERE = bytes((0x4C, 0x8D, 0x1D, 0, 0, 0, 0))  # lea r11, [rip]
_MOVABS_R10 = bytes((0x49, 0xBA))
_ADD_AND_JUMP = bytes((0x4D, 0x01, 0xD3, 0x41, 0xFF, 0xE3))  # add r11, r10; jmp r11
_AARCH64 = struct.pack("<3I", 0x9000_0010, 0x9100_0210, 0xD61F_0200)
"""adrp x16, 0; add x16, x16, #0; br x16"""


def write_veneer(elf_machine: int, image: bytearray, at: int, target: int) -> None:
    """Put a veneer to `target` into the image."""
    if elf_machine == EM_X86_64:
        distance = target - (at + len(_LEA_R11_HERE))
        _X86_64.pack_into(image, at, _LEA_R11_HERE, _MOVABS_R10, distance, _ADD_AND_JUMP)
        return
    image[at : at + len(_AARCH64)] = _AARCH64
    aarch64_page21(image, at, target)
    aarch64_low12(0)(image, at + 4, target)


class LazyVeneers(FrozenRecord):
    """The veneers of a machine for code that is compiled when it is first called."""

    size: int
    resume: int
    """Where their second part is. The slot leads there until there is code."""


LAZY_VENEERS: Mapping[int, LazyVeneers] = {
    EM_X86_64: LazyVeneers(16, 6),
    EM_AARCH64: LazyVeneers(32, 16),
}
"""By the machines that code can be compiled lazily for."""
_LAZY_X86_64 = struct.Struct("<2si2si4x")
_JUMP_INDIRECT, _CALL_INDIRECT = b"\xff\x25", b"\xff\x15"
_LAZY_AARCH64 = struct.pack(
    "<8I",
    *(0xD503_245F, 0x9000_0010, 0xF940_0210, 0xD61F_0200),
    *(0xD503_245F, 0x9000_0011, 0xF940_0231, 0xD61F_0220),
)
"""bti c; adrp x16, 0; ldr x16, [x16]; br x16; bti c; adrp x17, 0; ldr x17, [x17]; br x17"""


def write_lazy_veneer(
    elf_machine: int, image: bytearray | memoryview, at: int, slot: int, entry: int
) -> None:
    """Put the veneer of code that is compiled when it is first called into the image: a jump to the
    address in `slot`, and one to that in `entry`, which learns which veneer it is. On x86-64 that is a
    call, with a return address; on aarch64 the first jump leaves the address of the second part in
    x16."""
    if elf_machine == EM_X86_64:
        jump_end = at + LAZY_VENEERS[elf_machine].resume
        call_end = jump_end + 6
        distances = slot - jump_end, entry - call_end
        _LAZY_X86_64.pack_into(
            image, at, _JUMP_INDIRECT, distances[0], _CALL_INDIRECT, distances[1]
        )
        return
    image[at : at + len(_LAZY_AARCH64)] = _LAZY_AARCH64
    for place, word in ((at + 4, slot), (at + 20, entry)):
        aarch64_page21(image, place, word)
        aarch64_low12(3)(image, place + 4, word)
