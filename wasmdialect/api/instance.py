"""Instance and its exports."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, Mapping, final
from wasmdialect.api.extern import unwrap_extern, wrap_extern
from wasmdialect.api.store import store_of
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.instance import ModuleInstance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wasmdialect.api.extern import Extern
    from wasmdialect.api.module import Module
    from wasmdialect.api.store import Storelike


@final
class Instance:
    """An instance of a module in a store."""

    inner: ModuleInstance

    def __init__(self, store: Storelike, module: Module, imports: Sequence[Extern]):
        """Instantiate with the imports in the module's order. Raises WasmtimeError, Trap, or what a
        host function raised."""
        items = [unwrap_extern(item) for item in imports]
        try:
            self.inner = ModuleInstance(store_of(store).state, module.loaded, items)
        except MemoryError as error:
            raise WasmtimeError(f"cannot instantiate: {error}") from error

    def exports(self, store: Storelike) -> InstanceExports:
        """Its exports, by name and by index."""
        return InstanceExports(self.inner)

    def counters(self) -> dict[str, int]:
        """The counters that passes declared, as they are now."""
        return self.inner.counters()


@final
class InstanceExports(Mapping[str, "Extern"]):
    """The exports of an instance: a mapping by name; `by_index` is a sequence."""

    def __init__(self, instance: ModuleInstance):
        self._map = {name: wrap_extern(item) for name, item in instance.exports.items()}

    @property
    def by_index(self) -> Sequence[Extern]:
        """The exports in the module's order."""
        return tuple(self._map.values())

    def __getitem__(self, idx: str) -> Extern:
        return self._map[idx]

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)
