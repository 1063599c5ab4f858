"""Custom sections: what is in them, what is wrong with them, and that they stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.wasm.custom_sections import (
    check_custom_sections,
    decode_branch_hints,
    decode_producers,
    decode_target_features,
    encode_branch_hints,
)
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom, encode_module
from wasmdialect.wasm.errors import DecodeError, ValidationError, WasmError
from wasmdialect.wasm.text import print_module, wat2wasm
from wasmdialect.wasm.validate import validate_module

HINT = "metadata.code.branch_hint"
BODY = wat2wasm("(func (param i32) (block (br_if 0 (local.get 0))))")
HINTS = st.dictionaries(
    st.integers(0, 2**32 - 1),
    st.dictionaries(st.integers(0, 2**32 - 1), st.booleans(), max_size=5),
    max_size=5,
)


@given(HINTS)
def test_branch_hints_are_written_as_they_were_read(hints: dict[int, dict[int, bool]]):
    assert decode_branch_hints(encode_branch_hints(hints)) == hints


def test_producers_and_target_features():
    producers = b"\1\x08language\2\1C\x0211\4Rust\0"
    assert decode_producers(producers) == {"language": {"C": "11", "Rust": ""}}
    assert decode_target_features(b"\2+\4simd-\1x") == [("+", "simd"), ("-", "x")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("name", b"\1\x7f", "@name annotation: length out of bounds"),
        (HINT, b"\1\0\1\5\1\2", "malformed hint"),
        (HINT, b"\1\0\1\5\2\1\1", "malformed hint"),
        (HINT, b"\2\0\0\0\0", "duplicate function"),
        (HINT, b"\0\0", "unexpected content after the end"),
        ("producers", b"\5", "unexpected end"),
        ("target_features", b"\1*\1x", "malformed prefix"),
        (HINT, b"\1\0\1\1\1\1", "invalid target"),
        (HINT, b"\1\7\1\1\1\1", "invalid target"),
    ],
)
def test_what_is_wrong_makes_no_module_invalid(name: str, content: bytes, message: str):
    module = decode_module(BODY + encode_custom(name, content))
    validate_module(module)
    with pytest.raises((DecodeError, ValidationError), match=message):
        check_custom_sections(module)


def test_branch_hint_with_a_target():
    module = decode_module(BODY + encode_custom(HINT, encode_branch_hints({0: {5: True}})))
    check_custom_sections(module)


@given(
    st.sampled_from(["name", HINT, "producers", "target_features", "other"]),
    st.binary(max_size=30),
    st.sampled_from([8, len(BODY)]),
)
def test_any_content_is_kept(name: str, content: bytes, place: int):
    """In binary and through text, wherever it stands; and checking it never fails otherwise."""
    binary = BODY[:place] + encode_custom(name, content) + BODY[place:]
    module = decode_module(binary)
    assert encode_module(module) == binary
    assert wat2wasm(print_module(module)) == binary
    try:
        check_custom_sections(module)
    except WasmError as error:
        assert error.message.startswith("@")
