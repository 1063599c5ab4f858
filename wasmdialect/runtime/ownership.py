"""Items of a store, and the limits of a store (docs/lifetimes.md)."""

from __future__ import annotations

import sys

from wasmdialect._records import Record
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.errors import WasmtimeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, SupportsIndex


class NotCopied:
    """Knows addresses of memory that is freed with it: a copy would use or free memory it does not
    own."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(
            f"cannot copy or pickle a {type(self).__name__}: it is of this process only"
        )


class WhenFreed(NotCopied):
    """Calls a function with arguments when nothing refers to this object any more; not when Python
    exits, since another thread may still be in compiled code then."""

    __slots__ = ("_arguments", "_function", "_last")

    def __init__(self, function: Callable[..., None], *arguments: object):
        self._function = function
        self._arguments = arguments

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if is_finalizing():
            return  # the class below may be gone
        # The garbage collector calls all finalizers of the garbage, in any order, and others may use
        # what the function frees. Then it frees the garbage, including the one reference to this.
        self._last = _LastReference(self._function, self._arguments)


class _LastReference(NotCopied):
    __slots__ = ("_arguments", "_function")

    def __init__(self, function: Callable[..., None], arguments: tuple[object, ...]):
        self._function = function
        self._arguments = arguments

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing():
            self._function(*self._arguments)


class StoreItem(NotCopied):
    """Something that belongs to a store. It does not refer to the store, which refers to it: without
    a cycle both are freed as soon as they are not used any more."""

    __slots__ = ("store_id",)

    store_id: object
    """The `id` of its StoreState, None before it belongs to one, `ANY_STORE` if it never will."""


ANY_STORE = object()
"""The `store_id` of an item that any store may use: a shared memory."""


class StoreLimits(Record):
    """Limits of a store; None is unlimited."""

    memory_size: int | None = None
    """Bytes of each linear memory."""
    table_elements: int | None = None
    """Elements of each table."""
    instances: int | None = None
    tables: int | None = None
    """Tables that instances define; those of the host are not counted, nor are its memories."""
    memories: int | None = None

    def check_memory(self, minimum: int, page_size_log2: int) -> None:
        """Raises WasmtimeError if a memory of so many pages would be too large."""
        if self.memory_size is not None and minimum << page_size_log2 > self.memory_size:
            raise WasmtimeError(f"memory minimum size of {minimum} pages exceeds memory limits")

    def check_table(self, minimum: int) -> None:
        """Raises WasmtimeError if a table of so many elements would be too large."""
        if self.table_elements is not None and minimum > self.table_elements:
            raise WasmtimeError(f"table minimum size of {minimum} elements exceeds table limits")


NO_LIMITS = StoreLimits()
"""Those of a new store."""
