"""The one pass over a body: it agrees with the decoder, and with the specification on dead code."""

from __future__ import annotations

import pytest

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_section, sized, vector
from wasmdialect.wasm.errors import ValidationError, WasmError
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.text import print_module, wat2wasm
from wasmdialect.wasm.validate import validate_module

HEADER = b"\0asm\1\0\0\0"
REFERENCES = ("ref.as_non_null", "br_on_null 0", "any.convert_extern", "extern.convert_any")


@pytest.mark.parametrize("instruction", REFERENCES)
def test_a_reference_in_dead_code_is_no_number(instruction: str):
    """What `ref.as_non_null` makes of the bottom type is a reference, of whatever type."""
    with pytest.raises(ValidationError, match="type mismatch"):
        validate_module(
            decode_module(wat2wasm(f"(func (unreachable) {instruction} (drop (f64.neg)))"))
        )
    validate_module(
        decode_module(wat2wasm(f"(func (unreachable) {instruction} (drop (ref.is_null)))"))
    )


def module(*sections: tuple[int, bytes]) -> bytes:
    return HEADER + b"".join(encode_section(*section) for section in sections)


def function(body: bytes) -> bytes:
    return module((1, b"\1\x60\0\0"), (3, b"\1\0"), (10, vector([sized(body)])))


DEEP = 50_000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\0" + b"\x02\x40" * DEEP + b"\x0b" * (DEEP + 1), None),
        (b"\0" + b"\x02\x40" * DEEP, "unexpected end"),
        (b"\0" + b"\x0b" * DEEP, "END opcode expected"),
        (b"\0" + b"\x41\0" * DEEP + b"\x0b", r"block requires \[\] but stack has"),
        (b"\1" + encode_unsigned(50_001) + b"\x7f\x0b", "too many locals"),
    ],
)
def test_depth(body: bytes, message: str | None):
    """Nothing here recurses with the input."""
    decoded = decode_module(function(body))
    if message is None:
        validate_module(decoded)
        assert len(print_module(decoded)) < 300 * DEEP
        return
    with pytest.raises(WasmError, match=message):
        validate_module(decoded)


def sub_types(count: int) -> bytes:
    """A chain of types, each the sub type of the one before."""
    chain = [b"\x50\1" + encode_unsigned(k) + b"\x5f\0" for k in range(count)]
    return module((1, vector([b"\x50\0\x5f\0", *chain])))


def test_subtyping_depth():
    validate_module(decode_module(sub_types(63)))
    with pytest.raises(ValidationError, match="sub type 64 has more than 63 super types"):
        decode_module(sub_types(20_000))


@pytest.mark.parametrize(
    ("word", "message"), [("param", "too many parameters"), ("result", "too many results")]
)
def test_parameters_and_results(word: str, message: str):
    validate_module(decode_module(wat2wasm(f"(type (func ({word}{' i32' * 1000})))")))
    with pytest.raises(WasmError, match=message):
        decode_module(wat2wasm(f"(type (func ({word}{' i32' * 1001})))"))
