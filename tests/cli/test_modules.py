"""Reading, checking and printing modules from the command line, whether or not they can be compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.commands import check_error, run

GC = """(module
  (type $point (struct (field $x i32)))
  (func (export "f") (drop (struct.new_default 0))))
"""
SHARED = "(module (memory 1 1 shared))"
HINT = '(module (func (param i32) (@metadata.code.branch_hint "\\01") (drop (local.get 0))))'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("gc.wat", GC), ("shared.wat", SHARED), ("hint.wat", HINT)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_cannot_be_compiled_is_read_and_written(folder: Path):
    assert run(folder, "wasmdialect", "validate", "gc.wat").stderr == ""
    assert run(folder, "wasm-opt-py", "gc.wat", "-t", "wasm", "-o", "gc.wasm").returncode == 0
    text = run(folder, "wasm-opt-py", "gc.wasm", "-t", "wat").stdout
    assert "(type $point (struct (field $x i32)))" in text
    (folder / "again.wat").write_text(text)
    assert run(folder, "wasm-opt-py", "again.wat", "-o", "again.wasm").returncode == 0
    assert (folder / "again.wasm").read_bytes() == (folder / "gc.wasm").read_bytes()
    check_error(
        run(folder, "wasmdialect", "compile", "gc.wasm"), 1, "not supported yet: gc", "offset 0x22"
    )
    check_error(
        run(folder, "wasmdialect", "compile", "gc.wat"), 1, "not supported yet: gc", "line 3"
    )


def test_features(folder: Path):
    check_error(
        run(folder, "wasmdialect", "validate", "shared.wat"), 1, "needs the feature threads"
    )
    for command in (("wasmdialect", "validate"), ("wasm-opt-py", "-t", "wat")):
        done = run(folder, *command, "shared.wat", "--features", "threads")
        assert done.returncode == 0, done.stderr
    done = run(folder, "wasmdialect", "validate", "shared.wat", "--features", "treads")
    assert done.returncode == 2
    assert "'treads' is not a feature; there are wasm-1.0" in done.stderr
    for command in (("wasm-opt-py",), ("wasmdialect", "compile"), ("wasmdialect", "run")):
        done = run(folder, *command, "shared.wat")
        check_error(done, 1, "needs the feature threads")
    done = run(folder, "wasmdialect", "compile", "shared.wat", "--features", "threads")
    assert done.returncode == 0, done.stderr


def test_errors_show_the_line(folder: Path):
    (folder / "bad.wat").write_text("(module\n\t(func (i32.ad)))\n")
    (folder / "type.wat").write_text("(module (func $f (result i32)\n  (nop)\n  (i64.const 1)))\n")
    done = run(folder, "wasmdialect", "validate", "bad.wat")
    check_error(
        done, 1, "bad.wat: unknown operator i32.ad", "\n 2 | \t(func (i32.ad)))\n   | \t       ^"
    )
    done = run(folder, "wasmdialect", "validate", "type.wat")
    check_error(done, 1, "in function 0 (f) at line 3, column 16", "^")


def test_custom_sections_are_warned_about(folder: Path):
    done = run(folder, "wasmdialect", "validate", "hint.wat")
    assert done.returncode == 0
    assert "warning: hint.wat: @metadata.code.branch_hint annotation: invalid target" in done.stderr
    assert "(drop (local.get 0))" in done.stderr


def test_scripts_without_running_them(folder: Path):
    (folder / "a.wast").write_text(
        '(module (func (export "f") (param v128)))\n'
        '(assert_return (invoke "f" (v128.const i64x2 0 0)))\n'
        '(assert_invalid (module (func (drop))) "type mismatch")\n'
    )
    (folder / "b.wast").write_text(f'(assert_invalid {SHARED} "type")')
    done = run(folder, "wasmdialect", "wast", "--validate-only", "a.wast")
    assert (done.returncode, done.stdout) == (0, "a.wast 2/2\n")
    done = run(folder, "wasmdialect", "wast", "--validate-only", "--features", "threads", "b.wast")
    assert (done.returncode, done.stdout) == (1, "b.wast 0/1\n")
    assert "expected to fail with 'type', but nothing failed" in done.stderr
    done = run(folder, "wasmdialect", "wast", "--features", "threads", "b.wast")
    assert (done.returncode, done.stdout) == (1, "b.wast 0/1\n")
    assert "expected to fail with 'type', but nothing failed" in done.stderr
