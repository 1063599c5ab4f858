"""Locations of operations through `wasm-opt-py`: several runs make of a module what one makes."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from xdsl.printer import Printer

from wasmdialect import Config
from wasmdialect.cli.ir_printer import print_module
from wasmdialect.cli.wasm_opt_py import run
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings

TEXT = """(module
  (memory 1)
  (data (i32.const 8) "x")
  (func $f (export "f") (param i32) (result i32)
    (loop $again
      (br_if $again (i32.load offset=4 (local.get 0))))
    (i32.add (local.get 0) (i32.const 0))))
"""
PASSES = ("wasmir-canonicalize", "wasmir-dce", "insert-vmctx-loads", "insert-trampolines")


@pytest.mark.parametrize("options", [[], ["--print-op-generic"]])
def test_several_runs_are_as_one(tmp_path: Path, options: list[str]):
    (tmp_path / "m.wat").write_text(TEXT)
    one, before = tmp_path / "one.mlir", tmp_path / "m.wat"
    assert run([str(before), "-p", ",".join(PASSES), *options, "-o", str(one)]) == 0
    for name in PASSES:
        after = tmp_path / f"{name}.mlir"
        assert run([str(before), "-p", name, *options, "-o", str(after)]) == 0
        before = after
    assert before.read_text() == one.read_text()
    assert one.read_text().count('loc("m.wat":0:') > 5
    assert "loc(unknown)" not in one.read_text()


def test_they_are_not_for_terminals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "m.wat").write_text(TEXT)
    written: list[bytes] = []
    monkeypatch.setattr(
        "wasmdialect.cli.wasm_opt_py.write_output", lambda path, data: written.append(data)
    )
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for options in ([], ["--print-debuginfo"], ["-o", "x.mlir"], ["-o", "-"]):
        run([str(tmp_path / "m.wat"), *options])
    assert [b"loc(" in data for data in written] == [False, True, True, False]
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    written.clear()
    for options in ([], ["--no-print-debuginfo"], ["-o", "-"]):
        run([str(tmp_path / "m.wat"), *options])
    assert [b"loc(" in data for data in written] == [True, False, True]


def test_the_text_is_that_of_the_printer_of_xdsl():
    data = (Path(__file__).parents[2] / "examples" / "kernels.wasm").read_bytes()
    settings = CompileSettings.of(Config())
    session = CompileSession(data, 'a "name".wasm', settings)
    module = session.import_functions([0, 1, 2])
    session.run_passes(module)
    for generic in (False, True):
        for locations in (False, True):
            expected = StringIO()
            Printer(expected, print_generic_format=generic, print_debuginfo=locations).print_op(
                module
            )
            text = expected.getvalue().replace(" loc(unknown)", "")
            assert print_module(module, generic=generic, locations=locations) == text
