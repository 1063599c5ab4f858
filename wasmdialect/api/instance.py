"""Instance and its exports."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, Mapping, final
from wasmdialect.api.extern import unwrap_extern, wrap_extern
from wasmdialect.api.store import state_of, store_of
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
        """Instantiate with the imports in the module's order. Raises WasmtimeError, Trap, or the
        exception of a host function."""
        items = [unwrap_extern(item) for item in imports]
        try:
            self.inner = ModuleInstance(store_of(store).state, module.loaded, items)
        except MemoryError as error:
            raise WasmtimeError(f"cannot instantiate: {error}") from error

    def exports(self, store: Storelike) -> InstanceExports:
        """Its exports, by name and by index."""
        state_of(store, self.inner)
        return InstanceExports(self.inner)

    def counters(self) -> dict[str, int]:
        """The current values of the counters that passes declared with `add_counter`. Those of
        `add_counters` are fields."""
        return self.inner.counters()

    @property
    def fields(self) -> InstanceFields:
        """The fields that passes declared, counters included."""
        return InstanceFields(self.inner)


@final
class InstanceFields(Mapping[str, "InstanceField"]):
    """The fields that passes declared, by name."""

    def __init__(self, instance: ModuleInstance):
        self._instance = instance

    def __getitem__(self, name: str) -> InstanceField:
        memory = self._instance.field_bytes(name)
        return InstanceField(memory, name in self._instance.info.counters)

    def __len__(self) -> int:
        return len(self._instance.field_names())

    def __iter__(self) -> Iterator[str]:
        return iter(self._instance.field_names())


@final
class InstanceField:
    """A field of an instance that a pass declared, read and written by the host."""

    def __init__(self, memory: memoryview, has_counters: bool):
        self._memory = memory
        self._has_counters = has_counters

    @property
    def buffer(self) -> memoryview:
        """Its memory itself, which can be written to: a view of 64-bit numbers if it holds counters,
        else of bytes. `numpy.asarray` of it copies nothing. It stays valid when the store is closed."""
        return self._memory.cast("Q") if self._has_counters else self._memory

    @property
    def bytes(self) -> bytes:
        """Its bytes, as many as were declared. Setting requires the same number, else
        ValueError."""
        return self._memory.tobytes()

    @bytes.setter
    def bytes(self, content: bytes) -> None:
        if len(content) != len(self._memory):
            raise ValueError(f"the field has {len(self._memory)} bytes, not {len(content)}")
        self._memory[:] = content

    @property
    def value(self) -> int:
        """Its bytes as an unsigned little-endian integer. Setting accepts negative integers too;
        one that does not fit raises OverflowError."""
        return int.from_bytes(self._memory, "little")

    @value.setter
    def value(self, number: int) -> None:
        self._memory[:] = number.to_bytes(len(self._memory), "little", signed=number < 0)


@final
class InstanceExports(Mapping[str, "Extern"]):
    """The exports of an instance: a mapping by name; `by_index` is a sequence."""

    def __init__(self, instance: ModuleInstance):
        self._instance = instance
        self._wrapped: dict[str, Extern] = {}

    @property
    def by_index(self) -> Sequence[Extern]:
        """The exports in the module's order."""
        return tuple([self[name] for name in self._instance.export_names])

    def __getitem__(self, idx: str) -> Extern:
        known = self._wrapped.get(idx)
        if known is None:
            known = self._wrapped.setdefault(idx, wrap_extern(self._instance.exported(idx)))
        return known

    def __len__(self) -> int:
        return len(self._instance.export_names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._instance.export_names)
