"""What all instances of a module start with: the bytes of the VMContext and of the memories.

Everything is computed once, for the first instance; the others copy it.
"""

from __future__ import annotations

import ctypes
import os
from itertools import accumulate

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    CODE_RANGE,
    FUNC_REF,
    GLOBAL_DEFINITION,
    SIGNATURE_ID,
    TAIL_ENTRIES,
    TESTS_EXCEPTIONS,
    VMCONTEXT_HEADER,
    VMCONTEXT_MAGIC,
    align_up,
)
from wasmdialect.object.info import CONSTANTS
from wasmdialect.runtime import pages
from wasmdialect.runtime.ownership import NotCopied, WhenFreed
from wasmdialect.runtime.packing import pack_array, packer

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.object.info import ArtifactInfo, ConstantExpression
    from wasmdialect.runtime.memory import LinearMemory
    from wasmdialect.runtime.module import LoadedModule

_pack_header = packer(VMCONTEXT_HEADER, "magic", "flags", "builtins", "signature_ids")
_pack_func_ref = packer(FUNC_REF, *("native_call", "array_call", "wasm_call", "type_index"))
_pack_code_range = packer(CODE_RANGE, "start", "size")
_GLOBAL_VALUE = GLOBAL_DEFINITION.field("value").offset
_FUNC_REF_VMCTX = FUNC_REF.field("vmctx").offset


class InstanceImage(NotCopied):
    """The common start of all instances of a module."""

    def __init__(self, module: LoadedModule, builtins: int):
        """`builtins` is the address of the array of builtins."""
        info, layout = module.info, module.layout
        ids = pack_array(SIGNATURE_ID, "id", module.type_ids)
        self._signature_ids = ctypes.create_string_buffer(ids, len(ids) or 1)
        vmctx = bytearray(layout.fixed_size)  # what follows is zero
        address = ctypes.addressof(self._signature_ids)
        _pack_header(vmctx, 0, VMCONTEXT_MAGIC, _flags(info), builtins, address)
        if info.has_exceptions:
            code = module.text_address, module.code_size
            _pack_code_range(vmctx, layout.offset("code", 0), *code)
        imported = {item.index for item in info.imports if item.kind == "func"}
        first = layout.region_offsets["func_refs"]
        self.entries = {index: entry for entry, index in enumerate(info.escaping)}
        """The entry in `func_refs` of each escaping function, by its index."""
        self.own_references: list[int] = []
        """Where the VMContext goes in the entries of functions that are defined here."""
        self.imported_references: list[tuple[int, int]] = []
        """The offset of the entry, and the index, of those that are imported."""
        for entry, index in enumerate(info.escaping):
            place = first + FUNC_REF.size * entry
            if index in imported:
                self.imported_references.append((place, index))
                continue
            native_call, array_call, wasm_call = module.func_ref_code[3 * entry : 3 * entry + 3]
            type_id = module.type_ids[info.functions[index]]
            _pack_func_ref(vmctx, place, native_call, array_call, wasm_call, type_id)
            self.own_references.append(place + _FUNC_REF_VMCTX)
        self.elements = [
            None if one.functions is None else self._offsets(one.functions, imported, first)
            for one in info.elements
        ]
        """For each element segment the distance of each function from the VMContext; None if
        not all func refs are there."""
        self.computed_globals: list[int] = []
        """The defined globals whose initial values are not in the image."""
        for slot, variable in enumerate(info.globals[layout.counts.imported_globals :]):
            bits = None if variable.init is None else constant_bits(variable.init)
            if bits is None:
                self.computed_globals.append(slot)
            else:
                place = layout.offset("globals", slot) + _GLOBAL_VALUE
                size = variable.type.size
                vmctx[place : place + size] = bits.to_bytes(size, "little")
        self.vmctx = bytes(vmctx)
        self.contents = _contents(module)
        """The initial content of each memory, if it is the same in all instances; else None."""
        self.active_segments = {*range(len(info.data.sizes))} - {*info.data.passive}
        self.data_starts = [0, *accumulate(info.data.sizes)]
        """Where the bytes of each data segment begin among those of all."""

    def _offsets(self, functions: list[int], imported: set[int], first: int) -> list[int] | None:
        if not imported.isdisjoint(functions):
            return None
        return [first + FUNC_REF.size * self.entries[index] for index in functions]


