"""Annotations that stand for custom sections: the same bytes as wasm-tools, and back to them."""

from __future__ import annotations

import pytest
import wasmtime

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.text import parse_module, print_module, wat2wasm

HINTED = """
  (func $f (param $x i32) (local $y i64)
    (@metadata.code.branch_hint "\\01")
    (if (local.get 0) (then nop))
    block
      local.get 0
      (@metadata.code.branch_hint "\\00") br_if 0
    end)"""
TEXTS = [
    '(module $m (@name "Modül") (func (@name "x")) (func (@name "x")))',
    '(func (param $x i32) (local (@name "x") i32) (local i64))',
    '(type (@name "t") (struct (field (@name "f") i32))) (table (@name "tt") 1 funcref)'
    ' (memory (@name "mm") 1) (global (@name "gg") i32 (i32.const 1)) (elem (@name "e") func)'
    ' (data (@name "d") "x") (tag (@name "ta"))',
    '(@custom "a" (before first) "1") (@custom "b" (before global) "2") (@custom "c" (after func))'
    ' (@custom "d" (after last) "\\00" "4") (@custom "e" (before code) "5") (@custom "f" "6")'
    " (type $t (func)) (func) (global $g i32 (i32.const 0))",
    HINTED,
    f'(@custom "z" (before code) "6") {HINTED}',
    '(@other "x" (y 3)) (func (@custom2) (nop))',
]


@pytest.mark.parametrize("text", TEXTS)
def test_same_bytes_as_wasm_tools(text: str):
    assert wat2wasm(text) == bytes(wasmtime.wat2wasm(text))


@pytest.mark.parametrize("text", TEXTS)
def test_printed_text_reads_back(text: str):
    binary = wat2wasm(text)
    assert wat2wasm(print_module(decode_module(binary))) == binary


def test_hints_and_names_are_printed_as_annotations():
    text = print_module(decode_module(wat2wasm(HINTED)))
    assert '(@metadata.code.branch_hint "\\01")\n    if' in text
    assert "@custom" not in text


@pytest.mark.parametrize(
    "section",
    [
        encode_custom("name", b"\1\4\1\0\1f\x63\1x"),  # an unknown subsection
        encode_custom("name", b"\1\4\1\7\1f"),  # a function that is not there
        encode_custom("name", b"\2\7\1\0\1\x63\2xy"),  # a local that is not there
        encode_custom("name", b"\1\4\1\0\1f") + encode_custom("after", b""),
        encode_custom("name", b"\1\4\1\0\1f") * 2,
        encode_custom("metadata.code.branch_hint", b"\1\0\1\4\1\1"),  # behind the code
    ],
)
def test_sections_that_text_does_not_imply_are_written_out(section: bytes):
    binary = wat2wasm("(func)") + section
    text = print_module(decode_module(binary))
    assert "(@custom" in text
    assert wat2wasm(text) == binary


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ('(func (@name "a") (@name "b"))', "@name annotation: multiple func", 19),
        ("(func (@name 3))", "@name annotation: string expected", 7),
        ('(func (@name "a" b))', "@name annotation: unexpected token", 7),
        ('(func (nop) (@name "a"))', "misplaced @name annotation", 13),
        ('(func (block (nop (@custom "a"))))', "misplaced @custom annotation", 19),
        ('(@custom "a" (before types))', "@custom annotation: malformed section kind", 1),
        ('(@custom "a" "\\u{d800}")', "@custom annotation: malformed UTF-8", 1),
        ('(func (@metadata.code.branch_hint "\\02") if end)', "malformed value", 7),
        ('(func (@metadata.code.branch_hint "\\01"))', "invalid target", 7),
        ('(func (@metadata.code.branch_hint "\\01") (param i32))', "invalid target", 7),
        (
            '(func (if (i32.const 1) (@metadata.code.branch_hint "\\01") (then)))',
            "invalid target",
            25,
        ),
        ('(@metadata.code.branch_hint "\\01") (func)', "not in a function", 1),
        ('(@name "x") (module)', "misplaced @name annotation", 1),
    ],
)
def test_errors_have_places(text: str, message: str, column: int):
    with pytest.raises(TextError, match=message) as caught:
        parse_module(text)
    assert (caught.value.line, caught.value.column) == (1, column)
