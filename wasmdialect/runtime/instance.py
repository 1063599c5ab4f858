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
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    from wasmdialect.object.info import (
        ConstantExpression,
        ElementInfo,
        MemoryInfo,
        TableInfo,
    )
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
        memory = AlignedMemory(module.layout.size, VMCONTEXT_ALIGN)
        self._memory, self.vmctx, self._shift = memory.buffer, memory.address, memory.start
        self._imported: dict[int, FunctionReference] = {}
        """The imported functions by index. (Those that passes declare come after all others.)"""
        self._references: dict[int, FunctionReference] = {}
        """By their entry in `func_refs`: the functions that have been asked for."""
        self.tables: list[TableStorage] = []
        self.memories: list[LinearMemory] = []
        self.globals: list[GlobalCell] = []
        self.tags: list[StoreTag] = []
        self.dropped_data: set[int] = set()
        self.dropped_elements: set[int] = set()
        self._exports: dict[str, Extern] | None = None
        self._image = instance_image(module)
        """Keeps what the VMContext points to."""
        store.run(None, self._instantiate, store, imports)

    def _instantiate(self, store: StoreState, imports: Sequence[Extern]) -> None:
        _check_imports(self.module, store, imports)
        _check_limits(self.module, store)
        store.use_module(self.module)
        image = self._image
        self._copy_image(store, image)
        if imports:
            self._take_imports(store, imports)
            self._copy_references(image)
        counts, info = self.module.layout.counts, self.info
        if counts.defined_tables:
            self._make_tables()
        if counts.defined_memories:
            self._make_memories()
        if counts.defined_globals:
            self._make_globals(image)
        if counts.tags:
            self._make_tags(store)
        store.add_instance(self)
        if counts.defined_tables:
            self._fill_tables()
        if info.elements:
            self._copy_elements()
        if info.data.sizes:
            self._copy_data(image)
        if self.info.start is not None:
            start = self.function(self.info.start)
            store.call(start, new_slots(start.signature), self.vmctx)

    @property
    def exports(self) -> Mapping[str, Extern]:
        """The exported items by name."""
        if self._exports is None:
            self._exports = {e.name: self._exported(e.kind, e.index) for e in self.info.exports}
        return self._exports

    # --- the VMContext ---

    def _copy_image(self, store: StoreState, image: InstanceImage) -> None:
        ctypes.memmove(self.vmctx, image.vmctx, len(image.vmctx))
        self._store_id, self._native_store = store.id, store.native
        memory, vmctx, shift, pack = self._memory, self.vmctx, self._shift, _pack_pointer
        pack(memory, shift + _LIMITS, store.limits)
        pack(memory, shift + _EPOCH, store.epoch)
        for place in image.own_references:  # a module has thousands of them
            pack(memory, shift + place, vmctx)

    def _called(self, store: StoreState, function: FunctionReference) -> FunctionReference:
        """What is called for an imported function: itself, unless only this module tests for
        exceptions."""
        callee = store.instances.get(function.vmctx)
        if callee is None or callee.info.has_exceptions or not self.info.has_exceptions:
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
                    place = offset("imported_tables", len(self.tables))
                    _pack_imported_table(memory, shift + place, extern.definition)
                    self.tables.append(extern)
                case LinearMemory():
                    place = offset("imported_memories", len(self.memories))
                    _pack_imported_memory(memory, shift + place, extern.definition)
                    self.memories.append(extern)
                case GlobalCell():
                    place = offset("imported_globals", len(self.globals))
                    _pack_imported_global(memory, shift + place, extern.address)
                    self.globals.append(extern)
                case StoreTag():
                    self.tags.append(extern)

    def _copy_references(self, image: InstanceImage) -> None:
        """The entries in `func_refs` of imported functions are copies of those of their instances."""
        for place, index in image.imported_references:
            fields = _callee(self._imported[index].address)
            type_id = self.module.type_ids[self.info.functions[index]]
            _pack_func_ref(self._memory, self._shift + place, *fields, type_id)

    def _make_tables(self) -> None:
        for slot, table in enumerate(self.info.tables[len(self.tables) :]):
            definition = self.vmctx + self.module.layout.offset("tables", slot)
            self.tables.append(_new_table(table, definition, self._memory))

    def _make_memories(self) -> None:
        layout = self.module.layout
        owned = 0
        for slot, memory in enumerate(self.info.memories[len(self.memories) :]):
            if memory.shared:
                storage = _new_shared_memory(memory)
            else:
                definition = self.vmctx + layout.offset("owned_memories", owned)
                storage = _new_memory(memory, definition, self._memory)
                owned += 1
            place = self._shift + layout.offset("memories", slot)
            _pack_memory_pointer(self._memory, place, storage.definition)
            self.memories.append(storage)

    def _make_globals(self, image: InstanceImage) -> None:
        first = len(self.globals)
        offset = self.module.layout.offset
        computed = image.computed_globals
        for slot, variable in enumerate(self.info.globals[first:]):
            address = self.vmctx + offset("globals", slot)
            cell = GlobalCell(variable.type, variable.mutable, address, self._memory)
            if slot in computed:
                assert variable.init is not None
                cell.set_bits(self.evaluate(variable.init))
            self.globals.append(cell)

    def _make_tags(self, store: StoreState) -> None:
        for type_index in self.info.tags[len(self.tags) :]:
            tag = StoreTag(self.info.types[type_index])
            store.add_tag(tag)
            self.tags.append(tag)
        for slot, tag in enumerate(self.tags):
            place = self._shift + self.module.layout.offset("tags", slot)
            _pack_tag_pointer(self._memory, place, tag.address)

    def _exported(self, kind: str, index: int) -> Extern:
        if kind == "func":
            return self.function(index)
        if kind == "memory":
            return self.memories[index]
        if kind == "table":
            return self.tables[index]
        return self.globals[index] if kind == "global" else self.tags[index]

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
            known = self._references[entry] = FunctionReference(
                *(self._store_id, self._native_store, self._memory, self.vmctx + place),
                *(self.module.functions[self.info.escaping[entry]], array_call, vmctx),
            )
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
                stack.append(self.globals[variable].bits())
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
        first = len(self.info.tables) - self.module.layout.counts.defined_tables
        for index in range(first, len(self.tables)):
            init = self.info.tables[index].init
            if init is not None:
                table = self.tables[index]
                table.fill(0, table.size, self.evaluate(init))

    def _copy_elements(self) -> None:
        for index, segment in enumerate(self.info.elements):
            if segment.mode == "active":
                assert segment.offset is not None
                start = self.evaluate(segment.offset)
                self.table_init(segment.table, index, start, 0, _segment_length(segment))
            if segment.mode != "passive":
                self.dropped_elements.add(index)

    def table_init(
        self, table_index: int, segment_index: int, start: int, source: int, count: int
    ) -> None:
        """`table.init`. Raises Trap."""
        table, segment = self.tables[table_index], self.info.elements[segment_index]
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
            self.dropped_data.update(image.active_segments)
            return
        data = self.info.data
        computed = dict(zip(data.computed, data.expressions, strict=True))
        for index, size in enumerate(data.sizes):
            if index in image.active_segments:
                at = computed.get(index)
                start = data.offsets[index] if at is None else self.evaluate(at)
                self.memory_init(data.memories[index], index, start, 0, size)
                self.dropped_data.add(index)

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


def _segment_length(segment: ElementInfo) -> int:
    return len(segment.functions if segment.functions is not None else segment.expressions or ())


def _new_table(table: TableInfo, definition: int, owner: object) -> TableStorage:
    return TableStorage(
        *(table.element, table.minimum, table.maximum),
        is_64=table.is_64,
        definition=definition,
        definition_owner=owner,
    )


def _new_memory(memory: MemoryInfo, definition: int, owner: object) -> LinearMemory:
    return LinearMemory(
        *(memory.minimum, memory.maximum),
        is_64=memory.is_64,
        page_size_log2=memory.page_size_log2,
        definition=definition,
        definition_owner=owner,
    )


def _new_shared_memory(memory: MemoryInfo) -> LinearMemory:
    from wasmdialect.runtime.shared_memory import SharedLinearMemory

    return SharedLinearMemory(
        *(memory.minimum, memory.maximum),
        is_64=memory.is_64,
        page_size_log2=memory.page_size_log2,
    )


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
