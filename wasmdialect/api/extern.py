"""Memory, Table and Global, and wrapping the runtime's objects in them."""

from __future__ import annotations

import ctypes
import struct

from wasmdialect import types as wt
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.func import Func, Val, reference_from_bits, reference_to_bits
from wasmdialect.api.store import state_of, store_of
from wasmdialect.api.tag import Tag
from wasmdialect.api.types import (
    GlobalType,
    Limits,
    MemoryType,
    TableType,
    ValType,
    memory_shape,
)
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.instance import GlobalCell, new_global
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.runtime.store import FunctionReference
from wasmdialect.runtime.table import TableStorage
from wasmdialect.runtime.tag import StoreTag
from wasmdialect.runtime.values import convert_number, vector_bytes, vector_value

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wasmdialect.api.shared_memory import SharedMemory
    from wasmdialect.api.store import Storelike
    from wasmdialect.runtime.instance import Extern as RuntimeExtern
    from wasmdialect.runtime.store import StoreState

_VALUES = {t: struct.Struct(f"<{t.format}") for t in wt.NUMBERS.values()}
_BITS = {t: struct.Struct(f"<{t.bits_format}") for t in wt.NUMBERS.values()}


def value_to_bits(store: StoreState, value: Any, t: wt.ValType) -> int:
    """A Python value as the bit pattern of a type. Raises TypeError, OverflowError."""
    if isinstance(value, Val):
        if value.type.value_type is not t:
            raise TypeError("wrong type of `Val` provided")
        value = value.value
    if t is wt.V128:
        return vector_value(vector_bytes(value))
    if isinstance(t, wt.RefType):
        return reference_to_bits(store, value, t)
    return _BITS[t].unpack(_VALUES[t].pack(convert_number(value, t)))[0]


def value_from_bits(store: StoreState, bits: int, t: wt.ValType) -> Any:
    """A bit pattern of a type as a Python value."""
    if t is wt.V128:
        return bits
    if isinstance(t, wt.RefType):
        return reference_from_bits(store, bits, t)
    return _VALUES[t].unpack(_BITS[t].pack(bits))[0]


