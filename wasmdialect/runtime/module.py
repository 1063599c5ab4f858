"""A loaded module: an artifact in memory, and the addresses of its parts."""

from __future__ import annotations

import os
from bisect import bisect_right
from operator import attrgetter

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import Counts, LayoutError, VMContextLayout, align_up
from wasmdialect.object.artifact import Artifact, read_artifact
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.sections import AddressMap, InlineMap, TrapTable
from wasmdialect.runtime import pages
from wasmdialect.runtime.host_cpu import host_architecture, missing_features
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import NotCopied
from wasmdialect.runtime.published import module_at, publish
from wasmdialect.runtime.type_ids import type_id
from wasmdialect.types import DefType, FuncType, RefType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wasmdialect.object.info import ArtifactInfo
    from wasmdialect.runtime.errors import Frame
    from wasmdialect.runtime.frames import FrameTable
    from wasmdialect.runtime.image import InstanceImage


class LoadedCode(NotCopied):
    """Linked code in memory, and the tables about it: all of a module's, or a part that was compiled
    lazily."""

    def __init__(self, artifact: Artifact, text_address: int):
        self.artifact = artifact
        self.text_address = text_address
        self.address_map = (
            None
            if artifact.address_map is None
            else AddressMap.read(memoryview(artifact.address_map))
        )
        self.inlined = (
            None if artifact.inlined is None else InlineMap.read(memoryview(artifact.inlined))
        )
        self.traps = TrapTable.read(memoryview(artifact.traps))
        self._frames: FrameTable | None = None

    def trap_code_at(self, pc: int) -> int | None:
        """The trap code of the instruction at an address."""
        return self.traps.look_up(pc - self.text_address)

    def frames_at(self, pc: int, names: Mapping[int, str], *, exact: bool) -> list[Frame]:
        """As `LoadedModule.frames_at`. Raises ArtifactError."""
        return self._table().frames_at(pc - self.text_address - (0 if exact else 1), names)

    def function_at(self, pc: int) -> tuple[int, int] | None:
        """Index and code size of the Wasm function that returns to an address. Raises ArtifactError."""
        return self._table().function_at(pc - self.text_address - 1)

    def is_loop_at(self, pc: int, *, exact: bool) -> bool:
        """Whether the frame of a program counter began at a loop: the one that called it is then the
        same frame of Wasm, in earlier code. Raises ArtifactError."""
        return self._table().is_loop_at(pc - self.text_address - (0 if exact else 1))

    def _table(self) -> FrameTable:
        if self._frames is None:
            from wasmdialect.runtime.frames import FrameTable

            self._frames = FrameTable(self)
        return self._frames

    def address_of(self, symbol: str) -> int | None:
        """The address of a function, by its symbol (`wasmdialect.abi.symbols`)."""
        for function in self.artifact.functions:
            if function.symbol == symbol:
                return self.text_address + function.offset
        return None


