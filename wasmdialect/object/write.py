"""Writing an artifact: the ELF file that `object.artifact` describes and reads."""

from __future__ import annotations

from wasmdialect.abi.layout import align_up
from wasmdialect.abi.symbol_parts import is_tail_entry
from wasmdialect.abi.symbols import (
    TYPE_TRAMPOLINES,
    function_symbol,
    function_trampoline_symbol,
    type_trampoline_symbol,
)
from wasmdialect.object.artifact import (
    CHECKSUM_SECTION,
    CHECKSUM_SIZE,
    ENGINE_SECTION,
    FLAG_MODULE,
    OSABI_WASMTIME,
    SECTIONS,
    Artifact,
    EngineInfo,
    checksum_of,
)
from wasmdialect.object.elf import (
    ET_REL,
    FILE_HEADER,
    SECTION_HEADER,
    SHT_SYMTAB,
    STT_FUNC,
    SYMBOL,
)
from wasmdialect.object.image import LinkedImage
from wasmdialect.object.info import ArtifactInfo
from wasmdialect.object.provenance import Provenance


def make_artifact(
    engine: EngineInfo,
    info: ArtifactInfo,
    image: LinkedImage,
    wasm_data: bytes,
    names: bytes,
    provenance: Provenance,
) -> Artifact:
    """The artifact of a linked image, whose offsets are written into `info`."""
    _place_code(info, {f.symbol: f.offset for f in image.functions})
    return Artifact(
        engine,
        info,
        image.text,
        image.eh_frame,
        image.rodata,
        image.rodata_offset,
        image.functions,
        None if image.address_map is None else image.address_map.to_bytes(),
        image.traps.to_bytes(),
        wasm_data,
        names,
        provenance,
        image.machine.elf_machine,
        inlined=None if image.inlined is None else image.inlined.to_bytes(),
    )


def _place_code(info: ArtifactInfo, offsets: dict[str, int]) -> None:
    info.has_tail_entries = any(is_tail_entry(symbol) for symbol in offsets)
    info.func_ref_code = []
    for index in info.escaping:
        own = function_symbol(index)
        info.func_ref_code += (
            (
                offsets[function_trampoline_symbol("native-to-wasm", index)],
                offsets[function_trampoline_symbol("array-to-wasm", index)],
                offsets[own],
            )
            if own in offsets
            else (0, 0, 0)
        )  # an import
    info.type_trampolines = [
        offsets[type_trampoline_symbol(kind, number)]
        for number in range(len(info.signatures))
        for kind in TYPE_TRAMPOLINES
    ]


def write_artifact(artifact: Artifact, page_size: int) -> bytes:
    """The file. Deterministic: equal artifacts give equal bytes."""
    symbol_names = bytearray(b"\0")
    symbols = bytearray(SYMBOL.size)
    contents: list[tuple[str, int, bytes | memoryview]] = [
        # name, alignment, content
        (ENGINE_SECTION, 1, artifact.engine.to_bytes()),
        (".wasmtime.bti", 1, bytes([artifact.branch_protection])),
        (".text", page_size, artifact.text),
    ]
    if artifact.eh_frame:
        contents.append((".eh_frame", 1, artifact.eh_frame))
    gap = artifact.rodata_offset - len(artifact.text) - len(artifact.eh_frame)
    contents.append((".rodata", 1, artifact.rodata))
    if artifact.address_map is not None:
        contents.append((".wasmtime.addrmap", 1, artifact.address_map))
    if artifact.inlined is not None:
        contents.append((".wasmdialect.inlined", 1, artifact.inlined))
    contents += [
        (".wasmtime.traps", 1, artifact.traps),
        (".rodata.wasm", 1, artifact.wasm_data),
    ]
    if artifact.names:
        contents.append((".name.wasm", 1, artifact.names))
    contents += [
        (".wasmdialect.info", 1, artifact.info.to_bytes()),
        (".wasmdialect.provenance", 1, artifact.provenance.to_bytes()),
        (CHECKSUM_SECTION, 1, bytes(CHECKSUM_SIZE)),
    ]
    text_index = 1 + [name for name, *_ in contents].index(".text")
    for function in artifact.functions:
        symbols += SYMBOL.pack(
            len(symbol_names), STT_FUNC, 0, text_index, function.offset, function.size
        )
        symbol_names += function.symbol.encode() + b"\0"
    strtab_index = len(contents) + 2
    contents.append((".symtab", 8, bytes(symbols)))
    contents.append((".strtab", 1, bytes(symbol_names)))
    section_names = bytearray(b"\0")
    name_offsets: list[int] = []
    for name in [*(row[0] for row in contents), ".shstrtab"]:
        name_offsets.append(len(section_names))
        section_names += name.encode() + b"\0"
    contents.append((".shstrtab", 1, bytes(section_names)))

    parts: list[bytes | memoryview] = [b""]
    """The contents of the file; the header comes last, when the rest is known."""
    size = FILE_HEADER.size

    def append(content: bytes | memoryview) -> None:
        nonlocal size
        parts.append(content)
        size += len(content)

    headers = bytearray(SECTION_HEADER.size)
    checksum_number = 0
    for (name, alignment, content), name_offset in zip(contents, name_offsets, strict=True):
        kind, flags, _ = SECTIONS[name]
        append(bytes(align_up(size, alignment) - size))
        if name == ".rodata":
            append(bytes(gap))  # as far from the text as in memory
        offset = size
        append(content)
        if name == CHECKSUM_SECTION:
            checksum_number = len(parts) - 1
        # The symbol table: its strings, and that all symbols are local.
        link, info, entry_size = (
            (strtab_index, len(symbols) // SYMBOL.size, SYMBOL.size)
            if kind == SHT_SYMTAB
            else (0, 0, 0)
        )
        headers += SECTION_HEADER.pack(
            name_offset, kind, flags, 0, offset, len(content), link, info, alignment, entry_size
        )
    append(bytes(align_up(size, 8) - size))
    table = size
    append(bytes(headers))
    ident = b"\x7fELF" + bytes((2, 1, 1, OSABI_WASMTIME, 0)) + bytes(7)
    count = len(contents) + 1
    parts[0] = FILE_HEADER.pack(
        ident, ET_REL, artifact.elf_machine, 1, 0, 0, table, FLAG_MODULE,
        FILE_HEADER.size, 0, 0, SECTION_HEADER.size, count, count - 1,
    )  # fmt: skip
    parts[checksum_number] = checksum_of(parts)  # so far zeros there
    return b"".join(parts)
