"""Store, and the objects accepted in its stead in a host function."""

from __future__ import annotations

from wasmdialect._closable import Closable
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.config import Engine
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.ownership import StoreLimits
from wasmdialect.runtime.store import DEFAULT_MAX_WASM_STACK, StoreState

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wasmdialect._settings import Config
    from wasmdialect.api.exception import WasmException
    from wasmdialect.api.func import Caller
    from wasmdialect.runtime.ownership import StoreItem
    from wasmdialect.wasi import WasiConfig
    from wasmdialect.wasi.functions import WasiContext


def _exception_at(store: StoreState, address: int) -> WasmException:
    from wasmdialect.api.exception import exception_at  # few programs have any

    return exception_at(store, address)


_MORE_WITHOUT_OPTIMIZATION = 8
"""How much more stack there is by default for code of `-O0`, whose values all have places of their
own in the frame: QuickJS's frames are 5 times as large as at `-O2`, that of its interpreter 30
times."""


def _stack_of(config: Config) -> int:
    """The bytes of stack that Wasm may use."""
    if config.max_wasm_stack is not None:
        return config.max_wasm_stack
    return DEFAULT_MAX_WASM_STACK * (1 if config.opt_level else _MORE_WITHOUT_OPTIMIZATION)


MAX_FUEL = (1 << 63) - 1


@final
class Store(Closable):
    """Owns instances and everything they use; freed when nothing refers to it any more, or by `close`.

    One thread at a time can use it: another one gets WasmtimeError during a call. Every method
    raises WasmtimeError when the store is closed. `with Store(engine) as store:` closes it at the
    end.
    """

    def __init__(self, engine: Engine | None = None, data: Any = None):
        if engine is None:
            engine = Engine()
        elif not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        self.engine = engine
        self._config = engine.config  # which outlives a closed Engine
        self.state = StoreState(_stack_of(engine.config), engine.epoch)
        self.state.thrown_as = _exception_at
        self._id = self.state.id  # by which functions recognise their store
        self._wasi_config: WasiConfig | None = None
        self._wasi: WasiContext | None = None
        self._data = data

    def data(self) -> Any:
        """The object given to the constructor."""
        self.state.check()
        return self._data

    def gc(self) -> None:
        """Release the Python objects given to Wasm that are not in any table or global. This also
        happens automatically when there are many; during a call it does nothing."""
        self.state.check()
        self.state.collect_externs()

    def set_wasi(self, wasi: WasiConfig) -> None:
        """Set what programs in this store can access through WASI."""
        self.state.check()
        self._wasi_config, self._wasi = wasi.copy(), None

    def share_wasi(self, other: Store) -> None:
        """Use the WASI context of another store, with its descriptors: both belong to one program, and
        may run on two threads."""
        self.state.check()
        self._wasi_config, self._wasi = other._wasi_config, other.wasi
        if self._wasi is not None:
            self._wasi.share()

    @property
    def wasi(self) -> WasiContext | None:
        """The WASI context as `set_wasi` configured it, None before. The first WASI call creates it
        and loads the functions: a program may not need any."""
        if self._wasi is None and self._wasi_config is not None:
            from wasmdialect.wasi.functions import WasiContext

            self._wasi = WasiContext(self._wasi_config)
        return self._wasi

    def set_fuel(self, fuel: int) -> None:
        """How many operators programs may still run. Raises WasmtimeError if the Engine does not count
        them, or the number does not fit 63 bits."""
        self.state.check()
        self._check_fuel()
        if not 0 <= fuel <= MAX_FUEL:
            raise WasmtimeError(f"fuel must be from 0 to 2**63 - 1, not {fuel}")
        self.state.memory.fuel_consumed = -fuel

    def get_fuel(self) -> int:
        """How many operators programs may still run."""
        self.state.check()
        self._check_fuel()
        return max(-self.state.memory.fuel_consumed, 0)

    def _check_fuel(self) -> None:
        if not self._config.consume_fuel:
            raise WasmtimeError("fuel is not configured in this store: Config(consume_fuel=True)")

    def set_epoch_deadline(self, ticks_after_current: int) -> None:
        """Stop programs when the Engine's epoch has been incremented that many times. Any thread
        may move the deadline; a program compiled with `epoch_interruption` needs one to run at all.
        A running program notices an earlier deadline only when the previous one has passed."""
        self.state.set_epoch_deadline(ticks_after_current)

    def set_limits(
        self,
        memory_size: int = -1,
        table_elements: int = -1,
        instances: int = -1,
        tables: int = -1,
        memories: int = -1,
    ) -> None:
        """Limit what the store may hold from now on; a negative number lifts a limit.

        `memory_size` is the bytes of each linear memory, `table_elements` the elements of each table:
        growing one further returns -1 (in Python it raises WasmtimeError), and creating a larger
        one raises WasmtimeError. So does an instance beyond `instances`, and one whose tables or
        memories would be beyond `tables` or `memories`, counted over all instances ever created in
        the store.
        """
        self.state.check()
        given = (memory_size, table_elements, instances, tables, memories)
        for limit in given:
            if not isinstance(limit, int):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"expected an int for a limit, got {limit!r}")
        self.state.resource_limits = StoreLimits(*(None if n < 0 else n for n in given))

    def close(self) -> None:
        """Free instances, host functions and memories now; nothing of the store can be used afterwards.
        Views of memories keep their pages. Closing again does nothing.

        Raises WasmtimeError during a call in the store, on any thread.
        """
        self.state.close()
        self._wasi_config = self._wasi = self._data = None


Storelike: TypeAlias = "Store | Caller"


def store_of(store: Storelike) -> Store:
    """The store itself."""
    if isinstance(store, Store):
        return store
    return store.store


def state_of(store: Storelike, *items: StoreItem) -> StoreState:
    """The state of a store that can be used now and owns the items. Raises WasmtimeError."""
    state = store_of(store).state
    state.check(*items)
    return state
