"""The native glue as package data: its format, reading it, putting it into memory.

`<architecture>.bin` is the image: code and constants first, then, from `writable_offset` on, the data.
All distances inside are resolved. `<architecture>.txt` has the rest, a word and its value a line:

    llvmlite VERSION        what it was built with
    tables DIGEST           of `structures.tables_digest`: what it was built from
    writable_offset OFFSET  a multiple of the architecture's largest page size
    relative OFFSET         of a 64-bit word that holds an offset in the image and becomes an address
    NAME OFFSET             a symbol

Loading therefore copies, adds the base to the words at `relative`, and protects.
"""

from __future__ import annotations

import ctypes
import os.path

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime import pages

if TYPE_CHECKING:
    from collections.abc import Mapping


class Blob(FrozenRecord):
    """A position-independent image."""

    image: bytes
    tables: str
    writable_offset: int
    symbols: Mapping[str, int]
    relative: tuple[int, ...]


def blob_paths(architecture: str) -> tuple[str, str]:
    """The image and its description, whether they exist or not."""
    start = os.path.join(os.path.dirname(__file__), architecture)
    return f"{start}.bin", f"{start}.txt"


def read_blob(architecture: str) -> Blob:
    """The glue for `architecture` (as in `platform.machine()`); FileNotFoundError if there is none."""
    image_path, description_path = blob_paths(architecture)
    with open(image_path, "rb") as file:
        image = file.read()
    symbols: dict[str, int] = {}
    relative: list[int] = []
    tables = ""
    with open(description_path, encoding="utf-8") as file:
        for line in file:
            name, value = line.split()
            if name == "relative":
                relative.append(int(value))
            elif name == "tables":
                tables = value
            elif name != "llvmlite":
                symbols[name] = int(value)
    return Blob(image, tables, symbols.pop("writable_offset"), symbols, tuple(relative))


def blob_description(blob: Blob, llvmlite: str) -> str:
    """What `read_blob` reads beside the image."""
    rows = [("llvmlite", llvmlite), ("tables", blob.tables)]
    rows += [("writable_offset", blob.writable_offset)]
    rows += [("relative", offset) for offset in blob.relative]
    rows += sorted(blob.symbols.items())
    return "".join(f"{name} {value}\n" for name, value in rows)


def map_blob(blob: Blob, protection: int = 0) -> Mapping[str, int]:
    """Maps the image for the rest of the process's life (signal handlers may point into it until
    the very end) and returns the addresses of its symbols; `protection` is for the code, besides
    reading and executing. Raises MemoryError.

    Linux itself makes new pages coherent with the instruction caches when they become executable, which
    this relies on: what could do it otherwise is in here.
    """
    base = pages.reserve(len(blob.image))
    pages.protect(base, len(blob.image), pages.PROT_READ | pages.PROT_WRITE)
    ctypes.memmove(base, blob.image, len(blob.image))
    for offset in blob.relative:
        ctypes.c_uint64.from_address(base + offset).value += base
    pages.protect(base, blob.writable_offset, pages.PROT_READ | pages.PROT_EXEC | protection)
    return {name: base + offset for name, offset in blob.symbols.items()}
