"""Tables: an array of pointers that compiled code reads, growing by moving."""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    TABLE_DEFINITION,
    TABLE_ELEMENT_INITIALIZED,
)
from wasmdialect.runtime.ownership import StoreItem
from wasmdialect.runtime.packing import POINTER_FORMAT, field_at
from wasmdialect.types import is_function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wasmdialect.types import RefType

MAXIMUM_ELEMENTS = 10_000_000
"""The maximum size of a table without a smaller maximum."""

_ELEMENT = struct.Struct(f"={POINTER_FORMAT}")
_base_at = field_at(TABLE_DEFINITION, "base")
_count_at = field_at(TABLE_DEFINITION, "current_elements")


def element_tag(element: RefType) -> int:
    """The bits that every computed element of a table of a type has set."""
    return TABLE_ELEMENT_INITIALIZED if is_function(element) else 0


class TableStorage(StoreItem):
    """A table of a store. Elements are pointers, null is 0; those of function tables carry the
    initialised bit in memory (a raw 0 is computed by `compute` on the first read)."""

    def __init__(
        self,
        element: RefType,
        minimum: int,
        maximum: int | None,
        *,
        is_64: bool = False,
        init: int = 0,
        definition: int | None = None,
        definition_owner: object = None,
        elements: memoryview | None = None,
    ):
        """`definition` is the address of its VMTableDefinition, which `definition_owner` keeps alive.
        `elements` are those that it refers to already; otherwise all are `init`. Raises MemoryError
        if it would be too large."""
        if minimum > MAXIMUM_ELEMENTS:
            raise MemoryError(f"a table of {minimum} elements is too large")
        self.store_id = None
        self.element = element
        self.minimum = minimum
        self.maximum = maximum
        self.is_64 = is_64
        self.is_function = is_function(element)
        self._tag = element_tag(element)
        if definition is None:
            definition_owner = ctypes.create_string_buffer(TABLE_DEFINITION.size)
            definition = ctypes.addressof(definition_owner)
        self.definition = definition
        self._definition_owner = definition_owner
        self._base = _base_at(definition)
        self._count = _count_at(definition)
        self.compute: Callable[[int], int] | None = None
        """Computes the reference of an element that has not been computed yet."""
        if elements is None:
            self._take(_ELEMENT.pack(init | self._tag) * minimum)
        else:
            self._elements = elements

    def _take(self, content: bytes) -> None:
        """Install a copy of the bytes as the elements that compiled code sees."""
        memory = ctypes.create_string_buffer(content, len(content) or 1)
        self._elements = memoryview(memory).cast("B")[: len(content)].cast(POINTER_FORMAT)
        self._base.value = ctypes.addressof(memory)
        self._count.value = len(self._elements)

    @property
    def size(self) -> int:
        """Number of elements."""
        return len(self._elements)

    def get(self, index: int) -> int:
        """The reference at an index that is in bounds."""
        raw = self._elements[index]
        if raw == 0 and self.is_function:
            assert self.compute is not None
            raw = self._elements[index] = self.compute(index) | self._tag
        return raw & ~self._tag

    def set(self, index: int, reference: int) -> None:
        """Store a reference at an index that is in bounds."""
        self._elements[index] = reference | self._tag

    def set_many(self, start: int, references: Sequence[int]) -> None:
        """Store references from `start` on; the range is in bounds."""
        tag = self._tag
        self._put(
            start,
            struct.pack(f"={len(references)}{POINTER_FORMAT}", *[r | tag for r in references]),
        )

    def fill(self, start: int, count: int, reference: int) -> None:
        """Store one reference into a range that is in bounds."""
        self._put(start, _ELEMENT.pack(reference | self._tag) * count)

    def _put(self, start: int, content: bytes) -> None:
        words = memoryview(content).cast(POINTER_FORMAT)
        self._elements[start : start + len(words)] = words

    def references(self, start: int, count: int) -> list[int]:
        """The references of a range that is in bounds."""
        return [self.get(i) for i in range(start, start + count)]

    def grow(self, delta: int, init: int, most: int | None = None) -> int | None:
        """Add elements, up to `most`; returns the old size, or None if that is not possible."""
        old = self.size
        limits = (MAXIMUM_ELEMENTS, self.maximum, most)
        if old + delta > min(limit for limit in limits if limit is not None):
            return None
        self._take(self._elements.tobytes() + _ELEMENT.pack(init | self._tag) * delta)
        return old
