"""Names of wasmtime-py for what cannot be run yet: creating one says so."""

from __future__ import annotations

from wasmdialect._static import final
from wasmdialect.api.config import Engine
from wasmdialect.api.types import MemoryType
from wasmdialect.runtime.errors import WasmtimeError


@final
class SharedMemory:
    """A memory of several stores. None can be created: no module with threads can be compiled yet."""

    def __init__(self, engine: Engine, ty: MemoryType):
        if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        if not isinstance(ty, MemoryType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a MemoryType")
        if not ty.shared:
            raise WasmtimeError(
                "shared memory must have the `shared` flag enabled on its memory type"
            )
        raise WasmtimeError("threads are not supported yet, so there are no shared memories")
