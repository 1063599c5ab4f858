"""The artifact: one ELF file with the image of a module and every table about it.

ET_REL without program headers: the file is mapped as a whole and only the section table matters.
docs/artifact.md describes each section byte by byte.
"""

from __future__ import annotations

import zlib

from wasmdialect._forms import text
from wasmdialect._records import FrozenRecord, Record, field
from wasmdialect._settings import ARTIFACT_GROUPS, in_groups
from wasmdialect._static import TYPE_CHECKING
from wasmdialect._version import __version__
from wasmdialect.abi.contract import CONTRACT, contract_digest
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.elf import (
    EM_X86_64,
    ET_REL,
    FILE_HEADER,
    SECTION_HEADER,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHT_PROGBITS,
    SHT_STRTAB,
    SHT_SYMTAB,
    ElfError,
    ElfFile,
    Section,
)
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.forms import any_map, list_of, map_of, record_of
from wasmdialect.object.frame_check import check_frames
from wasmdialect.object.functions import FunctionTable
from wasmdialect.object.image import MACHINES, PlacedFunction
from wasmdialect.object.info import ArtifactInfo
from wasmdialect.object.info_check import check_info
from wasmdialect.object.provenance import Provenance
from wasmdialect.object.sections import (
    AddressMap,
    InlineMap,
    TableError,
    TrapTable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

OSABI_WASMTIME = 200
FLAG_MODULE = 1
ENGINE_SECTION = ".wasmdialect.engine"
CHECKSUM_SECTION = ".wasmdialect.checksum"
CHECKSUM_SIZE = 4


class EngineInfo(FrozenRecord):
    """The target, settings and passes of an artifact: `.wasmdialect.engine`."""

    triple: str
    cpu: str
    features: str
    settings: dict[str, Any] = field(default_factory=dict)
    """Every setting that the artifact depends on, by its name in a Config."""
    passes: list[dict[str, str]] = field(default_factory=list)
    """The expanded pipeline: `text` (name and options) and `digest` of the source of each pass."""
    version: str = __version__
    abi: str = field(default_factory=contract_digest)
    """The digest of the runtime ABI that the code was compiled for."""

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        return write_cbor(vars(self))

    @property
    def pipeline(self) -> str:
        """The expanded pipeline as text."""
        return ",".join(row["text"] for row in self.passes)

    @staticmethod
    def from_bytes(data: bytes) -> EngineInfo:
        """Raises ArtifactError."""
        try:
            found = any_map(read_cbor(data))
            version = found.get("version")
            if type(version) is str and version != __version__:
                raise ArtifactError(
                    f"compiled by version {version[:60]}, this is {__version__}: compile it again"
                )
            if found.get("abi") != CONTRACT:
                raise ArtifactError(
                    "compiled by a wasmdialect with another runtime ABI: compile it again"
                )
            return _ENGINE(found)
        except ValueError as error:
            raise ArtifactError(f"damaged artifact: {ENGINE_SECTION}: {error}") from None


_ENGINE = record_of(
    EngineInfo,
    triple=text,
    cpu=text,
    features=text,
    settings=map_of({row.name: row.form for row in in_groups(*ARTIFACT_GROUPS)}),
    passes=list_of(map_of({"text": text, "digest": text})),
    version=text,
    abi=text,
)


class Artifact(Record):
    """An artifact's contents."""

    engine: EngineInfo
    info: ArtifactInfo
    text: bytes | memoryview
    eh_frame: bytes | memoryview
    """How to unwind; directly after the text. Empty if it was switched off."""
    rodata: bytes | memoryview
    rodata_offset: int
    """From the start of the text, in the file as in memory."""
    functions: FunctionTable | Sequence[PlacedFunction]
    """In the order of their offsets. Reading them may raise ArtifactError: see FunctionTable."""
    address_map: bytes | memoryview | None
    """None if it was switched off."""
    traps: bytes | memoryview
    wasm_data: bytes | memoryview
    """`.rodata.wasm`: the data segments."""
    names: bytes | memoryview
    """`.name.wasm`: function names, one after the other."""
    provenance: Provenance
    elf_machine: int = EM_X86_64
    text_offset: int = 0
    """Of `.text` in the file."""
    branch_protection: bool = False
    inlined: bytes | memoryview | None = None
    """None if nothing was inlined."""

    def function_names(self) -> dict[int, str]:
        """The existing names, by the index of the function."""
        content, numbers = bytes(self.names), iter(self.info.function_names)
        return {
            index: content[start : start + size].decode("utf-8", "replace")
            for index, start, size in zip(numbers, numbers, numbers, strict=True)
        }


def checksum(file: bytes | bytearray | memoryview, checksum_at: int) -> bytes:
    """CRC-32 of the whole file, the checksum itself taken as zeros.

    It detects damage: all errors of up to 32 bits in a row, and all but one in four billion of the
    others. A checksum that anyone can compute does not protect against a malicious file.
    """
    view = memoryview(file)
    return checksum_of(
        [view[:checksum_at], bytes(CHECKSUM_SIZE), view[checksum_at + CHECKSUM_SIZE :]]
    )


def checksum_of(parts: Sequence[bytes | memoryview]) -> bytes:
    """The same of a file in parts."""
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value.to_bytes(CHECKSUM_SIZE, "little")


def is_artifact(data: bytes | memoryview) -> bool:
    """Whether a file looks like an artifact, as opposed to a module."""
    return bytes(data[:4]) == b"\x7fELF"


def read_artifact(data: bytes | memoryview) -> Artifact:
    """The contents of an artifact, checked. Raises ArtifactError."""
    try:
        return _read(data)
    except (ElfError, TableError) as error:
        raise ArtifactError(f"damaged artifact: {error}") from None


def read_engine(data: bytes | memoryview) -> EngineInfo:
    """The target, settings and passes of an artifact, without reading the rest. Raises
    ArtifactError."""
    try:
        return _read_engine(ElfFile(data))
    except ElfError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None


def read_checksum(data: bytes | memoryview) -> bytes:
    """The checksum that an artifact says it has. Raises ArtifactError."""
    try:
        return bytes(_content(ElfFile(data), CHECKSUM_SECTION))
    except ElfError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None


def _read_engine(elf: ElfFile) -> EngineInfo:
    if elf.osabi != OSABI_WASMTIME or elf.section(ENGINE_SECTION) is None:
        raise ArtifactError("an ELF file, but not an artifact of wasmdialect")
    return EngineInfo.from_bytes(bytes(_content(elf, ENGINE_SECTION)))


def _read(data: bytes | memoryview) -> Artifact:
    elf = ElfFile(data)
    engine = _read_engine(elf)
    section = elf.section(CHECKSUM_SECTION)
    if section is None or section.size != CHECKSUM_SIZE or section.type != SHT_PROGBITS:
        raise ArtifactError("damaged artifact: it has no checksum")
    if checksum(elf.data, section.offset) != bytes(elf.content(section)):
        raise ArtifactError("damaged artifact: the checksum is wrong")
    _check_file(elf)
    try:
        info = ArtifactInfo.from_bytes(bytes(_content(elf, ".wasmdialect.info")))
        provenance = Provenance.from_bytes(bytes(_content(elf, ".wasmdialect.provenance")))
    except ValueError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None
    code, rodata = _section(elf, ".text"), _section(elf, ".rodata")
    eh_frame = elf.section(".eh_frame")
    address_map = elf.section(".wasmtime.addrmap")
    traps = _content(elf, ".wasmtime.traps")
    if address_map is not None:
        AddressMap.read(elf.content(address_map))
    inlined = elf.section(".wasmdialect.inlined")
    if inlined is not None:
        InlineMap.read(elf.content(inlined))
    TrapTable.read(traps)
    _check_places(elf.machine, code, eh_frame, rodata)
    if eh_frame is not None:
        check_frames(elf.content(eh_frame), code.size)
    functions = FunctionTable(
        _content(elf, ".symtab"), _content(elf, ".strtab"), elf.sections.index(code), code.size
    )
    wasm_data, names = _content(elf, ".rodata.wasm"), _content_if_any(elf, ".name.wasm")
    check_info(info, functions.offsets(), code.size, len(wasm_data), len(names))
    return Artifact(
        engine,
        info,
        elf.content(code),
        b"" if eh_frame is None else elf.content(eh_frame),
        elf.content(rodata),
        rodata.offset - code.offset,
        functions,
        None if address_map is None else elf.content(address_map),
        traps,
        wasm_data,
        names,
        provenance,
        elf.machine,
        code.offset,
        any(_content(elf, ".wasmtime.bti")),
        None if inlined is None else elf.content(inlined),
    )


SECTIONS: Mapping[str, tuple[int, int, bool]] = {
    ENGINE_SECTION: (SHT_PROGBITS, SHF_ALLOC, True),
    ".wasmtime.bti": (SHT_PROGBITS, SHF_ALLOC, True),
    ".text": (SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, True),
    ".eh_frame": (SHT_PROGBITS, SHF_ALLOC, False),
    ".rodata": (SHT_PROGBITS, SHF_ALLOC, True),
    ".wasmtime.addrmap": (SHT_PROGBITS, SHF_ALLOC, False),
    ".wasmdialect.inlined": (SHT_PROGBITS, SHF_ALLOC, False),
    ".wasmtime.traps": (SHT_PROGBITS, SHF_ALLOC, True),
    ".rodata.wasm": (SHT_PROGBITS, SHF_ALLOC, True),
    ".name.wasm": (SHT_PROGBITS, SHF_ALLOC, False),
    ".wasmdialect.info": (SHT_PROGBITS, SHF_ALLOC, True),
    ".wasmdialect.provenance": (SHT_PROGBITS, SHF_ALLOC, True),
    CHECKSUM_SECTION: (SHT_PROGBITS, SHF_ALLOC, True),
    ".symtab": (SHT_SYMTAB, 0, True),
    ".strtab": (SHT_STRTAB, 0, True),
    ".shstrtab": (SHT_STRTAB, 0, True),
}
"""In their order: type, flags, and whether every artifact has it."""


def _check_file(elf: ElfFile) -> None:
    """Check that the sections are those of an artifact, one after the other. Raises ArtifactError."""
    count, table = len(elf.sections), elf.header[5]
    # fmt: off
    expected = (
        ET_REL, elf.machine, 1, 0, 0, table, FLAG_MODULE,
        FILE_HEADER.size, 0, 0, SECTION_HEADER.size, count, count - 1,
    )
    # fmt: on
    if elf.header != expected or table % 8:
        raise ArtifactError("damaged artifact: the ELF header is not that of an artifact")
    sections = elf.sections[1:]
    found = [section.name for section in sections]
    if found != [name for name, row in SECTIONS.items() if row[2] or name in found]:
        raise ArtifactError("damaged artifact: its sections are not those of an artifact")
    end = FILE_HEADER.size
    for section in sections:
        if (section.type, section.flags) != SECTIONS[section.name][:2] or section.offset < end:
            raise ArtifactError(
                f"damaged artifact: the section {section.name} is not as it should be"
            )
        end = section.offset + section.size
    if end > table:
        raise ArtifactError("damaged artifact: the section table is not at the end")


def _check_places(
    elf_machine: int,
    text: Section,
    eh_frame: Section | None,
    rodata: Section,
) -> None:
    """Check the facts that the loader relies on. Raises ArtifactError."""
    machine = MACHINES.get(elf_machine)
    end = text.offset + text.size
    if machine is None or text.offset % machine.page_size or text.size % machine.page_size:
        raise ArtifactError("damaged artifact: the text is not in pages of a known machine")
    if eh_frame is not None and eh_frame.offset != end:
        raise ArtifactError("damaged artifact: its sections are not where they belong")


def _content(elf: ElfFile, name: str) -> memoryview:
    return elf.content(_section(elf, name))


def _content_if_any(elf: ElfFile, name: str) -> memoryview:
    """A section that is not written when it would be empty."""
    section = elf.section(name)
    return memoryview(b"") if section is None else elf.content(section)


def _section(elf: ElfFile, name: str) -> Section:
    section = elf.section(name)
    if section is None:
        raise ArtifactError(f"damaged artifact: it has no section {name}")
    return section
