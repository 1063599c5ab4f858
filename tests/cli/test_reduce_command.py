"""`wasmdialect reduce` as a command: what it writes, its errors, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wasmdialect import wat2wasm

START = "from wasmdialect.cli.main import main; main()"
MODULE = """(module (func (export "f") (param i32) (result i32)
  (i32.mul (i32.add (local.get 0) (i32.const 5)) (i32.const 6)))
  (func (export "g") (param f32) (result f32) (f32.sqrt (local.get 0))))"""


def files(folder: Path) -> None:
    """A module."""
    (folder / "m.wasm").write_bytes(bytes(wat2wasm(MODULE)))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    files(folder)
    command = [sys.executable, "-c", START, "reduce", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


SCRIPT = "import sys; sys.exit(7 * (b'\\x6c' in open(sys.argv[1], 'rb').read()[8:]))"
MULTIPLIES = f'{sys.executable} -c "{SCRIPT}"'
"""Ends with 7 while the module has a byte that is the opcode of `i32.mul`."""


def test_the_module_is_written_where_it_was_asked_for_or_beside(tmp_path: Path):
    done = run(tmp_path, "m.wasm", "--test", MULTIPLIES)
    assert done.returncode == 0, done.stderr
    small = (tmp_path / "m.reduced.wasm").read_bytes()
    assert b"\x6c" in small[8:]
    assert len(small) < 40
    assert done.stderr.splitlines()[-1].endswith(
        f"bytes: {len(small)} bytes are left, in m.reduced.wasm"
    )
    done = run(tmp_path, "m.wasm", "--test", f"{MULTIPLIES} {{}}", "-o", "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == small
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.reduced.wasm", "m.wasm", "out.wasm"]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--test", "true"], "error: the command does not fail on m.wasm: there is nothing", 1),
        (["--test", "sleep 9 #", "--timeout", "0.2"], "error: the command does not end within", 1),
        (["--test", "false", "-o", "m.wasm"], "error: m.wasm is the input, which", 2),
        (["--test", "false", "-o", "x.wat"], "error: x.wat: the output is a binary module", 2),
        ([], "error: Missing option '--test'", 2),
    ],
)
def test_errors(tmp_path: Path, arguments: list[str], message: str, code: int):
    done = run(tmp_path, "m.wasm", *arguments)
    assert done.returncode == code
    assert done.stderr.startswith(message)
    assert [p.name for p in tmp_path.iterdir()] == ["m.wasm"]


def test_a_module_that_is_not_valid_is_refused(tmp_path: Path):
    (tmp_path / "bad.wat").write_text("(module (func (result i32)))")
    done = run(tmp_path, "bad.wat", "--test", "false")
    assert done.returncode == 1
    assert "bad.wat:1" in done.stderr or "type mismatch" in done.stderr


def test_an_interrupt_leaves_the_smallest_so_far(tmp_path: Path):
    files(tmp_path)
    slow = f"sleep 0.3; {MULTIPLIES}"
    command = [sys.executable, "-c", START, "reduce", "m.wasm", "--test", slow, "-o", "o.wasm"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "o.wasm").exists():
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.splitlines()[-1].startswith("interrupted: m.wasm")
    left = (tmp_path / "o.wasm").read_bytes()
    assert b"\x6c" in left[8:]
    assert len(left) < len((tmp_path / "m.wasm").read_bytes())


def test_ir_is_refused(tmp_path: Path):
    (tmp_path / "m.mlir").write_text("wasmir.func @f() { wasmir.return }")
    done = run(tmp_path, "m.mlir", "--test", "false")
    assert done.returncode == 2
    assert done.stderr == "error: m.mlir is IR, and only modules of Wasm are reduced\n"
