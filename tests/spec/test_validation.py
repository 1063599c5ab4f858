"""Decoding, validation and the text format against every module of the WebAssembly test-suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec.scripts import read_script, scripts

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.errors import DecodeError, TextError, ValidationError
from wasmdialect.wasm.text import print_module, wat2wasm
from wasmdialect.wasm.validate import validate_module
from wasmdialect.wasm.wast import (
    AssertFailure,
    DefineModule,
    Failure,
    ModuleForm,
    ScriptModule,
    parse_script,
)

ERRORS = {
    Failure.MALFORMED: (TextError, DecodeError),
    Failure.INVALID: (ValidationError,),
}


@pytest.mark.parametrize("name", scripts() or ["i32.wast"])
def test_modules(testsuite: Path, name: str):
    """Valid modules are accepted, and encode to the bytes they came from; the others are rejected
    with the words of the script."""
    for command in parse_script(read_script(testsuite, name)):
        if isinstance(command, DefineModule):
            check_valid(command.module)
        elif isinstance(command, AssertFailure) and isinstance(command.subject, ScriptModule):
            if command.failure in ERRORS:
                check_rejected(command)
            else:
                check_valid(command.subject)


def check_valid(module: ScriptModule) -> None:
    binary = module.to_binary()
    decoded = decode_module(binary)
    validate_module(decoded)
    encoded = encode_module(decoded)
    if module.form is not ModuleForm.BINARY:
        assert encoded == binary, f"line {module.line}"
        assert wat2wasm(print_module(decoded)) == binary, f"line {module.line}"
    assert encode_module(decode_module(encoded)) == encoded, f"line {module.line}"


def check_rejected(command: AssertFailure) -> None:
    assert isinstance(command.subject, ScriptModule)
    with pytest.raises(ERRORS[command.failure]) as caught:
        validate_module(decode_module(command.subject.to_binary()))
    assert caught.value.message.startswith(command.message), f"line {command.line}: {caught.value}"
    has_place = caught.value.line is not None or caught.value.offset is not None
    assert has_place or command.failure is Failure.INVALID