@final
class Memory:
    """A linear memory of a store."""

    storage: LinearMemory

    def __init__(self, store: Storelike, ty: MemoryType):
        state = state_of(store)
        if ty.shared:
            raise WasmtimeError("shared memories must be created through `SharedMemory`")
        state.resource_limits.check_memory(ty.limits.min, ty.page_size_log2)
        try:
            self.storage = LinearMemory(memory_shape(ty))
        except MemoryError as error:
            raise WasmtimeError(str(error)) from error
        state.add_memory(self.storage)

    @classmethod
    def from_storage(cls, storage: LinearMemory) -> Memory:
        """The Memory of a memory."""
        self = cls.__new__(cls)
        self.storage = storage
        return self

    def type(self, store: Storelike) -> MemoryType:
        """Its type."""
        state_of(store, self.storage)
        m = self.storage
        return MemoryType(Limits(m.minimum, m.maximum), m.is_64, m.shared, m.page_size_log2)

    def grow(self, store: Storelike, delta: int) -> int:
        """Add pages; returns the old size in pages. Raises WasmtimeError if that is not
        possible."""
        if delta < 0:
            raise WasmtimeError("cannot grow by negative amount")
        state = store_of(store).state
        old = state.run(self.storage, _grow_memory, state, self.storage, delta)
        if old is None:
            raise WasmtimeError(f"failed to grow memory by `{delta}`")
        return old

    def size(self, store: Storelike) -> int:
        """Size in pages."""
        state_of(store, self.storage)
        return self.storage.size

    def data_len(self, store: Storelike) -> int:
        """Size in bytes."""
        state_of(store, self.storage)
        return self.storage.length

    def data_ptr(self, store: Storelike) -> Any:
        """A ctypes pointer to the first byte. It stays the same while the memory lives, and keeps
        the pages of the memory alive; accesses through it are not checked."""
        state_of(store, self.storage)
        start = (ctypes.c_ubyte * 0).from_buffer(self.storage.slice(0, 0))
        return ctypes.cast(start, ctypes.POINTER(ctypes.c_ubyte))

    def get_buffer_ptr(self, store: Storelike, size: int | None = None, offset: int = 0) -> Any:
        """A ctypes array over `size` bytes from `offset` on, by default all, for zero-copy access.
        It keeps the pages of the memory alive, even when the store is closed or gone. Raises
        IndexError outside the memory."""
        state_of(store, self.storage)
        length = self.storage.length
        count = length if size is None else size
        if offset < 0 or count < 0 or offset + count > length:
            raise IndexError("index out of range")
        return (ctypes.c_ubyte * count).from_buffer(self.storage.slice(offset, count))

    def buffer(self, store: Storelike) -> memoryview:
        """A writable view of all current bytes. It keeps the pages of the memory alive, even when
        the store is closed or gone."""
        state_of(store, self.storage)
        return self.storage.view()

    def read(self, store: Storelike, start: int | None = 0, stop: int | None = None) -> bytearray:
        """A copy of the bytes from `start` up to `stop`, counted as in a list slice."""
        state_of(store, self.storage)
        start, stop, _ = slice(start, stop).indices(self.storage.length)
        return bytearray(self.storage.slice(start, max(stop - start, 0)))

    def write(self, store: Storelike, value: bytes | bytearray, start: int | None = None) -> int:
        """Write bytes from `start` on; returns how many. Raises IndexError outside the memory."""
        state_of(store, self.storage)
        size = self.storage.length
        first = slice(start, None).indices(size)[0]
        if first >= size or first + len(value) > size:
            raise IndexError("index out of range")
        # Anything else that `bytes` takes has to be copied first.
        self.storage.write(first, value if type(value) in (bytes, bytearray) else bytes(value))
        return len(value)

    def page_size(self, store: Storelike) -> int:
        """Bytes of a page."""
        state_of(store, self.storage)
        return 1 << self.storage.page_size_log2

    def page_size_log2(self, store: Storelike) -> int:
        """The logarithm of that."""
        state_of(store, self.storage)
        return self.storage.page_size_log2


def _grow_memory(state: StoreState, memory: LinearMemory, delta: int) -> int | None:
    return memory.grow(delta, state.resource_limits.memory_size)


@final
class Table:
    """A table of a store."""

    storage: TableStorage

    def __init__(self, store: Storelike, ty: TableType, init: Any):
        state = store_of(store).state
        try:
            self.storage = state.run(None, _new_table, state, ty, init)
        except MemoryError as error:
            raise WasmtimeError(str(error)) from error

    @classmethod
    def from_storage(cls, storage: TableStorage) -> Table:
        """The Table of a table."""
        self = cls.__new__(cls)
        self.storage = storage
        return self

    def type(self, store: Storelike) -> TableType:
        """Its type."""
        state_of(store, self.storage)
        t = self.storage
        limits = Limits(t.minimum, t.maximum)
        return TableType(ValType.of(t.element), limits, t.is_64)

    def size(self, store: Storelike) -> int:
        """Number of elements."""
        state_of(store, self.storage)
        return self.storage.size

    def grow(self, store: Storelike, amt: int, init: Any) -> int:
        """Add elements; returns the old size. Raises WasmtimeError if that is not possible."""
        state = store_of(store).state
        old = state.run(self.storage, _grow_table, state, self.storage, amt, init)
        if old is None:
            raise WasmtimeError(f"failed to grow table by `{amt}`")
        return old

    def get(self, store: Storelike, idx: int) -> Any:
        """The element at an index; for null a Val that holds None, beyond the end None (as in
        wasmtime-py)."""
        state = store_of(store).state
        return state.run(self.storage, _get_element, state, self.storage, idx)

    def set(self, store: Storelike, idx: int, val: Any) -> None:
        """Set an element. Raises WasmtimeError beyond the end."""
        state = store_of(store).state
        state.run(self.storage, _set_element, state, self.storage, idx, val)


