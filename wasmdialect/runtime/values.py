"""Values at the boundary: Python objects to the slots of an array call and back.

A slot starts with the value's own bytes, little-endian. References are pointers: a function is its
VMFuncRef, an external object a handle that the store gave out; null is 0.
"""

from __future__ import annotations

import ctypes
import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import VALUE_SLOT_SIZE
from wasmdialect.runtime.packing import POINTER_FORMAT, slot_format
from wasmdialect.types import INTEGERS, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmdialect.runtime.signatures import Signature

_SLOTS = {t: slot_format(number.format) for t, number in NUMBERS.items()}
_REFERENCE_SLOT = slot_format(POINTER_FORMAT)


class SlotCodec:
    """How the slots of some types are packed."""

    __slots__ = ("has_references", "pack_into", "unpack_from")

    def __init__(self, types: tuple[str, ...]):
        slots = struct.Struct("<" + "".join(_SLOTS.get(t, _REFERENCE_SLOT) for t in types))
        self.pack_into: Callable[..., None] = slots.pack_into
        self.unpack_from: Callable[..., tuple[Any, ...]] = slots.unpack_from
        self.has_references = any(t not in NUMBERS for t in types)


_codecs: dict[tuple[str, ...], SlotCodec] = {}


def slot_codec(types: tuple[str, ...]) -> SlotCodec:
    """The codec of a list of types."""
    known = _codecs.get(types)
    if known is None:
        known = _codecs[types] = SlotCodec(types)
    return known


def slot_array(count: int) -> Any:
    """The ctypes type of so many slots."""
    return ctypes.c_ubyte * (VALUE_SLOT_SIZE * count)  # ctypes keeps the types that it has made


def new_slots(signature: Signature) -> Any:
    """Slots for a call of a signature."""
    return slot_array(signature.slot_count)()


def slots_at(address: int, count: int) -> Any:
    """The slots that compiled code has in its frame."""
    return slot_array(count).from_address(address)


_INTEGER_RANGES = {
    t: (-(1 << number.bits - 1), (1 << number.bits) - 1) for t, number in INTEGERS.items()
}


def convert_number(value: Any, t: str) -> int | float:
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
    slots: Any, types: Sequence[str], values: Sequence[Any], reference: Callable[[Any, str], int]
) -> None:
    """Write values into slots. `reference` turns a Python object into a pointer."""
    codec = slot_codec(tuple(types))
    codec.pack_into(
        slots,
        0,
        *(
            convert_number(value, t) if t in NUMBERS else reference(value, t)
            for value, t in zip(values, types, strict=True)
        ),
    )


def unpack(
    slots: Any, types: Sequence[str], dereference: Callable[[int, str], Any]
) -> tuple[Any, ...]:
    """Read values from slots. `dereference` turns a pointer into a Python object."""
    codec = slot_codec(tuple(types))
    values = codec.unpack_from(slots)
    if not codec.has_references:
        return values
    return tuple(
        value if t in NUMBERS else dereference(value, t)
        for value, t in zip(values, types, strict=True)
    )


# --- bit patterns, where Python's floats would change a signalling NaN ---


def pack_bits(slots: Any, values: Sequence[int]) -> None:
    """Write 64-bit patterns into slots."""
    for number, bits in enumerate(values):
        struct.pack_into("<Q", slots, VALUE_SLOT_SIZE * number, bits)


_BITS = {t: f"<{number.bits_format}" for t, number in NUMBERS.items()}
_POINTER_BITS = f"<{POINTER_FORMAT}"


def unpack_bits(slots: Any, types: Sequence[str]) -> tuple[int, ...]:
    """Read the unsigned bit pattern of each slot, as wide as its type."""
    return tuple(
        struct.unpack_from(_BITS.get(t, _POINTER_BITS), slots, VALUE_SLOT_SIZE * number)[0]
        for number, t in enumerate(types)
    )
