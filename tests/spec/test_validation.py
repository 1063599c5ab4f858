"""Decoding, validation and the text format against every module of the WebAssembly test-suite: the
main folder, custom annotations, proposals and legacy exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec.scripts import features_of, read_script, scripts

from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature, parse_features
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.text import parse_module, print_module
from wasmdialect.wasm.validate import validate_function
from wasmdialect.wasm.wast import (
    AssertFailure,
    DefineModule,
    Failure,
    ModuleForm,
    ScriptModule,
    parse_script,
)
from wasmdialect.wasm.wast_check import REJECTIONS, check_accepted, check_rejected

NOT_MINIMAL = {
    *(("binary-leb128.wast", line) for line in (2, 7, 12, 18, 24, 32, 41, 49, 57, 66, 75, 87, 99)),
    *(("binary-leb128.wast", line) for line in (111, 120, 133, 146)),
    *(("binary-leb128.wast", line) for line in (1002, 1010, 1019, 1030, 1038, 1047, 1056)),
    *(("binary0.wast", line) for line in (2, 8, 36)),
    ("float_literals.wast", 224),
}
"""Modules with integers in more bytes than they need, by script and line: these alone are not encoded
to the bytes they came from."""


@pytest.mark.parametrize("name", scripts() or ["i32.wast"])
def test_modules(testsuite: Path, name: str):
    """Valid modules are accepted, and encode to the bytes they came from; the others are rejected
    with the words of the script, and with a place."""
    features = parse_features(features_of(name))
    for command in parse_script(read_script(testsuite, name)):
        if isinstance(command, DefineModule):
            check_round_trips(command.module, features, name)
        elif isinstance(command, AssertFailure) and isinstance(command.subject, ScriptModule):
            if command.failure in REJECTIONS:
                assert check_rejected(command, features) is None, f"line {command.line}"
                check_has_place(command, features)
            else:
                check_round_trips(command.subject, features, name)


def check_round_trips(module: ScriptModule, features: frozenset[Feature], script: str) -> None:
    is_minimal = (script, module.line) not in NOT_MINIMAL
    binary = module.to_binary(features)
    decoded = check_accepted(module, features)
    check_instructions(decoded)
    encoded = encode_module(decoded)
    assert is_minimal is (encoded == binary), f"line {module.line}"
    again = decode_module(encoded, features)
    assert encode_module(again) == encoded, f"line {module.line}"
    from_text = parse_module(print_module(decoded), features).binary
    if module.form is not ModuleForm.BINARY:
        assert from_text == binary, f"line {module.line}"
    else:
        # Text cannot say which of several forms a segment has: it settles on one.
        read = decode_module(from_text, features)
        assert custom_sections(read) == custom_sections(decoded), f"line {module.line}"
        again = print_module(read)
        assert parse_module(again, features).binary == from_text, f"line {module.line}"


def check_instructions(module: Module) -> None:
    """The pass that checks a body sees the same instructions as the decoder alone."""
    for function in module.defined_functions():
        assert function.code is not None
        reader = Reader(module.binary, function.code.offset, module.features, module.types)
        decode_locals(reader)
        instructions = decode_instructions(reader, function.code.offset + len(function.code.bytes))
        assert validate_function(module, function)[1] == instructions


def custom_sections(module: Module) -> list[tuple[str, bytes]]:
    return [(section.name, bytes(section.bytes)) for section in module.custom_sections]


def check_has_place(command: AssertFailure, features: frozenset[Feature]) -> None:
    assert isinstance(command.subject, ScriptModule)
    if command.failure in (Failure.MALFORMED, Failure.INVALID):
        with pytest.raises(WasmError) as caught:
            check_accepted(command.subject, features)
        assert caught.value.line is not None or caught.value.offset is not None, command.line
