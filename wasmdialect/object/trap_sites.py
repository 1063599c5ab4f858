"""The instructions of a function that can trap, with their codes. Explicit traps are found by their
bytes, and accesses that may fault among the instructions that the line table attributes to them: a
row can cover the computation of an address too, but the trap table has exactly the instruction that
faults. The line table confirms both, so that constants which happen to look like an instruction are
not taken for one.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from wasmdialect.abi.debug_locations import code_of_fault
from wasmdialect.abi.traps import DEBUG_ASSERTION
from wasmdialect.object.accesses import find_accesses
from wasmdialect.object.debug_line import Row
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64

_UD1 = bytes((0x67, 0x0F, 0xB9))
"""`ud1 eax, [eax + code]`, the form of `llvm.ubsantrap(code)` on x86-64. It is followed by 00 for code
0, else 40 or, from 128 on, 80, and the code."""


def trap_sites(code: bytes, lines: Sequence[Row], elf_machine: int) -> list[tuple[int, int]]:
    """(code offset, trap code) pairs of one function, ascending.

    `lines` are the rows of its line table in order. Debug assertions are omitted: a failed one is a
    bug, not a trap.
    """
    sites = [
        *_explicit_sites(code, lines, elf_machine),
        *_fault_sites(code, lines, elf_machine),
    ]
    return sorted(sites)


def _explicit_sites(
    code: bytes, lines: Sequence[Row], elf_machine: int
) -> Iterator[tuple[int, int]]:
    starts = [at for at, _, _ in lines]
    for at, trap in _FIND_TRAPS[elf_machine](code):
        row = bisect_right(starts, at) - 1
        if row >= 0 and lines[row][1] and lines[row][2] == trap and trap != DEBUG_ASSERTION:
            yield at, trap


def _ud1_sites(code: bytes) -> Iterator[tuple[int, int]]:
    at = code.find(_UD1)
    while 0 <= at < len(code) - len(_UD1):
        form = code[at + 3]
        if form == 0:
            yield at, 0
        elif form in (0x40, 0x80) and at + 4 < len(code):
            yield at, code[at + 4]
        at = code.find(_UD1, at + 1)


def _brk_sites(code: bytes) -> Iterator[tuple[int, int]]:
    """`brk #0x5500 | code`."""
    for at, (word,) in enumerate(struct.iter_unpack("<I", code)):
        if word & 0xFFFF_E01F == 0xD42A_A000:
            yield 4 * at, (word >> 5) & 0xFF


_FIND_TRAPS: dict[int, Callable[[bytes], Iterator[tuple[int, int]]]] = {
    EM_X86_64: _ud1_sites,
    EM_AARCH64: _brk_sites,
}


def _fault_sites(code: bytes, lines: Sequence[Row], elf_machine: int) -> Iterator[tuple[int, int]]:
    find = find_accesses[elf_machine]
    for (start, _, column), following in pairwise(lines):
        trap = code_of_fault(column)
        if trap is not None:
            for at in find(code[start : following[0]]):
                yield start + at, trap
