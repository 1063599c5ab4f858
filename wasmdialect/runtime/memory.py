"""Linear memories: reserved once, grown by unprotecting pages, so that they never move.

A 32-bit memory gets the layout that compiled code relies on with `--bounds=guard` whatever the module
was compiled with: guard, 4 GiB, guard. So any memory can be imported anywhere. A 64-bit memory, and
one with small pages, reserves its maximum size. Where the process has no room for guards, no memory has
any, and each is as large as its maximum, or as fits; code has explicit checks there.
"""

from __future__ import annotations

import ctypes

from wasmdialect._address_space import has_room_for_guards
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import MEMORY_DEFINITION, align_up
from wasmdialect.abi.reservation import GUARD_SIZE, RESERVATION, WASM_PAGE_LOG2, has_guard
from wasmdialect.runtime import pages
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import StoreItem
from wasmdialect.runtime.packing import field_at

if TYPE_CHECKING:
    from wasmdialect.runtime.ownership import WhenFreed

MAXIMUM_64_BIT = 16 << 30
"""Address space that a 64-bit memory without a smaller maximum gets."""
MAXIMUM_WITHOUT_GUARDS = 1 << 30
"""What any memory gets where address space is scarce."""

_base_at = field_at(MEMORY_DEFINITION, "base")
_length_at = field_at(MEMORY_DEFINITION, "current_length")


class MemoryShape:
    """The type of a memory, and what follows from it: the same for all instances of a module."""

    __slots__ = (
        *("minimum", "maximum", "is_64", "page_size_log2"),
        *("guarded", "guard", "capacity", "total", "length", "accessible"),
    )

    def __init__(
        self,
        minimum: int,
        maximum: int | None,
        *,
        is_64: bool = False,
        page_size_log2: int = WASM_PAGE_LOG2,
    ):
        """`minimum` and `maximum` are pages."""
        self.minimum = minimum
        self.maximum = maximum
        self.is_64 = is_64
        self.page_size_log2 = page_size_log2
        has_room = has_room_for_guards()
        self.guarded = has_room and has_guard(is_64=is_64, page_size_log2=page_size_log2)
        self.guard = GUARD_SIZE if has_room else 0
        """The bytes that fault before the memory, and after what it can grow to."""
        self.capacity = self._capacity_bytes(MAXIMUM_64_BIT if has_room else MAXIMUM_WITHOUT_GUARDS)
        """The bytes that the memory can grow to."""
        self.total = self.guard + self.capacity + self.guard
        """The bytes that it reserves."""
        self.length = minimum << page_size_log2
        """The bytes of a new memory."""
        self.accessible = align_up(self.length, pages.PAGE_SIZE)

    def _capacity_bytes(self, limit: int) -> int:
        if self.guarded:
            return RESERVATION
        if self.maximum is not None:
            limit = min(limit, self.maximum << self.page_size_log2)
        return align_up(max(limit, self.minimum << self.page_size_log2), pages.PAGE_SIZE)


class LinearMemory(StoreItem):
    """A memory of a store.

    `definition` is the address of its VMMemoryDefinition, which `_definition_owner` keeps alive.
    """

    shared = False

    def __init__(
        self,
        shape: MemoryShape,
        definition: int | None = None,
        definition_owner: object = None,
        start: int = 0,
    ):
        """`start` is the address of pages that were mapped for it already. Raises MemoryError."""
        self.store_id = None
        self.shape = shape
        if definition is None:
            definition_owner = ctypes.create_string_buffer(MEMORY_DEFINITION.size)
            definition = ctypes.addressof(definition_owner)
        self.definition = definition
        self._definition_owner = definition_owner
        self._start = start or _map(shape)
        self.base = self._start + shape.guard
        self._pages: WhenFreed | None = pages.owned(self._start, shape.total)
        """Keeps the pages while they are this memory's."""
        self._bytes: memoryview | None = None
        """The whole reservation, once it was asked for; it and its slices keep the pages alive."""
        self._length = _length_at(definition)
        self._length.value = shape.length
        _base_at(definition).value = self.base
        self._accessible = shape.accessible

    @property
    def minimum(self) -> int:
        """The pages of a new memory of this type."""
        return self.shape.minimum

    @property
    def maximum(self) -> int | None:
        """The most pages that a memory of this type has."""
        return self.shape.maximum

    @property
    def is_64(self) -> bool:
        """Whether addresses have 64 bits."""
        return self.shape.is_64

    @property
    def page_size_log2(self) -> int:
        """The logarithm of the bytes of a page."""
        return self.shape.page_size_log2

    @property
    def guarded(self) -> bool:
        """Whether it has the reservation and guards that code without bounds checks needs."""
        return self.shape.guarded

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
        return self._length.value >> self.shape.page_size_log2

    def grow(self, delta: int, most: int | None = None) -> int | None:
        """Add pages, up to `most` bytes; returns the old size in pages, or None if that is not
        possible."""
        shape = self.shape
        old = self.size
        new = old + delta
        limit = shape.maximum if shape.maximum is not None else 1 << (64 - shape.page_size_log2)
        length = new << shape.page_size_log2
        if new > limit or length > shape.capacity:
            return None
        if most is not None and length > most:
            return None
        if not shape.is_64 and length > RESERVATION:
            return None
        try:
            self._set_length(length)
        except MemoryError:
            return None
        return old

    def contains(self, address: int) -> bool:
        """Whether a host address is in the memory or its guards."""
        return self._start <= address < self._start + self.shape.total

    def view(self) -> memoryview:
        """The current bytes. The view keeps the pages alive, even if the store is closed or gone; it
        does not grow with the memory, which does not move."""
        return self._reservation()[: self.length]

    def slice(self, address: int, size: int) -> memoryview:
        """A part of the view. The caller has checked the bounds."""
        return self._reservation()[address : address + size]

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes out. The caller has checked the bounds."""
        return self._reservation()[address : address + size].tobytes()

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Copy bytes in. The caller has checked the bounds."""
        self._reservation()[address : address + len(data)] = data

    def _reservation(self) -> memoryview:
        """All addresses that the memory may grow to."""
        known = self._bytes
        if known is None:
            owner = self._pages
            if owner is None:  # another thread has closed the store meanwhile
                return memoryview(b"")
            known = self._bytes = pages.buffer_at(self.base, self.shape.capacity, owner)
        return known

    def map_file(self, fd: int, size: int) -> bool:
        """Map the first bytes of a file over those of a new memory, copied page by page when they are
        written to; `size` is a multiple of the page size. Whether that was possible."""
        return pages.map_over(self.base, size, fd)

    def release(self) -> None:
        """The store is closed: the memory no longer has any bytes. Views keep their pages."""
        self._length.value = 0
        self._bytes = memoryview(b"")
        self._pages = None


def map_with_file(shape: MemoryShape, fd: int, size: int) -> int:
    """The address of the pages of a new memory that starts with the first bytes of a file, copied page
    by page when they are written to; 0 if that is not possible. `size` is whole pages."""
    return native().map_memory(shape.total, shape.guard, shape.accessible, fd, size)


def _map(shape: MemoryShape) -> int:
    start = native().map_memory(shape.total, shape.guard, shape.accessible, 0, 0)
    if start:
        return start
    start = pages.reserve(shape.total)  # which also says what is wrong
    try:
        pages.protect(start + shape.guard, shape.accessible, pages.PROT_READ | pages.PROT_WRITE)
    except MemoryError:
        pages.unmap(start, shape.total)
        raise
    return start
