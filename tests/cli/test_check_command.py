"""`wasmdialect check` as a command: its output, its exit codes, its errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ADD = """(module (func $sum (export "sum") (param i32 i32) (result i32)
  (i32.add (local.get 0) (local.get 1))) (func (export "half") (param f32) (result f32)
  (f32.mul (local.get 0) (f32.const 0.5))))"""
WRONG = """
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder

class AddOr(FunctionPass):
    name = "add-or"

    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32AddOp):
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_or(*op.operands))
"""


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code and output of the command."""
    (folder / "add.wat").write_text(ADD)
    (folder / "wrong.py").write_text(WRONG)
    start = "from wasmdialect.cli.main import main; main()"
    command = [sys.executable, "-c", start, "check", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_a_difference_is_an_error_that_says_where(tmp_path: Path):
    arguments = ("--load", "wrong.py", "-p", "wasmir-dce,add-or", "--bisect")
    code, out, error = run(tmp_path, "add.wat", *arguments)
    assert code == 1
    assert out.splitlines()[1:] == [
        "wasmir-dce: the same in the interpreter",
        "add-or: differs in the interpreter",
    ]
    lines = error.splitlines()
    assert lines[0] == "error: pass add-or changes what the module does, in the interpreter"
    assert lines[3:] == [
        "  function:   @sum",
        "  operation:  wasmir.i32.or at 0x34",
        "              results (0xfffffffe) before the pass, (0xffffffff) after it"
        " (before the pass it was wasmir.i32.add)",
        "  change:     2 of 2 that the pass makes there: wasmir.i32.add at 0x34 is replaced",
    ]


def test_given_arguments_and_no_difference(tmp_path: Path):
    arguments = ("-p", "wasmir-gvn", "--no-native", "--invoke", "half", "nan:0x200000")
    code, out, error = run(tmp_path, "add.wat", *arguments)
    assert (code, error) == (0, "")
    assert out.splitlines() == [
        "1 calls of 1 exports, 2 operations",
        "wasmir-gvn: the same in the interpreter",
        "no difference found",
    ]


@pytest.mark.parametrize(
    ("arguments", "message", "expected"),
    [
        (["--invoke", "nope"], "error: no function 'nope' is exported", 2),
        (["--invoke", "sum", "1"], "error: sum takes 2 arguments, not 1", 2),
        (["--invoke", "sum", "1", "x"], "error: 'x' is not an i32", 2),
        (["7"], "error: '7' is an argument, but of which function? give --invoke NAME", 2),
        (["-p", "wasmir-gnv"], "error: there is no pass 'wasmir-gnv'", 2),
    ],
)
def test_errors_of_usage(tmp_path: Path, arguments: list[str], message: str, expected: int):
    code, out, error = run(tmp_path, "add.wat", *arguments)
    assert (code, out) == (expected, "")
    assert error.startswith(message)


def test_proofs_are_counted_and_refuted_ones_shown(tmp_path: Path):
    arguments = ("--load", "wrong.py", "-p", "add-or", "--prove", "--no-native")
    code, out, error = run(tmp_path, "add.wat", *arguments)
    assert code == 1
    assert out.splitlines()[-1] == "add-or: 1 replacements: 1 refuted"
    assert error.splitlines()[-2] == "  refuted:    wasmir.i32.add at 0x34 in @sum"
    assert " before, " in error.splitlines()[-1]
