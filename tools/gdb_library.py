"""Builds the library that gdb looks for: `__jit_debug_register_code` and `__jit_debug_descriptor`.

    python tools/gdb_library.py

writes `wasmdialect/runtime/native/<architecture>-gdb.so` as package data. gdb finds the two by name in
any loaded library, so it must be one that the dynamic linker loads; it contains nothing else. There is
no linker here, so the ELF file is laid out by hand: one page to read and execute, one to write.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from wasmdialect.object.elf import (
    EM_AARCH64,
    EM_X86_64,
    ET_DYN,
    FILE_HEADER,
    SECTION_HEADER,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHT_PROGBITS,
    SHT_STRTAB,
    SYMBOL,
)

FOLDER = Path(__file__).parents[1] / "wasmdialect/runtime/native"


class Architecture(NamedTuple):
    """What the library depends on."""

    machine: int
    page: int
    """The largest page of a kernel."""
    code: bytes
    """`ret`: gdb has its breakpoint here."""


ARCHITECTURES = {
    "x86_64": Architecture(EM_X86_64, 0x1000, bytes((0xC3,))),
    "aarch64": Architecture(EM_AARCH64, 0x10000, struct.pack("<I", 0xD65F_03C0)),
}
SHT_HASH, SHT_DYNAMIC, SHT_DYNSYM = 5, 6, 11
PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 1, 2, 0x6474E551
R, W, X = 4, 2, 1
DT_NULL, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_SONAME = 0, 4, 5, 6, 10, 11, 14
STT_OBJECT, STT_FUNC, STB_GLOBAL = 1, 2, 1
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
DYNAMIC = struct.Struct("<qQ")

DESCRIPTOR = struct.pack("<IIQQ", 1, 0, 0, 0)


def build(architecture: Architecture) -> bytes:
    """The bytes of the library; the same every time."""
    machine, page, code = architecture
    strings = b"\0__jit_debug_register_code\0__jit_debug_descriptor\0wasmdialect-gdb.so\0"
    headers = FILE_HEADER.size + 4 * PROGRAM_HEADER.size
    strings_at = headers
    symbols_at = strings_at + len(strings) + -len(strings) % 8
    symbols_size = 3 * SYMBOL.size
    hash_at = symbols_at + symbols_size
    # One bucket with both symbols in a chain.
    table = struct.pack("<6I", 1, 3, 1, 0, 2, 0)
    code_at = hash_at + len(table)
    dynamic_at = page
    dynamic = b"".join(
        DYNAMIC.pack(tag, value)
        for tag, value in (
            (DT_SONAME, strings.index(b"wasmdialect-gdb")),
            (DT_HASH, hash_at),
            (DT_STRTAB, strings_at),
            (DT_SYMTAB, symbols_at),
            (DT_STRSZ, len(strings)),
            (DT_SYMENT, SYMBOL.size),
            (DT_NULL, 0),
        )
    )
    descriptor_at = dynamic_at + len(dynamic)
    end = descriptor_at + len(DESCRIPTOR)
    symbols = bytes(SYMBOL.size)
    symbols += SYMBOL.pack(1, STB_GLOBAL << 4 | STT_FUNC, 0, 4, code_at, len(code))
    name = strings.index(b"__jit_debug_descriptor")
    info = STB_GLOBAL << 4 | STT_OBJECT
    symbols += SYMBOL.pack(name, info, 0, 6, descriptor_at, len(DESCRIPTOR))

    sections = [
        # name, type, flags, address, size, link, info, alignment, entry size
        (".dynstr", SHT_STRTAB, SHF_ALLOC, strings_at, len(strings), 0, 0, 1, 0),
        (".dynsym", SHT_DYNSYM, SHF_ALLOC, symbols_at, symbols_size, 1, 1, 8, SYMBOL.size),
        (".hash", SHT_HASH, SHF_ALLOC, hash_at, len(table), 2, 0, 4, 4),
        (".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code_at, len(code), 0, 0, 1, 0),
        (".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, dynamic_at, len(dynamic), 1, 0, 8, 16),
        (".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, descriptor_at, len(DESCRIPTOR), 0, 0, 8, 0),
    ]
    names = b"\0" + b"".join(f"{row[0]}\0".encode() for row in sections) + b".shstrtab\0"
    table_at = end + len(names) + -(end + len(names)) % 8
    segments = (
        (PT_LOAD, R | X, 0, code_at + len(code)),
        (PT_LOAD, R | W, dynamic_at, end - dynamic_at),
        (PT_DYNAMIC, R | W, dynamic_at, len(dynamic)),
        (PT_GNU_STACK, R | W, 0, 0),
    )
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    file = bytearray(
        FILE_HEADER.pack(
            ident, ET_DYN, machine, 1, 0, FILE_HEADER.size, table_at, 0, FILE_HEADER.size,
            PROGRAM_HEADER.size, len(segments), SECTION_HEADER.size, len(sections) + 2,
            len(sections) + 1,
        )
    )  # fmt: skip
    for kind, flags, at, size in segments:
        alignment = page if kind == PT_LOAD else 8
        file += PROGRAM_HEADER.pack(kind, flags, at, at, at, size, size, alignment)
    file += strings + bytes(symbols_at - strings_at - len(strings)) + symbols + table + code
    file += bytes(page - len(file)) + dynamic + DESCRIPTOR + names
    file += bytes(table_at - len(file)) + bytes(SECTION_HEADER.size)
    for section, kind, flags, at, size, link, count, alignment, entry in sections:
        place = names.index(f"\0{section}\0".encode()) + 1
        file += SECTION_HEADER.pack(place, kind, flags, at, at, size, link, count, alignment, entry)
    place = names.index(b"\0.shstrtab\0") + 1
    file += SECTION_HEADER.pack(place, SHT_STRTAB, 0, 0, end, len(names), 0, 0, 1, 0)
    return bytes(file)


if __name__ == "__main__":
    for name, architecture in ARCHITECTURES.items():
        content = build(architecture)
        (FOLDER / f"{name}-gdb.so").write_bytes(content)
        print(f"{name}-gdb.so: {len(content)} bytes")
