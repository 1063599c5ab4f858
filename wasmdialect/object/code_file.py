"""Reading the sections that every compiled module has: this project's artifacts, Wasmtime's `.cwasm`.

Both are ELF files of one shape (docs/artifact.md). The module `artifact` reads the sections that only
artifacts have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from wasmdialect.object.artifact import (
    OSABI_WASMTIME,
    Artifact,
    read_artifact,
)
from wasmdialect.object.elf import STT_FUNC, ElfError, ElfFile, Section
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.image import PlacedFunction
from wasmdialect.object.sections import AddressMap, InlineMap, TableError, TrapTable
from wasmdialect.object.unwind import PlacedFrame, read_placed_frames

_T = TypeVar("_T", AddressMap, InlineMap, TrapTable)


@dataclass(frozen=True)
class CodeFile:
    """The contents of a compiled module, its tables decoded."""

    elf_machine: int
    sections: tuple[Section, ...]
    text: memoryview
    functions: tuple[PlacedFunction, ...]
    """In the order of their offsets in the text."""
    address_map: AddressMap | None
    traps: TrapTable | None
    frames: tuple[PlacedFrame, ...]
    """The contents of `.eh_frame`; offsets count from the start of the text."""
    branch_protection: bool
    wasm_data: memoryview
    """`.rodata.wasm`."""
    names: memoryview
    """`.name.wasm`."""
    artifact: Artifact | None
    """Everything else, if this project wrote the file."""
    inlined: InlineMap | None = None
    """Which code was inlined where, if any was."""


def read_code_file(data: bytes | memoryview) -> CodeFile:
    """Read an artifact or a `.cwasm`. Raises ArtifactError."""
    try:
        return _read(data)
    except (ElfError, TableError) as error:
        raise ArtifactError(f"damaged file: {error}") from None


def _read(data: bytes | memoryview) -> CodeFile:
    elf = ElfFile(data)
    text = elf.section(".text")
    if elf.osabi != OSABI_WASMTIME or text is None:
        raise ArtifactError("an ELF file, but not a compiled module")
    is_own = elf.section(".wasmdialect.engine") is not None

    def content(name: str) -> memoryview | None:
        section = elf.section(name)
        return None if section is None else elf.content(section)

    eh_frame = elf.section(".eh_frame")
    functions = [
        PlacedFunction(s.name, s.value, s.size) for s in elf.symbols() if s.type == STT_FUNC
    ]
    if any(f.offset + f.size > text.size for f in functions):
        raise ArtifactError("damaged file: a function is outside of the text")

    def table(name: str, kind: type[_T]) -> _T | None:
        data = content(name)
        if data is None:
            return None
        found = kind.read(data)
        found.check(text.size)
        return found

    return CodeFile(
        elf.machine,
        tuple(elf.sections),
        elf.content(text),
        tuple(sorted(functions, key=lambda f: f.offset)),
        table(".wasmtime.addrmap", AddressMap),
        table(".wasmtime.traps", TrapTable),
        ()
        if eh_frame is None
        else tuple(read_placed_frames(elf.content(eh_frame), eh_frame.offset - text.offset)),
        any(content(".wasmtime.bti") or b""),
        content(".rodata.wasm") or memoryview(b""),
        content(".name.wasm") or memoryview(b""),
        read_artifact(data) if is_own else None,
        table(".wasmdialect.inlined", InlineMap),
    )
