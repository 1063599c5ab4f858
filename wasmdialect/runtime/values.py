"""Values at the boundary: Python objects to the slots of an array call and back.

A slot starts with the value's own bytes, little-endian. References are pointers: a function is its
VMFuncRef, an external object a handle that the store gave out; null is 0. A vector is an unsigned
`int` of 128 bits, lane 0 in the lowest.
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import VALUE_SLOT_SIZE
from wasmdialect.runtime.packing import slot_format
from wasmdialect.types import I32, I64, V128, DefType, FuncType, RefType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmdialect.types import ValType


class SlotCodec:
    """How the slots of some types are packed."""

    __slots__ = ("has_others", "pack_into", "unpack_from")

    def __init__(self, types: tuple[ValType, ...]):
        slots = struct.Struct("<" + "".join(slot_format(t.format) for t in types))
        self.pack_into: Callable[..., None] = slots.pack_into
        self.unpack_from: Callable[..., tuple[Any, ...]] = slots.unpack_from
        self.has_others = any(t is V128 or isinstance(t, RefType) for t in types)
        """Whether there are vectors or references, which `struct` has no values for."""


_codecs: dict[tuple[ValType, ...], SlotCodec] = {}


def slot_codec(types: tuple[ValType, ...]) -> SlotCodec:
    """The codec of a list of types."""
    known = _codecs.get(types)
    if known is None:
        known = _codecs[types] = SlotCodec(types)
    return known


def slot_array(count: int) -> Any:
    """The ctypes type of so many slots."""
    return ctypes.c_ubyte * (VALUE_SLOT_SIZE * count)  # ctypes keeps the types that it has made


def new_slots(signature: FuncType) -> Any:
    """Slots for a call of a signature."""
    return slot_array(signature.slot_count)()


def slots_at(address: int, count: int) -> Any:
    """The slots that compiled code has in its frame."""
    return slot_array(count).from_address(address)


_INTEGER_RANGES = {t: (-(1 << t.bits - 1), (1 << t.bits) - 1) for t in (I32, I64)}


def convert_number(value: Any, t: ValType) -> int | float:
    """A Python number as a value of a number type, signed if it is an integer.

    Integers may be given signed or unsigned. Raises TypeError, or OverflowError if it does not fit.
    """
    if t in _INTEGER_RANGES:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"expected an int for {t}, got {value!r}")
        low, high = _INTEGER_RANGES[t]
        if not low <= value <= high:
            raise OverflowError(f"{value} does not fit {t}")
        return value - (high + 1) if value > high >> 1 else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a float for {t}, got {value!r}")
    return float(value)


def vector_bytes(value: Any) -> bytes:
    """A vector, given as a signed or unsigned integer or as its 16 bytes. Raises TypeError, or
    OverflowError if it does not fit."""
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)  # pyright: ignore[reportUnknownArgumentType]
        if len(content) != V128.size:
            raise TypeError(f"expected 16 bytes for v128, got {len(content)}")
        return content
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected an int or 16 bytes for v128, got {value!r}")
    if not -1 << (V128.bits - 1) <= value < 1 << V128.bits:
        raise OverflowError(f"{value} does not fit v128")
    return (value & _ALL_ONES).to_bytes(V128.size, "little")


_ALL_ONES = (1 << V128.bits) - 1


def vector_value(content: bytes) -> int:
    """A vector from its bytes."""
    return int.from_bytes(content, "little")


def pack(
    slots: Any,
    types: Sequence[ValType],
    values: Sequence[Any],
    reference: Callable[[Any, RefType], int],
) -> None:
    """Write values into slots. `reference` turns a Python object into a pointer."""
    codec = slot_codec(tuple(types))
    codec.pack_into(
        slots,
        0,
        *(
            reference(value, t)
            if isinstance(t, RefType)
            else vector_bytes(value)
            if t is V128
            else convert_number(value, t)
            for value, t in zip(values, types, strict=True)
        ),
    )


def unpack(
    slots: Any, types: Sequence[ValType], dereference: Callable[[int, RefType], Any]
) -> tuple[Any, ...]:
    """Read values from slots. `dereference` turns a pointer into a Python object."""
    codec = slot_codec(tuple(types))
    values = codec.unpack_from(slots)
    if not codec.has_others:
        return values
    return tuple(
        dereference(value, t)
        if isinstance(t, RefType)
        else vector_value(value)
        if t is V128
        else value
        for value, t in zip(values, types, strict=True)
    )


# --- bit patterns, where Python's floats would change a signalling NaN ---


def pack_bits(slots: Any, values: Sequence[int]) -> None:
    """Write bit patterns into slots."""
    for number, bits in enumerate(values):
        struct.pack_into("16s", slots, VALUE_SLOT_SIZE * number, bits.to_bytes(16, "little"))


def unpack_bits(slots: Any, types: Sequence[ValType]) -> tuple[int, ...]:
    """Read the unsigned bit pattern of each slot, as wide as its type."""
    starts = range(0, VALUE_SLOT_SIZE * len(types), VALUE_SLOT_SIZE)
    return tuple(
        int.from_bytes(bytes(slots[at : at + t.size]), "little")
        for at, t in zip(starts, types, strict=True)
    )


def type_text(t: DefType) -> str:
    """A function type for messages."""
    assert isinstance(t.composite, FuncType)
    params, results = (", ".join(map(str, ts)) for ts in (t.composite.params, t.composite.results))
    return f"({params}) -> ({results})"
