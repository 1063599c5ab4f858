"""Finding accesses of memory by the tables, compared with a disassembler."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import capstone
import pytest

from wasmdialect import Config
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.object import accesses
from wasmdialect.object.accesses import disassembled_accesses, find_accesses
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.wasm.text import parse_module

EXAMPLES = Path(__file__).parents[2] / "examples"
KERNELS, SIMD = EXAMPLES / "kernels.wasm", EXAMPLES / "simd.wat"
PREFIXES = [
    *itertools.product((b"", b"\x66", b"\xf0", b"\xf2", b"\xf3"), (b"", b"\x48", b"\x41", b"\x4f"))
]
MAPS = [
    *(
        prefix + rex + m
        for prefix, rex in PREFIXES
        for m in (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a")
    ),
    *(bytes((0xC5, 0x78 | pp)) for pp in range(4)),
    *(
        bytes((first, number | top, w << 7 | 0x7C | pp, *rest))
        for first, tops, rest in ((0xC4, (0xE0, 0xC0), ()), (0x62, (0xF0, 0xD0), (0x48,)))
        for top, number, w, pp in itertools.product(tops, (1, 2, 3), (0, 1), (0, 1))
    ),
]
"""What can precede an opcode: prefixes that change its map, the size of operands, and the base."""
OPERANDS = [
    bytes((mode << 6 | reg << 3 | rm, *sib, *(1, 0, 0, 0)[: (0, 1, 4, 0)[mode]]))
    for mode, reg in itertools.product(range(4), (0, 2))
    for rm, sib in ((0, ()), (5, ()), (4, (0x24,)), (4, (0x41,)), (4, (0x45,)))
]
"""ModRM, SIB and displacement of each kind of base."""
NEXT = b"\x8b\x00"
"""`mov eax, [rax]`, which is found after an instruction only if its length is right."""
UNKNOWN = [-1]
DISASSEMBLER: Any = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)


def first_instruction(code: bytes) -> tuple[int, str]:
    """The size and the text of the first instruction; 0 if there is none."""
    for _, size, mnemonic, operands in DISASSEMBLER.disasm_lite(code, 0, 1):
        return size, f"{mnemonic} {operands}"
    return 0, ""


@pytest.mark.parametrize("start", MAPS, ids=bytes.hex)
def test_every_known_form_has_the_length_and_access_of_the_disassembler(
    start: bytes, monkeypatch: pytest.MonkeyPatch
):
    def unknown(machine: int, code: bytes) -> list[int]:
        return UNKNOWN

    monkeypatch.setattr(accesses, "disassembled_accesses", unknown)
    differences: list[str] = []
    for opcode, operand in itertools.product(range(256), OPERANDS):
        whole = start + bytes((opcode,)) + operand + bytes(16)
        size, text = first_instruction(whole)
        found = find_accesses[EM_X86_64](whole[:size] + NEXT)
        expected = [*disassembled_accesses(EM_X86_64, whole[:size]), size]
        # A locked `nop` is no instruction.
        if size and found not in (expected, UNKNOWN) and not text.startswith("lock nop"):
            differences.append(f"{whole[:size].hex(' ')}: {text}: {found}")
    assert not differences, differences


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("cpu", [None, "base"])
def test_compiled_code_has_only_known_forms(
    cpu: str | None, level: Level, monkeypatch: pytest.MonkeyPatch
):
    """The disassembler is not needed for what LLVM writes."""

    def disassemble(machine: int, code: bytes) -> list[int]:
        raise AssertionError([*DISASSEMBLER.disasm_lite(code, 0)])

    monkeypatch.setattr(accesses, "disassembled_accesses", disassemble)
    settings = CompileSettings.of(Config(opt_level=level, cpu=cpu))
    for module in (KERNELS.read_bytes(), parse_module(SIMD.read_text()).binary):
        compile_module(module, settings, jobs=0)


def test_a_foreign_instruction_is_disassembled():
    """`rep stosb`, which the tables do not have."""
    assert find_accesses[EM_X86_64](b"\xf3\xaa" + NEXT) == [0, 2]


@pytest.mark.parametrize(
    ("word", "accesses_memory"),
    [
        (0xB9400001, True),  # ldr w1, [x0]
        (0xB8606801, True),  # ldr w1, [x0, x0]
        (0x18000001, False),  # ldr w1, a constant
        (0xB94003E1, False),  # ldr w1, [sp]
        (0xF85F83A1, False),  # ldur x1, [x29, #-8]
        (0xA9BF7BFD, False),  # stp x29, x30, [sp, #-16]!
        (0x885FFC01, True),  # ldaxr w1, [x0]
        (0xB8E00001, True),  # ldaddal w0, w1, [x0]
        (0x0D408001, True),  # ld1 {v1.s}[0], [x0]
        (0x0E0C3C01, False),  # mov w1, v0.s[1]: a lane, not a place
        (0x8B000000, False),  # add x0, x0, x0
    ],
)
def test_accesses_on_aarch64(word: int, accesses_memory: bool):
    code = word.to_bytes(4, "little")
    assert find_accesses[EM_AARCH64](code) == [0] * accesses_memory
