"""Linear memories: reserved once, grown by unprotecting pages, so that they never move.

A 32-bit memory gets the layout that compiled code relies on with `--bounds=guard` whatever the module
was compiled with: guard, 4 GiB, guard. So any memory can be imported anywhere. A 64-bit memory, and
one with small pages, reserves its maximum size.
"""

from __future__ import annotations

import ctypes

from wasmdialect.abi.layout import MEMORY_DEFINITION, align_up
from wasmdialect.abi.reservation import GUARD_SIZE, RESERVATION, WASM_PAGE_LOG2, has_guard
from wasmdialect.runtime import pages
from wasmdialect.runtime.ownership import StoreItem
from wasmdialect.runtime.packing import field_at

MAXIMUM_64_BIT = 16 << 30
"""Address space that a 64-bit memory without a smaller maximum gets."""

_base_at = field_at(MEMORY_DEFINITION, "base")
_length_at = field_at(MEMORY_DEFINITION, "current_length")


class LinearMemory(StoreItem):
    """A memory of a store.

    `definition` is the address of its VMMemoryDefinition, which `_definition_owner` keeps alive.
    """

    shared = False

    def __init__(
        self,
        minimum: int,
        maximum: int | None,
        *,
        is_64: bool = False,
        page_size_log2: int = WASM_PAGE_LOG2,
        definition: int | None = None,
        definition_owner: object = None,
    ):
        """`minimum` and `maximum` are pages. Raises MemoryError."""
        self.store_id = None
        self.minimum = minimum
        self.maximum = maximum
        self.is_64 = is_64
        self.page_size_log2 = page_size_log2
        self.guarded = has_guard(is_64=is_64, page_size_log2=page_size_log2)
        if definition is None:
            definition_owner = ctypes.create_string_buffer(MEMORY_DEFINITION.size)
            definition = ctypes.addressof(definition_owner)
        self.definition = definition
        self._definition_owner = definition_owner
        self._capacity = self._capacity_bytes()
        total = GUARD_SIZE + self._capacity + GUARD_SIZE
        self._start = pages.reserve(total)
        self._total = total
        self.base = self._start + GUARD_SIZE
        owner = pages.owned(self._start, total)
        self._bytes = pages.buffer_at(self.base, self._capacity, owner)
        """The whole reservation; it and its slices keep the pages alive."""
        self._length = _length_at(definition)
        _base_at(definition).value = self.base
        self._accessible = 0
        self._set_length(minimum << page_size_log2)

    def _capacity_bytes(self) -> int:
        if self.guarded:
            return RESERVATION
        limit = MAXIMUM_64_BIT
        if self.maximum is not None:
            limit = min(limit, self.maximum << self.page_size_log2)
        return align_up(max(limit, self.minimum << self.page_size_log2), pages.PAGE_SIZE)

    def _set_length(self, length: int) -> None:
        accessible = align_up(length, pages.PAGE_SIZE)
        if accessible > self._accessible:
            pages.protect(
                self.base + self._accessible,
                accessible - self._accessible,
                pages.PROT_READ | pages.PROT_WRITE,
            )
            self._accessible = accessible
        self._length.value = length

    @property
    def length(self) -> int:
        """Current size in bytes."""
        return self._length.value

    @property
    def size(self) -> int:
        """Current size in pages."""
        return self._length.value >> self.page_size_log2

    def grow(self, delta: int, most: int | None = None) -> int | None:
        """Add pages, up to `most` bytes; returns the old size in pages, or None if that is not
        possible."""
        old = self.size
        new = old + delta
        limit = self.maximum if self.maximum is not None else 1 << (64 - self.page_size_log2)
        length = new << self.page_size_log2
        if new > limit or length > self._capacity:
            return None
        if most is not None and length > most:
            return None
        if not self.is_64 and length > RESERVATION:
            return None
        try:
            self._set_length(length)
        except MemoryError:
            return None
        return old

    def contains(self, address: int) -> bool:
        """Whether a host address is in the memory or its guards."""
        return self._start <= address < self._start + self._total

    def view(self) -> memoryview:
        """The current bytes. The view keeps the pages alive, even if the store is closed or gone; it
        does not grow with the memory, which does not move."""
        return self._bytes[: self.length]

    def slice(self, address: int, size: int) -> memoryview:
        """A part of the view. The caller has checked the bounds."""
        return self._bytes[address : address + size]

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes out. The caller has checked the bounds."""
        return self._bytes[address : address + size].tobytes()

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Copy bytes in. The caller has checked the bounds."""
        self._bytes[address : address + len(data)] = data

    def map_file(self, fd: int, size: int) -> bool:
        """Map the first bytes of a file over those of a new memory, copied page by page when they are
        written to. Whether that was possible."""
        return pages.map_over(self.base, align_up(size, pages.PAGE_SIZE), fd)

    def release(self) -> None:
        """The store is closed: the memory no longer has any bytes. Views keep their pages."""
        self._length.value = 0
        self._bytes = memoryview(b"")
