"""The three calling conventions (docs/abi.md, "Calling conventions"). Where results go: `returns`."""

from __future__ import annotations

from enum import Enum


class Convention(Enum):
    """How a function is called."""

    WASM = "wasm"
    """(callee vmctx, caller vmctx[, return area], parameters...) -> results in registers"""
    NATIVE = "native"
    """(callee vmctx, caller vmctx, parameters...[, return pointer]) -> first result"""
    ARRAY = "array"
    """(callee vmctx, caller vmctx, slots, number of slots) -> nothing"""