class LoadedModule(NotCopied):
    """An artifact in memory, ready to be instantiated any number of times, in any store."""

    def __init__(self, artifact: Artifact, text_address: int):
        self.artifact = artifact
        self.info = artifact.info
        self.text_address = text_address
        self.code_size = len(artifact.text)
        """Bytes of addresses from `text_address` on in which its code is."""
        self.code = [LoadedCode(artifact, text_address)]
        """Its code, in the order of addresses."""
        self.layout = VMContextLayout(_counts(artifact.info))
        types = self.info.types
        self.functions = [types[t] for t in self.info.functions]
        """The type of each function."""
        self.type_ids = [type_id(t) for t in types]
        """The process's id of each type of the module."""
        self.func_ref_code = [text_address + offset for offset in self.info.func_ref_code]
        """For each entry of the `func_refs` region the addresses of the native-to-wasm and
        array-to-wasm trampolines and of the function."""
        self._signature_numbers = {
            _in_registers(types[type_index]): number
            for number, type_index in enumerate(self.info.signatures)
        }
        self.image: InstanceImage | None = None
        """What all instances start with; the first one makes it."""
        self._trampolines: dict[DefType, tuple[int, int, int] | None] = {}
        self._names: dict[int, str] | None = None
        self.frames: list[int] = []
        """The address of each `.eh_frame` that the unwinder knows."""
        self.published: object = None
        """The owner of the code's memory."""

    @property
    def names(self) -> Mapping[int, str]:
        """The names of functions that have one, by index; read on demand."""
        if self._names is None:
            self._names = self.artifact.function_names()
        return self._names

    def display_name(self, symbol: str) -> str:
        """The name of a function for debuggers and profilers, in one line: its name in the module,
        else the name that it is exported under, else its symbol."""
        from wasmdialect._printable import printable  # not while a program starts
        from wasmdialect.abi.symbol_parts import parse_symbol

        parsed = parse_symbol(symbol)
        if parsed is None or parsed[0] not in ("function", "tail-entry", "loop-entry"):
            return symbol
        index = parsed[1]
        exported = (e.name for e in self.info.exports if e.kind == "func" and e.index == index)
        return printable(self.names.get(index) or next(exported, symbol))

    def trampolines(self, type: DefType) -> tuple[int, int, int] | None:
        """Addresses of the wasm-to-native, wasm-to-array and native-to-array trampolines of a
        function type, if the module has that type or one that is passed in the same way."""
        if type not in self._trampolines:
            self._trampolines[type] = self._find_trampolines(type)
        return self._trampolines[type]

    def _find_trampolines(self, type: DefType) -> tuple[int, int, int] | None:
        number = self._signature_numbers.get(_in_registers(type))
        if number is None:
            return None
        to_native, to_array, from_native = self.trampolines_of_signature(number)
        text = self.text_address
        return text + to_native, text + to_array, text + from_native

    def trampolines_of_signature(self, number: int) -> Sequence[int]:
        """The offsets of the trampolines of a function type, by the number of its signature."""
        return self.info.type_trampolines[3 * number : 3 * number + 3]

    def compile_all(self) -> None:
        """Compile all functions of a lazily compiled module: all of this one have been."""

    def address_of(self, symbol: str) -> int:
        """The address of a function, by its symbol (`wasmdialect.abi.symbols`). Raises LookupError."""
        for code in self.code:
            address = code.address_of(symbol)
            if address is not None:
                return address
        raise LookupError(symbol)

    def frames_at(self, pc: int, *, exact: bool) -> list[Frame]:
        """The Wasm functions at a program counter in this module's text: those that were inlined there,
        innermost first, and the one they were inlined into. A trampoline has none.

        `exact` says that pc is the instruction itself and not a return address.
        """
        code = self.code_at(pc)
        return [] if code is None else code.frames_at(pc, self.names, exact=exact)

    def trap_code_at(self, pc: int) -> int | None:
        """The trap code of the instruction at an address in this module's text; None if it has none."""
        code = self.code_at(pc)
        return None if code is None else code.trap_code_at(pc)

    def is_loop_at(self, pc: int, *, exact: bool) -> bool:
        """As `LoadedCode.is_loop_at`."""
        code = self.code_at(pc)
        return code is not None and code.is_loop_at(pc, exact=exact)

    def code_at(self, pc: int) -> LoadedCode | None:
        """Its code that an address may be in: the last that starts below."""
        position = bisect_right(self.code, pc, key=_text_address)
        return self.code[position - 1] if position else None


_text_address = attrgetter("text_address")


