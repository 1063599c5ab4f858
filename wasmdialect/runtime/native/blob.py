"""The native glue as package data: its format, reading it, putting it into memory.

`<architecture>.bin` is the image: code and constants first, then, from `writable_offset` on, the data.
All distances inside are resolved. `<architecture>.json` has the rest:

    llvmlite         the version it was built with
    writable_offset  a multiple of the architecture's largest page size
    relative         offsets of 64-bit words that hold an offset in the image and become an address
    symbols          name to offset

Loading is therefore: copy, add the base to the words at `relative`, protect.
"""

from __future__ import annotations

import ctypes
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAP_FAILED = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Blob:
    """A position-independent image."""

    image: bytes
    writable_offset: int
    symbols: Mapping[str, int]
    relative: tuple[int, ...]


def blob_paths(architecture: str) -> tuple[Path, Path]:
    """The image and its description, whether they exist or not."""
    directory = Path(__file__).parent
    return directory / f"{architecture}.bin", directory / f"{architecture}.json"


def read_blob(architecture: str) -> Blob:
    """The glue for `architecture` (as in `platform.machine()`); FileNotFoundError if there is none."""
    image, description = blob_paths(architecture)
    fields: dict[str, Any] = json.loads(description.read_text())
    return Blob(
        image.read_bytes(), fields["writable_offset"], fields["symbols"], tuple(fields["relative"])
    )


def map_blob(blob: Blob) -> Mapping[str, int]:
    """Maps the image for the rest of the process's life (signal handlers may point into it until
    the very end) and returns the addresses of its symbols; OSError if there is no memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_uint64
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    writable = mmap.PROT_READ | mmap.PROT_WRITE
    base: int = libc.mmap(None, len(blob.image), writable, flags, -1, 0)
    if base == _MAP_FAILED:
        raise OSError(ctypes.get_errno(), "cannot map the native glue")
    ctypes.memmove(base, blob.image, len(blob.image))
    for offset in blob.relative:
        ctypes.c_uint64.from_address(base + offset).value += base
    if libc.mprotect(base, blob.writable_offset, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "cannot make the native glue executable")
    return {name: base + offset for name, offset in blob.symbols.items()}
