"""WASI preview 1 as functions that a Linker defines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wasmdialect.api.extern import Memory
from wasmdialect.api.func import Caller
from wasmdialect.api.types import FuncType, ValType
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.guest_memory import InstanceMemory
from wasmdialect.wasi.functions import FUNCTIONS, WasiFunction


def wasi_functions() -> Iterator[tuple[str, FuncType, Callable[..., Any]]]:
    """Name, type and implementation of each function; the first argument is the Caller."""
    for name, function in FUNCTIONS.items():
        params = [ValType.from_name(t) for t in function.params]
        results = [ValType.from_name(function.result)] if function.result else []
        yield name, FuncType(params, results), _serve(name, function)


def _serve(name: str, function: WasiFunction) -> Callable[..., Any]:
    method = function.method

    def serve(caller: Caller, *arguments: int) -> Any:
        context = caller.store.wasi
        if context is None:
            raise WasmtimeError(f"{name} was called, but the store has no WasiConfig")
        memory = caller.get("memory")
        if not isinstance(memory, Memory):
            raise WasmtimeError("missing required memory export")
        return method(context, InstanceMemory(memory.storage), *arguments)

    return serve
