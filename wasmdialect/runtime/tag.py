"""Tags of a store: what tells one kind of exceptions from another."""

from __future__ import annotations

import ctypes

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.ownership import StoreItem
from wasmdialect.types import FuncType

if TYPE_CHECKING:
    from wasmdialect.types import DefType


class StoreTag(StoreItem):
    """A tag: each is different from all others, also from those of the same type."""

    __slots__ = ("_identity", "address", "signature", "type")

    def __init__(self, type: DefType):
        self.store_id = None
        self.type = type
        assert isinstance(type.composite, FuncType)
        self.signature = type.composite
        """The values are its parameters."""
        self._identity = ctypes.create_string_buffer(1)
        self.address = ctypes.addressof(self._identity)
        """What exceptions name it by."""
