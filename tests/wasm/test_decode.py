"""Modules as bytes: mutations never crash, names are lenient, errors have places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.errors import DecodeError, ValidationError, WasmError
from wasmdialect.wasm.names import decode_names, encode_names
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.validate import validate_module

MODULE = wat2wasm("""
(module $everything
  (type $pair (func (param i32 i64) (result i32)))
  (import "env" "f" (func $f (type $pair)))
  (import "env" "g" (global $g i32))
  (table $t 3 10 funcref)
  (memory $m 1 2)
  (global $c (mut i64) (i64.const -5))
  (func $main (export "main") (type $pair) (local $x f64)
    (block $b (br_if $b (local.get 0)) (br_table $b $b (local.get 0)))
    (call_indirect (type $pair) (local.get 0) (local.get 1) (i32.const 0)))
  (elem (i32.const 0) $main $f)
  (data (i32.const 8) "hello")
  (data $passive "world"))
""")


@pytest.fixture(scope="module", autouse=True)
def module_is_valid() -> None:
    validate_module(decode_module(MODULE))


@given(st.integers(0, len(MODULE) - 1), st.integers(0, 255))
def test_one_byte_changed(position: int, byte: int):
    """Another module, or one of two errors that say where."""
    mutated = MODULE[:position] + bytes([byte]) + MODULE[position + 1 :]
    try:
        validate_module(decode_module(mutated))
    except WasmError as error:
        assert isinstance(error, DecodeError | ValidationError)


@given(st.integers(0, len(MODULE) - 1))
def test_truncated(size: int):
    if size == 8:
        validate_module(decode_module(MODULE[:8]))
        return
    try:
        validate_module(decode_module(MODULE[:size]))
    except DecodeError as error:
        assert error.offset is not None
        assert error.offset <= size


@given(st.binary(max_size=80))
def test_any_bytes_behind_the_header(data: bytes):
    try:
        validate_module(decode_module(MODULE[:8] + data))
    except WasmError as error:
        assert str(error)


def test_encode_gives_the_same_bytes():
    assert encode_module(decode_module(MODULE)) == MODULE


def test_names():
    names = decode_module(MODULE).names
    assert names.module == "everything"
    assert names.functions == {0: "f", 1: "main"}
    assert names.locals == {1: {2: "x"}}
    assert names.memories == {0: "m"}
    assert decode_names(encode_names(names)) == names


@given(st.binary(max_size=40))
def test_broken_names_are_left_out(content: bytes):
    decode_names(content)


def test_custom_sections_stay_where_they_were():
    custom = b"\x00\x05\x04test"
    for position in (8, len(MODULE)):
        data = MODULE[:position] + custom + MODULE[position:]
        assert encode_module(decode_module(data)) == data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(func (result i32) (i64.const 1))", r"type mismatch.*function 0 at offset 0x"),
        ("(func (local.get 3))", "unknown local 3"),
        ("(func (drop))", "type mismatch"),
        ("(memory 1) (func (drop (i32.load align=8 (i32.const 0))))", "alignment must not"),
        ("(func (br 2))", "unknown label 2"),
        (
            "(func (i32.add (i32.const 1) (f32.const 1)) (drop))",
            r"\[i32 i32\] but stack has \[i32 f32\]",
        ),
    ],
)
def test_messages(text: str, message: str):
    with pytest.raises(ValidationError, match=message):
        validate_module(decode_module(wat2wasm(f"(module {text})")))
