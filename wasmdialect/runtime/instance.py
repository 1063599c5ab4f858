"""Instances: a VMContext filled in, and instantiation in the order of the specification.

Source of the layout: `wasmdialect.abi.layout`; of the order of steps: specification "Execution /
Modules / Instantiation".
"""

from __future__ import annotations

import ctypes

from wasmdialect._printable import printable
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    CODE_RANGE,
    FUNC_REF,
    GLOBAL_DEFINITION,
    IMPORTED_FUNCTION,
    IMPORTED_GLOBAL,
    IMPORTED_MEMORY,
    IMPORTED_TABLE,
    MEMORY_POINTER,
    SIGNATURE_ID,
    TAG_POINTER,
    TAIL_ENTRIES,
    TESTS_EXCEPTIONS,
    VMCONTEXT_ALIGN,
    VMCONTEXT_HEADER,
    VMCONTEXT_MAGIC,
)
from wasmdialect.object.info import CONSTANTS, OPERATORS
from wasmdialect.runtime.errors import LinkError, Trap, WasmtimeError
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import ANY_STORE, StoreItem
from wasmdialect.runtime.packing import AlignedMemory, pack_array, packer, reader
from wasmdialect.runtime.store import FunctionReference
from wasmdialect.runtime.table import TableStorage
from wasmdialect.runtime.tag import StoreTag
from wasmdialect.runtime.values import new_slots, type_text
from wasmdialect.types import is_sub_def_type, matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    from wasmdialect.object.info import (
        ArtifactInfo,
        ConstantExpression,
        DataInfo,
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


def _constant_bits(immediate: Any) -> int:
    """The bits of a constant; those of a vector are written in hexadecimal digits."""
    return int(immediate, 16) if isinstance(immediate, str) else immediate


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
        layout = module.layout
        memory = AlignedMemory(layout.size, VMCONTEXT_ALIGN)
        self._memory, self.vmctx, self._shift = memory.buffer, memory.address, memory.start
        self.functions: list[FunctionReference | None] = []
        """Function references by index; None where no reference to the function can exist."""
        self.tables: list[TableStorage] = []
        self.memories: list[LinearMemory] = []
        self.globals: list[GlobalCell] = []
        self.tags: list[StoreTag] = []
        self.dropped_data: set[int] = set()
        self.dropped_elements: set[int] = set()
        self.exports: Mapping[str, Extern] = {}
        store.run(None, self._instantiate, store, imports)

    def _instantiate(self, store: StoreState, imports: Sequence[Extern]) -> None:
        _check_imports(self.module, store, imports)
        _check_limits(self.module, store)
        store.use_module(self.module)
        self._fill_header(store)
        self._take_imports(store, imports)
        own_functions = self._make_functions(store)
        self._make_tables()
        self._make_memories()
        self._make_globals()
        self._make_tags(store)
        store.add_instance(self, own_functions)
        self.exports = {
            export.name: self._exported(export.kind, export.index) for export in self.info.exports
        }
        self._fill_tables()
        self._copy_elements()
        self._copy_data()
        if self.info.start is not None:
            start = self.function(self.info.start)
            store.call(start, new_slots(start.signature), self.vmctx)

    # --- the VMContext ---

    def _fill_header(self, store: StoreState) -> None:
        ids = pack_array(SIGNATURE_ID, "id", self.module.type_ids)
        self._signature_ids = ctypes.create_string_buffer(ids, len(ids) or 1)
        address = ctypes.addressof(self._signature_ids)
        _pack_header(
            self._memory,
            self._shift,
            *(VMCONTEXT_MAGIC, _flags(self.info), store.limits, store.epoch),
            *(builtins_array(), address),
        )

    def _called(self, store: StoreState, function: FunctionReference) -> FunctionReference:
        """What is called for an imported function: itself, unless only this module tests for
        exceptions."""
        callee = store.instances.get(function.vmctx)
        if callee is None or callee.info.has_exceptions or not self.info.has_exceptions:
            return function
        return store.barrier(function)

    def _take_imports(self, store: StoreState, imports: Sequence[Extern]) -> None:
        memory, shift, offset = self._memory, self._shift, self.module.layout.offset
        self.functions = [None] * len(self.info.functions)
        function_slot = 0
        for item, extern in zip(self.info.imports, imports, strict=True):
            match extern:
                case FunctionReference():
                    place = offset("imported_functions", function_slot)
                    callee = self._called(store, extern)
                    _pack_imported_function(memory, shift + place, *_callee(callee.address))
                    self.functions[item.index] = extern
                    function_slot += 1
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

    def _make_functions(self, store: StoreState) -> list[FunctionReference]:
        """Fill the func refs: those of own functions, and copies of imported ones."""
        made: list[FunctionReference] = []
        # A module has thousands of them, so invariant work is hoisted out of the loop.
        module, own_vmctx, functions = self.module, self.vmctx, self.functions
        addresses = iter(module.func_ref_code)
        types, ids, indices = module.functions, module.type_ids, self.info.functions
        memory, store_id, native_store = self._memory, store.id, store.native
        place = module.layout.region_offsets["func_refs"]
        for index, native_call, array_call, wasm_call in zip(
            self.info.escaping, addresses, addresses, addresses, strict=True
        ):
            imported, vmctx = functions[index], own_vmctx
            if imported is not None:
                native_call, array_call, wasm_call, vmctx = _callee(imported.address)
            fields = native_call, array_call, wasm_call, ids[indices[index]], vmctx
            _pack_func_ref(memory, self._shift + place, *fields)
            reference = FunctionReference(
                *(store_id, native_store, memory, own_vmctx + place),
                *(types[index], array_call, vmctx),
            )
            if imported is None:
                functions[index] = reference
            made.append(reference)
            place += FUNC_REF.size
        return made

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

    def _make_globals(self) -> None:
        first = len(self.globals)
        for slot, variable in enumerate(self.info.globals[first:]):
            address = self.vmctx + self.module.layout.offset("globals", slot)
            cell = GlobalCell(variable.type, variable.mutable, address, self._memory)
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
        if self.info.has_exceptions:
            place = self._shift + self.module.layout.offset("code", 0)
            code = self.module.text_address, len(self.module.artifact.text)
            _pack_code_range(self._memory, place, *code)

    def _exported(self, kind: str, index: int) -> Extern:
        if kind == "func":
            return self.function(index)
        spaces: Mapping[str, Sequence[Extern]] = {
            "table": self.tables,
            "memory": self.memories,
            "global": self.globals,
            "tag": self.tags,
        }
        return spaces[kind][index]

    def function(self, index: int) -> FunctionReference:
        """A function that can be referenced."""
        reference = self.functions[index]
        assert reference is not None
        return reference

    # --- constant expressions ---

    def evaluate(self, expression: ConstantExpression) -> int:
        """The bits of a constant expression."""
        stack: list[int] = []
        for mnemonic, immediate in expression:
            if mnemonic in CONSTANTS:
                stack.append(_constant_bits(immediate))
            elif mnemonic == "global.get":
                variable: int = immediate
                stack.append(self.globals[variable].bits())
            elif mnemonic == "ref.func":
                stack.append(self.function(immediate).address)
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
        if segment.functions is not None:
            functions = segment.functions[source : source + count]
            table.set_many(start, [self.function(i).address for i in functions])
        else:
            assert segment.expressions is not None
            expressions = segment.expressions[source : source + count]
            table.set_many(start, [self.evaluate(e) for e in expressions])

    def _copy_data(self) -> None:
        for index, segment in enumerate(self.info.data):
            if segment.mode == "active":
                assert segment.offset is not None
                start = self.evaluate(segment.offset)
                self.memory_init(segment.memory, index, start, 0, segment.size)
                self.dropped_data.add(index)

    def memory_init(
        self, memory_index: int, segment_index: int, start: int, source: int, count: int
    ) -> None:
        """`memory.init`. Raises Trap."""
        memory, segment = self.memories[memory_index], self.info.data[segment_index]
        length = 0 if segment_index in self.dropped_data else segment.size
        if source + count > length or start + count > memory.length:
            raise Trap.named("MEMORY_OUT_OF_BOUNDS")
        if count:
            memory.write(start, self._segment_bytes(segment, source, count))

    def _segment_bytes(self, segment: DataInfo, source: int, count: int) -> memoryview:
        first = segment.start + source
        return memoryview(self.module.artifact.wasm_data)[first : first + count]

    # --- additions of passes ---

    def counters(self) -> dict[str, int]:
        """The current values of the counters that passes declared."""
        return {
            name: int.from_bytes(self.field_bytes(name), "little") for name in self.info.counters
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


def builtins_array() -> int:
    """The array of builtins, with those in Python in place."""
    from wasmdialect.runtime.builtins import install_builtins

    install_builtins()
    return native().builtins_array


_GLOBAL_VALUE = GLOBAL_DEFINITION.field("value").offset
_CALLEE = ("native_call", "array_call", "wasm_call", "vmctx")
_pack_header = packer(
    VMCONTEXT_HEADER,
    *("magic", "flags", "limits", "epoch", "builtins", "signature_ids"),
)
_pack_imported_function = packer(IMPORTED_FUNCTION, *_CALLEE)
_pack_imported_table = packer(IMPORTED_TABLE, "from")
_pack_imported_memory = packer(IMPORTED_MEMORY, "from")
_pack_imported_global = packer(IMPORTED_GLOBAL, "from")
_pack_memory_pointer = packer(MEMORY_POINTER, "definition")
_pack_tag_pointer = packer(TAG_POINTER, "tag")
_pack_code_range = packer(CODE_RANGE, "start", "size")
_pack_func_ref = packer(
    FUNC_REF, *("native_call", "array_call", "wasm_call", "type_index", "vmctx")
)
_read_callee = reader(FUNC_REF, *_CALLEE)


def _callee(func_ref: int) -> tuple[int, ...]:
    return _read_callee(ctypes.string_at(func_ref, FUNC_REF.size))


def _flags(info: ArtifactInfo) -> int:
    return TAIL_ENTRIES * info.has_tail_entries | TESTS_EXCEPTIONS * info.has_exceptions


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
    more = {
        "instance": (1, limits.instances),
        "memory": (counts.defined_memories, limits.memories),
        "table": (counts.defined_tables, limits.tables),
    }
    for what, (number, most) in more.items():
        if most is not None and held[what] + number > most:
            raise WasmtimeError(
                f"resource limit exceeded: {what} count too high at {held[what] + number}"
            )
    for memory in module.info.memories[counts.imported_memories :]:
        limits.check_memory(memory.minimum, memory.page_size_log2)
    for table in module.info.tables[counts.imported_tables :]:
        limits.check_table(table.minimum)
    for what, (number, _) in more.items():
        held[what] += number


# --- matching imports (specification "Execution / Modules / External Typing") ---


def _check_imports(module: LoadedModule, store: StoreState, imports: Sequence[Extern]) -> None:
    info = module.info
    if len(imports) != len(info.imports):
        raise WasmtimeError(f"expected {len(info.imports)} imports, found {len(imports)}")
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
