"""Builds the native glue of the runtime: LLVM IR to a position-independent image, as package data.

    python tools/build_native.py [--print-ir]

writes `wasmdialect/runtime/native/<architecture>.bin` and `.txt` (see `blob.py` there for the format).
The same sources and the same llvmlite give the same bytes; a test compares them. The IR for x86-64 has
assembly in it, which llvmlite reads on x86-64 only.
"""

from __future__ import annotations

import argparse
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
from aarch64_assembler import R_AARCH64_CALL26, Assembly, assemble, write_frames
from elftools.elf.elffile import ELFFile

from wasmdialect.abi.builtins import BUILTIN_COUNT, BUILTINS, Builtin
from wasmdialect.abi.layout import (
    HOST_CONTEXT,
    RUNTIME_LIMITS,
    THROW_TRACE,
    THROW_TRACE_LENGTH,
    VALUE_SLOT_SIZE,
    VMCONTEXT_HEADER,
)
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.relocations import PATCHES
from wasmdialect.object.veneers import LAZY_VENEERS
from wasmdialect.runtime.native.blob import Blob, blob_description, blob_paths
from wasmdialect.runtime.native.structures import (
    ACTIVATION,
    ACTIVATION_OFFSETS,
    ACTIVATION_SIZE,
    FRAME_CAPACITY,
    FRAMES_OFFSET,
    HANDLER_GENERATIONS,
    HOST_FUNCTION,
    NUMBER_CODES,
    PENDING,
    PREVIOUS_HANDLER,
    SIGNAL_COUNT,
    STATUS,
    STORE,
    TEMPLATE,
    THREAD,
    TRAP_KINDS,
    WASM_FUNCTION,
    WORD_SIZE,
    tables_digest,
)

SOURCES = Path(__file__).parents[1] / "wasmdialect/runtime/native"

R_X86_64_64, R_AARCH64_ABS64 = 1, 257


@dataclass(frozen=True, slots=True)
class Architecture:
    """The target of the glue."""

    name: str
    """As `platform.machine()` spells it; also the name of the IR file, and of the assembly's, if there
    is one."""
    triple: str
    cpu: str
    machine: int
    """In ELF headers."""
    page_size: int
    """The largest page size of a kernel there: where the writable part starts."""
    absolute: int
    """Relocation type of a 64-bit address."""
    attributes: str
    """Of every function."""

    @property
    def assembly(self) -> Assembly | None:
        """The functions that are not in LLVM IR."""
        path = SOURCES / f"{self.name}.s"
        return assemble(_filled(path.read_text(), self)) if path.exists() else None


ARCHITECTURES = (
    Architecture(
        *("x86_64", "x86_64-unknown-linux-gnu", "x86-64"),
        *(EM_X86_64, 0x1000, R_X86_64_64, "uwtable"),
    ),
    Architecture(
        *("aarch64", "aarch64-unknown-linux-gnu", "generic"),
        *(EM_AARCH64, 0x10000, R_AARCH64_ABS64, 'uwtable "branch-target-enforcement"'),
    ),
)


class LinkError(Exception):
    """The object has something that a position-independent image without imports cannot have."""


# ---- The generated part of the IR ------------------------------------------------------------


def glue_ir(architecture: Architecture) -> str:
    """The complete IR of the glue. Every function gets unwind tables."""
    text = "\n".join(
        (
            f'target triple = "{architecture.triple}"',
            f"%previous_handler = type {{ {', '.join(word.type for word in PREVIOUS_HANDLER)} }}",
            f"%signal_table = type [{SIGNAL_COUNT} x i64]",
            f"%handler_table = type [{SIGNAL_COUNT} x [{HANDLER_GENERATIONS} x %previous_handler]]",
            *_accessors(),
            *_constants(),
            *(
                _filled((SOURCES / f"{name}.ll").read_text(), architecture)
                for name in ("glue", "signals", "python", architecture.name)
            ),
            *_handlers(),
            *(_stub(builtin) for builtin in BUILTINS.values() if not builtin.native),
            _builtin_arrays(),
        )
    )
    return text.replace(" nounwind", f" nounwind {architecture.attributes}")


def _filled(source: str, architecture: Architecture) -> str:
    """The source with the numbers of the tables in its assembly: `{landing_sp}`, `{trapped}`."""
    numbers = {
        "landing_sp": ACTIVATION_OFFSETS["landing_sp"],
        "trapped": STATUS["TRAPPED"],
        "lazy_veneer_size": LAZY_VENEERS[architecture.machine].size,
    }
    for name, number in numbers.items():
        source = source.replace(f"{{{name}}}", str(number))
    return source


