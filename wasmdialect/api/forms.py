"""The format of a module: Wasm's binary format, its text format, or MLIR."""

from __future__ import annotations

import re

_MLIR = re.compile(rb'(?:\s|//[^\n]*\n)*(?:"|[#!{]|module\b|[A-Za-z_]\w*\.\w)')
"""An operation in one of its forms, or a definition of an alias; comments may come before."""


def is_mlir(data: bytes) -> bool:
    """Whether text is MLIR and not Wasm's text format, which starts with a parenthesis or `;;`."""
    return _MLIR.match(data) is not None
