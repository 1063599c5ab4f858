"""Values at the boundary: Python objects to the slots of an array call and back.

A slot starts with the value's own bytes, little-endian. References are pointers: a function is its
VMFuncRef, an external object a handle that the store gave out; null is 0.
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import VALUE_SLOT_SIZE
from wasmdialect.runtime.packing import slot_format
from wasmdialect.types import I32, I64, DefType, FuncType, RefType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmdialect.types import ValType


class SlotCodec:
    """How the slots of some types are packed."""

    __slots__ = ("has_references", "pack_into", "unpack_from")

    def __init__(self, types: tuple[ValType, ...]):
        slots = struct.Struct("<" + "".join(slot_format(t.format) for t in types))
        self.pack_into: Callable[..., None] = slots.pack_into
        self.unpack_from: Callable[..., tuple[Any, ...]] = slots.unpack_from
        self.has_references = any(isinstance(t, RefType) for t in types)


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
            reference(value, t) if isinstance(t, RefType) else convert_number(value, t)
            for value, t in zip(values, types, strict=True)
        ),
    )


def unpack(
    slots: Any, types: Sequence[ValType], dereference: Callable[[int, RefType], Any]
) -> tuple[Any, ...]:
    """Read values from slots. `dereference` turns a pointer into a Python object."""
    codec = slot_codec(tuple(types))
    values = codec.unpack_from(slots)
    if not codec.has_references:
        return values
    return tuple(
        dereference(value, t) if isinstance(t, RefType) else value
        for value, t in zip(values, types, strict=True)
    )


# --- bit patterns, where Python's floats would change a signalling NaN ---


def pack_bits(slots: Any, values: Sequence[int]) -> None:
    """Write 64-bit patterns into slots."""
    for number, bits in enumerate(values):
        struct.pack_into("<Q", slots, VALUE_SLOT_SIZE * number, bits)


def unpack_bits(slots: Any, types: Sequence[ValType]) -> tuple[int, ...]:
    """Read the unsigned bit pattern of each slot, as wide as its type."""
    return tuple(
        struct.unpack_from(f"<{t.bits_format}", slots, VALUE_SLOT_SIZE * number)[0]
        for number, t in enumerate(types)
    )


def type_text(t: DefType) -> str:
    """A function type for messages."""
    assert isinstance(t.composite, FuncType)
    params, results = (", ".join(map(str, ts)) for ts in (t.composite.params, t.composite.results))
    return f"({params}) -> ({results})"
