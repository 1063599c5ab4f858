"""Scripts: every command and result pattern is parsed."""

from __future__ import annotations

import pytest

from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.wast import (
    AssertFailure,
    AssertReturn,
    DefineModule,
    Either,
    Failure,
    InstantiateModule,
    Invoke,
    LanePattern,
    NanPattern,
    Register,
    Thread,
    Value,
    Wait,
    parse_script,
)


def test_modules():
    definition, instance, again, binary, quote = parse_script(
        '(module definition $m (func (@name "x"))) (module instance $i $m) (module instance)'
        ' (module binary "\\00asm" "\\01\\00\\00\\00") (module $q quote "(func)" "(memory 1)")'
    )
    assert isinstance(definition, DefineModule)
    assert not definition.instantiate
    assert definition.module.to_binary() == wat2wasm('(module $m (func (@name "x")))')
    assert instance == InstantiateModule(1, "$i", "$m")
    assert again == InstantiateModule(1, None, None)
    assert isinstance(binary, DefineModule)
    assert binary.module.to_binary() == b"\0asm\1\0\0\0"
    assert isinstance(quote, DefineModule)
    assert quote.module.to_binary() == wat2wasm("(func) (memory 1)")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("(i32.const -1)", Value("i32", 0xFFFF_FFFF)),
        ("(f32.const nan:canonical)", NanPattern("f32", "canonical")),
        ("(f64.const nan:arithmetic)", NanPattern("f64", "arithmetic")),
        ("(ref.null)", Value("ref.null", 0)),
        ("(ref.null func)", Value("ref.null", 0, "func")),
        ("(ref.extern 3)", Value("ref.extern", 3)),
        ("(ref.host 3)", Value("ref.host", 3)),
        *(
            (f"(ref.{k})", Value(f"ref.{k}"))
            for k in ("func", "any", "eq", "i31", "struct", "array", "exn")
        ),
        ("(either (i32.const 1) (i32.const 2))", Either((Value("i32", 1), Value("i32", 2)))),
        (
            "(v128.const f64x2 nan:canonical 0)",
            LanePattern("f64x2", (NanPattern("f64", "canonical"), Value("f64", 0))),
        ),
    ],
)
def test_patterns(text: str, pattern: object):
    assert parse_script(f'(assert_return (invoke "f") {text})') == [
        AssertReturn(1, Invoke(1, None, "f", ()), (pattern,))  # pyright: ignore[reportArgumentType]
    ]


@pytest.mark.parametrize("failure", Failure, ids=lambda f: f.value)
def test_failures(failure: Failure):
    of_action = (Failure.TRAP, Failure.EXHAUSTION, Failure.EXCEPTION, Failure.SUSPENSION)
    subject = '(invoke "f")' if failure in of_action else "(module)"
    message = "" if failure is Failure.EXCEPTION else ' "why"'
    (command,) = parse_script(f"({failure.value} {subject}{message})")
    assert isinstance(command, AssertFailure)
    assert command.failure is failure
    assert command.message == message.strip(' "')


def test_threads():
    commands = parse_script(
        '(thread $T (shared (module $M)) (register "m" $M)\n(invoke "f"))\n(wait $T)'
    )
    inside = (Register(1, "m", "$M"), Invoke(2, None, "f", ()))
    assert commands == [Thread(1, "$T", ("$M",), inside), Wait(3, "$T")]


@pytest.mark.parametrize(
    "text",
    [
        '(assert_return (invoke "f") (ref.thing))',
        "(thread (shared (module $M)))",
        "(thread $T (shared $M))",
        "(thread $T (frobnicate))",
        "(wait)",
        '(assert_return (invoke "f" (either (i32.const 1))))',
        "(module) (frobnicate)",
        f'(assert_return (invoke "f") {"(either " * 5000 + ")" * 5000})',
        f"{'(thread $T ' * 5000 + ')' * 5000}",
    ],
)
def test_what_is_no_script(text: str):
    with pytest.raises(TextError):
        parse_script(text)
