"""SharedMemory: a memory that instances of several stores use at the same time."""

from __future__ import annotations

import ctypes

from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.config import Engine
from wasmdialect.api.types import Limits, MemoryType, memory_shape
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.shared_memory import SharedLinearMemory

if TYPE_CHECKING:
    from typing import Any


@final
class SharedMemory:
    """A memory of no store: instances of any store can import it, and each store can run on a thread of
    its own. All methods may be called on any thread at any time. It is freed when nothing refers to it
    any more."""

    storage: SharedLinearMemory

    def __init__(self, engine: Engine, ty: MemoryType):
        if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        if not isinstance(ty, MemoryType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a MemoryType")
        if not ty.shared:
            raise WasmtimeError(
                "shared memory must have the `shared` flag enabled on its memory type"
            )
        try:
            self.storage = SharedLinearMemory(memory_shape(ty))
        except MemoryError as error:
            raise WasmtimeError(str(error)) from error

    @classmethod
    def from_storage(cls, storage: SharedLinearMemory) -> SharedMemory:
        """The SharedMemory of a memory."""
        self = cls.__new__(cls)
        self.storage = storage
        return self

    def type(self) -> MemoryType:
        """Its type."""
        m = self.storage
        return MemoryType(Limits(m.minimum, m.maximum), m.is_64, m.shared, m.page_size_log2)

    def grow(self, delta: int) -> int:
        """Add pages, which all threads can use from then on; returns the old size in pages. Raises
        WasmtimeError if that is not possible."""
        if delta < 0:
            raise WasmtimeError("cannot grow by negative amount")
        old = self.storage.grow(delta)
        if old is None:
            raise WasmtimeError(f"failed to grow memory by `{delta}`")
        return old

    def size(self) -> int:
        """Size in pages."""
        return self.storage.size

    def data_len(self) -> int:
        """Size in bytes."""
        return self.storage.length

    def data_ptr(self) -> Any:
        """A ctypes pointer to the first byte. It stays the same while the memory lives, and keeps
        the pages of the memory alive; accesses through it are not checked, and not atomic."""
        start = (ctypes.c_ubyte * 0).from_buffer(self.storage.slice(0, 0))
        return ctypes.cast(start, ctypes.POINTER(ctypes.c_ubyte))
