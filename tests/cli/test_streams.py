"""Standard streams that are closed, full, or read by somebody who has had enough."""

from __future__ import annotations

from pathlib import Path

import processes
import pytest
from cli.commands import BIN


def shell(line: str, folder: Path, *command: str | Path) -> tuple[int, str, str]:
    """Run a line of bash with a command in "$@"."""
    done = processes.run(["bash", "-c", line, "bash", *command], timeout=120, cwd=folder, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"$@" >&-', (1, "", "error: standard output: Bad file descriptor\n")),
        ('"$@" >/dev/full', (1, "", "error: standard output: No space left on device\n")),
        ('"$@" | head -c 2; exit ${PIPESTATUS[0]}', (0, "[\n", "")),
        ('"$@" | true; exit ${PIPESTATUS[0]}', (0, "", "")),
        ('"$@" 2>&- >/dev/full', (1, "", "")),
    ],
)
@pytest.mark.parametrize("arguments", [("settings", "--json")])
def test_standard_output(
    tmp_path: Path, line: str, arguments: tuple[str], expected: tuple[int, str, str]
):
    assert shell(line, tmp_path, BIN / "wasmdialect", *arguments) == expected


@pytest.mark.parametrize("line", ['"$@" 2>&-', '"$@" 2>/dev/full', '"$@" 2>&- >&- <&-'])
def test_a_message_that_nobody_can_read_leaves_the_exit_code(tmp_path: Path, line: str):
    assert shell(line, tmp_path, BIN / "wasmdialect", "frobnicate") == (2, "", "")


def test_no_file_becomes_standard_output(tmp_path: Path):
    """The first file that is opened would have descriptor 1, and what is printed would be in it."""
    (tmp_path / "m.wat").write_text("(module (func))")
    line = '"$@" >&- 2>&- <&-'
    options = ("compile", "m.wat", "-o", "m.cwasm", "--time", "--log", "log")
    code, _, _ = shell(line, tmp_path, BIN / "wasmdialect", *options)
    assert code == 0
    assert (tmp_path / "m.cwasm").read_bytes()[:4] == b"\x7fELF"
    assert (tmp_path / "log").read_text().startswith('{"symbol"')


def test_a_trap_keeps_its_exit_code(tmp_path: Path):
    text = '(module (func (export "f") (result i32) (unreachable)))'
    (tmp_path / "m.wat").write_text(text)
    run = (BIN / "wasmdialect", "run", "m.wat", "--invoke", "f")
    assert shell('"$@" >/dev/full 2>/dev/full', tmp_path, *run) == (134, "", "")


@pytest.mark.parametrize("arguments", [("--help",), ("m.wat",), ("--list-passes",)])
def test_wasm_opt_py(tmp_path: Path, arguments: tuple[str]):
    (tmp_path / "m.wat").write_text("(module (func))")
    full = (1, "", "error: standard output: No space left on device\n")
    assert shell('"$@" >/dev/full', tmp_path, BIN / "wasm-opt-py", *arguments) == full
    early = '"$@" | true; exit ${PIPESTATUS[0]}'
    assert shell(early, tmp_path, BIN / "wasm-opt-py", *arguments) == (0, "", "")
