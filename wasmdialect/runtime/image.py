"""What all instances of a module start with: the bytes of the VMContext and of the memories.

Everything is computed once, for the first instance; the others copy it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from itertools import accumulate

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    CODE_RANGE,
    FUNC_REF,
    GLOBAL_DEFINITION,
    MEMORY_POINTER,
    SIGNATURE_ID,
    TABLE_DEFINITION,
    TAIL_ENTRIES,
    TESTS_EXCEPTIONS,
    VMCONTEXT_ALIGN,
    VMCONTEXT_HEADER,
    VMCONTEXT_MAGIC,
    align_up,
)
from wasmdialect.abi.tail_calls import tail_parameters
from wasmdialect.object.info import CONSTANTS
from wasmdialect.runtime import pages
from wasmdialect.runtime.memory import LinearMemory, MemoryShape, map_with_file
from wasmdialect.runtime.native.records import pack_template
from wasmdialect.runtime.ownership import NotCopied, WhenFreed
from wasmdialect.runtime.packing import POINTER_FORMAT, pack_array, packer
from wasmdialect.runtime.table import element_tag
from wasmdialect.types import F32, F64, V128, FuncType, is_exception, is_extern

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.object.info import ArtifactInfo, ConstantExpression, MemoryInfo
    from wasmdialect.runtime.module import LoadedModule
    from wasmdialect.types import DefType, ValType

_pack_header = packer(VMCONTEXT_HEADER, "magic", "flags", "builtins", "signature_ids")
_pack_func_ref = packer(FUNC_REF, *("native_call", "array_call", "wasm_call", "type_index"))
_pack_code_range = packer(CODE_RANGE, "start", "size")
_pack_memory_pointer = packer(MEMORY_POINTER, "definition")
_pack_table = packer(TABLE_DEFINITION, "base", "current_elements")
_GLOBAL_VALUE = GLOBAL_DEFINITION.field("value").offset
_FUNC_REF_VMCTX = FUNC_REF.field("vmctx").offset
_ELEMENT = struct.Struct(f"={POINTER_FORMAT}")
_TABLE_BASE = TABLE_DEFINITION.field("base").offset

_MOST_BYTES = 1 << 20
"""Of a VMContext with the elements of its tables after it. Larger tables are made one by one."""


class InstanceImage(NotCopied):
    """The common start of all instances of a module: the bytes of the VMContext and, after it, of the
    tables that it defines, as a TEMPLATE (`native.structures`); and what else instantiation needs."""

    def __init__(self, module: LoadedModule, builtins: int):
        """`builtins` is the address of the array of builtins."""
        info, layout = module.info, module.layout
        counts = layout.counts
        ids = pack_array(SIGNATURE_ID, "id", module.type_ids)
        self._signature_ids = ctypes.create_string_buffer(ids, len(ids) or 1)
        vmctx = bytearray(layout.fixed_size)  # what follows is zero
        places: list[int] = []
        address = ctypes.addressof(self._signature_ids)
        _pack_header(vmctx, 0, VMCONTEXT_MAGIC, _flags(info), builtins, address)
        if info.has_exceptions:
            code = module.text_address, module.code_size
            _pack_code_range(vmctx, layout.offset("code", 0), *code)
        imported = {item.index for item in info.imports if item.kind == "func"}
        first = layout.region_offsets["func_refs"]
        self.entries = {index: entry for entry, index in enumerate(info.escaping)}
        """The entry in `func_refs` of each escaping function, by its index."""
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
            places.append(place + _FUNC_REF_VMCTX)
        self.elements = [
            None if one.functions is None else self._offsets(one.functions, imported, first)
            for one in info.elements
        ]
        """For each element segment the distance of each function from the VMContext; None if
        not all func refs are there."""
        self.computed_globals: list[int] = []
        """The defined globals whose initial values are not in the image."""
        for slot, variable in enumerate(info.globals[counts.imported_globals :]):
            bits = None if variable.init is None else constant_bits(variable.init)
            if bits is None:
                self.computed_globals.append(counts.imported_globals + slot)
            else:
                place = layout.offset("globals", slot) + _GLOBAL_VALUE
                size = variable.type.size
                vmctx[place : place + size] = bits.to_bytes(size, "little")
        self.contents = _contents(module)
        """The initial content of each memory, if it is the same in all instances; else None."""
        self.memories = self._plan_memories(module, vmctx, places)
        """Of each defined memory its shape, the offset of its definition in the VMContext, None if it
        is shared, and the offset of the pointer to that."""
        self.tables = self._put_tables(module, vmctx, places)
        """The offset of the elements of each defined table; None if tables are made one by one."""
        self.first_segment = 0
        """The first active element segment that is not in the image."""
        self._put_elements(module, vmctx, places)
        has_tables = self.tables is not None or not counts.defined_tables
        has_elements = has_tables and self.first_segment == len(info.elements)
        self.is_complete = has_elements and self.contents is not None
        """Whether instantiation consists of copying, up to the start function."""
        self.dropped_elements = frozenset(
            index
            for index, segment in enumerate(info.elements[: self.first_segment])
            if segment.mode != "passive"
        )
        self.active_segments = frozenset(range(len(info.data.sizes))) - {*info.data.passive}
        self.data_starts = [0, *accumulate(info.data.sizes)]
        """Where the bytes of each data segment begin among those of all."""
        self.rooted_tables = [
            index
            for index, table in enumerate(info.tables)
            if index >= counts.imported_tables and _is_root(table.element)
        ]
        self.rooted_globals = [
            index
            for index, variable in enumerate(info.globals)
            if index >= counts.imported_globals and _is_root(variable.type)
        ]
        """The defined tables and globals that may refer to Python objects or exceptions."""
        self.passes_in_memory = any(_passes_in_memory(t) for t in info.types)
        """Whether its code may use the memory for arguments of tail calls (docs/abi.md)."""
        self.exports = {export.name: export for export in info.exports}
        self.size = max(layout.size, len(vmctx))
        """Bytes that an instance needs."""
        self.memory: type[ctypes.Array[ctypes.c_char]] = ctypes.c_char * (
            self.size + VMCONTEXT_ALIGN
        )
        """Memory for an instance, before it is aligned."""
        self._vmctx = ctypes.create_string_buffer(bytes(vmctx), len(vmctx))
        self._places = ctypes.create_string_buffer(struct.pack(f"={len(places)}Q", *places))
        template = pack_template(
            *(ctypes.addressof(self._vmctx), len(vmctx)),
            *(ctypes.addressof(self._places), len(places)),
        )
        self._template = ctypes.create_string_buffer(template, len(template))
        self.template = ctypes.addressof(self._template)
        """The address of the TEMPLATE."""

    def _offsets(self, functions: list[int], imported: set[int], first: int) -> list[int] | None:
        if not imported.isdisjoint(functions):
            return None
        return [first + FUNC_REF.size * self.entries[index] for index in functions]

    def _plan_memories(
        self, module: LoadedModule, vmctx: bytearray, places: list[int]
    ) -> list[tuple[MemoryShape, int | None, int]]:
        plans: list[tuple[MemoryShape, int | None, int]] = []
        layout, owned = module.layout, 0
        for slot, memory in enumerate(module.info.memories[layout.counts.imported_memories :]):
            place, definition = layout.offset("memories", slot), None
            if not memory.shared:
                definition = layout.offset("owned_memories", owned)
                owned += 1
                _pack_memory_pointer(vmctx, place, definition)
                places.append(place)
            plans.append((memory_shape(memory), definition, place))
        return plans

    def _put_tables(
        self, module: LoadedModule, vmctx: bytearray, places: list[int]
    ) -> list[int] | None:
        layout = module.layout
        tables = module.info.tables[layout.counts.imported_tables :]
        start = align_up(layout.size, VMCONTEXT_ALIGN)
        if not tables or start + sum(_ELEMENT.size * t.minimum for t in tables) > _MOST_BYTES:
            return None
        if any(t.init is not None and constant_bits(t.init) is None for t in tables):
            return None
        vmctx += bytes(start - len(vmctx))
        offsets: list[int] = []
        for slot, table in enumerate(tables):
            definition = layout.offset("tables", slot)
            offsets.append(len(vmctx))
            _pack_table(vmctx, definition, len(vmctx), table.minimum)
            places.append(definition + _TABLE_BASE)
            vmctx += _ELEMENT.pack(element_tag(table.element)) * table.minimum
        return offsets

    def _put_elements(self, module: LoadedModule, vmctx: bytearray, places: list[int]) -> None:
        """Write the active segments up to one that depends on the instance, or does not fit."""
        info, first_table = module.info, module.layout.counts.imported_tables
        elements: dict[int, int] = {}
        for index, segment in enumerate(info.elements):
            if segment.mode == "active":
                assert segment.offset is not None
                start, distances = constant_bits(segment.offset), self.elements[index]
                if self.tables is None or segment.table < first_table:
                    break
                if start is None or distances is None:
                    break
                table = info.tables[segment.table]
                if start + len(distances) > table.minimum:
                    break
                place = self.tables[segment.table - first_table] + _ELEMENT.size * start
                tag = element_tag(table.element)
                for distance in distances:
                    elements[place] = distance | tag
                    place += _ELEMENT.size
            self.first_segment = index + 1
        for place, reference in elements.items():
            _ELEMENT.pack_into(vmctx, place, reference)
        places += elements  # each once, although a later segment may have changed it


def memory_shape(memory: MemoryInfo) -> MemoryShape:
    """What a memory of a module is made from. Raises MemoryError if its code needs guards that this
    process has no room for."""
    shape = MemoryShape(
        *(memory.minimum, memory.maximum),
        is_64=memory.is_64,
        page_size_log2=memory.page_size_log2,
    )
    if memory.guarded and not shape.guarded:
        raise MemoryError(
            "the module was compiled for guard pages, and this process has no room for their addresses"
            " (8 GiB for each memory): compile it with --bounds explicit"
        )
    return shape


def _passes_in_memory(type: DefType) -> bool:
    """Whether some arguments of functions of a type have no register in tail calls."""
    if not isinstance(type.composite, FuncType):
        return False
    params = type.composite.params
    floats = [t in _FLOATS for t in params]
    return bool(tail_parameters([t.size for t in params], floats, has_area=True).memory)


_FLOATS = (F32, F64, V128)


def _is_root(t: ValType) -> bool:
    return is_extern(t) or is_exception(t)


class MemoryContent(NotCopied):
    """The initial content of a memory: what active segments write to it.

    The first instance copies it. The second makes a file without a name of it, which it and all later
    ones map copy-on-write: a system call instead of a page fault for each page. Most modules are
    instantiated once, and descriptors are few.
    """

    __slots__ = ("_file", "_is_first", "_mapped", "_pieces")

    def __init__(self, pieces: list[tuple[int, bytearray]]):
        self._pieces = pieces
        size = max((start + len(data) for start, data in pieces), default=0)
        self._mapped = align_up(size, pages.PAGE_SIZE)
        """The bytes of the file: whole pages."""
        self._file: _File | None = None
        self._is_first = True

    def new_memory(self, shape: MemoryShape, definition: int, owner: object) -> LinearMemory:
        """A memory that starts with the content. Raises MemoryError."""
        file = self._known_file()
        if file is not None:
            start = map_with_file(shape, file.fd, self._mapped)
            if start:
                return LinearMemory(shape, definition, owner, start)
        memory = LinearMemory(shape, definition, owner)
        self._write_into(memory)
        return memory

    def put_into(self, memory: LinearMemory) -> None:
        """Fill a new memory, which is large enough."""
        file = self._known_file()
        if file is None or not memory.map_file(file.fd, self._mapped):
            self._write_into(memory)

    def _write_into(self, memory: LinearMemory) -> None:
        for start, data in self._pieces:
            memory.write(start, data)

    def _known_file(self) -> _File | None:
        """A file with the content: None for the first instance, without content, and if none can be
        made."""
        if self._file is not None:
            return self._file
        if self._is_first:
            self._is_first = False
        elif self._mapped:
            # Other threads may make one too: each uses its own, and one is kept.
            self._file = file = self._new_file()
            return file
        return None

    def _new_file(self) -> _File | None:
        """None if there is no descriptor or no memory for it."""
        try:
            file = _File(os.memfd_create("wasm-memory"))
            os.ftruncate(file.fd, self._mapped)
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
        self._owner = WhenFreed(os.close, fd)


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
