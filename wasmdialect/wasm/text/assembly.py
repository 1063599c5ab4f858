"""The sections of a module that is read from text: their items, and the origin of each in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wasmdialect.wasm import encode
from wasmdialect.wasm.custom_sections import BranchHints, encode_branch_hints
from wasmdialect.wasm.hints import BRANCH_HINT
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import Names
from wasmdialect.wasm.names import encode_names
from wasmdialect.wasm.text.custom_annotations import FIRST, LAST, PlacedSection

_START, _CODE, _DATA, _DATA_COUNT = 8, 10, 11, 12
"""Ids of the sections that are not just vectors of items added by fields."""


@dataclass
class Places:
    """The origin in the text of each piece of the binary."""

    offsets: list[int] = field(default_factory=list[int])
    """In the binary, ascending: where each piece starts."""
    positions: list[int] = field(default_factory=list[int])
    """In the text, of each piece."""

    def add(self, offset: int, position: int) -> None:
        """Note the next piece."""
        self.offsets.append(offset)
        self.positions.append(position)


class Item(NamedTuple):
    """An item of a section."""

    bytes: bytes
    pos: int
    places: Sequence[tuple[int, int]]
    """Of pieces inside it: offset in `bytes`, and position in the text."""


class Assembly:
    """Collects the items of each section."""

    def __init__(self, names: Names):
        self.names = names
        self.pos = 0
        """Position in the text of the field that is being read."""
        self.items: dict[int, list[Item]] = {section: [] for section in encode.SECTION_ORDER}
        self.start: bytes | None = None
        self.needs_data_count = False
        self.branch_hints: BranchHints = {}

    def add(self, section: int, data: bytes, places: Sequence[tuple[int, int]] = ()) -> None:
        """Append an item that comes from the field being read."""
        self.items[section].append(Item(data, self.pos, places))

    def assemble(self, placed: Sequence[PlacedSection]) -> tuple[bytes, Places]:
        """The module: sections in order, with custom ones where they are `placed`.

        Sections implied by identifiers and annotations are added unless the text spells them out:
        branch hints just before the code, names at the very end (where wasm-tools puts them).
        """
        written = {p.name for p in placed}
        places = Places()
        out = bytearray(encode.MAGIC + encode.VERSION)
        for section in (FIRST, *encode.SECTION_ORDER, LAST):
            out += _custom_sections(p for p in placed if p.section == section and p.before)
            if section == _CODE and self.branch_hints and BRANCH_HINT not in written:
                hints = encode_branch_hints(self.branch_hints)
                out += encode.encode_custom(BRANCH_HINT, hints)
            self._add_section(section, out, places)
            out += _custom_sections(p for p in placed if p.section == section and not p.before)
        names = encode_names(self.names)
        if names and "name" not in written:
            out += encode.encode_custom("name", names)
        places.add(len(out), self.pos)
        return bytes(out), places

    def _add_section(self, section: int, out: bytearray, places: Places) -> None:
        if section == _START and self.start is not None:
            out += encode.encode_section(section, self.start)
        elif section == _DATA_COUNT and self.needs_data_count:
            out += encode.encode_section(section, encode_unsigned(len(self.items[_DATA])))
        elif items := self.items.get(section):
            count = encode_unsigned(len(items))
            size = len(count) + sum(len(item.bytes) for item in items)
            out += bytes([section]) + encode_unsigned(size) + count
            for item in items:
                start = len(out)
                places.add(start, item.pos)
                for offset, pos in item.places:
                    places.add(start + offset, pos)
                out += item.bytes


def _custom_sections(placed: Iterable[PlacedSection]) -> bytes:
    return b"".join(encode.encode_custom(p.name, p.content) for p in placed)
