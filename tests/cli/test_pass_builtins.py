"""Builtins that a `--load` file defines for `wasmdialect run`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.commands import check_error, run

PASS = """
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, builtin

print("loaded")

class Trace(FunctionPass):
    name = "trace"

    def declare(self, d):
        return d.add_builtin("seen", ["i32"], ["i32"])

    def apply_to_function(self, ctx, function):
        b = WasmBuilder.at_start(function.entry)
        b.call(self.declared, [function.entry.args[0]])
"""
BUILTIN = """
@builtin
def seen(number):
    print("seen", number)
    if number == 99:
        raise ValueError("ninety-nine")
    return number
"""
TEXT = '(module (func (export "f") (param i32) (result i32) (local.get 0)))'
ADDED = ("--load", "trace.py", "--at", "wasmir-end=trace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trace.py").write_text(PASS + BUILTIN)
    (tmp_path / "f.wat").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize("options", [(), ("--compilation", "lazy"), ("--jobs", "0"), ("-O3",)])
def test_run_binds_the_builtin_of_a_file(options: tuple[str, ...], folder: Path):
    """When the module is compiled, and when it is in the cache."""
    cache = {"WASMDIALECT_CACHE_DIR": str(folder / "cache")}
    for _ in "12":
        done = run(
            *(folder, "wasmdialect", "run", "f.wat", *ADDED, *options, "--invoke", "f", "5"),
            environment=cache,
        )
        assert (done.returncode, done.stdout) == (0, "seen 5\ni32:5\n"), done.stderr


def test_run_binds_the_builtins_of_an_artifact(folder: Path):
    run(folder, "wasmdialect", "compile", "f.wat", *ADDED, "-o", "f.cwasm")
    done = run(folder, "wasmdialect", "run", "f.cwasm", "--load", "trace.py", "--invoke", "f", "5")
    assert done.stdout == "seen 5\ni32:5\n", done.stderr
    done = run(folder, "wasmdialect", "run", "f.cwasm", "--invoke", "f", "5")
    check_error(done, 1, "pass 'trace' added it", "@builtin")
    run(folder, "wasmdialect", "compile", "f.wat", "-o", "plain.cwasm")
    done = run(
        folder, "wasmdialect", "run", "plain.cwasm", "--load", "trace.py", "--invoke", "f", "5"
    )
    check_error(done, 2, "--load has no effect on an artifact: its passes have run")


def test_an_unbound_builtin_is_an_error_that_names_the_pass(folder: Path):
    (folder / "trace.py").write_text(PASS)
    done = run(folder, "wasmdialect", "run", "f.wat", *ADDED, "--invoke", "f", "5")
    check_error(done, 1, "`wasmdialect.builtin::seen`", "pass 'trace' added it", "`@builtin`")


def test_an_exception_in_a_builtin_shows_where_it_is_in_the_file(folder: Path):
    done = run(folder, "wasmdialect", "run", "f.wat", *ADDED, "--invoke", "f", "99")
    assert (done.returncode, done.stdout) == (1, "seen 99\n")
    assert "error: builtin 'seen' failed" in done.stderr
    assert 'trace.py", line' in done.stderr
    assert done.stderr.rstrip().endswith("ValueError: ninety-nine")
    assert "internal error" not in done.stderr
    assert "pass_builtins.py" not in done.stderr


def test_another_name_and_the_caller(folder: Path):
    other = BUILTIN.replace("@builtin", '@builtin(name="seen", access_caller=True)')
    other = other.replace("seen(number)", "look(caller, number)")
    other = other.replace('"seen", number', 'sorted(caller.get("memory").read(caller, 0, 2))')
    (folder / "trace.py").write_text(PASS + other)
    (folder / "f.wat").write_text(TEXT.replace("(func", '(memory (export "memory") 1) (func', 1))
    done = run(folder, "wasmdialect", "run", "f.wat", *ADDED, "--invoke", "f", "5")
    assert done.stdout == "[0, 0]\ni32:5\n", done.stderr


def test_two_functions_for_a_builtin_are_refused(folder: Path):
    second = BUILTIN.replace("@builtin", '@builtin(name="seen")').replace("def seen", "def other")
    (folder / "trace.py").write_text(PASS + BUILTIN + second)
    done = run(folder, "wasmdialect", "run", "f.wat", *ADDED, "--invoke", "f", "5")
    check_error(done, 2, "there are two functions for builtin 'seen'")
