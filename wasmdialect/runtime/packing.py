"""Reading and writing the structures of `wasmdialect.abi.layout`, by the names of their fields.

The callers name fields in the order of their values; the table has the offsets. A packer is created
when a module is imported, and then costs as much as a `struct.Struct`.
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import VALUE_SLOT_SIZE, align_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    from wasmdialect.abi.layout import FieldType, Struct

    Pack: TypeAlias = Callable[..., None]
    """(writable buffer, offset of the structure in it, values...)"""
    Unpack: TypeAlias = Callable[..., tuple[Any, ...]]
    """(buffer, offset of the structure in it, 0 if it is left out)"""

POINTER_FORMAT: Literal["Q"] = "Q"
"""The code of `struct` and `memoryview` for a single pointer: an element of a table."""

_FORMATS: Mapping[FieldType, str] = {
    "ptr": POINTER_FORMAT,
    "ref": POINTER_FORMAT,
    "i32": "I",
    "i64": "Q",
}
_UNSIGNED: Mapping[FieldType, Any] = {
    "ptr": ctypes.c_uint64,
    "ref": ctypes.c_uint64,
    "i32": ctypes.c_uint32,
    "i64": ctypes.c_uint64,
}
_SIGNED: Mapping[FieldType, Any] = {"i32": ctypes.c_int32, "i64": ctypes.c_int64}


def packer(structure: Struct, *names: str) -> Pack:
    """A writer of these fields of a structure, with values in the order of the names. Bytes between
    the fields, up to the last one, become 0."""
    form, order = _form(structure, names)
    if order == [*range(len(names))]:
        return form.pack_into
    pack_into = form.pack_into

    def pack(buffer: Any, offset: int, *values: int) -> None:
        pack_into(buffer, offset, *[values[index] for index in order])

    return pack


def reader(structure: Struct, *names: str) -> Unpack:
    """A reader of these fields of a structure, in the order of the names."""
    form, order = _form(structure, names)
    if order == [*range(len(names))]:
        return form.unpack_from
    unpack_from, places = form.unpack_from, [order.index(i) for i in range(len(names))]

    def unpack(buffer: Any, offset: int = 0) -> tuple[Any, ...]:
        values = unpack_from(buffer, offset)
        return tuple([values[place] for place in places])

    return unpack


def _form(structure: Struct, names: tuple[str, ...]) -> tuple[struct.Struct, list[int]]:
    """The fields in the order of their offsets, and the position of each in the names."""
    fields = [structure.field(name) for name in names]
    order = sorted(range(len(fields)), key=lambda index: fields[index].offset)
    form, end = "<", 0
    for index in order:
        field = fields[index]
        form += f"{field.offset - end}x{_FORMATS[field.type]}"
        end = field.offset + field.size
    return struct.Struct(form), order


def field_at(structure: Struct, name: str, *, signed: bool = False) -> Callable[[int], Any]:
    """A function that returns the field of the structure at an address as a ctypes integer."""
    field = structure.field(name)
    at = (_SIGNED if signed else _UNSIGNED)[field.type].from_address
    offset = field.offset
    return at if offset == 0 else lambda address: at(address + offset)


def members(structure: Struct, *, signed: Sequence[str] = ()) -> list[tuple[str, Any]]:
    """The fields of a structure as those of a ctypes structure of the same size."""
    found: list[tuple[str, Any]] = []
    end = 0
    for field in sorted(structure.fields, key=lambda field: field.offset):
        if field.offset > end:
            found.append((f"before_{field.name}", ctypes.c_ubyte * (field.offset - end)))
        found.append((field.name, (_SIGNED if field.name in signed else _UNSIGNED)[field.type]))
        end = field.offset + field.size
    if structure.size > end:
        found.append((f"after_{structure.name}", ctypes.c_ubyte * (structure.size - end)))
    return found


def pack_array(structure: Struct, name: str, values: Sequence[int]) -> bytes:
    """An array of structures that each have one value in this field, and zeros."""
    field = structure.field(name)
    after = structure.size - field.offset - field.size
    return struct.pack(
        "<" + f"{field.offset}x{_FORMATS[field.type]}{after}x" * len(values), *values
    )


def slot_format(code: str) -> str:
    """The packer of a value with this `struct` code into a value slot of its own."""
    return f"{code}{VALUE_SLOT_SIZE - struct.calcsize('<' + code)}x"


class AlignedMemory:
    """Zeros at an address that is a multiple of `align`."""

    __slots__ = ("address", "buffer", "start")

    def __init__(self, size: int, align: int):
        self.buffer = ctypes.create_string_buffer(size + align)
        """The owner of the memory."""
        first = ctypes.addressof(self.buffer)
        self.address = align_up(first, align)
        self.start = self.address - first
        """Of the aligned part in the buffer."""
