"""Exceptions of a store: their memory, and how they pass between compiled code and Python.

An exception is a structure in native memory (`EXCEPTION` of `abi.layout`), whose address is the
reference. Compiled code makes one by moving `limits.exceptions_next`. When a chunk is used up, the
runtime looks for words in the stack and in the roots that point into one of the chunks: those to which
none does are used again (docs/abi.md, "Exceptions").
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    EXCEPTION,
    THROW_TRACE,
    THROW_TRACE_LENGTH,
    VALUE_SLOT_SIZE,
)
from wasmdialect.runtime.errors import Trap
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import NotCopied
from wasmdialect.runtime.packing import AlignedMemory, field_at, packer, reader
from wasmdialect.runtime.values import slots_at, unpack_bits
from wasmdialect.types import is_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from wasmdialect.runtime.store import StoreState
    from wasmdialect.runtime.store_memory import StoreMemory
    from wasmdialect.runtime.tag import StoreTag
    from wasmdialect.types import ValType

CHUNK_SIZE = 1 << 14
"""Bytes; the largest exception, with 1000 values, fits."""
FIRST_COLLECTION = 64
"""Chunks in use before the runtime looks for unused ones."""
_WORD = 8

_pack_trace = packer(THROW_TRACE, "exception", "count")
_unpack_trace = reader(THROW_TRACE, "exception", "count")
_tag_at = field_at(EXCEPTION, "tag")


class Thrown(Trap):
    """An exception that left compiled code. The API has a subclass with Python values. (wasmtime-py
    raises a Trap too, with this message.)"""

    held: HeldException | None
    """The exception in native memory, if it has been there."""

    def __init__(self, tag: StoreTag, held: HeldException | None):
        super().__init__("thrown Wasm exception")
        self.storage = tag
        self.held = held

    def address_in(self, store: StoreState) -> int:
        """The exception in native memory, for compiled code of a store. Raises WasmtimeError if it is
        of another one."""
        store.check(self.storage)
        assert self.held is not None
        return self.held.address


class HeldException(NotCopied):
    """Keeps an exception while Python refers to it."""

    __slots__ = ("_counts", "address")

    def __init__(self, counts: dict[int, int], address: int):
        self._counts = counts
        self.address = address
        counts[address] = counts.get(address, 0) + 1

    def __del__(self) -> None:
        left = self._counts[self.address] - 1
        if left:
            self._counts[self.address] = left
        else:
            del self._counts[self.address]


class ExceptionHeap(NotCopied):
    """The exceptions of a store."""

    def __init__(self, memory: StoreMemory):
        self._memory = memory
        self._chunks: dict[int, AlignedMemory] = {}
        """By the number of the chunk: its address divided by its size."""
        self._free: list[int] = []
        self._collect_at = FIRST_COLLECTION
        self.held: dict[int, int] = {}
        """How often Python refers to each exception."""
        self.tags: dict[int, StoreTag] = {}
        """By the address that exceptions name them by."""

    # --- memory ---

    def allocate(self, size: int, roots: Iterable[int]) -> int:
        """Memory for an exception. `roots` are references outside of the stack; they are asked for only
        if memory is to be collected."""
        memory = self._memory
        start = memory.exceptions_next
        if start + size > memory.exceptions_end:
            start = self._take_chunk(roots)
        memory.exceptions_next = start + size
        return start

    def _take_chunk(self, roots: Iterable[int]) -> int:
        if not self._free and len(self._chunks) >= self._collect_at:
            live = self._reached(roots)
            self._free = [number for number in self._chunks if number not in live]
            self._collect_at = max(FIRST_COLLECTION, 2 * len(live))
        if not self._free:
            memory = AlignedMemory(CHUNK_SIZE, CHUNK_SIZE)
            self._free.append(memory.address // CHUNK_SIZE)
            self._chunks[self._free[-1]] = memory
        start = self._free.pop() * CHUNK_SIZE
        ctypes.memset(start, 0, CHUNK_SIZE)  # words left there would keep other chunks
        self._memory.exceptions_end = start + CHUNK_SIZE
        return start

    def _reached(self, roots: Iterable[int]) -> set[int]:
        """The chunks that something points into, or a chunk that is reached itself."""
        reached: set[int] = set()
        work = [*self._among_chunks(native().stack_words())]
        work += self._among_chunks((*roots, *self.held, self._memory.exception))
        while work:
            number = work.pop()
            if number not in reached:
                reached.add(number)
                memory = (ctypes.c_uint64 * (CHUNK_SIZE // _WORD)).from_address(number * CHUNK_SIZE)
                work += self._among_chunks(memory)
        return reached

    def _among_chunks(self, words: Iterable[int]) -> Iterator[int]:
        chunks = self._chunks
        return (number for word in words if (number := word // CHUNK_SIZE) in chunks)

    # --- exceptions ---

    def new(self, tag: StoreTag, roots: Iterable[int]) -> int:
        """An exception with a tag, whose values are still to be written; its address."""
        size = EXCEPTION.size + VALUE_SLOT_SIZE * len(tag.signature.params)
        address = self.allocate(size, roots)
        _tag_at(address).value = tag.address
        return address

    def tag_of(self, address: int) -> StoreTag:
        """The tag of an exception."""
        return self.tags[_tag_at(address).value]

    def slots_of(self, address: int) -> Any:
        """The slots with the values of an exception."""
        count = len(self.tag_of(address).signature.params)
        return slots_at(address + EXCEPTION.size, count)

    def values_in(self, roots: Iterable[int], kind: Callable[[ValType], bool]) -> set[int]:
        """The values of types of a kind in exceptions that can be reached from some."""
        found: set[int] = set()
        seen: set[int] = set()
        work = [*roots, *self.held]
        while work:
            address = work.pop()
            if not address or address in seen:
                continue
            seen.add(address)
            types = self.tag_of(address).signature.params
            for t, bits in zip(types, unpack_bits(self.slots_of(address), types), strict=True):
                if kind(t):
                    found.add(bits)
                if is_exception(t):
                    work.append(bits)
        return found

    def hold(self, address: int) -> HeldException:
        """Keep an exception while the result lives."""
        return HeldException(self.held, address)

    def throw(self, address: int, *, has_trace: bool) -> None:
        """Throw an exception from a host function into compiled code."""
        self._memory.exception = address
        if not has_trace:
            counters = [*self._calling_frames()]
            _pack_trace(self._memory.trace, 0, address, len(counters))
            struct.pack_into(f"={len(counters)}Q", self._memory.trace, THROW_TRACE.size, *counters)

    def _calling_frames(self) -> Iterator[int]:
        """The program counters of the frames that called the host, up to the host's last call."""
        fp, top = self._memory.last_wasm_exit_fp, self._memory.last_wasm_entry_sp
        pc = self._memory.last_wasm_exit_pc
        for _ in range(THROW_TRACE_LENGTH):
            if not 0 < fp < top:
                return  # no compiled code called the host function
            yield pc
            fp, pc = (ctypes.c_uint64 * 2).from_address(fp)

    def trace_of(self, address: int) -> tuple[int, ...]:
        """The program counters where an exception was made: return addresses, innermost first. Only
        those of the last one are kept."""
        exception, count = _unpack_trace(self._memory.trace)
        if exception != address:
            return ()
        return struct.unpack_from(f"={count}Q", self._memory.trace, THROW_TRACE.size)

    def forget(self) -> None:
        """Free the memory of all exceptions."""
        self._chunks.clear()
        self._free.clear()
        self._memory.exception = self._memory.exceptions_next = self._memory.exceptions_end = 0
