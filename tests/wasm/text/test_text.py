"""The text format: what reads back, what is rejected where, depth."""

from __future__ import annotations

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.text import parse_module, print_module, wat2wasm
from wasmdialect.wasm.text.literals import is_float, parse_integer, parse_string
from wasmdialect.wasm.text.printer import string_literal
from wasmdialect.wasm.validate import validate_module

MODULES = [
    "",
    "(module)",
    '(module (import "a" "b" (func $f (param i32))) (export "f" (func $f)))',
    '(func (export "a") (export "b") (param $x i32) (result i32) local.get $x)',
    '(func $f (import "a" "b") (param i32)) (func $g (call $f (i32.const 1)))',
    '(memory (data "abc"))',
    "(table 2 2 externref) (elem (table 0) (i32.const 0) externref (ref.null extern))",
    "(func (block (result i32) (i32.const 1)) (drop)) (func (loop $l (br $l)))",
    "(func (param i32) (if (local.get 0) (then (nop)) (else (unreachable))))",
    "(func (param i32) local.get 0 if $x nop else $x unreachable end $x)",
    "(func (i32.const 1) (block (param i32) (result i32 i32) (i32.const 2)) unreachable)",
    "(func (drop (f32.const 0x1.8p-3)) (drop (f64.const nan:0x123)) (drop (f32.const -inf)))",
    '(data $d "\\00\\ff\\u{1F600}") (memory 1)'
    " (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)))",
    '(func $"with space" (call $"with space"))',
    "(type $t (func (param i32))) (func (type $t) (local i64 i64 f32))",
    "(global $g (mut i32) (i32.const 1)) (func (global.set $g (global.get $g)))",
    "(func (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3))))",
    "(start $f) (func $f)",
    "(table funcref (elem $f $f)) (func $f)",
    '(; block (; nested ;) ;) ;; line\n(func (@annotation ignored "s" (x)))',
]


@pytest.mark.parametrize("text", MODULES)
def test_same_bytes_as_wasmtime(text: str):
    ours = wat2wasm(text)
    assert ours == bytes(wasmtime.wat2wasm(text or "(module)"))
    validate_module(decode_module(ours))


@pytest.mark.parametrize("text", MODULES)
def test_printed_text_reads_back(text: str):
    binary = wat2wasm(text)
    assert wat2wasm(print_module(decode_module(binary))) == binary


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("(module\n  (func (i32.cosnt 1)))", "unknown operator i32.cosnt", 2, 10),
        ("(module (func (i32.const 0x1_0000_0000)))", "constant out of range", 1, 26),
        ("(module (func $f) (func $f))", r"duplicate func \$f", 1, 25),
        ("(module (func (call $g)))", r"unknown func \$g", 1, 21),
        ("(module\n(func (br $x)))", r"unknown label \$x", 2, 11),
        ("(module (func", "unexpected token", 1, 9),
        ("(module (func))) ", r"unexpected token \)", 1, 16),
        ('(module (data "a\n"))', "unclosed string", 1, 15),
        ('(module (data "\\q"))', "illegal escape", 1, 16),
        ("(module (; ", "unclosed comment", 1, 9),
        ("(module é)", "illegal character", 1, 9),
        ("(module (func block $a end $b))", "mismatching label", 1, 28),
        ('(module (func) (import "a" "b" (func)))', "import after function", 1, 16),
    ],
)
def test_errors_have_places(text: str, message: str, line: int, column: int):
    with pytest.raises(TextError, match=message) as caught:
        parse_module(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_labels_are_printed_where_they_mean_the_same():
    binary = wat2wasm(
        "(func (block $a (block $b (block $a (br $a) (br 2) (br $b) (br 3))))"
        " (loop $c (try_table $d (catch_all $c) (br_table $d $c 2 (i32.const 0)))) (block (br 0)))"
    )
    text = print_module(decode_module(binary))
    assert wat2wasm(text) == binary
    assert [line.strip() for line in text.splitlines() if "br" in line or "catch" in line] == [
        "br $a", "br 2", "br $b", "br 3",
        "try_table $d (catch_all $c)", "br_table $d $c 2", "br 0",
    ]  # fmt: skip


def test_source_map():
    parsed = parse_module(
        "(module\n  (func (result i32)\n    i32.const 1\n    i32.const 2\n    i32.add))"
    )
    module = decode_module(parsed.binary)
    code = module.functions[0].code
    assert code is not None
    assert parsed.source_map.look_up(code.offset + 1) == (3, 5)
    assert parsed.source_map.look_up(code.offset + 5) == (5, 5)
    assert parsed.source_map.look_up(0) is None


@pytest.mark.parametrize(
    "pattern", ["(block {} )", "(i32.eqz {} )", "(if (i32.const 1) (then {} ))"]
)
def test_deep_folding(pattern: str):
    depth = 10_000
    before, after = pattern.split("{}")
    inner = "(i32.const 1)" if "eqz" in pattern else "(nop)"
    text = f"(func {before * depth}{inner}{after * depth}{'(drop)' if 'eqz' in pattern else ''})"
    validate_module(decode_module(wat2wasm(text)))


def test_deep_flat_nesting():
    depth = 10_000
    wat2wasm(f"(func {'block ' * depth} {'end ' * depth})")


@given(st.binary(max_size=50))
def test_strings_round_trip(data: bytes):
    assert parse_string(string_literal(data)) == data


@given(st.integers(-(2**63), 2**64 - 1), st.sampled_from(["{}", "{:#x}", "{:_}", "{:+}"]))
def test_integers(value: int, form: str):
    assert parse_integer(form.format(value)) == value


@given(st.floats(allow_nan=False))
def test_floats_are_literals(value: float):
    assert is_float(repr(value))
    assert is_float(value.hex())


@given(st.text(max_size=60))
def test_any_text(text: str):
    """Garbage is a TextError, nothing else."""
    try:
        parse_module(text)
    except TextError as error:
        assert error.line is not None


@given(
    st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                "func",
                "i32.const",
                "1",
                "$x",
                '"s"',
                "block",
                "end",
                "(param",
                "type",
                ";;",
                "\n",
                "(;",
                ";)",
            ]
        ),
        max_size=25,
    )
)
def test_any_tokens(tokens: list[str]):
    try:
        parse_module(" ".join(tokens))
    except TextError as error:
        assert error.line is not None


def test_the_line_of_an_error_is_shown():
    """A part of a long line, tabs as they are, and what cannot be seen replaced."""
    text = '(module\n\t(data "\u0001")' + " (nop)" * 100 + ")"
    with pytest.raises(TextError) as caught:
        parse_module(text)
    excerpt = ('\t(data "\ufffd")' + " (nop)" * 100)[:100]
    message = "illegal character '\\x01' in a string at line 2, column 9"
    assert caught.value.in_context() == f"{message}\n 2 | {excerpt}\n   | \t       ^"
    with pytest.raises(TextError) as caught:
        parse_module(f"(module {'(func) ' * 100} (nope))")
    message, line, caret = caught.value.in_context().splitlines()
    assert message == "unknown operator nope at line 1, column 711"
    assert line.removeprefix(" 1 | ")[caret.removeprefix("   | ").index("^") :] == "nope))"
