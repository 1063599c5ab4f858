"""Names with control characters, wherever a command prints one: no terminal sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import Config, Engine, Instance, Module, Store, Trap
from wasmdialect._printable import printable, printable_lines
from wasmdialect.cli import main, wasm_opt_py

EVIL = "a\x1b]0;t\x07b\nerror: Z\r\u202ed\u2028\x7f"
IN_WAT = "".join(f"\\{byte:02x}" for byte in EVIL.encode())
SHOWN = "a\\x1b]0;t\\x07b\\nerror: Z\\r\\u202ed\\u2028\\x7f"

TEXT = f"""(module (@name "{IN_WAT}")
  (memory (export "{IN_WAT}m") 1)
  (func (@name "{IN_WAT}f") (export "{IN_WAT}") (param i32) (result i32)
    (i32.div_s (i32.const 1) (local.get 0)))
  (@custom "{IN_WAT}" "{IN_WAT}"))
"""
IMPORTS = f'(module (import "{IN_WAT}" "{IN_WAT}" (func)) (func (export "_start")))'
BAD = f'(module (func (@name "{IN_WAT}") (result i32)))'


@given(st.text())
def test_a_name_is_one_line_of_printable_characters(name: str):
    assert printable(name).isprintable()
    assert printable(name) == name or not name.isprintable()
    assert all(line.isprintable() for line in printable_lines(name).replace("\t", " ").split("\n"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("m", TEXT), ("i", IMPORTS), ("bad", BAD), (f"{EVIL}", TEXT)):
        (tmp_path / f"{name}.wat").write_text(text)
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, once it is safe."""
    output, errors = capsys.readouterr()
    for text in (output, errors):
        assert all(c.isprintable() or c in "\n\t" for c in text), text
        assert not any(line.startswith("error: Z") for line in text.splitlines()), text
    return output + errors


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("run", "m.wat"), SHOWN),
        (("run", "m.wat", "--invoke", EVIL, "0"), f"{SHOWN}!{SHOWN}f"),
        (("run", "m.wat", "--invoke", EVIL), f"{SHOWN} takes 1 arguments"),
        (("run", "m.wat", "--invoke", f"{EVIL}x"), "did you mean"),
        (("run", "i.wat"), f"unknown import: `{SHOWN}::{SHOWN}`"),
        (("run", f"{EVIL}.wat"), f"{SHOWN}.wat exports no `_start`"),
        (("run", f"{EVIL}.none"), f"{SHOWN}.none: No such file"),
        (("validate", "bad.wat"), f"in function 0 ({SHOWN})"),
        (("validate", f"{EVIL}.none"), f"{SHOWN}.none: No such file"),
        (("explore", "m.wat", "--func", EVIL, "-o", f"no/{EVIL}"), f"no/{SHOWN}: No such"),
        (("compile", "m.wat", "-o", f"no/{EVIL}"), f"no/{SHOWN}: No such file"),
        (("compile", "m.wat", "--load", f"{EVIL}.py"), f"from {SHOWN}.py: there is no"),
        (("wast", f"{EVIL}.wat"), SHOWN),
        (("new-pass", EVIL), "a pass name is"),
        (("cache", "--cache-dir", EVIL), f"{SHOWN}: 0 entries"),
    ],
)
def test_commands(
    folder: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], words: str
):
    main.run([*command, "--jobs", "0"] if command[0] in ("run", "compile", "explore") else command)
    assert words in lines(capsys)


def test_objdump(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main.run(["compile", "m.wat", "--jobs", "0"]) == 0
    for option in ("--funcs", "--engine", "--traps", "-d", "--json", "--unwind", "--addrmap"):
        assert main.run(["objdump", "m.cwasm", option]) == 0
        text = lines(capsys)
        assert (f"({SHOWN}f)" in text) == (option == "--funcs")
    assert main.run(["objdump", "m.cwasm"]) == 0
    lines(capsys)


@pytest.mark.parametrize("target", ["mlir", "wat", "llvm", "asm"])
def test_stages(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], target: str):
    """Text that is read back in has the escapes of its own language."""
    assert wasm_opt_py.run(["m.wat", "-t", target]) == 0
    output, errors = capfdbinary.readouterr()
    assert errors == b""
    assert all(c.isprintable() or c in "\n\t" for c in output.decode())


def test_explore(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main.run(["explore", "m.wat", "--func", "0", "-o", "page.html", "--jobs", "0"]) == 0
    text = (folder / "page.html").read_text()
    assert all(c.isprintable() or c in "\n\t" for c in text)


def test_reports_and_logs_are_json(folder: Path):
    options = ["--log", "log", "--reports", "reports", "--jobs", "0"]
    assert main.run(["compile", "m.wat", *options]) == 0
    for line in (folder / "log").read_text().splitlines():
        json.loads(line)


def test_backtrace_of_the_api():
    store = Store(Engine(Config(jobs=0)))
    function = Instance(store, Module(store.engine, TEXT), []).exports(store)[EVIL]
    with pytest.raises(Trap) as caught:
        function(store, 0)
    assert f"{SHOWN}!{SHOWN}f" in str(caught.value)
    assert caught.value.frames[0].func_name == f"{EVIL}f"  # the name itself stays what it is
