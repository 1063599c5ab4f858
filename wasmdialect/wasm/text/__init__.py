"""The text format: `.wat` to binary (`parse_module`), and modules to text (`print_module`)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.text.assembly import Places
from wasmdialect.wasm.text.custom_annotations import check_all_used
from wasmdialect.wasm.text.module import encode_fields
from wasmdialect.wasm.text.printer import function_lines, print_function, print_module
from wasmdialect.wasm.text.syntax import Cursor, Form, Source, parse_forms

__all__ = [
    "ParsedModule",
    "SourceMap",
    "function_lines",
    "parse_module",
    "parse_module_items",
    "print_function",
    "print_module",
    "wat2wasm",
]


class SourceMap:
    """The origin in a text of each byte of its module."""

    def __init__(self, source: Source, places: Places):
        self._source = source
        self._places = places

    def look_up(self, offset: int) -> tuple[int, int] | None:
        """Line and column of the instruction or declaration that the byte at `offset` belongs to;
        None before the first."""
        pos = self._position(offset)
        return None if pos is None else self._source.place(pos)

    def locate(self, error: WasmError) -> None:
        """Give an error with a byte offset its location in the text."""
        pos = (
            None if error.offset is None or error.line is not None else self._position(error.offset)
        )
        if pos is not None:
            self._source.locate(error, pos)

    def _position(self, offset: int) -> int | None:
        found = bisect_right(self._places.offsets, offset) - 1
        return None if found < 0 else self._places.positions[found]


@dataclass(frozen=True)
class ParsedModule:
    """A text module in the binary format."""

    binary: bytes
    source_map: SourceMap


def parse_module(text: str, features: frozenset[Feature] = WASM_3_0) -> ParsedModule:
    """Translate a module, written as `(module ...)` or as its bare fields. Raises TextError.

    The result is well-formed but need not be valid.
    """
    source = Source(text)
    root = parse_forms(source)
    form = root.items[0] if len(root.items) == 1 else None
    if not isinstance(form, Form) or form.head != "module":
        return parse_module_items(Cursor(source, root), features)
    check_all_used(source, Form([], 0, 0, root.annotations))
    return parse_module_items(Cursor(source, form, 1), features)


def parse_module_items(cursor: Cursor, features: frozenset[Feature] = WASM_3_0) -> ParsedModule:
    """Translate the rest after the word `module`: an identifier and fields. Raises TextError."""
    binary, places = encode_fields(cursor, features)
    return ParsedModule(binary, SourceMap(cursor.source, places))


def wat2wasm(text: str) -> bytes:
    """A text module in the binary format. Raises TextError."""
    return parse_module(text).binary
