"""Reading modules: `.wasm`, `.wat` and `.mlir` by content, with errors that name the file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from stat import S_ISBLK, S_ISCHR
from typing import IO, Any

from wasmdialect._printable import printable
from wasmdialect.api.forms import is_mlir
from wasmdialect.wasm.errors import DecodeError, WasmError
from wasmdialect.wasm.features import Feature, parse_features

WASM_MAGIC = b"\0asm"


@dataclass(frozen=True)
class ModuleInput:
    """A module as bytes, and where it came from."""

    binary: bytes
    """Of Wasm; the text of a module that is IR."""
    file: str
    source_map: Any = None
    """For text: maps byte offsets of the binary back to line and column."""


def read_bytes(path: str) -> bytes:
    """The contents of a file, or of standard input for `-`. Raises OSError, DecodeError for a device,
    whose contents may have no end."""
    if path == "-":
        try:
            return _read(sys.stdin.buffer, "standard input")
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard input") from None
    with open(path, "rb") as file:
        return _read(file, path)


def _read(file: IO[bytes], name: str) -> bytes:
    mode = os.fstat(file.fileno()).st_mode
    if (S_ISCHR(mode) or S_ISBLK(mode)) and not file.isatty():
        raise DecodeError(f"{printable(name)} is a device: there is no module in it")
    return file.read()


def to_module(data: bytes, file: str, features: frozenset[Feature]) -> ModuleInput:
    """A module from binary or text, which may use these features. Raises TextError."""
    if data.startswith(WASM_MAGIC) or not data or data[:1] == b"\0":
        return ModuleInput(data, file)
    from wasmdialect.wasm.text import parse_module

    parsed = parse_module(data.decode("utf-8", "surrogateescape"), features)
    return ModuleInput(parsed.binary, file, parsed.source_map)


def to_source(data: bytes, file: str, features: str) -> ModuleInput:
    """A module from binary or text, or one that is IR; `features` is the setting. Raises TextError."""
    is_ir = file.endswith(".mlir") or is_mlir(data)
    return ModuleInput(data, file) if is_ir else to_module(data, file, parse_features(features))


def locate(error: WasmError, module: ModuleInput) -> WasmError:
    """An error of a text module with line and column instead of an offset in the encoded bytes."""
    if module.source_map is not None:
        module.source_map.locate(error)
    return error


def input_form(data: bytes, name: str) -> str:
    """`wasm`, `wat` or `mlir`: by the contents, or by the file's name if they may be either. Raises
    DecodeError for something else."""
    if data.startswith(WASM_MAGIC):
        return "wasm"
    for magic, what in _NO_MODULES.items():
        if data.startswith(magic):
            raise DecodeError(f"{printable(name)} is {what}, not a module")
    suffix = os.path.splitext(name)[1]
    if suffix in _OUTPUTS:
        raise DecodeError(f"{printable(name)} is {_OUTPUTS[suffix]}, not a module")
    if suffix in (".wasm", ".wat", ".mlir"):
        return suffix[1:]
    start = data.lstrip()[:2]
    if start[:1] == b"(" or start == b";;":
        return "wat"
    if not start or b"\0" in data or not is_text(data):
        raise DecodeError(f"{printable(name)} is not a module: neither WebAssembly nor MLIR")
    return "mlir"


def is_text(data: bytes) -> bool:
    """Whether these are characters in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_NO_MODULES = {
    b"\x7fELF": "an ELF file (wasmdialect objdump shows artifacts)",
    b"!<arch>": "an archive",
    b"BC\xc0\xde": "LLVM bitcode",
    b"; ModuleID": "LLVM IR",
    b"source_filename": "LLVM IR",
    b"target triple": "LLVM IR",
    b"target datalayout": "LLVM IR",
}

_OUTPUTS = {".ll": "LLVM IR", ".s": "assembly"}
"""Recognised by file name, as these may start with anything."""
