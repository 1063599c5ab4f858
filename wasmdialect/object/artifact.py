"""The artifact: one ELF file with the image of a module and every table about it.

ET_REL without program headers, in the layout of RUNTIME_ABI "The ELF artifact": the file is mapped as
a whole and only the section table matters. docs/artifact.md describes each section byte by byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wasmdialect._version import __version__
from wasmdialect.abi.layout import align_up
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
    STT_FUNC,
    SYMBOL,
    ElfError,
    ElfFile,
    Section,
)
from wasmdialect.object.image import MACHINES, LinkedImage, PlacedFunction
from wasmdialect.object.info import ArtifactInfo
from wasmdialect.object.provenance import Provenance
from wasmdialect.object.sections import (
    AddressMap,
    TableError,
    TrapTable,
    write_address_map,
    write_traps,
)

OSABI_WASMTIME = 200
FLAG_MODULE = 1
CHECKSUM_SECTION = ".wasmdialect.checksum"
CHECKSUM_SIZE = 32


class ArtifactError(Exception):
    """The file is no artifact that can be loaded here; the message says why."""


@dataclass(frozen=True)
class EngineInfo:
    """What an artifact was compiled for, and by what: `.wasmdialect.engine`."""

    triple: str
    cpu: str
    features: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """Every setting that the artifact depends on, by its name in a Config."""
    passes: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The expanded pipeline: `text` (name and options) and `digest` of the source of each pass."""
    version: str = __version__

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        return json.dumps(self.__dict__, separators=(",", ":"), sort_keys=True).encode()

    @property
    def pipeline(self) -> str:
        """The expanded pipeline as text."""
        return ",".join(row["text"] for row in self.passes)

    @staticmethod
    def from_bytes(data: bytes) -> EngineInfo:
        """Raises ArtifactError."""
        try:
            return EngineInfo(**json.loads(data))
        except (ValueError, TypeError):
            raise ArtifactError("the engine section is malformed") from None


@dataclass
class Artifact:
    """An artifact's contents."""

    engine: EngineInfo
    info: ArtifactInfo
    text: bytes | memoryview
    eh_frame: bytes | memoryview
    """How to unwind; directly behind the text. Empty if it was switched off."""
    rodata: bytes | memoryview
    rodata_offset: int
    """From the start of the text, in the file as in memory."""
    functions: tuple[PlacedFunction, ...]
    """In the order of their offsets."""
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


def make_artifact(
    engine: EngineInfo,
    info: ArtifactInfo,
    image: LinkedImage,
    wasm_data: bytes,
    names: bytes,
    provenance: Provenance,
) -> Artifact:
    """The artifact of a linked image."""
    return Artifact(
        engine,
        info,
        image.text,
        image.eh_frame,
        image.rodata,
        image.rodata_offset,
        image.functions,
        None if image.address_map is None else write_address_map(image.address_map),
        write_traps(image.traps),
        wasm_data,
        names,
        provenance,
        image.machine.elf_machine,
    )


# --- writing ---