STRUCTURES = {
    "activation": ACTIVATION,
    "thread": THREAD,
    "store": STORE,
    "wasm_function": WASM_FUNCTION,
    "host_function": HOST_FUNCTION,
    "template": TEMPLATE,
    "previous_handler": PREVIOUS_HANDLER,
}


def _accessors() -> Iterator[str]:
    for structure, words in STRUCTURES.items():
        for index, word in enumerate(words):
            yield _accessor(structure, word.name, word.type, WORD_SIZE * index)
    yield _address_of("thread", "frames", FRAMES_OFFSET)
    yield _address_of("wasm_function", "codes", WORD_SIZE * len(WASM_FUNCTION))
    yield _address_of("host_function", "codes", WORD_SIZE * len(HOST_FUNCTION))
    for structure in (RUNTIME_LIMITS, THROW_TRACE):
        for field in structure.fields:
            yield _accessor(structure.name, field.name, "i64", field.offset)
    yield _accessor("vmctx", "limits", "ptr", VMCONTEXT_HEADER.field("limits").offset)
    yield _accessor("host_context", "state", "ptr", HOST_CONTEXT.field("state").offset)


def _accessor(structure: str, name: str, type_: str, offset: int) -> str:
    return f"""
define internal {type_} @{structure}.{name}(ptr %structure) alwaysinline nounwind {{
  %place = getelementptr i8, ptr %structure, i64 {offset}
  %value = load {type_}, ptr %place
  ret {type_} %value
}}
define internal void @{structure}.{name}.set(ptr %structure, {type_} %value) alwaysinline nounwind {{
  %place = getelementptr i8, ptr %structure, i64 {offset}
  store {type_} %value, ptr %place
  ret void
}}"""


def _address_of(structure: str, name: str, offset: int) -> str:
    return f"""
define internal ptr @{structure}.{name}(ptr %structure) alwaysinline nounwind {{
  %place = getelementptr i8, ptr %structure, i64 {offset}
  ret ptr %place
}}"""


def _constants() -> Iterator[str]:
    yield _constant("frame_capacity", FRAME_CAPACITY)
    yield _constant("throw_trace_size", THROW_TRACE.size)
    yield _constant("throw_trace_length", THROW_TRACE_LENGTH)
    yield _constant("activation_size", ACTIVATION_SIZE)
    yield _constant("value_slot_size", VALUE_SLOT_SIZE)
    for name, code in NUMBER_CODES.items():
        yield _constant(f"number_code.{name}", code, "i8")
    for prefix, numbers in (("status", STATUS), ("trap_kind", TRAP_KINDS), ("pending", PENDING)):
        for name, value in numbers.items():
            yield _constant(f"{prefix}.{name.lower()}", value)


def _constant(name: str, value: int, type_: str = "i64") -> str:
    return f"define internal {type_} @{name}() alwaysinline nounwind {{ ret {type_} {value} }}"


def _handlers() -> Iterator[str]:
    for generation in range(HANDLER_GENERATIONS):
        yield f"""
define dso_local void @handler.{generation}(i32 %signal, ptr %info, ptr %context) nounwind {{
  call void @on_signal(i64 {generation}, i32 %signal, ptr %info, ptr %context)
  ret void
}}"""


def _stub(builtin: Builtin) -> str:
    parameters = "".join(f", {t} %{i}" for i, t in enumerate(builtin.params))
    result = builtin.result or "void"
    value = "" if builtin.result is None else "%result = "
    returned = "void" if builtin.result is None else f"{result} %result"
    return f"""
define dso_local {result} @builtin.{builtin.name}(ptr %vmctx{parameters}) nounwind {{
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  call void @leave_code(ptr %vmctx, ptr %frame)
  %slot = getelementptr ptr, ptr @callbacks, i64 {builtin.index}
  %callback = load ptr, ptr %slot
  {value}call {result} %callback(ptr %vmctx{parameters})
  call void @return_to_code(ptr %vmctx, ptr %frame)
  ret {returned}
}}"""


def _builtin_arrays() -> str:
    entries = ["ptr @builtin.missing"] * BUILTIN_COUNT
    for builtin in BUILTINS.values():
        if builtin.native:
            entries[builtin.index] = f"ptr @builtin.{builtin.name}"
    return f"""
@callbacks = dso_local global [{BUILTIN_COUNT} x ptr] zeroinitializer
@builtins = dso_local global [{BUILTIN_COUNT} x ptr] [{", ".join(entries)}]
"""


# ---- Compiling and linking -------------------------------------------------------------------


