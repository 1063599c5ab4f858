"""Reading modules: `.wasm` and `.wat` by content, with errors that name the file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import WASM_3_0, Feature

WASM_MAGIC = b"\0asm"


@dataclass(frozen=True)
class ModuleInput:
    """A module as bytes, and where it came from."""

    binary: bytes
    file: str
    source_map: Any = None
    """For text: maps byte offsets of the binary back to line and column."""


def read_bytes(path: str) -> bytes:
    """The contents of a file, or of standard input for `-`. Raises OSError."""
    if path == "-":
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:
        return file.read()


def to_module(data: bytes, file: str, features: frozenset[Feature] = WASM_3_0) -> ModuleInput:
    """A module from binary or text. Raises TextError."""
    if data.startswith(WASM_MAGIC) or not data or data[:1] == b"\0":
        return ModuleInput(data, file)
    from wasmdialect.wasm.text import parse_module

    parsed = parse_module(data.decode("utf-8", "surrogateescape"), features)
    return ModuleInput(parsed.binary, file, parsed.source_map)


def locate(error: WasmError, module: ModuleInput) -> WasmError:
    """An error of a text module with line and column instead of an offset in bytes that nobody saw."""
    if module.source_map is not None:
        module.source_map.locate(error)
    return error
