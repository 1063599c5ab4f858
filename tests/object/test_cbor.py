"""The CBOR of artifacts: examples of RFC 8949, what is written is read, and noise is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.object.cbor import read_cbor, write_cbor

INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        # RFC 8949, appendix A
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1000, "1903e8"),
        (1000000, "1a000f4240"),
        (18446744073709551615, "1bffffffffffffffff"),
        (-1, "20"),
        (-1000, "3903e7"),
        (False, "f4"),
        (True, "f5"),
        (None, "f6"),
        ("", "60"),
        ("\u6c34", "63e6b0b4"),
        ([], "80"),
        ({}, "a0"),
        ({"a": "A", "b": "B"}, "a2616161416162" + "6142"),
        # RFC 8746, section 2
        ([1, 2], "d846480100000002000000"),
    ],
)
def test_examples(value: Any, encoded: str):
    assert write_cbor(value).hex() == encoded
    assert read_cbor(bytes.fromhex(encoded)) == value


@given(VALUES)
def test_what_is_written_is_read(value: Any):
    assert read_cbor(write_cbor(value)) == value


@given(st.binary())
def test_noise(data: bytes):
    with suppress(ValueError):
        read_cbor(data)


@pytest.mark.parametrize(
    "encoded", ["", "18", "61", "81", "a1", "d84641ff", "1f", "9f", "fb", "0000"]
)
def test_what_is_never_written(encoded: str):
    with pytest.raises(ValueError, match=r"it |an array|something"):
        read_cbor(bytes.fromhex(encoded))


def test_deep_nesting_is_refused():
    with pytest.raises(ValueError, match="nested"):
        read_cbor(b"\x81" * 100_000)


def test_what_cannot_be_written():
    with pytest.raises(OverflowError):
        write_cbor(1 << 64)
    with pytest.raises(TypeError):
        write_cbor(1.5)


def test_a_name_that_is_there_twice():
    with pytest.raises(ValueError, match="there twice"):
        read_cbor(b"\xa2\x61a\x01\x61a\x02")
