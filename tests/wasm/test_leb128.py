"""LEB128, against the definition and at its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.wasm.errors import DecodeError
from wasmdialect.wasm.leb128 import (
    decode_signed,
    decode_unsigned,
    encode_signed,
    encode_unsigned,
)

BITS = st.sampled_from([7, 32, 33, 64])


@given(st.data(), BITS)
def test_unsigned_round_trip(data: st.DataObject, bits: int):
    value = data.draw(st.integers(0, (1 << bits) - 1))
    encoded = encode_unsigned(value)
    assert len(encoded) == max(1, -(-value.bit_length() // 7))
    assert decode_unsigned(b"x" + encoded + b"x", 1, bits) == (value, 1 + len(encoded))


@given(st.data(), BITS)
def test_signed_round_trip(data: st.DataObject, bits: int):
    value = data.draw(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1))
    encoded = encode_signed(value)
    assert decode_signed(encoded, 0, bits) == (value, len(encoded))


@given(st.binary(min_size=1, max_size=12), BITS)
def test_any_bytes(data: bytes, bits: int):
    """Whatever the bytes are, a value in range comes out, or one of the two errors."""
    for decode, low, high in (
        (decode_unsigned, 0, (1 << bits) - 1),
        (decode_signed, -(1 << bits - 1), (1 << bits - 1) - 1),
    ):
        try:
            value, end = decode(data, 0, bits)
        except DecodeError as error:
            assert error.message in ("integer representation too long", "integer too large")
        except IndexError:
            assert data[-1] >= 0x80
        else:
            assert low <= value <= high
            assert end <= -(-bits // 7)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x80\x80\x80\x80\x00", "integer representation too long"),
        (b"\xff\xff\xff\xff\x1f", "integer too large"),
        (b"\x80\x80\x80\x80\x10", "integer too large"),
    ],
)
def test_32_bits_too_many(data: bytes, message: str):
    with pytest.raises(DecodeError, match=message):
        decode_unsigned(data, 0, 32)


def test_redundant_bytes_are_allowed():
    assert decode_unsigned(b"\x80\x80\x80\x80\x00", 0, 32) == (0, 5)
    assert decode_signed(b"\xff\xff\xff\xff\x7f", 0, 32) == (-1, 5)