def write_artifact(artifact: Artifact, page_size: int) -> bytes:
    """The file. Deterministic: equal artifacts give equal bytes."""
    symbol_names = bytearray(b"\0")
    symbols = bytearray(SYMBOL.size)
    contents: list[tuple[str, int, int, int, bytes | memoryview]] = [
        # name, type, flags, alignment, content
        (".wasmdialect.engine", SHT_PROGBITS, SHF_ALLOC, 1, artifact.engine.to_bytes()),
        (".wasmtime.bti", SHT_PROGBITS, SHF_ALLOC, 1, bytes([artifact.branch_protection])),
        (".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, page_size, artifact.text),
    ]
    if artifact.eh_frame:
        contents.append((".eh_frame", SHT_PROGBITS, SHF_ALLOC, 1, artifact.eh_frame))
    gap = artifact.rodata_offset - len(artifact.text) - len(artifact.eh_frame)
    contents.append((".rodata", SHT_PROGBITS, SHF_ALLOC, 1, artifact.rodata))
    if artifact.address_map is not None:
        contents.append((".wasmtime.addrmap", SHT_PROGBITS, SHF_ALLOC, 1, artifact.address_map))
    contents += [
        (".wasmtime.traps", SHT_PROGBITS, SHF_ALLOC, 1, artifact.traps),
        (".rodata.wasm", SHT_PROGBITS, SHF_ALLOC, 1, artifact.wasm_data),
    ]
    if artifact.names:
        contents.append((".name.wasm", SHT_PROGBITS, SHF_ALLOC, 1, artifact.names))
    contents += [
        (".wasmdialect.info", SHT_PROGBITS, SHF_ALLOC, 1, artifact.info.to_bytes()),
        (".wasmdialect.provenance", SHT_PROGBITS, SHF_ALLOC, 1, artifact.provenance.to_bytes()),
        (CHECKSUM_SECTION, SHT_PROGBITS, SHF_ALLOC, 1, bytes(CHECKSUM_SIZE)),
    ]
    text_index = 1 + [name for name, *_ in contents].index(".text")
    for function in artifact.functions:
        symbols += SYMBOL.pack(
            len(symbol_names), STT_FUNC, 0, text_index, function.offset, function.size
        )
        symbol_names += function.symbol.encode() + b"\0"
    strtab_index = len(contents) + 2
    contents.append((".symtab", SHT_SYMTAB, 0, 8, bytes(symbols)))
    contents.append((".strtab", SHT_STRTAB, 0, 1, bytes(symbol_names)))
    section_names = bytearray(b"\0")
    name_offsets: list[int] = []
    for name in [*(row[0] for row in contents), ".shstrtab"]:
        name_offsets.append(len(section_names))
        section_names += name.encode() + b"\0"
    contents.append((".shstrtab", SHT_STRTAB, 0, 1, bytes(section_names)))

    file = bytearray(FILE_HEADER.size)
    headers = bytearray(SECTION_HEADER.size)
    checksum_at = 0
    for (name, kind, flags, alignment, content), name_offset in zip(
        contents, name_offsets, strict=True
    ):
        file += bytes(align_up(len(file), alignment) - len(file))
        if name == ".rodata":
            file += bytes(gap)  # as far from the text as in memory
        offset = len(file)
        if name == CHECKSUM_SECTION:
            checksum_at = offset
        file += content
        # The symbol table: its strings, and that all symbols are local.
        link, info, entry_size = (
            (strtab_index, len(symbols) // SYMBOL.size, SYMBOL.size)
            if kind == SHT_SYMTAB
            else (0, 0, 0)
        )
        headers += SECTION_HEADER.pack(
            name_offset, kind, flags, 0, offset, len(content), link, info, alignment, entry_size
        )
    file += bytes(align_up(len(file), 8) - len(file))
    table = len(file)
    file += headers
    ident = b"\x7fELF" + bytes((2, 1, 1, OSABI_WASMTIME, 0)) + bytes(7)
    count = len(contents) + 1
    FILE_HEADER.pack_into(
        file, 0, ident, ET_REL, artifact.elf_machine, 1, 0, 0, table, FLAG_MODULE,
        FILE_HEADER.size, 0, 0, SECTION_HEADER.size, count, count - 1,
    )  # fmt: skip
    file[checksum_at : checksum_at + CHECKSUM_SIZE] = _checksum(file, checksum_at)
    return bytes(file)


def _checksum(file: bytes | bytearray | memoryview, checksum_at: int) -> bytes:
    """Over the whole file, the checksum itself taken as zeros."""
    view = memoryview(file)
    digest = hashlib.sha256(view[:checksum_at])
    digest.update(bytes(CHECKSUM_SIZE))
    digest.update(view[checksum_at + CHECKSUM_SIZE :])
    return digest.digest()


# --- reading ---


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
    """What an artifact was compiled for; the rest is not looked at. Raises ArtifactError."""
    try:
        return _read_engine(ElfFile(data))
    except ElfError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None


def _read_engine(elf: ElfFile) -> EngineInfo:
    if elf.osabi != OSABI_WASMTIME or elf.section(".wasmdialect.engine") is None:
        raise ArtifactError("an ELF file, but not an artifact of wasmdialect")
    engine = EngineInfo.from_bytes(bytes(_content(elf, ".wasmdialect.engine")))
    if engine.version != __version__:
        raise ArtifactError(
            f"compiled by version {engine.version}, this is {__version__}: compile it again"
        )
    return engine


def _read(data: bytes | memoryview) -> Artifact:
    elf = ElfFile(data)
    engine = _read_engine(elf)
    checksum = elf.section(CHECKSUM_SECTION)
    if checksum is None or checksum.size != CHECKSUM_SIZE:
        raise ArtifactError("damaged artifact: it has no checksum")
    if _checksum(elf.data, checksum.offset) != bytes(elf.content(checksum)):
        raise ArtifactError("damaged artifact: the checksum is wrong")
    try:
        info = ArtifactInfo.from_bytes(bytes(_content(elf, ".wasmdialect.info")))
        provenance = Provenance.from_bytes(bytes(_content(elf, ".wasmdialect.provenance")))
    except ValueError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None
    text, rodata = _section(elf, ".text"), _section(elf, ".rodata")
    eh_frame = elf.section(".eh_frame")
    address_map = elf.section(".wasmtime.addrmap")
    traps = _content(elf, ".wasmtime.traps")
    if address_map is not None:
        AddressMap.read(elf.content(address_map))
    TrapTable.read(traps)
    functions = tuple(_functions(elf))
    _check_places(elf.machine, text, eh_frame, rodata, functions)
    return Artifact(
        engine,
        info,
        elf.content(text),
        b"" if eh_frame is None else elf.content(eh_frame),
        elf.content(rodata),
        rodata.offset - text.offset,
        functions,
        None if address_map is None else elf.content(address_map),
        traps,
        _content(elf, ".rodata.wasm"),
        _content_if_any(elf, ".name.wasm"),
        provenance,
        elf.machine,
        text.offset,
        any(_content(elf, ".wasmtime.bti")),
    )


def _check_places(
    elf_machine: int,
    text: Section,
    eh_frame: Section | None,
    rodata: Section,
    functions: tuple[PlacedFunction, ...],
) -> None:
    """What the loader relies on without looking again. Raises ArtifactError."""
    machine = MACHINES.get(elf_machine)
    end = text.offset + text.size
    if machine is None or text.offset % machine.page_size or text.size % machine.page_size:
        raise ArtifactError("damaged artifact: the text is not in pages of a known machine")
    if rodata.offset < end or (eh_frame is not None and eh_frame.offset != end):
        raise ArtifactError("damaged artifact: its sections are not where they belong")
    last = 0
    for function in functions:
        if function.offset < last or function.offset + function.size > text.size:
            raise ArtifactError(f"damaged artifact: {function.symbol} is not in the text")
        last = function.offset


def _functions(elf: ElfFile) -> Iterator[PlacedFunction]:
    for symbol in elf.symbols():
        if symbol.type == STT_FUNC:
            yield PlacedFunction(symbol.name, symbol.value, symbol.size)


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
