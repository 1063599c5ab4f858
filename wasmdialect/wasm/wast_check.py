"""Checking a script of the WebAssembly test-suite without running anything: every valid module is
accepted, every other one is rejected with the message of the script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wasmdialect.wasm.custom_sections import check_custom_sections
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import DecodeError, TextError, ValidationError, WasmError
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_module
from wasmdialect.wasm.wast import (
    AssertFailure,
    Command,
    DefineModule,
    Failure,
    ScriptModule,
    Thread,
    parse_script,
)


@dataclass(frozen=True)
class ScriptFailure:
    """A command whose result differs from the script."""

    command: int
    """Its number among the commands that were run or checked, from 0."""
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class ScriptResult:
    """The result of running or checking a script."""

    commands: int
    failures: list[ScriptFailure]


REJECTIONS: dict[Failure, tuple[type[WasmError], ...]] = {
    Failure.MALFORMED: (TextError, DecodeError),
    Failure.INVALID: (ValidationError,),
    Failure.MALFORMED_CUSTOM: (TextError, DecodeError),
    Failure.INVALID_CUSTOM: (ValidationError,),
}
"""The assertions about a module that cannot be loaded, and the errors they expect."""


def check_script(text: str, features: frozenset[Feature] = WASM_3_0) -> ScriptResult:
    """Check the modules of a script; the other commands are only parsed. Raises TextError."""
    commands = parse_script(text)
    checked = [*_with_modules(commands)]
    failures: list[ScriptFailure] = []
    for number, command in enumerate(checked):
        message = _check(command, features)
        if message is not None:
            failures.append(ScriptFailure(number, command.line, message))
    return ScriptResult(len(checked), failures)


def _with_modules(commands: Iterable[Command]) -> Iterable[DefineModule | AssertFailure]:
    for command in commands:
        match command:
            case DefineModule() | AssertFailure(subject=ScriptModule()):
                yield command
            case Thread():
                yield from _with_modules(command.commands)
            case _:
                pass


def _check(command: DefineModule | AssertFailure, features: frozenset[Feature]) -> str | None:
    """The failure; None if there is none."""
    if isinstance(command, AssertFailure) and command.failure in REJECTIONS:
        return check_rejected(command, features)
    module = command.module if isinstance(command, DefineModule) else command.subject
    assert isinstance(module, ScriptModule)
    try:
        check_accepted(module, features)
    except WasmError as error:
        return f"{type(error).__name__}: {error}"
    return None


def check_accepted(module: ScriptModule, features: frozenset[Feature] = WASM_3_0) -> Module:
    """The module, which is valid. Raises WasmError."""
    decoded = decode_module(module.to_binary(features), features)
    validate_module(decoded)
    return decoded


def check_rejected(command: AssertFailure, features: frozenset[Feature] = WASM_3_0) -> str | None:
    """The fault in the rejection of a module that cannot be loaded; None if there is none."""
    assert isinstance(command.subject, ScriptModule)
    try:
        decoded = check_accepted(command.subject, features)
        if command.failure in (Failure.MALFORMED_CUSTOM, Failure.INVALID_CUSTOM):
            check_custom_sections(decoded)
    except WasmError as error:
        if isinstance(error, REJECTIONS[command.failure]) and error.message.startswith(
            command.message
        ):
            return None
        return f"expected {command.message!r}, but the error is {type(error).__name__}: {error}"
    return f"expected to fail with {command.message!r}, but nothing failed"
