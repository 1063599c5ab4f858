"""The `name` custom section (spec appendix "Custom Sections / Name Section"), both ways."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from wasmdialect.wasm.errors import DecodeError
from wasmdialect.wasm.features import WASM_3_0
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import IndexedNames, Names
from wasmdialect.wasm.reader import Reader

_T = TypeVar("_T")

_SUBSECTIONS: dict[int, str] = {
    1: "functions",
    2: "locals",
    3: "labels",
    4: "types",
    5: "tables",
    6: "memories",
    7: "globals",
    8: "elements",
    9: "data",
    10: "fields",
    11: "tags",
}
"""By subsection id, the field of `Names` it fills; id 0 is the module's own name."""

_INDIRECT = frozenset({"locals", "labels", "fields"})
"""The ones that map two indices to a name."""


def decode_names(content: bytes | memoryview) -> Names:
    """The names in the content of a name section.

    Names are for humans: malformed parts are dropped, with everything after them.
    """
    names = Names()
    with suppress(DecodeError):
        _read_into(names, content)
    return names


def read_names(content: bytes | memoryview) -> Names:
    """The names in the content of a name section. Raises DecodeError."""
    names = Names()
    _read_into(names, content)
    return names


def _read_into(names: Names, content: bytes | memoryview) -> None:
    r = Reader(content, 0, WASM_3_0)
    while r.pos < len(content):
        section = r.byte()
        size = r.u32()
        end = r.pos + size
        if end > len(content):
            raise r.error("length out of bounds")
        if section == 0:
            names.module = r.name()
        elif section in _SUBSECTIONS:
            field = _SUBSECTIONS[section]
            read = _indirect_map if field in _INDIRECT else _name_map
            setattr(names, field, read(r))
        r.pos = end


def _name_map(r: Reader) -> IndexedNames:
    return {r.u32(): r.name() for _ in range(r.count())}


def _indirect_map(r: Reader) -> dict[int, IndexedNames]:
    return {r.u32(): _name_map(r) for _ in range(r.count())}


def encode_names(names: Names) -> bytes:
    """The content of a name section; empty if there are no names."""
    out = bytearray()
    if names.module is not None:
        _add_subsection(out, 0, encode_name(names.module))
    for section, field in _SUBSECTIONS.items():
        mapping = getattr(names, field)
        if mapping:
            encode = _encode_indirect if field in _INDIRECT else _encode_map
            _add_subsection(out, section, encode(mapping))
    return bytes(out)


def encode_name(name: str) -> bytes:
    """A name: its length in bytes, and UTF-8."""
    data = name.encode("utf-8")
    return encode_unsigned(len(data)) + data


def _add_subsection(out: bytearray, section: int, content: bytes) -> None:
    out.append(section)
    out += encode_unsigned(len(content))
    out += content


def _encode_map(mapping: IndexedNames) -> bytes:
    return _encode_pairs(mapping, encode_name)


def _encode_indirect(mapping: dict[int, IndexedNames]) -> bytes:
    return _encode_pairs({k: v for k, v in mapping.items() if v}, _encode_map)


def _encode_pairs(mapping: dict[int, _T], encode: Callable[[_T], bytes]) -> bytes:
    parts = [encode_unsigned(index) + encode(mapping[index]) for index in sorted(mapping)]
    return encode_unsigned(len(parts)) + b"".join(parts)
