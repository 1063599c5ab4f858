"""Finding the instructions that access memory, other than the frame and constants, in machine code.

On x86-64 the length of each instruction has to be known. The tables here have the instructions that
LLVM writes for compiled Wasm; code with another one is disassembled, which takes several times as
long. On aarch64 the class of an instruction and its base register have fixed places. Sources:
Intel's Software Developer's Manual, volume 2, chapter 2 and appendix A; Arm Architecture Reference
Manual, "A64 instruction set encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from wasmdialect.object.elf import EM_AARCH64, EM_X86_64

# --- x86-64 ---

_UNKNOWN = 0
_PLAIN = 0x100
"""An instruction that is known. Its low bits are the size of its immediate, with the flags below."""
_MODRM = 0x200
"""A ModRM byte follows the opcode, and perhaps a SIB byte and a displacement."""
_NO_ACCESS = 0x400
"""The memory operand is not accessed: `lea`, `nop`."""
_WIDE = 0x800
"""The immediate has the size of the operand, at most 32 bits."""
_TEST = 0x1000
"""Only `test` of the group, with reg 0 and 1, has the immediate."""
_BRANCH = 0x2000
"""With the prefix 66, processors differ about the size of the distance."""
_IMMEDIATE = 0xFF


def _table(*rows: tuple[int, Iterable[int]]) -> list[int]:
    table = [_UNKNOWN] * 256
    for form, opcodes in rows:
        for opcode in opcodes:
            table[opcode] = form
    return table


_ALU = range(0, 0x40, 8)
"""add, or, adc, sbb, and, sub, xor, cmp"""
_ONE_BYTE = _table(
    (_PLAIN | _MODRM, [group + form for group in _ALU for form in range(4)]),
    (_PLAIN | 1, [group + 4 for group in _ALU]),
    (_PLAIN | _WIDE | 4, [group + 5 for group in _ALU]),
    (_PLAIN, [*range(0x50, 0x60), *range(0x90, 0x9A), 0xC3, 0xC9, 0xCC]),  # push, pop, ret, leave
    (_PLAIN | _MODRM, [0x63, *range(0x84, 0x8C), *range(0xD0, 0xD4), *range(0xD8, 0xE0)]),
    (_PLAIN | _WIDE | 4, [0x68]),  # push
    (_PLAIN | _BRANCH | 4, [0xE8, 0xE9]),  # call, jmp
    (_PLAIN | _MODRM | _WIDE | 4, [0x69, 0x81, 0xC7]),
    (_PLAIN | 1, [0x6A, *range(0x70, 0x80), 0xA8, *range(0xB0, 0xB8), 0xEB]),
    (_PLAIN | _MODRM | 1, [0x6B, 0x80, 0x83, 0xC0, 0xC1, 0xC6]),
    (_PLAIN | _MODRM | _NO_ACCESS, [0x8D]),  # lea
    (_PLAIN | _WIDE | 4, [0xA9, *range(0xB8, 0xC0)]),
    (_PLAIN | _MODRM | _TEST | 1, [0xF6]),
    (_PLAIN | _MODRM | _TEST | _WIDE | 4, [0xF7]),
    (_PLAIN | _MODRM, [0xFE, 0xFF]),
)
_WITH_BYTE = [0x70, 0x71, 0x72, 0x73, 0xC2, 0xC4, 0xC5, 0xC6]
_AFTER_0F = _table(
    (_PLAIN | _MODRM, [*range(0x10, 0x18), *range(0x28, 0x30), *range(0x40, 0x77)]),
    (_PLAIN | _MODRM, [*range(0x7C, 0x80), *range(0x90, 0xA0), 0xA3, 0xA5, 0xAB]),
    (_PLAIN | _MODRM, [*range(0xAD, 0xB9), *range(0xBB, 0xC4), 0xC7, *range(0xD0, 0x100)]),
    (_PLAIN | _MODRM | 1, [*_WITH_BYTE, 0xA4, 0xAC, 0xBA]),
    (_PLAIN | _BRANCH | 4, range(0x80, 0x90)),  # conditional jumps
    (_PLAIN, [0x0B, 0xA2, *range(0xC8, 0xD0)]),  # ud2, cpuid, bswap
    (_PLAIN | _MODRM | _NO_ACCESS, [0x1F]),  # nop
)
_VECTOR_MAPS = {
    1: _table(
        (_PLAIN | _MODRM, range(0x10, 0x100)),
        (_PLAIN | _MODRM | 1, _WITH_BYTE),
        (_PLAIN, [0x77]),  # vzeroupper
    ),
    2: [_PLAIN | _MODRM] * 256,
    3: [_PLAIN | _MODRM | 1] * 256,
}
"""The maps of VEX and EVEX prefixes; those after 0F 38 and 0F 3A are the second and the third."""
_REGISTER, _ON_FRAME, _ELSEWHERE, _BY_SIB = range(4)
"""What a ModRM or SIB byte refers to: a register or a constant; the stack or frame pointer, or with the
prefix's bit for the base r12 or r13; another place."""


