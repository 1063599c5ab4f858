"""Tags of a store: what tells one kind of exceptions from another."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.ownership import StoreItem

if TYPE_CHECKING:
    from wasmdialect.types import DefType


class StoreTag(StoreItem):
    """A tag: each is different from all others, also from those of the same type."""

    __slots__ = ("type",)

    def __init__(self, type: DefType):
        self.store_id = None
        self.type = type
