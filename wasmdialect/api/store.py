"""Store, and what can stand for one in a host function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, final

from wasmdialect.api.config import Engine
from wasmdialect.runtime.store import StoreState

if TYPE_CHECKING:
    from wasmdialect.api.func import Caller
    from wasmdialect.wasi import WasiConfig, WasiContext


@final
class Store:
    """Owns instances and everything they use. Use it from one thread at a time."""

    def __init__(self, engine: Engine | None = None, data: Any = None):
        if engine is None:
            engine = Engine()
        elif not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        self.engine = engine
        self.state = StoreState(engine.config.max_wasm_stack)
        self.wasi: WasiContext | None = None
        """The WASI context that `set_wasi` made."""
        self._data = data

    def data(self) -> Any:
        """What was given to the constructor."""
        return self._data

    def gc(self) -> None:
        """Does nothing: references live as long as the store."""

    def set_wasi(self, wasi: WasiConfig) -> None:
        """What programs in this store see of the world through WASI."""
        from wasmdialect.wasi import WasiContext

        self.wasi = WasiContext(wasi)

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
