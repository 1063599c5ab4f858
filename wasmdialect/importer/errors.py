"""The error for valid modules that use something the IR or the back end lacks."""

from __future__ import annotations

from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature


class UnsupportedError(WasmError):
    """The module is valid, but it cannot be compiled yet."""

    def __init__(self, feature: Feature, offset: int, what: str):
        super().__init__(f"not supported yet: {feature.value}: {what}", offset=offset)
        self.feature = feature
