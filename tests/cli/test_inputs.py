"""What `wasm-opt-py` is given that is not a module, and modules that come through a pipe."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import processes
import pytest
from cli.commands import BIN

from wasmdialect import wat2wasm
from wasmdialect.cli import wasm_opt_py
from wasmdialect.cli.inputs import input_form
from wasmdialect.wasm.errors import DecodeError

TEXT = "(module (memory 1))"
PRINTED = "(module\n  (memory (;0;) 1))\n"


@pytest.mark.parametrize(
    ("name", "contents", "words"),
    [
        ("m.o", b"\x7fELF\2\1\1", "m.o is an ELF file"),
        ("m.ll", b'$"f" = comdat any', "m.ll is LLVM IR"),
        ("m", b"; ModuleID = 'm'", "m is LLVM IR"),
        ("m.s", b"\t.text\n", "m.s is assembly"),
        ("m.bc", b"BC\xc0\xde123", "m.bc is LLVM bitcode"),
        ("m.a", b"!<arch>\n", "m.a is an archive"),
        ("junk", b"\x93\xa7\0\1junk", "junk is not a module"),
        ("latin", b"na\xefve", "latin is not a module"),
        ("empty", b"", "empty is not a module"),
        ("junk.mlir", b"\x93\xa7", "junk.mlir is not MLIR"),
        ("words.mlir", b"what is this", "words.mlir:1:"),
        ("words.wat", b"what is this", "unknown operator what"),
        ("empty.wat", b"", "unexpected"),
    ],
)
def test_what_is_no_module(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    contents: bytes,
    words: str,
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(contents)
    code = wasm_opt_py.run([name])
    output, errors = capsys.readouterr()
    assert (code in (1, 2), output) == (True, "")
    assert words in errors
    assert errors.count("error: ") == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".", "error: .: Is a directory\n"),
        ("missing.wat", "error: missing.wat: No such file or directory\n"),
        ("/dev/zero", "error: /dev/zero is a device: there is no module in it\n"),
    ],
)
def test_what_cannot_be_read(capsys: pytest.CaptureFixture[str], name: str, words: str):
    assert wasm_opt_py.run([name]) == 1
    assert capsys.readouterr() == ("", words)


@pytest.mark.parametrize(
    ("contents", "form"),
    [
        (wat2wasm(TEXT), "wasm"),
        (TEXT.encode(), "wat"),
        (b"\n ;; a comment\n(module)", "wat"),
        (b"builtin.module {\n}\n", "mlir"),
        (b"// a comment\nwasmir.func", "mlir"),
    ],
)
def test_the_form_of_what_has_no_name(contents: bytes, form: str):
    assert input_form(contents, "-") == form


def test_contents_come_before_the_name():
    assert input_form(wat2wasm(TEXT), "x.mlir") == "wasm"
    with pytest.raises(DecodeError, match="ELF"):
        input_form(b"\x7fELF", "x.wasm")


@pytest.mark.parametrize("contents", [TEXT.encode(), bytes(wat2wasm(TEXT))])
@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_module_through_a_pipe(contents: bytes, arguments: list[str]):
    command = [BIN / "wasm-opt-py", *arguments, "-t", "wat"]
    done = processes.run(command, timeout=120, stdin=contents)
    assert (done.stdout.decode(), done.stderr) == (PRINTED, b"")


def test_an_unknown_option_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert wasm_opt_py.run(["--bonds", "explicit", "m.wat"]) == 2
    assert capsys.readouterr() == ("", "error: no such option: --bonds; did you mean --bounds?\n")
    assert wasm_opt_py.run(["m.wat", "--frobnicate"]) == 2
    assert capsys.readouterr() == ("", "error: no such option: --frobnicate\n")


def test_help_lists_our_passes(capsys: pytest.CaptureFixture[str]):
    assert wasm_opt_py.run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "\n  wasmir-dce                 Remove operations" in text
    assert "canonicalize-dmp" not in text
    assert wasm_opt_py.run(["--list-passes"]) == 0
    text = capsys.readouterr().out
    assert "\n  wasmir-dce                 Remove operations" in text
    assert "\n  canonicalize-dmp\n" in text


def test_a_digit_that_is_no_number(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "m.wat").write_text("(module (func))")
    assert wasm_opt_py.run([str(tmp_path / "m.wat"), "--func", "²"]) == 2
    assert capsys.readouterr() == ("", "error: no function matches '²'\n")


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch):
    class Closed(io.RawIOBase):
        def fileno(self) -> int:
            raise OSError(9, "Bad file descriptor")

    class Stream:
        buffer = Closed()

    monkeypatch.setattr(sys, "stdin", Stream())
    assert wasm_opt_py.run(["-"]) == 1
