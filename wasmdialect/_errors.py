"""The base of the errors of the API, for what raises it without the runtime."""

from __future__ import annotations


class WasmtimeError(Exception):
    """Something other than running Wasm went wrong: a module, a link, a wrong type."""


class SettingError(WasmtimeError, TypeError):
    """A setting cannot have a value. (wasmtime-py raises TypeError for a value of the wrong type.)"""


class ClosedError(WasmtimeError, ValueError):
    """Something was used after its `close`, where wasmtime-py raises ValueError."""
