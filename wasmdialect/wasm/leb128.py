"""LEB128 integers (spec "Binary Format / Values / Integers"), as encoded in modules."""

from __future__ import annotations

from wasmdialect.wasm.errors import DecodeError


def encode_unsigned(value: int) -> bytes:
    """The shortest unsigned encoding of `value` >= 0."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_signed(value: int) -> bytes:
    """The shortest signed encoding of `value`."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def _decode(data: bytes | memoryview, pos: int, bits: int) -> tuple[int, int, int]:
    """The 7-bit groups at `pos` as one number, their number of bits, and the position after them."""
    result = shift = 0
    start = pos
    while True:
        byte = data[pos]
        pos += 1
        result |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return result, shift, pos
        if shift >= bits:
            raise DecodeError("integer representation too long", offset=start)


def decode_unsigned(data: bytes | memoryview, pos: int, bits: int) -> tuple[int, int]:
    """An unsigned integer of at most `bits` bits at `pos`, and the position after it.

    Raises DecodeError; IndexError where the data ends.
    """
    result, _, end = _decode(data, pos, bits)
    if result >> bits:
        raise DecodeError("integer too large", offset=pos)
    return result, end


def decode_signed(data: bytes | memoryview, pos: int, bits: int) -> tuple[int, int]:
    """A signed integer of `bits` bits at `pos`, and the position after it.

    Raises DecodeError; IndexError where the data ends.
    """
    result, shift, end = _decode(data, pos, bits)
    if result >> (shift - 1):
        result -= 1 << shift
    if not -(1 << bits - 1) <= result < 1 << bits - 1:
        raise DecodeError("integer too large", offset=pos)
    return result, end
