"""Store, and what can stand for one in a host function."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.config import Engine
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.store import StoreState

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wasmdialect.api.func import Caller
    from wasmdialect.wasi import WasiConfig
    from wasmdialect.wasi.functions import WasiContext


MAX_FUEL = (1 << 63) - 1


@final
class Store:
    """Owns instances and everything they use. Use it from one thread at a time."""

    def __init__(self, engine: Engine | None = None, data: Any = None):
        if engine is None:
            engine = Engine()
        elif not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        self.engine = engine
        self.state = StoreState(engine.config.max_wasm_stack, engine.epoch)
        self._wasi_config: WasiConfig | None = None
        self._wasi: WasiContext | None = None
        self._data = data

    def data(self) -> Any:
        """What was given to the constructor."""
        return self._data

    def gc(self) -> None:
        """Does nothing: references live as long as the store."""

    def set_wasi(self, wasi: WasiConfig) -> None:
        """What programs in this store see of the world through WASI."""
        self._wasi_config, self._wasi = wasi.copy(), None

    @property
    def wasi(self) -> WasiContext | None:
        """The WASI context as `set_wasi` configured it, None before. Made, and the functions loaded,
        by the first call of one: a program that starts may not need any."""
        if self._wasi is None and self._wasi_config is not None:
            from wasmdialect.wasi.functions import WasiContext

            self._wasi = WasiContext(self._wasi_config)
        return self._wasi

    def set_fuel(self, fuel: int) -> None:
        """How many operators programs may still run. Raises WasmtimeError if the Engine does not count
        them, or the number does not fit 63 bits."""
        self._check_fuel()
        if not 0 <= fuel <= MAX_FUEL:
            raise WasmtimeError(f"fuel must be from 0 to 2**63 - 1, not {fuel}")
        self.state.fuel.value = -fuel

    def get_fuel(self) -> int:
        """How many operators programs may still run."""
        self._check_fuel()
        return max(-self.state.fuel.value, 0)

    def _check_fuel(self) -> None:
        if not self.engine.config.consume_fuel:
            raise WasmtimeError("fuel is not configured in this store: Config(consume_fuel=True)")

    def set_epoch_deadline(self, ticks_after_current: int) -> None:
        """Stop programs when the Engine's epoch has been incremented so often. Any thread may move
        the deadline; a program compiled with `epoch_interruption` needs one to run at all. A
        running one looks at a deadline that was moved nearer only when the one before has come."""
        self.state.set_epoch_deadline(ticks_after_current)

    def close(self) -> None:
        """Forget the host functions and instances; nothing of the store may be used afterwards."""
        from wasmdialect.runtime.instance import forget_instances

        self.state.close()
        forget_instances(self.state)


Storelike: TypeAlias = "Store | Caller"


def store_of(store: Storelike) -> Store:
    """The store itself."""
    if isinstance(store, Store):
        return store
    return store.store