def compile_object(ir: str, architecture: Architecture) -> bytes:
    """The ELF object of some IR, optimised."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    llvm.initialize_native_asmparser()  # of x86-64, whose IR has assembly in it
    module = llvm.parse_assembly(ir)
    module.verify()
    machine = llvm.Target.from_triple(architecture.triple).create_target_machine(
        cpu=architecture.cpu, opt=2, reloc="pic", codemodel="small"
    )
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


def link(data: bytes, architecture: Architecture, assembly: Assembly | None = None) -> Blob:
    """Places assembly and the sections of an object one after another: code and constants, then, on a
    page of its own, writable data; LinkError if anything would be left to resolve at load time."""
    assembly = Assembly() if assembly is None else assembly
    elf = ELFFile(io.BytesIO(data))
    image = bytearray()
    places: dict[int, int] = {}
    writable_offset = 0
    frames: int | None = None
    image += assembly.text
    symbols = dict(assembly.symbols)
    for writable in (False, True):
        for index, section in enumerate(elf.iter_sections()):
            flags = section["sh_flags"]
            if not flags & 2 or section["sh_size"] == 0 or bool(flags & 1) != writable:
                continue
            _pad(image, max(section["sh_addralign"], 1))
            places[index] = len(image)
            is_zero = section["sh_type"] == "SHT_NOBITS"
            image += bytes(section["sh_size"]) if is_zero else section.data()
            if section.name == ".eh_frame":
                frames = places[index]
                image += write_frames(assembly, 0, len(image))
                image += bytes(4)  # the end of the table
        if not writable:
            _pad(image, architecture.page_size)
            writable_offset = len(image)
    _pad(image, architecture.page_size)
    symbols |= _symbols(elf, places)
    if frames is not None:
        symbols["eh_frame"] = frames
    for at, name in assembly.calls:
        PATCHES[architecture.machine][R_AARCH64_CALL26](image, at, symbols[name])
    relative = _relocate(elf, places, symbols, image, architecture)
    return Blob(bytes(image), tables_digest(), writable_offset, symbols, relative)


def _pad(image: bytearray, alignment: int) -> None:
    image += bytes(-len(image) % alignment)


def _symbols(elf: ELFFile, places: dict[int, int]) -> dict[str, int]:
    return {
        symbol.name: places[symbol["st_shndx"]] + symbol["st_value"]
        for symbol in elf.get_section_by_name(".symtab").iter_symbols()
        if symbol["st_info"]["bind"] == "STB_GLOBAL" and symbol["st_shndx"] in places
    }


def _relocate(
    elf: ELFFile,
    places: dict[int, int],
    symbols: dict[str, int],
    image: bytearray,
    architecture: Architecture,
) -> tuple[int, ...]:
    """Resolves the distances and returns the offsets of the addresses."""
    table = elf.get_section_by_name(".symtab")
    addresses: list[int] = []
    for section in elf.iter_sections():
        if section["sh_type"] != "SHT_RELA" or section["sh_info"] not in places:
            continue
        for relocation in section.iter_relocations():
            place = places[section["sh_info"]] + relocation["r_offset"]
            symbol = table.get_symbol(relocation["r_info_sym"])
            if symbol["st_shndx"] in places:
                value = places[symbol["st_shndx"]] + symbol["st_value"] + relocation["r_addend"]
            elif symbol.name in symbols:
                value = symbols[symbol.name] + relocation["r_addend"]
            else:
                raise LinkError(f"undefined symbol {symbol.name!r}: the glue has no imports")
            kind = relocation["r_info_type"]
            patch = PATCHES[architecture.machine].get(kind)
            if patch is not None:
                patch(image, place, value)
            elif kind == architecture.absolute:
                struct.pack_into("<Q", image, place, value)
                addresses.append(place)
            else:
                raise LinkError(f"relocation type {kind} at {place:#x} cannot be resolved here")
    return tuple(sorted(addresses))


def build(architecture: Architecture) -> Blob:
    """The glue for an architecture."""
    data = compile_object(glue_ir(architecture), architecture)
    return link(data, architecture, architecture.assembly)


def description(blob: Blob) -> str:
    """The text of the `.txt` file next to an image."""
    return blob_description(blob, llvmlite.__version__)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print-ir", action="store_true", help="print the IR, build nothing")
    arguments = parser.parse_args()
    for architecture in ARCHITECTURES:
        if arguments.print_ir:
            print(glue_ir(architecture))
            continue
        blob = build(architecture)
        image_path, description_path = blob_paths(architecture.name)
        Path(image_path).write_bytes(blob.image)
        Path(description_path).write_text(description(blob))
        print(f"{image_path}: {len(blob.image)} bytes, code {blob.writable_offset}")


if __name__ == "__main__":
    main()
