"""The number that an engine counts up to stop its programs; any thread may."""

from __future__ import annotations

import ctypes

from wasmdialect.abi.layout import EPOCH
from wasmdialect.runtime.packing import field_at

_current_at = field_at(EPOCH, "current")


class Epoch:
    """An epoch in memory, where compiled code reads it."""

    __slots__ = ("_memory", "address", "current")

    def __init__(self) -> None:
        self._memory = ctypes.create_string_buffer(EPOCH.size)
        self.address = ctypes.addressof(self._memory)
        """Of the structure; valid as long as this object."""
        self.current = _current_at(self.address)
