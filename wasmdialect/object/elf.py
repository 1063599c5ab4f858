"""The layout of 64-bit little-endian ELF files, and a reader for the parts of this project's
artifacts that a start needs, which rules out a general library. (`object/extract.py` reads LLVM's
objects.) Raises ElfError for any other file.
"""

from __future__ import annotations

import struct

from wasmdialect._records import FrozenRecord

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS = 1, 2, 3, 4, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE = 1, 2, 4, 16
STT_FUNC, STT_SECTION = 2, 3
STB_LOCAL, STB_GLOBAL = 0, 1
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
EM_X86_64, EM_AARCH64, EM_RISCV, EM_S390 = 62, 183, 243, 22
ELF_MACHINES = {"x86_64": EM_X86_64, "aarch64": EM_AARCH64, "riscv64": EM_RISCV, "s390x": EM_S390}
"""By the first part of a triple."""

FILE_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
RELA = struct.Struct("<QQq")


class ElfError(Exception):
    """The bytes are not an ELF file of the expected kind."""


class Section(FrozenRecord):
    """A section header and its content."""

    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class Symbol(FrozenRecord):
    """A symbol; `section` is 0 if it is not defined here."""

    name: str
    type: int
    binding: int
    section: int
    value: int
    size: int


def elf_header(data: memoryview) -> tuple[int, ...]:
    """The fields of a file's header after the identification, in order. Raises ElfError."""
    if len(data) < FILE_HEADER.size:
        raise ElfError("too short for an ELF header")
    ident, *fields = FILE_HEADER.unpack_from(data)
    if ident[:4] != b"\x7fELF":
        raise ElfError("not an ELF file")
    if ident[4] != 2 or ident[5] != 1:
        raise ElfError("not a 64-bit little-endian ELF file")
    return (*fields,)


class ElfFile:
    """The sections of a file, read without copying."""

    def __init__(self, data: bytes | memoryview):
        self.data = memoryview(data)
        self.header = elf_header(self.data)
        """The fields after the identification, in order."""
        self.osabi = self.data[7]
        self.abi_version = self.data[8]
        self.type = self.header[0]
        self.machine = self.header[1]
        self.flags = self.header[6]
        self.sections = self._read_sections(self.header[5], self.header[11], self.header[12])

    def _read_sections(self, table: int, count: int, names_index: int) -> list[Section]:
        if table + count * SECTION_HEADER.size > len(self.data):
            raise ElfError("the section table is outside the file")
        rows = [
            SECTION_HEADER.unpack_from(self.data, table + i * SECTION_HEADER.size)
            for i in range(count)
        ]
        if names_index >= count:
            raise ElfError("no section holds the section names")
        names = bytes(self._bytes(rows[names_index][4], rows[names_index][5]))
        sections: list[Section] = []
        for name, kind, flags, _, offset, size, link, info, align, entry_size in rows:
            if kind not in (0, SHT_NOBITS) and offset + size > len(self.data):
                raise ElfError("a section is outside the file")
            sections.append(
                Section(
                    _string(names, name), kind, flags, offset, size, link, info, align, entry_size
                )
            )
        return sections

    def _bytes(self, offset: int, size: int) -> memoryview:
        if offset + size > len(self.data):
            raise ElfError("a section is outside the file")
        return self.data[offset : offset + size]

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        for section in self.sections:
            if section.name == name:
                return section
        return None

    def content(self, section: Section) -> memoryview:
        """The contents of a section."""
        if section.type == SHT_NOBITS:
            raise ElfError(f"the section {section.name} has no content")
        return self.data[section.offset : section.offset + section.size]

    def symbols(self) -> list[Symbol]:
        """The symbol table, by number. Raises ElfError."""
        for section in self.sections:
            if section.type == SHT_SYMTAB:
                if section.link >= len(self.sections) or section.size % SYMBOL.size:
                    raise ElfError("the symbol table is malformed")
                names = bytes(self.content(self.sections[section.link]))
                return [
                    Symbol(_string(names, name), info & 15, info >> 4, index, value, size)
                    for name, info, _, index, value, size in SYMBOL.iter_unpack(
                        self.content(section)
                    )
                ]
        return []


def _string(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset)
    return table[offset : end if end >= 0 else len(table)].decode("utf-8", "replace")
