"""Exceptions of Wasm in Python: calls that end with one raise it, host functions raise one to throw
it."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.func import load_values, store_values
from wasmdialect.api.tag import Tag
from wasmdialect.runtime.exceptions import Thrown

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.runtime.store import StoreState


@final
class WasmException(Thrown):
    """An exception with a tag and its values.

    A call that ends with an exception that nothing caught raises one. A host function throws one by
    raising it: a new one, or one that it has caught, which is then the same exception for Wasm. As in
    wasmtime-py, it is a Trap; `frames` are those of the place where it was thrown.
    """

    def __init__(self, tag: Tag, *values: Any):
        if not isinstance(tag, Tag):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a Tag, got {tag!r}")
        expected = len(tag.storage.signature.params)
        if len(values) != expected:
            raise TypeError(f"the tag has {expected} values, got {len(values)}")
        super().__init__(tag.storage, None)
        self.values = values
        """The values, as a call gives them."""

    @property
    def tag(self) -> Tag:
        """Its tag."""
        return Tag.from_storage(self.storage)

    def address_in(self, store: StoreState) -> int:
        if self.held is None:
            store.check(self.storage)
            heap = store.exceptions
            address = heap.new(self.storage, store.exception_roots())
            self.held = heap.hold(address)
            types = self.storage.signature.params
            store_values(store, heap.slots_of(address), types, self.values)
        return super().address_in(store)


def exception_at(store: StoreState, address: int) -> WasmException:
    """The exception at an address in native memory."""
    heap = store.exceptions
    tag = heap.tag_of(address)
    values = load_values(store, heap.slots_of(address), tag.signature.params)
    error = WasmException(Tag.from_storage(tag), *values)
    error.held = heap.hold(address)
    return error
