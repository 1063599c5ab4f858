"""The base of the errors of the API, for what raises it without the runtime."""

from __future__ import annotations


class WasmtimeError(Exception):
    """Something other than running Wasm went wrong: a module, a link, a wrong type."""
