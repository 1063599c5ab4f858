"""The error for IR that cannot be turned into WebAssembly."""

from __future__ import annotations

from wasmdialect.wasm.errors import WasmError


class ExportError(WasmError):
    """Something in the IR has no form in WebAssembly."""


class FormlessError(ExportError):
    """An operation is not one of wasmir, or of what else WebAssembly can express."""

    def __init__(self, operation: str):
        super().__init__(f"{operation} has no form in WebAssembly")
        self.operation = operation
        """Its name."""
