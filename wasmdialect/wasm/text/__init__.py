"""The text format: `.wat` to binary (`parse_module`), and modules to text (`print_module`)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from wasmdialect.wasm.text.module import Places, encode_fields, module_name
from wasmdialect.wasm.text.printer import print_function, print_module
from wasmdialect.wasm.text.syntax import Cursor, Form, Source, parse_forms, unexpected

__all__ = [
    "ParsedModule",
    "SourceMap",
    "parse_module",
    "parse_module_items",
    "print_function",
    "print_module",
    "wat2wasm",
]


class SourceMap:
    """Where in a text the bytes of its module come from."""

    def __init__(self, source: Source, places: Places):
        self._source = source
        self._places = places

    def look_up(self, offset: int) -> tuple[int, int] | None:
        """Line and column of the instruction that the byte at `offset` belongs to; None outside of
        function bodies."""
        offsets = self._places.offsets
        found = bisect_right(offsets, offset) - 1
        if found < 0 or (found + 1 == len(offsets) and offset > offsets[found]):
            return None
        return self._source.place(self._places.positions[found])


@dataclass(frozen=True)
class ParsedModule:
    """A text module in the binary format."""

    binary: bytes
    source_map: SourceMap


def parse_module(text: str) -> ParsedModule:
    """Translate a module, written as `(module ...)` or as its bare fields. Raises TextError.

    The result is well-formed but need not be valid.
    """
    source = Source(text)
    forms = parse_forms(source)
    if len(forms) == 1 and forms[0].head == "module":
        return parse_module_items(Cursor(source, forms[0], 1))
    if not forms:
        return _encode(source, [], None)
    for form in forms:
        if form.head == "module":
            raise unexpected(source, form)
    return _encode(source, forms, None)


def parse_module_items(cursor: Cursor) -> ParsedModule:
    """Translate what follows the word `module`: an identifier and fields. Raises TextError."""
    name = module_name(cursor.source, cursor.take("ID"))
    fields: list[Form] = []
    while (item := cursor.current) is not None:
        if not isinstance(item, Form):
            raise cursor.unexpected()
        fields.append(item)
        cursor.at += 1
    return _encode(cursor.source, fields, name)


def _encode(source: Source, fields: list[Form], name: str | None) -> ParsedModule:
    binary, places = encode_fields(source, fields, name)
    return ParsedModule(binary, SourceMap(source, places))


def wat2wasm(text: str) -> bytes:
    """A text module in the binary format. Raises TextError."""
    return parse_module(text).binary