def _in_registers(type: DefType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How values of a function type are passed: all references in the same way."""
    signature = type.composite
    assert isinstance(signature, FuncType)
    params, results = (
        tuple("ref" if isinstance(t, RefType) else t.name for t in types)
        for types in (signature.params, signature.results)
    )
    return params, results


def _counts(info: ArtifactInfo) -> Counts:
    imported: dict[str, set[int]] = {
        "func": set(),
        "table": set(),
        "memory": set(),
        "global": set(),
        "tag": set(),
    }
    for item in info.imports:
        imported[item.kind].add(item.index)
    return Counts.of(
        functions=(True for _ in imported["func"]),
        tables=(index in imported["table"] for index in range(len(info.tables))),
        memories=((i in imported["memory"], m.shared) for i, m in enumerate(info.memories)),
        globals=(index in imported["global"] for index in range(len(info.globals))),
        escaping_functions=len(info.escaping),
        tags=len(info.tags),
        has_exceptions=info.has_exceptions,
        extra_fields=info.extra_fields,
    )


# --- loading ---


def load_bytes(data: bytes | bytearray) -> LoadedModule:
    """Load an artifact from memory. Raises ArtifactError, MemoryError."""
    data = bytes(data)  # a private copy: the checked bytes are those that run
    artifact = read_artifact(data)
    check_host(artifact)
    # Text, unwind tables and constants keep the distances that they have in the file.
    image = memoryview(data)[artifact.text_offset :][
        : artifact.rodata_offset + len(artifact.rodata)
    ]
    size = align_up(len(image) or 1, pages.PAGE_SIZE)
    address = pages.reserve(size)
    mapping = pages.owned(address, size)
    pages.protect(address, size, pages.PROT_READ | pages.PROT_WRITE)
    if len(image):
        pages.buffer_at(address, len(image), mapping)[:] = image
    pages.protect(address, size, pages.PROT_READ)
    return _publish(artifact, address, mapping)


def load_file(path: str | os.PathLike[str]) -> LoadedModule:
    """Load an artifact from its file, which may change or disappear afterwards. Raises ArtifactError,
    OSError, MemoryError."""
    with open(path, "rb") as file:
        return load_descriptor(file.fileno())[0]


def load_descriptor(fd: int) -> tuple[LoadedModule, memoryview]:
    """Load an artifact from an open file; returns the bytes too. As `load_file`."""
    size = os.fstat(fd).st_size
    if size == 0:
        raise ArtifactError("the file is empty")
    address = pages.copy_file(fd, size)
    mapping = pages.owned(address, size)
    data = pages.buffer_at(address, size, mapping).toreadonly()
    artifact = read_artifact(data)
    check_host(artifact)
    return _publish(artifact, address + artifact.text_offset, mapping), data


def _publish(artifact: Artifact, text: int, mapping: object) -> LoadedModule:
    if artifact.text:
        size = align_up(len(artifact.text), pages.PAGE_SIZE)
        native().make_executable(text, size, checks_branches=artifact.branch_protection)
    try:
        module = LoadedModule(artifact, text)
    except LayoutError as error:
        raise ArtifactError(f"damaged artifact: {error}") from None
    end = text + len(artifact.text)
    publish(module, max(end, text + 1), end if artifact.eh_frame else 0, mapping)
    return module


def check_host(artifact: Artifact) -> None:
    """Raises ArtifactError if the code of an artifact cannot run here."""
    architecture = artifact.engine.triple.partition("-")[0]
    host = host_architecture()
    if architecture != host:
        raise ArtifactError(f"compiled for {architecture}, but this machine is {host}")
    missing = missing_features(artifact.engine.features)
    if missing:
        raise ArtifactError(
            f"compiled for {artifact.engine.cpu}; this processor lacks {', '.join(missing)}"
        )


def backtrace(pcs: Iterable[int], *, first_is_exact: bool) -> list[Frame]:
    """The Wasm frames of program counters, innermost first."""
    frames: list[Frame] = []
    is_known = False
    """Whether the next frame is the same one of Wasm."""
    for number, pc in enumerate(pcs):
        module = module_at(pc)
        exact = first_is_exact and number == 0
        if module is not None and not is_known:
            frames += module.frames_at(pc, exact=exact)
        is_known = module is not None and module.is_loop_at(pc, exact=exact)
    return frames
