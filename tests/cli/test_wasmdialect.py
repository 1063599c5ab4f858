"""The command `wasmdialect`: what each subcommand prints, and its exit codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from cli.commands import check_error, run

FUNCTIONS = """
(module $m
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "all") (result i32 i64 f32 f64 funcref externref)
    (i32.const -1) (i64.const 0x7fffffffffffffff) (f32.const 0.1) (f64.const -0x1p-1074)
    (ref.null func) (ref.null extern))
  (func (export "floats") (param f32 f64) (result f64)
    (f64.add (f64.promote_f32 (local.get 0)) (local.get 1)))
  (func (export "long") (param i64) (result i64) (local.get 0))
  (func (export "reference") (param externref))
  (func $trap (export "trap") (unreachable))
  (func (export "endless") (call $self))
  (func $self (call $self)))
"""
EXIT = """
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42))))
"""
PASS = """
from wasmdialect.dialects import wasmvm
from wasmdialect.passes.base import FunctionPass, report

class P(FunctionPass):
    name = "p"

    def declare(self, declarations):
        declarations.add_counter("n")

    def apply_to_function(self, ctx, function):
        report(function, "seen")
        function.entry.insert_op_before(wasmvm.CountOp("n", 2), function.entry.first_op)
"""
COMMANDS = (
    "run", "compile", "objdump", "validate", "wast", "bench", "new-pass", "explore", "settings",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "f.wat").write_text(FUNCTIONS)
    (tmp_path / "exit.wat").write_text(EXIT)
    return tmp_path


def test_help(folder: Path):
    text = run(folder, "wasmdialect", "--help").stdout
    assert all(f"  {command} " in text for command in COMMANDS)
    assert run(folder, "wasmdialect", "--version").stdout.startswith("wasmdialect, version")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(folder: Path, command: str):
    assert f"\n  wasmdialect {command} " in run(folder, "wasmdialect", command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ("fib 30", "i32:832040\n"),
        ("fib -5", "i32:-5\n"),
        ("fib 0x10", "i32:987\n"),
        ("long 18446744073709551615", "i64:-1\n"),
        ("floats 0.5 1e300", "f64:1e+300\n"),
        ("floats inf nan", "f64:nan\n"),
        ("floats 0x1p-1 2", "f64:2.5\n"),
        ("reference null", ""),
        (
            "all",
            "i32:-1\ni64:9223372036854775807\nf32:0.1\nf64:-5e-324\nfuncref:null\nexternref:null\n",
        ),
    ],
)
def test_invoke(folder: Path, arguments: str, output: str):
    done = run(folder, "wasmdialect", "run", "f.wat", "--invoke", *arguments.split())
    assert (done.stdout, done.stderr, done.returncode) == (output, "", 0)


@pytest.mark.parametrize(
    "options",
    [
        "-O0",
        "-O1",
        "-O 3",
        "--bounds explicit",
        "--traps relaxed",
        "--jobs 0",
        "--jobs 1 --verify each --debug-checks",
        "-p wasmir-gvn,wasmir-dce",
    ],
)
def test_options(folder: Path, options: str):
    done = run(folder, "wasmdialect", "run", *options.split(), "f.wat", "--invoke", "fib", "20")
    assert done.stdout == "i32:6765\n", done.stderr


def test_trap(folder: Path):
    done = run(folder, "wasmdialect", "run", "f.wat", "--invoke", "trap")
    check_error(done, 134, "wasm `unreachable` instruction executed", "m!trap")


def test_exhausted_stack(folder: Path):
    done = run(folder, "wasmdialect", "run", "f.wat", "--invoke", "endless")
    check_error(done, 134, "call stack exhausted")


def test_exit_code(folder: Path):
    assert run(folder, "wasmdialect", "run", "exit.wat").returncode == 42


def test_compile_and_run(folder: Path):
    done = run(folder, "wasmdialect", "compile", "f.wat")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    done = run(folder, "wasmdialect", "run", "f.cwasm", "--invoke", "fib", "20")
    assert done.stdout == "i32:6765\n"
    assert sorted(p.name for p in folder.iterdir()) == ["exit.wat", "f.cwasm", "f.wat"]


def test_standard_input(folder: Path):
    done = run(folder, "wasmdialect", "run", "-", "--invoke", "fib", "10", stdin=FUNCTIONS)
    assert done.stdout == "i32:55\n"


def test_saved_artifact_needs_no_compiler(folder: Path):
    run(folder, "wasmdialect", "compile", "f.wat", "-O0")
    (folder / "sitecustomize.py").write_text(
        "import sys\nfor name in ('xdsl', 'llvmlite', 'lark', 'rich'):\n    sys.modules[name] = None\n"
    )
    command = ["f.cwasm", "--invoke", "fib", "20"]
    done = run(folder, "wasmdialect", "run", *command, environment={"PYTHONPATH": str(folder)})
    assert done.stdout == "i32:6765\n", done.stderr


def test_objdump(folder: Path):
    run(folder, "wasmdialect", "compile", "f.wat")
    assert ".wasmtime.addrmap" in run(folder, "wasmdialect", "objdump", "f.cwasm").stdout
    assert "(fib)" in run(folder, "wasmdialect", "objdump", "f.cwasm", "--funcs").stdout
    assert "UNREACHABLE" in run(folder, "wasmdialect", "objdump", "f.cwasm", "--traps").stdout
    assert (
        "wasm[0]::function[0]"
        in run(folder, "wasmdialect", "objdump", "f.cwasm", "--addrmap").stdout
    )
    code = run(folder, "wasmdialect", "objdump", "f.cwasm", "-d", "--func", "trap").stdout
    assert "trap: UNREACHABLE" in code
    assert "fib" not in code
    plain = json.loads(run(folder, "wasmdialect", "objdump", "f.cwasm", "--json").stdout)
    assert plain["info"]["module_name"] == "m"
    assert len(plain["functions"]) > 7


def test_validate(folder: Path):
    assert run(folder, "wasmdialect", "validate", "f.wat", "exit.wat").returncode == 0
    (folder / "bad.wat").write_text("(module\n  (func (result i32)\n    (i64.const 1)))")
    check_error(
        run(folder, "wasmdialect", "validate", "bad.wat"), 1, "bad.wat: type mismatch", "line 3"
    )


def test_wast(folder: Path):
    script = (
        '(module (func (export "f") (result i32) (i32.const 1)))\n(assert_return (invoke "f") {})'
    )
    (folder / "good.wast").write_text(script.format("(i32.const 1)"))
    done = run(folder, "wasmdialect", "wast", "good.wast")
    assert (done.stdout, done.returncode) == ("good.wast 2/2\n", 0)
    (folder / "bad.wast").write_text(script.format("(i32.const 2)"))
    done = run(folder, "wasmdialect", "wast", "bad.wast", "good.wast")
    assert (done.stdout, done.returncode) == ("bad.wast 1/2\ngood.wast 2/2\n", 1)
    assert "bad.wast:2: Failed: expected i32 0x2, found i32 0x1" in done.stderr


def test_bench(folder: Path):
    options = ("--seconds", "0.1", "--layouts", "2")
    done = run(folder, "wasmdialect", "bench", "f.wat", "--invoke", "fib", "15", *options)
    assert "no difference seen" in done.stdout, done.stderr


def test_counters_and_reports(folder: Path):
    (folder / "p.py").write_text(PASS)
    options = shlex.split("--load p.py --at wasmir-end=p --counters --reports r.jsonl")
    done = run(folder, "wasmdialect", "run", "f.wat", *options, "--invoke", "fib", "5")
    assert json.loads(done.stderr) == {"n": 30}
    reports = [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]
    assert {r["function"] for r in reports} >= {"fib", "trap"}
    assert {r["kind"] for r in reports} == {"seen"}


def test_explore(folder: Path):
    done = run(folder, "wasmdialect", "explore", "f.wat", "--func", "fib")
    assert (done.stdout, done.stderr) == ("fib.html\n", "")
    assert (folder / "fib.html").read_text().startswith("<!DOCTYPE html>")
    done = run(folder, "wasmdialect", "explore", "f.wat", "--func", "fibb")
    assert (done.returncode, "did you mean 'fib'" in done.stderr) == (2, True)


def test_settings(folder: Path):
    rows = json.loads(run(folder, "wasmdialect", "settings", "--json").stdout)
    found = {row["name"]: row["default"] for row in rows}
    assert found["opt_level"] is None
    assert found["bounds"] == "guard"
    assert all(row["meaning"] for row in rows)
    assert "opt_level" in run(folder, "wasmdialect", "settings").stdout
