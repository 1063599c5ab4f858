"""WASI preview 1 as functions that a Linker defines."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.api.types import FuncType
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.types import func_def_type
from wasmdialect.wasi.signatures import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from wasmdialect.api.func import Caller


def wasi_functions() -> Iterator[tuple[str, FuncType, Callable[..., Any]]]:
    """Name, type and implementation of each function; the first argument is the Caller."""
    for name, signature in SIGNATURES.items():
        type = func_def_type(signature.params, signature.results)
        yield name, FuncType.from_definition(type), _serve(name)


def _serve(name: str) -> Callable[..., Any]:
    def serve(caller: Caller, *arguments: int) -> Any:
        context = caller.store.wasi
        if context is None:
            raise WasmtimeError(f"{name} was called, but the store has no WasiConfig")
        storage = getattr(caller.get("memory"), "storage", None)  # of a Memory or a SharedMemory
        if not isinstance(storage, LinearMemory):
            raise WasmtimeError("missing required memory export")
        return context.call(name, storage, arguments)

    return serve
