"""Instances: a VMContext filled in, and instantiation in the order of the specification.

Source of the layout: `wasmdialect.abi.layout`; of the order of steps: specification "Execution /
Modules / Instantiation".
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._printable import printable
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    COUNTER_SIZE,
    FUNC_REF,
    GLOBAL_DEFINITION,
    IMPORTED_FUNCTION,
    IMPORTED_GLOBAL,
    IMPORTED_MEMORY,
    IMPORTED_TABLE,
    MEMORY_POINTER,
    POINTER_SIZE,
    TAG_POINTER,
    VMCONTEXT_ALIGN,
    VMCONTEXT_HEADER,
)
from wasmdialect.object.info import CONSTANTS, OPERATORS
from wasmdialect.runtime.errors import LinkError, Trap, WasmtimeError
from wasmdialect.runtime.image import InstanceImage, constant
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import ANY_STORE, NO_LIMITS, StoreItem
from wasmdialect.runtime.packing import (
    POINTER_FORMAT,
    AlignedMemory,
    packer,
    reader,
)
from wasmdialect.runtime.store import FunctionReference
from wasmdialect.runtime.table import TableStorage
from wasmdialect.runtime.tag import StoreTag
from wasmdialect.runtime.values import new_slots, type_text
from wasmdialect.types import is_sub_def_type, matches

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any, TypeAlias

    from wasmdialect.object.info import (
        ConstantExpression,
        ElementInfo,
        TableInfo,
    )
    from wasmdialect.runtime.memory import MemoryShape
    from wasmdialect.runtime.module import LoadedModule
    from wasmdialect.runtime.store import StoreState
    from wasmdialect.types import ValType


class GlobalCell(StoreItem):
    """A global of a store, by the address of its VMGlobalDefinition."""

    __slots__ = ("address", "mutable", "owner", "type")

    def __init__(self, type: ValType, mutable: bool, address: int, owner: object):
        self.store_id = None
        self.type = type
        self.mutable = mutable
        self.address = address
        self.owner = owner
        """Keeps the memory alive."""

    def bits(self) -> int:
        """The value as an unsigned bit pattern of its width (references: the pointer)."""
        return int.from_bytes(self._value(), "little")

    def set_bits(self, bits: int) -> None:
        """Store a bit pattern."""
        value = self._value()
        value[:] = bits.to_bytes(len(value), "little")

    def _value(self) -> Any:
        return (ctypes.c_ubyte * self.type.size).from_address(self.address + _GLOBAL_VALUE)


def new_global(type: ValType, mutable: bool, bits: int) -> GlobalCell:
    """A global that does not belong to an instance."""
    memory = AlignedMemory(GLOBAL_DEFINITION.size, VMCONTEXT_ALIGN)
    cell = GlobalCell(type, mutable, memory.address, memory.buffer)
    cell.set_bits(bits)
    return cell


Extern: TypeAlias = FunctionReference | TableStorage | LinearMemory | GlobalCell | StoreTag
"""Importable and exportable items."""

_KIND_WORDS = {
    FunctionReference: "function",
    TableStorage: "table",
    LinearMemory: "memory",
    GlobalCell: "global",
    StoreTag: "tag",
}


class ModuleInstance(StoreItem):
    """An instance of a module in a store."""

    def __init__(self, store: StoreState, module: LoadedModule, imports: Sequence[Extern]):
        """Instantiate: allocate, initialise, and run the start function.

        `imports` are in the order of the module's imports. Raises LinkError if they do not fit,
        WasmtimeError if the store cannot be used or would exceed its limits, Trap or the exception of
        a host function, MemoryError.
        """
        self.store_id = None
        self.module = module
        self.info = module.info
        self._image = image = module.image or instance_image(module)
        """Keeps what the VMContext points to."""
        self._memory = memory = image.memory()
        start = ctypes.addressof(memory)
        self._shift = -start % VMCONTEXT_ALIGN
        self.vmctx = start + self._shift
        self._imported: dict[int, FunctionReference] = {}
        """The imported functions by index. (Those that passes declare come after all others.)"""
        self._references: dict[int, FunctionReference] = {}
        """By their entry in `func_refs`: the functions that have been asked for."""
        self._tables: dict[int, TableStorage] = {}
        self._globals: dict[int, GlobalCell] = {}
        """By index: those that are imported or have been asked for."""
        self.memories: list[LinearMemory] = []
        self.tags: list[StoreTag] = []
        self.dropped_data: AbstractSet[int] = _NONE
        self.dropped_elements: AbstractSet[int] = _NONE
        self._exports: dict[str, Extern] | None = None
        store.run(None, self._instantiate, store, imports)

    def _instantiate(self, store: StoreState, imports: Sequence[Extern]) -> None:
        image, info, module = self._image, self.info, self.module
        _check_imports(module, store, imports)
        _check_limits(module, store)
        store.use_module(module)
        if image.passes_in_memory:
            store.use_tail_arguments()
        self._copy_image(store, image)
        if imports:
            self._take_imports(store, imports)
            if image.imported_references:
                self._copy_references(image)
        if image.memories:
            self._make_memories(image)
        if image.tables is None and info.tables:
            self._make_tables()
        if image.computed_globals:
            self._compute_globals(image)
        if info.tags:
            self._make_tags(store)
        store.add_instance(self)
        if image.is_complete:
            self.dropped_elements, self.dropped_data = image.dropped_elements, image.active_segments
        else:
            if image.tables is None:
                self._fill_tables()
            self._copy_elements(image)
            self._copy_data(image)
        if info.start is not None:
            start = self.function(info.start)
            store.call(start, new_slots(start.signature), self.vmctx)

    # --- what it consists of: objects are made when they are asked for ---

    @property
    def exports(self) -> Mapping[str, Extern]:
        """The exported items by name."""
        if self._exports is None:
            self._exports = {name: self.exported(name) for name in self._image.exports}
        return self._exports

    @property
    def export_names(self) -> Collection[str]:
        """The names of the exports, in order."""
        return self._image.exports.keys()

    def exported(self, name: str) -> Extern:
        """An exported item. Raises KeyError."""
        export = self._image.exports[name]
        kind, index = export.kind, export.index
        if kind == "func":
            return self.function(index)
        if kind == "memory":
            return self.memories[index]
        if kind == "table":
            return self.table(index)
        return self.global_cell(index) if kind == "global" else self.tags[index]

    @property
    def tables(self) -> list[TableStorage]:
        """All of its tables."""
        return [self.table(index) for index in range(len(self.info.tables))]

    @property
    def globals(self) -> list[GlobalCell]:
        """All of its globals."""
        return [self.global_cell(index) for index in range(len(self.info.globals))]

    def table(self, index: int) -> TableStorage:
        """A table."""
        return self._tables.get(index) or self._tables.setdefault(index, self._open_table(index))

    def _open_table(self, index: int) -> TableStorage:
        """A table that the image has made."""
        layout, offsets, table = self.module.layout, self._image.tables, self.info.tables[index]
        assert offsets is not None
        slot = index - layout.counts.imported_tables
        start = self._shift + offsets[slot]
        end = start + POINTER_SIZE * table.minimum
        return self._new_table(
            table,
            self.vmctx + layout.offset("tables", slot),
            memoryview(self._memory).cast("B")[start:end].cast(POINTER_FORMAT),
        )

    def _new_table(
        self, table: TableInfo, definition: int, elements: memoryview | None = None
    ) -> TableStorage:
        storage = TableStorage(
            *(table.element, table.minimum, table.maximum),
            is_64=table.is_64,
            definition=definition,
            definition_owner=self._memory,
            elements=elements,
        )
        storage.store_id = self._store_id
        return storage

    def global_cell(self, index: int) -> GlobalCell:
        """A global."""
        return self._globals.get(index) or self._globals.setdefault(index, self._open_global(index))

    def _open_global(self, index: int) -> GlobalCell:
        layout, variable = self.module.layout, self.info.globals[index]
        address = self.vmctx + layout.offset("globals", index - layout.counts.imported_globals)
        cell = GlobalCell(variable.type, variable.mutable, address, self._memory)
        cell.store_id = self._store_id
        return cell

    def rooted_tables(self) -> list[TableStorage]:
        """The tables it defines that may refer to Python objects or exceptions."""
        return [self.table(index) for index in self._image.rooted_tables]

    def rooted_globals(self) -> list[GlobalCell]:
        """The same of globals."""
        return [self.global_cell(index) for index in self._image.rooted_globals]

    # --- the VMContext ---

    def _copy_image(self, store: StoreState, image: InstanceImage) -> None:
        native().copy_template(image.template, self.vmctx)
        self._store_id, self._native_store = store.id, store.native
        _pack_pointer(self._memory, self._shift + _LIMITS, store.limits)
        _pack_pointer(self._memory, self._shift + _EPOCH, store.epoch)

    def _called(self, store: StoreState, function: FunctionReference) -> FunctionReference:
        """What is called for an imported function: itself, unless only this module tests for
        exceptions."""
        if not self.info.has_exceptions:
            return function
        callee = store.instances.get(function.vmctx)
        if callee is None or callee.info.has_exceptions:
            return function
        return store.barrier(function)

    def _take_imports(self, store: StoreState, imports: Sequence[Extern]) -> None:
        memory, shift, offset = self._memory, self._shift, self.module.layout.offset
        for item, extern in zip(self.info.imports, imports, strict=True):
            match extern:
                case FunctionReference():
                    place = offset("imported_functions", len(self._imported))
                    callee = self._called(store, extern)
                    _pack_imported_function(memory, shift + place, *_callee(callee.address))
                    self._imported[item.index] = extern
                case TableStorage():
                    place = offset("imported_tables", len(self._tables))
                    _pack_imported_table(memory, shift + place, extern.definition)
                    self._tables[item.index] = extern
                case LinearMemory():
                    place = offset("imported_memories", len(self.memories))
                    _pack_imported_memory(memory, shift + place, extern.definition)
                    self.memories.append(extern)
                case GlobalCell():
                    place = offset("imported_globals", len(self._globals))
                    _pack_imported_global(memory, shift + place, extern.address)
                    self._globals[item.index] = extern
                case StoreTag():
                    self.tags.append(extern)

    def _copy_references(self, image: InstanceImage) -> None:
        """The entries in `func_refs` of imported functions are copies of those of their instances."""
        for place, index in image.imported_references:
            fields = _callee(self._imported[index].address)
            type_id = self.module.type_ids[self.info.functions[index]]
            _pack_func_ref(self._memory, self._shift + place, *fields, type_id)

    def _make_memories(self, image: InstanceImage) -> None:
        vmctx, block = self.vmctx, self._memory
        contents = image.contents if image.is_complete else None
        for shape, definition, place in image.memories:
            if definition is None:
                memory = _new_shared_memory(shape)
                _pack_memory_pointer(block, self._shift + place, memory.definition)
                if contents is not None:
                    contents[len(self.memories)].put_into(memory)
            elif contents is not None:
                content = contents[len(self.memories)]
                memory = content.new_memory(shape, vmctx + definition, block)
            else:
                memory = LinearMemory(shape, vmctx + definition, block)
            self.memories.append(memory)

    def _make_tables(self) -> None:
        """Make the tables that are not in the image."""
        layout = self.module.layout
        first = layout.counts.imported_tables
        for slot, table in enumerate(self.info.tables[first:]):
            definition = self.vmctx + layout.offset("tables", slot)
            self._tables[first + slot] = self._new_table(table, definition)

    def _compute_globals(self, image: InstanceImage) -> None:
        for index in image.computed_globals:
            init = self.info.globals[index].init
            assert init is not None
            self.global_cell(index).set_bits(self.evaluate(init))

    def _make_tags(self, store: StoreState) -> None:
        for type_index in self.info.tags[len(self.tags) :]:
            tag = StoreTag(self.info.types[type_index])
            store.add_tag(tag)
            self.tags.append(tag)
        for slot, tag in enumerate(self.tags):
            place = self._shift + self.module.layout.offset("tags", slot)
            _pack_tag_pointer(self._memory, place, tag.address)

    def function(self, index: int) -> FunctionReference:
        """A function that can be referenced."""
        if index in self._imported:
            return self._imported[index]
        return self._reference(self._image.entries[index])

    def function_address(self, index: int) -> int:
        """The address of the VMFuncRef of a function that can be referenced."""
        if index in self._imported:
            return self._imported[index].address
        entry = self._image.entries[index]
        return self.vmctx + self.module.layout.region_offsets["func_refs"] + FUNC_REF.size * entry

    def function_at(self, address: int) -> FunctionReference:
        """The function with its VMFuncRef at an address, which is in this instance."""
        first = self.vmctx + self.module.layout.region_offsets["func_refs"]
        return self._reference((address - first) // FUNC_REF.size)

    def _reference(self, entry: int) -> FunctionReference:
        known = self._references.get(entry)
        if known is None:
            place = self.module.layout.offset("func_refs", entry)
            array_call, vmctx = _unpack_func_ref(self._memory, self._shift + place)
            new = FunctionReference(
                *(self._store_id, self._native_store, self._memory, self.vmctx + place),
                *(self.module.functions[self.info.escaping[entry]], array_call, vmctx),
            )
            known = self._references.setdefault(entry, new)
        return known

    # --- constant expressions ---

    def evaluate(self, expression: ConstantExpression) -> int:
        """The bits of a constant expression."""
        stack: list[int] = []
        for mnemonic, immediate in expression:
            if mnemonic in CONSTANTS:
                stack.append(constant(immediate))
            elif mnemonic == "global.get":
                variable: int = immediate
                stack.append(self.global_cell(variable).bits())
            elif mnemonic == "ref.func":
                stack.append(self.function_address(immediate))
            elif mnemonic == "ref.null":
                stack.append(0)
            else:
                _, mask, operation = OPERATORS[mnemonic]
                rhs = stack.pop()
                stack.append(operation(stack.pop(), rhs) & mask)
        (value,) = stack
        return value

    # --- tables and segments ---

    def _fill_tables(self) -> None:
        first = self.module.layout.counts.imported_tables
        for index, table in enumerate(self.info.tables):
            if index >= first and table.init is not None:
                self._tables[index].fill(0, table.minimum, self.evaluate(table.init))

    def _copy_elements(self, image: InstanceImage) -> None:
        self.dropped_elements = dropped = {*image.dropped_elements}
        for index in range(image.first_segment, len(self.info.elements)):
            segment = self.info.elements[index]
            if segment.mode == "active":
                assert segment.offset is not None
                start = self.evaluate(segment.offset)
                self.table_init(segment.table, index, start, 0, _segment_length(segment))
            if segment.mode != "passive":
                dropped.add(index)

    def drop_element(self, segment: int) -> None:
        """`elem.drop`."""
        self.dropped_elements = _with(self.dropped_elements, segment)

    def drop_data(self, segment: int) -> None:
        """`data.drop`."""
        self.dropped_data = _with(self.dropped_data, segment)

    def table_init(
        self, table_index: int, segment_index: int, start: int, source: int, count: int
    ) -> None:
        """`table.init`. Raises Trap."""
        table, segment = self.table(table_index), self.info.elements[segment_index]
        dropped = segment_index in self.dropped_elements
        length = 0 if dropped else _segment_length(segment)
        if source + count > length or start + count > table.size:
            raise Trap.named("TABLE_OUT_OF_BOUNDS")
        offsets = self._image.elements[segment_index]
        if offsets is not None:
            vmctx = self.vmctx
            table.set_many(start, [vmctx + o for o in offsets[source : source + count]])
        elif segment.functions is not None:
            functions = segment.functions[source : source + count]
            table.set_many(start, [self.function_address(i) for i in functions])
        else:
            assert segment.expressions is not None
            expressions = segment.expressions[source : source + count]
            table.set_many(start, [self.evaluate(e) for e in expressions])

    def _copy_data(self, image: InstanceImage) -> None:
        if image.contents is not None:
            for memory, content in zip(self.memories, image.contents, strict=True):
                content.put_into(memory)
            self.dropped_data = image.active_segments
            return
        self.dropped_data = dropped = set[int]()
        data = self.info.data
        computed = dict(zip(data.computed, data.expressions, strict=True))
        for index, size in enumerate(data.sizes):
            if index in image.active_segments:
                at = computed.get(index)
                start = data.offsets[index] if at is None else self.evaluate(at)
                self.memory_init(data.memories[index], index, start, 0, size)
                dropped.add(index)

    def memory_init(
        self, memory_index: int, segment_index: int, start: int, source: int, count: int
    ) -> None:
        """`memory.init`. Raises Trap."""
        memory = self.memories[memory_index]
        is_dropped = segment_index in self.dropped_data
        length = 0 if is_dropped else self.info.data.sizes[segment_index]
        if source + count > length or start + count > memory.length:
            raise Trap.named("MEMORY_OUT_OF_BOUNDS")
        if count:
            first = self._image.data_starts[segment_index] + source
            memory.write(start, memoryview(self.module.artifact.wasm_data)[first : first + count])

    # --- additions of passes ---

    def counters(self) -> dict[str, int]:
        """The current values of the counters that passes declared one by one."""
        sizes = self.module.layout.extra_sizes
        return {
            name: int.from_bytes(self.field_bytes(name), "little")
            for name in self.info.counters
            if sizes[name][0] == COUNTER_SIZE
        }

    def field_names(self) -> list[str]:
        """The VMContext fields that passes declared, counters included."""
        return [*self.module.layout.extra_offsets]

    def field_bytes(self, name: str) -> memoryview:
        """The memory of a field that a pass declared. Raises KeyError."""
        layout = self.module.layout
        start = self._shift + layout.extra_offsets[name]
        size, _ = layout.extra_sizes[name]
        return memoryview(self._memory).cast("B")[start : start + size]


def instance_image(module: LoadedModule) -> InstanceImage:
    """What all instances of a module start with."""
    if module.image is None:
        from wasmdialect.runtime.builtins import install_builtins

        install_builtins()
        module.image = InstanceImage(module, native().builtins_array)
    return module.image


_NONE: AbstractSet[int] = frozenset()
_GLOBAL_VALUE = GLOBAL_DEFINITION.field("value").offset
_CALLEE = ("native_call", "array_call", "wasm_call", "vmctx")
_LIMITS = VMCONTEXT_HEADER.field("limits").offset
_EPOCH = VMCONTEXT_HEADER.field("epoch").offset
_pack_pointer = struct.Struct(f"={POINTER_FORMAT}").pack_into
_pack_imported_function = packer(IMPORTED_FUNCTION, *_CALLEE)
_pack_imported_table = packer(IMPORTED_TABLE, "from")
_pack_imported_memory = packer(IMPORTED_MEMORY, "from")
_pack_imported_global = packer(IMPORTED_GLOBAL, "from")
_pack_memory_pointer = packer(MEMORY_POINTER, "definition")
_pack_tag_pointer = packer(TAG_POINTER, "tag")
_pack_func_ref = packer(FUNC_REF, *_CALLEE, "type_index")
_unpack_func_ref = reader(FUNC_REF, "array_call", "vmctx")
_read_callee = reader(FUNC_REF, *_CALLEE)


def _callee(func_ref: int) -> tuple[int, ...]:
    return _read_callee(ctypes.string_at(func_ref, FUNC_REF.size))


def _with(segments: AbstractSet[int], segment: int) -> AbstractSet[int]:
    """A set that the image may share, with one more."""
    own = segments if isinstance(segments, set) else {*segments}
    own.add(segment)
    return own


def _segment_length(segment: ElementInfo) -> int:
    return len(segment.functions if segment.functions is not None else segment.expressions or ())


def _new_shared_memory(shape: MemoryShape) -> LinearMemory:
    from wasmdialect.runtime.shared_memory import SharedLinearMemory

    return SharedLinearMemory(shape)


# --- limits of the store ---


def _check_limits(module: LoadedModule, store: StoreState) -> None:
    """Raises WasmtimeError if the store may not hold another instance of a module; else counts it."""
    counts, limits, held = module.layout.counts, store.resource_limits, store.held
    more = {"instance": 1, "memory": counts.defined_memories, "table": counts.defined_tables}
    if limits is not NO_LIMITS:
        most = {"instance": limits.instances, "memory": limits.memories, "table": limits.tables}
        for what, number in more.items():
            limit = most[what]
            if limit is not None and held[what] + number > limit:
                raise WasmtimeError(
                    f"resource limit exceeded: {what} count too high at {held[what] + number}"
                )
        for memory in module.info.memories[counts.imported_memories :]:
            limits.check_memory(memory.minimum, memory.page_size_log2)
        for table in module.info.tables[counts.imported_tables :]:
            limits.check_table(table.minimum)
    for what, number in more.items():
        held[what] += number


# --- matching imports (specification "Execution / Modules / External Typing") ---


def _check_imports(module: LoadedModule, store: StoreState, imports: Sequence[Extern]) -> None:
    info = module.info
    if len(imports) != len(info.imports):
        added = [f"pass {i.added_by!r} added `{i.name}`" for i in info.imports if i.added_by]
        why = f" ({', '.join(added)})" if added else ""
        raise WasmtimeError(f"expected {len(info.imports)} imports, found {len(imports)}{why}")
    for item, extern in zip(info.imports, imports, strict=True):
        if (
            type(extern) is FunctionReference
            and item.kind == "func"
            and extern.type is module.functions[item.index]
            and extern.store_id is store.id
        ):
            continue
        if extern.store_id is not store.id and extern.store_id is not ANY_STORE:
            raise WasmtimeError(f"`{item.module}::{item.name}` belongs to another store")
        reason = _mismatch(module, item.kind, item.index, extern)
        if reason is not None:
            name = printable(f"{item.module}::{item.name}")
            raise LinkError(f"incompatible import type for `{name}`: {reason}")


def _mismatch(module: LoadedModule, kind: str, index: int, extern: Extern) -> str | None:
    """Why something cannot be imported, None if it can."""
    info = module.info
    match kind, extern:
        case "func", FunctionReference():
            expected = module.functions[index]
            if is_sub_def_type(extern.type, expected):
                return None
            return f"expected {type_text(expected)}, found {type_text(extern.type)}"
        case "table", TableStorage():
            table = info.tables[index]
            if table.element is not extern.element:
                return f"expected a table of {table.element}, found one of {extern.element}"
            if table.is_64 != extern.is_64:
                return "the tables have different index types"
            return _limits_mismatch(
                table.minimum, table.maximum, extern.size, extern.maximum, "table"
            )
        case "memory", LinearMemory():
            memory = info.memories[index]
            if memory.is_64 != extern.is_64:
                return "the memories have different address types"
            if memory.shared != extern.shared:
                return "one memory is shared, the other is not"
            if memory.page_size_log2 != extern.page_size_log2:
                return "the memories have different page sizes"
            if memory.guarded and not extern.guarded:
                return "the memory has no guard, which the code was compiled for"
            return _limits_mismatch(
                memory.minimum, memory.maximum, extern.size, extern.maximum, "memory"
            )
        case "global", GlobalCell():
            variable = info.globals[index]
            if variable.mutable != extern.mutable:
                return "one global is mutable, the other is not"
            if variable.mutable:
                fits = variable.type is extern.type
            else:
                fits = matches(extern.type, variable.type)
            return None if fits else f"expected {variable.type}, found {extern.type}"
        case "tag", StoreTag():
            expected = info.types[info.tags[index]]
            if extern.type is expected:
                return None
            return f"expected {type_text(expected)}, found {type_text(extern.type)}"
        case _:
            is_memory = isinstance(extern, LinearMemory)  # shared or not
            found = "memory" if is_memory else _KIND_WORDS[type(extern)]
            return f"expected a {kind}, found a {found}"


def _limits_mismatch(
    minimum: int, maximum: int | None, size: int, actual_maximum: int | None, what: str
) -> str | None:
    if size < minimum:
        return f"expected a {what} of at least {minimum}, found {size}"
    if maximum is not None and (actual_maximum is None or actual_maximum > maximum):
        found = "no maximum" if actual_maximum is None else f"a maximum of {actual_maximum}"
        return f"expected a {what} with a maximum of {maximum}, found {found}"
    return None
