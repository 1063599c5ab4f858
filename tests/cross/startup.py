"""The start-up object as machine code: startup.ll through LLVM, and the few instructions that no LLVM
IR stands for. They are given as words because llvmlite has no assembler for a machine that is not
the host; a test disassembles them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from wasmdialect.codegen.llvm import compile_object
from wasmdialect.codegen.target import parse_target
from wasmdialect.object.elf import EM_AARCH64, RELA, SHT_RELA, ElfFile
from wasmdialect.object.relocations import PATCHES

TRIPLE = "aarch64-unknown-linux-gnu"
INSTRUCTIONS = {
    "system_call": (
        (0xAA00_03E8, "mov x8, x0"),
        (0xAA01_03E0, "mov x0, x1"),
        (0xAA02_03E1, "mov x1, x2"),
        (0xAA03_03E2, "mov x2, x3"),
        (0xAA04_03E3, "mov x3, x4"),
        (0xAA05_03E4, "mov x4, x5"),
        (0xAA06_03E5, "mov x5, x6"),
        (0xD400_0001, "svc #0"),
        (0xD65F_03C0, "ret"),
    ),
    "on_stack": (
        (0x9100_001F, "mov sp, x0"),
        (0xD61F_0020, "br x1"),
    ),
}
"""By symbol: each instruction and what it says."""


class StartUp:
    """The start-up object at an address, which is a multiple of a page."""

    def __init__(self, address: int):
        self.address = address
        self._object = ElfFile(_compiled())
        section = self._object.section(".text")
        assert section is not None
        self._section = self._object.sections.index(section)
        self._text = bytearray(self._object.content(section))
        self.symbols = {
            symbol.name: address + symbol.value
            for symbol in self._object.symbols()
            if symbol.section == self._section
        }
        for name, rows in INSTRUCTIONS.items():
            self.symbols[name] = address + len(self._text)
            self._text += b"".join(struct.pack("<I", word) for word, _ in rows)

    def link(self, data: Mapping[str, int]) -> bytes:
        """The code, with the addresses of the data it refers to."""
        addresses = {**self.symbols, **data}
        names = [symbol.name for symbol in self._object.symbols()]
        for section in self._object.sections:
            if section.type != SHT_RELA or section.info != self._section:
                continue
            for offset, info, addend in RELA.iter_unpack(self._object.content(section)):
                target = addresses[names[info >> 32]] + addend
                PATCHES[EM_AARCH64][info & 0xFFFF_FFFF](self._text, offset, target - self.address)
        return bytes(self._text)


@cache
def _compiled() -> bytes:
    source = Path(__file__).with_name("startup.ll").read_text(encoding="utf-8")
    return compile_object(source, parse_target(TRIPLE), 2)