def _new_table(state: StoreState, ty: TableType, init: Any) -> TableStorage:
    element, limits = ty.element.value_type, ty.limits
    if not isinstance(element, wt.RefType):
        raise WasmtimeError(f"the elements of a table are references, not {element}")
    state.resource_limits.check_table(limits.min)
    bits = value_to_bits(state, init, element)
    table = TableStorage(element, limits.min, limits.max, is_64=ty.is_64, init=bits)
    state.add_table(table)
    return table


def _grow_table(state: StoreState, table: TableStorage, amount: int, init: Any) -> int | None:
    bits = value_to_bits(state, init, table.element)
    return table.grow(amount, bits, state.resource_limits.table_elements)


def _get_element(state: StoreState, table: TableStorage, index: int) -> Any:
    if not 0 <= index < table.size:
        return None
    value = value_from_bits(state, table.get(index), table.element)
    return Val.ref_null(ValType.of(table.element)) if value is None else value


def _set_element(state: StoreState, table: TableStorage, index: int, value: Any) -> None:
    bits = value_to_bits(state, value, table.element)
    if not 0 <= index < table.size:
        raise WasmtimeError("table element index out of bounds")
    table.set(index, bits)


@final
class Global:
    """A global of a store."""

    cell: GlobalCell

    def __init__(self, store: Storelike, ty: GlobalType, val: Any):
        if not isinstance(ty, GlobalType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a GlobalType")
        state = store_of(store).state
        self.cell = state.run(None, _new_global, state, ty, val)

    @classmethod
    def from_cell(cls, cell: GlobalCell) -> Global:
        """The Global of a global."""
        self = cls.__new__(cls)
        self.cell = cell
        return self

    def type(self, store: Storelike) -> GlobalType:
        """Its type."""
        state_of(store, self.cell)
        return GlobalType(ValType.of(self.cell.type), self.cell.mutable)

    def value(self, store: Storelike) -> Any:
        """Its value."""
        state = store_of(store).state
        return state.run(self.cell, _global_value, state, self.cell)

    def set_value(self, store: Storelike, val: Any) -> None:
        """Change it. Raises WasmtimeError if it is immutable."""
        state = store_of(store).state
        state.run(self.cell, _set_global, state, self.cell, val)


def _new_global(state: StoreState, ty: GlobalType, value: Any) -> GlobalCell:
    bits = value_to_bits(state, value, ty.content.value_type)
    cell = new_global(ty.content.value_type, ty.mutable, bits)
    state.add_global(cell)
    return cell


def _global_value(state: StoreState, cell: GlobalCell) -> Any:
    return value_from_bits(state, cell.bits(), cell.type)


def _set_global(state: StoreState, cell: GlobalCell, value: Any) -> None:
    if not cell.mutable:
        raise WasmtimeError("immutable global cannot be set")
    cell.set_bits(value_to_bits(state, value, cell.type))


Extern: TypeAlias = "Func | Memory | SharedMemory | Table | Global | Tag"


def wrap_extern(item: RuntimeExtern) -> Extern:
    """The API object of a runtime object."""
    match item:
        case FunctionReference():
            return Func.from_reference(item)
        case LinearMemory() if item.shared:
            from wasmdialect.api.shared_memory import SharedMemory

            shared: Any = item
            return SharedMemory.from_storage(shared)
        case LinearMemory():
            return Memory.from_storage(item)
        case TableStorage():
            return Table.from_storage(item)
        case GlobalCell():
            return Global.from_cell(item)
        case StoreTag():
            return Tag.from_storage(item)


def unwrap_extern(item: Extern) -> RuntimeExtern:
    """The runtime object of an API object. Raises TypeError."""
    match item:
        case Func():
            return item.reference
        case Memory() | Table() | Tag():
            return item.storage
        case Global():
            return item.cell
        case _:
            from wasmdialect.api.shared_memory import SharedMemory

            if isinstance(item, SharedMemory):  # pyright: ignore[reportUnnecessaryIsInstance]
                return item.storage
            raise TypeError("expected a Func, Global, Memory, or Table")
