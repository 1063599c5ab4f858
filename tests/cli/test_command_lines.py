"""Bad command lines, every command with every option: exit code 1 or 2, one message, no traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import pytest

from wasmdialect.cli import main, wasm_opt_py

GARBAGE = ("", "\x1b[2J", "-1", "nan", "9" * 40, "no/such/place")
"""Values that no option takes, unless it takes any name."""

ANY_NAME = {
    "--invoke", "--func", "--dir", "--env", "--cache-dir", "-o", "--reports", "--log", "--emit-ir",
    "--load",
}  # fmt: skip
"""Options whose values are names: what is wrong with them shows after the input is read."""

FILES = {"bench", "compile", "explore", "objdump", "run", "validate", "wast"}
Runner = Callable[[Sequence[str]], int]


def command_of(name: str) -> click.Command:
    command = main.commands.get_command(click.Context(main.commands), name)
    assert command is not None
    return command


def operands(name: str) -> list[str]:
    """Arguments that are not what is wrong with a line, but for files that are missing."""
    if name == "reproduce":
        return ["missing.cwasm", "missing.wat"]
    return ["missing.wat"] if name in FILES else ["a-pass"] if name == "new-pass" else []


def options_of(name: str) -> Iterator[tuple[str, bool]]:
    for parameter in command_of(name).params:
        if isinstance(parameter, click.Option):
            for option in (*parameter.opts, *parameter.secondary_opts):
                yield option, not parameter.is_flag


def bad_lines() -> Iterator[list[str]]:
    """Command lines of `wasmdialect` of which none can succeed."""
    for name in sorted(main._COMMANDS):
        rest = operands(name)
        if rest:
            yield [name]
            yield [name, "-"] if name == "new-pass" else [name, *rest]
        yield [name, "--frobnicate", *rest]
        yield [name, "-Z", *rest]
        for option, takes_value in options_of(name):
            yield [name, *rest, f"{option}x"] if option.startswith("--") else [name, f"{option}="]
            if not takes_value:
                yield [name, *rest, f"{option}=1"]
                continue
            yield [name, *rest, option]
            if option in ANY_NAME:
                if rest and name != "new-pass":
                    yield [name, *rest, option, "a", option, "b"]
                continue
            for value in GARBAGE:
                if option in ("-p", "--pipeline", "--at", "--target") and not rest:
                    continue
                yield [name, *rest, option, value]


LINES = [*bad_lines()]


def check(run: Runner, line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(line)
    output, errors = capsys.readouterr()
    assert code in (1, 2), (line, code, output, errors)
    messages = [text for text in errors.splitlines() if text.startswith("error: ")]
    assert len(messages) == 1, (line, errors)
    assert errors.startswith("error: "), (line, errors)
    assert "Traceback" not in errors, (line, errors)
    assert "internal error" not in errors, (line, errors)
    assert all(c.isprintable() or c == "\n" for c in errors), (line, errors)
    assert output == "", (line, output)


def test_there_are_many():
    assert len(LINES) > 500
    assert {line[0] for line in LINES} == set(main._COMMANDS)


@pytest.mark.parametrize("name", sorted(main._COMMANDS))
def test_bad_lines_of(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    for line in LINES:
        if line[0] == name:
            check(main.run, line, capsys)
            assert [*tmp_path.iterdir()] == [], line


OPT_VALUES = ("-t", "-p", "-f", "--at", "--features", "--bounds", "--traps", "--verify")
OPT_NAMES = ("--load", "--func", "-o", "--target-triple", "--reports", "--mlir-print-ir-tree-dir")
OPT_FLAGS = ("-O0", "--consume-fuel", "--debug-checks", "--print-op-generic", "--time-passes")


def bad_lines_of_wasm_opt_py() -> Iterator[list[str]]:
    yield ["missing.wat"]
    yield ["missing.wat", "other.wat"]
    yield ["missing.wat", "--frobnicate"]
    for option in (*OPT_VALUES, *OPT_NAMES):
        yield ["missing.wat", option]
        yield ["missing.wat", f"{option}x" if option.startswith("--") else f"-Z{option[1]}"]
        for value in (*GARBAGE, "a{", ",,", "x=y"):
            yield ["missing.wat", option, value]
            yield ["missing.wat", option, value, option, value]
    for flag in OPT_FLAGS:
        yield ["missing.wat", f"{flag}x"]
        yield ["missing.wat", f"{flag}=1"]


def test_bad_lines_of_wasm_opt_py(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    for line in bad_lines_of_wasm_opt_py():
        check(wasm_opt_py.run, line, capsys)
        assert [*tmp_path.iterdir()] == [], line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["frob"], "error: there is no command 'frob'; there are bench, check, cache,"),
        (["runn"], "error: there is no command 'runn'; did you mean 'run'?"),
        (["\x1b[2J"], "error: there is no command '\\x1b[2J'"),
        (["compile", "--bonds", "x"], "error: no such option: --bonds; did you mean --bounds?"),
        (["compile"], "error: Missing argument 'FILE'."),
        (["run", "x", "--fuel", "x"], "'x' is not an integer from 0 to 9223372036854775807"),
    ],
)
def test_messages(line: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert main.run(line) == 2
    assert message in capsys.readouterr().err


def test_no_command_is_a_question(capsys: pytest.CaptureFixture[str]):
    assert main.run([]) == 0
    output, errors = capsys.readouterr()
    assert "\nCommands:\n" in output
    assert errors == ""