class MemoryContent(NotCopied):
    """The initial content of a memory: what active segments write to it.

    The first instance copies it. The second makes a file without a name of it, which it and all later
    ones map copy-on-write: a system call instead of a page fault for each page. Most modules are
    instantiated once, and descriptors are few.
    """

    __slots__ = ("_file", "_is_first", "_pieces", "_size")

    def __init__(self, pieces: list[tuple[int, bytearray]]):
        self._pieces = pieces
        self._size = max((start + len(data) for start, data in pieces), default=0)
        self._file: _File | None = None
        self._is_first = True

    def put_into(self, memory: LinearMemory) -> None:
        """Fill a new memory, which is large enough."""
        if self._is_first:
            self._is_first = False
        elif self._size:
            # Other threads may make one too; each uses and closes its own.
            file = self._file or self._new_file()
            if file is not None and memory.map_file(file.fd, self._size):
                self._file = file
                return
        for start, data in self._pieces:
            memory.write(start, data)

    def _new_file(self) -> _File | None:
        """None if there is no descriptor or no memory for it."""
        try:
            file = _File(os.memfd_create("wasm-memory"))
            os.ftruncate(file.fd, align_up(self._size, pages.PAGE_SIZE))
            for start, data in self._pieces:
                _write_all(file.fd, memoryview(data), start)
        except OSError:
            return None
        return file


class _File(NotCopied):
    """A descriptor that is closed when nothing refers to this object any more."""

    __slots__ = ("_owner", "fd")

    def __init__(self, fd: int):
        self.fd = fd
        self._owner = WhenFreed(lambda: os.close(fd))


def _write_all(fd: int, data: memoryview, start: int) -> None:
    while data:
        written = os.pwrite(fd, data, start)
        data, start = data[written:], start + written


def _contents(module: LoadedModule) -> list[MemoryContent] | None:
    """What the active segments put into each memory, None if that is not the same in all instances:
    a segment has an offset that is not constant, or ends beyond the memory, or writes to a memory of
    somebody else's."""
    info, imported = module.info, module.layout.counts.imported_memories
    pieces = [_Pieces() for _ in info.memories]
    lengths = [memory.minimum << memory.page_size_log2 for memory in info.memories]
    content = memoryview(module.artifact.wasm_data)
    passive = {*info.data.passive}
    computed = dict(zip(info.data.computed, info.data.expressions, strict=True))
    position = 0
    rows = zip(info.data.sizes, info.data.memories, info.data.offsets, strict=True)
    for index, (size, memory, start) in enumerate(rows):
        data = content[position : position + size]
        position += size
        if index in passive:
            continue
        if index in computed:
            bits = constant_bits(computed[index])
            if bits is None:
                return None
            start = bits
        if memory < imported or start + size > lengths[memory]:
            return None
        pieces[memory].add(start, data)
    return [MemoryContent(one.joined) for one in pieces]


class _Pieces:
    """What segments write, with those that follow one another closely in one piece."""

    def __init__(self) -> None:
        self.joined: list[tuple[int, bytearray]] = []
        self._end = 0
        """Where the last piece ends."""
        self._highest = 0
        """Where all of them end: the memory is zero from there on."""

    def add(self, start: int, data: memoryview) -> None:
        """Add what a segment writes."""
        gap = start - self._end
        if self.joined and self._end == self._highest and 0 <= gap < _MOST_BETWEEN:
            piece = self.joined[-1][1]
            piece += bytes(gap)
            piece += data
        else:
            self.joined.append((start, bytearray(data)))
        self._end = start + len(data)
        self._highest = max(self._highest, self._end)


_MOST_BETWEEN = 1024
"""Zeros between two segments that are written in one piece: less than a page."""


def constant_bits(expression: ConstantExpression) -> int | None:
    """The bits of an expression that is a constant or null, else None."""
    if len(expression) != 1:
        return None
    ((mnemonic, immediate),) = expression
    if mnemonic in CONSTANTS:
        return constant(immediate)
    return 0 if mnemonic == "ref.null" else None


def constant(immediate: Any) -> int:
    """The bits of a constant; those of a vector are written in hexadecimal digits."""
    return int(immediate, 16) if isinstance(immediate, str) else immediate


def _flags(info: ArtifactInfo) -> int:
    return TAIL_ENTRIES * info.has_tail_entries | TESTS_EXCEPTIONS * info.has_exceptions
