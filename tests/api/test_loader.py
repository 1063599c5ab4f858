"""`import wasmdialect.loader`: Wasm files as Python modules, each test in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wasmdialect import wat2wasm

ADDER = """(module (import "helper" "twice" (func $t (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32)
    (call $t (i32.add (local.get 0) (local.get 1)))))"""
USER = """(module (import "adder" "add" (func $a (param i32 i32) (result i32)))
  (import "adder" "memory" (memory 1))
  (func (export "f") (result i32)
    (i32.store8 (i32.const 5) (i32.const 65)) (call $a (i32.const 3) (i32.const 4))))"""
TRAPS = "(module (start 0) (func unreachable))"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("def twice(n): return 2 * n")
    (tmp_path / "adder.wat").write_text(ADDER)
    (tmp_path / "user.wat").write_text(USER)
    return tmp_path


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import wasmdialect.loader\n{program}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def output(folder: Path, program: str) -> list[str]:
    done = run(folder, program)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_modules_of_wasm_and_of_python_import_each_other(folder: Path):
    program = (
        "import user, adder\n"
        "from wasmdialect.loader import store\n"
        "print(adder.add(1, 2), user.f(), adder.memory.read(store, 5, 6))"
    )
    assert output(folder, program) == ["6 14 bytearray(b'A')"]


def test_binaries_come_before_text(folder: Path):
    one = '(module (func (export "one") (result i32) (i32.const 1)))'
    (folder / "both.wasm").write_bytes(wat2wasm(one))
    (folder / "both.wat").write_text("nonsense")
    assert output(folder, "import both; print(both.one())") == ["1"]


def test_modules_in_packages(folder: Path):
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("")
    (folder / "package" / "inner.wat").write_text(
        '(module (global (export "g") i32 (i32.const 5)))'
    )
    program = (
        "from package import inner\nfrom wasmdialect.loader import store\n"
        "print(inner.g.value(store))"
    )
    assert output(folder, program) == ["5"]


def test_wasi_is_there(folder: Path):
    (folder / "rand.wat").write_text(
        '(module (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))'
        ' (memory (export "memory") 1)'
        ' (func (export "f") (result i32) (call $r (i32.const 0) (i32.const 8))))'
    )
    assert output(folder, "import rand; print(rand.f())") == ["0"]


@pytest.mark.parametrize("name", ["random", "msvcrt", "winreg", "_winapi"])
def test_files_named_like_standard_modules_are_not_taken(folder: Path, name: str):
    (folder / f"{name}.wat").write_text(TRAPS)
    done = run(folder, f"import {name}; print({name}.__spec__.origin)")
    if done.returncode == 0:
        assert ".wat" not in done.stdout
    else:
        assert f"No module named '{name}'" in done.stderr


def test_files_of_python_come_first(folder: Path):
    (folder / "helper.wat").write_text(TRAPS)
    assert output(folder, "import helper; print(helper.twice(4))") == ["8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '(module (import "os" "getpid" (func (result i32))))',
            "ImportError: os::getpid cannot be",
        ),
        (
            '(module (import "helper" "gone" (func)))',
            "ImportError: helper::gone cannot be imported",
        ),
        ('(module (import "nowhere" "f" (func)))', "No module named 'nowhere'"),
        ('(module (import "bad" "f" (func)))', "ImportError: bad::f cannot be imported"),
        ('(module (import "helper" "twice" (global i32)))', "helper::twice cannot be imported"),
        ("(module (func (i32.add)))", "type mismatch"),
        (TRAPS, "unreachable"),
    ],
)
def test_modules_that_cannot_be_imported(folder: Path, text: str, message: str):
    (folder / "bad.wat").write_text(text)
    done = run(folder, "import bad")
    assert done.returncode == 1
    assert message in done.stderr


def test_a_module_that_failed_is_tried_again(folder: Path):
    (folder / "bad.wat").write_text(TRAPS)
    program = (
        "try:\n    import bad\nexcept Exception as error:\n    print(type(error).__name__)\n"
        "open('bad.wat', 'w').write('(module)')\nimport bad\nprint('imported')"
    )
    assert output(folder, program) == ["Trap", "imported"]
