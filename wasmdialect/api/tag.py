"""Tags: what tells one kind of exceptions from another."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.store import state_of
from wasmdialect.api.types import FuncType, TagType
from wasmdialect.runtime.tag import StoreTag

if TYPE_CHECKING:
    from wasmdialect.api.store import Storelike


@final
class Tag:
    """A tag of a store, which modules can import."""

    storage: StoreTag

    def __init__(self, store: Storelike, ty: TagType):
        if not isinstance(ty, TagType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a TagType")
        state = state_of(store)
        self.storage = StoreTag(ty.functype.definition)
        state.add_tag(self.storage)

    @classmethod
    def from_storage(cls, storage: StoreTag) -> Tag:
        """The Tag of a tag."""
        self = cls.__new__(cls)
        self.storage = storage
        return self

    def type(self, store: Storelike) -> TagType:
        """Its type."""
        state_of(store, self.storage)
        return TagType(FuncType.from_definition(self.storage.type))

    def eq(self, store: Storelike, other: Tag) -> bool:
        """Whether both are the same tag, not only of the same type."""
        state_of(store, self.storage, other.storage)
        return self.storage is other.storage