def _operand(modrm: int) -> tuple[int, int]:
    """What a ModRM byte refers to, and the size of itself and what belongs to it."""
    mode, base = modrm >> 6, modrm & 7
    if mode == 3:
        return _REGISTER, 1
    displacement = (0, 1, 4)[mode]
    if base == 4:
        return _BY_SIB, 2 + displacement
    if base == 5:
        return (_ON_FRAME, 1 + displacement) if mode else (_REGISTER, 5)
    return _ELSEWHERE, 1 + displacement


_OPERANDS = [_operand(modrm) for modrm in range(256)]
_PREFIXES = frozenset((0x66, 0xF0, 0xF2, 0xF3, 0x2E))


def _on_x86_64(code: bytes) -> list[int]:
    accesses: list[int] = []
    at, end = 0, len(code)
    try:
        while at < end:
            start = at
            opcode = code[at]
            narrow = False
            while opcode in _PREFIXES:
                narrow |= opcode == 0x66
                at += 1
                opcode = code[at]
            rex = 0
            if 0x40 <= opcode < 0x50:
                rex = opcode
                at += 1
                opcode = code[at]
            if opcode == 0x0F:
                at += 1
                opcode = code[at]
                if opcode == 0x38 or opcode == 0x3A:
                    at += 1
                    form = _VECTOR_MAPS[2 if opcode == 0x38 else 3][code[at]]
                else:
                    form = _AFTER_0F[opcode]
            elif opcode == 0xC5 or opcode == 0xC4 or opcode == 0x62:  # VEX and EVEX
                rex = 0 if opcode == 0xC5 or code[at + 1] & 0x20 else 1
                number = 1 if opcode == 0xC5 else code[at + 1] & (0x1F if opcode == 0xC4 else 0xF)
                at += {0xC5: 2, 0xC4: 3, 0x62: 4}[opcode]
                form = _VECTOR_MAPS[number][code[at]] if number in _VECTOR_MAPS else _UNKNOWN
            else:
                form = _ONE_BYTE[opcode]
                if rex >= 0x48 and 0xB8 <= opcode < 0xC0:
                    at += 4  # the one instruction with an immediate of 64 bits
            if form == _UNKNOWN or (narrow and form & _BRANCH):
                return disassembled_accesses(EM_X86_64, code)
            at += 1
            if form & _MODRM:
                modrm = code[at]
                place, size = _OPERANDS[modrm]
                if place == _BY_SIB:
                    base = code[at + 1] & 7
                    place = _ON_FRAME if base == 4 or (base == 5 and modrm >= 0x40) else _ELSEWHERE
                    if base == 5 and modrm < 0x40:
                        size += 4
                at += size
                if place and not form & _NO_ACCESS and (place == _ELSEWHERE or rex & 1):
                    accesses.append(start)
                if form & _TEST and modrm & 0x30:
                    continue
            if form & _IMMEDIATE:
                at += 2 if narrow and form & _WIDE and rex < 0x48 else form & _IMMEDIATE
    except IndexError:
        return disassembled_accesses(EM_X86_64, code)
    return accesses if at == end else disassembled_accesses(EM_X86_64, code)


# --- aarch64 ---

_WORD = 4


def _on_aarch64(code: bytes) -> list[int]:
    return [
        _WORD * n
        for n, word in enumerate(memoryview(code).cast("I"))
        # Loads and stores, but for those of constants (literal); the base register is not sp or x29.
        if word & 0x0A00_0000 == 0x0800_0000
        and word & 0x3B00_0000 != 0x1800_0000
        and word & 0x3E0 != 0x3E0
        and word & 0x3E0 != 0x3A0
    ]


# --- both ---


find_accesses: dict[int, Callable[[bytes], list[int]]] = {
    EM_X86_64: _on_x86_64,
    EM_AARCH64: _on_aarch64,
}
"""By ELF machine: the offsets of the accesses in code that starts and ends between two instructions."""


def disassembled_accesses(elf_machine: int, code: bytes) -> list[int]:
    """The same as `find_accesses`, from the text of each instruction."""
    return [
        at
        for at, _, mnemonic, operands in _disassembler(elf_machine).disasm_lite(code, 0)
        if _accesses(mnemonic, operands)
    ]


def _accesses(mnemonic: str, operands: str) -> bool:
    place = operands.find("[")
    if place < 0 or mnemonic in ("lea", "nop"):
        return False
    return operands[place + 1 : place + 4].rstrip(",]") not in ("rsp", "rbp", "rip", "sp", "x29")


@cache
def _disassembler(elf_machine: int) -> Any:
    import capstone

    if elf_machine == EM_X86_64:
        return capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
