"""`wasmdialect bench`: what it refuses to compare, what it prints, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import processes
import pytest

from wasmdialect.cli import bench_variants, main
from wasmdialect.cli.errors import UsageError

TEXT = """(module
  (memory (export "memory") 1)
  (global $g (export "g") (mut i64) (i64.const 0))
  (func (export "sum") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "store") (param i32) (i32.store (local.get 0) (i32.const 7)))
  (func (export "set") (global.set $g (i64.const 5)))
  (func (export "count") (result i64)
    (global.set $g (i64.add (global.get $g) (i64.const 1))) (global.get $g))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "nan") (result f32 f64) (f32.div (f32.const 0) (f32.const 0)) (f64.const -0))
  (func (export "vector") (result v128) (v128.const i64x2 1 2))
  (func (export "forever") (loop (br 0)))
  (func (export "work") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0)))
"""
PROGRAM = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\40\\00\\00\\00\\20\\00\\00\\00")
  (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
    (i32.store (i32.const 4) (i32.load (i32.const 16)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    RANDOM
    (call $exit (i32.add (i32.const 2) (i32.const 3)))))"""
RANDOM = "(drop (call $random (i32.const 128) (i32.const 8)))"
PASSES = """
from dataclasses import dataclass
from xdsl.dialects.builtin import i64
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report


@dataclass(frozen=True)
class Wrong(FunctionPass):
    name = "wrong"

    op: str = ""

    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if op.name == self.op:
                if op.results:
                    op.results[0].replace_all_uses_with(op.operands[0])
                op.detach()
                op.erase()


class Count(FunctionPass):
    name = "count"

    def declare(self, declarations):
        declarations.add_counter("calls")

    def apply_to_function(self, ctx, function):
        WasmBuilder.at_start(function.entry).count("calls")
        report(function, "seen")
"""
QUICK = ("--seconds", "0.05", "--layouts", "2", "--seed", "1", "--jobs", "0")
START = "from wasmdialect.cli.main import main; main()"
ENGINES = [
    "ours",
    pytest.param(
        "wasmtime",
        marks=pytest.mark.skipif(find_spec("wasmtime") is None, reason="wasmtime is not installed"),
    ),
    pytest.param(
        "v8",
        marks=pytest.mark.skipif(
            not any(os.access(f"{p}/node", os.X_OK) for p in os.get_exec_path()),
            reason="there is no node",
        ),
    ),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.wat").write_text(TEXT)
    (tmp_path / "p.wat").write_text(PROGRAM.replace("RANDOM", ""))
    (tmp_path / "passes.py").write_text(PASSES)
    return tmp_path


def bench(*arguments: str, file: str = "m.wat") -> int:
    return main.run(["bench", file, *QUICK, "--load", "passes.py", *arguments])


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- what is compared ---


ADD = ("wasmir.i32.add", ["sum", "1"], ["A: i32:2", "B: i32:1"])
DIVIDE = (
    "wasmir.i32.div_s",
    ["divide", "0"],
    ["A: trap INTEGER_DIVISION_BY_ZERO", "B: i32:1"],
)
STORE = ("wasmir.i32.store", ["store", "8"], ["memory memory: 65536 bytes, SHA-256"])
SET = ("wasmir.global.set", ["set"], ["A: global g: i64:5", "B: global g: i64:0"])


@pytest.mark.parametrize(
    ("engine", "wrong"),
    [(engine, wrong) for engine in ENGINES[:1] for wrong in (ADD, STORE)]
    + [pytest.param("wasmtime", w, marks=ENGINES[1].marks) for w in (DIVIDE, SET)]  # pyright: ignore
    + [pytest.param("v8", w, marks=ENGINES[2].marks) for w in (ADD, DIVIDE, STORE, SET)],  # pyright: ignore
)
def test_a_pass_that_computes_something_else_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str, wrong: Any
):
    op, call, words = wrong
    options = ("--engine", engine, "--b", f'wrong{{op="{op}"}}')
    assert bench(*options, "--invoke", *call) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("error: A and B do not do the same, so that no time means anything:\n")
    for word in words:
        assert word in errors


def test_an_exit_code_and_output_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "in.txt").write_text("some words\n")
    wrong = ("--b", 'wrong{op="wasmir.i32.add"}', "--stdin", "in.txt")
    assert bench(*wrong, file="p.wat") == 1
    errors = capsys.readouterr().err
    assert "A: exit code 5; 11 bytes on stdout, SHA-256 " in errors
    assert "at the end 'some words\\n'" in errors
    assert "B: exit code 2; 11 bytes" in errors


def test_what_differs_between_runs_of_one_variant_is_not_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "p.wat").write_text(PROGRAM.replace("RANDOM", RANDOM))
    assert bench(file="p.wat") == 0
    output = capsys.readouterr().out
    assert "not compared, as it differs between two runs of A: memory memory" in output


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("call", [["nan"], ["count"], ["divide", "0"]])
def test_equal_variants_agree_on_every_engine(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str, call: list[str]
):
    assert bench("--engine", engine, "--json", "--invoke", *call) == 0
    result = lines_of(capsys.readouterr().out)[-1]
    assert result["same_code"]
    assert result["verdict"] == "no difference seen: there are too few layouts to tell"


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_engines_are_compared_with_each_other(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str
):
    for call in (["nan"], ["divide", "0"], ["store", "-1"]):
        assert bench("--b", f"--engine {engine}", "--json", "--invoke", *call) == 0
        variants = [line for line in lines_of(capsys.readouterr().out) if "engine" in line]
        assert [line["engine"] for line in variants] == ["ours", engine]


# --- what is printed ---


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_of_json_have_everything(
    folder: Path, capsys: pytest.CaptureFixture[str], engine: str
):
    count = ("--b", "count", "--reports", "r.jsonl")
    assert bench(*count, "--engine", engine, "--json", "--invoke", "work", "20000") == 0
    comparison, a, b, *blocks, result = lines_of(capsys.readouterr().out)
    assert comparison["workload"] == "work(20000) of m.wat"
    assert (comparison["seed"], comparison["layouts"]) == (1, 2)
    assert (a["passes"], b["passes"]) == ("", "count")
    assert (a["counters"], b["counters"]) == ({}, {"calls": 1})
    assert (a["reports"].get("seen"), b["reports"].get("seen")) == (None, 9)
    assert b["code_bytes"] > a["code_bytes"] > 0
    stages = {"ours": {"import", "passes", "llvm", "link"}}
    assert stages.get(engine, {"import", "passes", "export", "engine"}) <= set(a["compile_seconds"])
    for block in blocks:
        assert set(block["cpu_seconds"]) == {"A", "A again", "B"}
        assert len({len(times) for times in block["cpu_seconds"].values()}) == 1
    assert result["ratio"]["low"] <= result["ratio"]["ratio"] <= result["ratio"]["high"]
    reports = lines_of((folder / "r.jsonl").read_text())
    assert {r["variant"] for r in reports if r["kind"] == "seen"} == {"B"}


def test_a_table_a_picture_and_latex(folder: Path, capsys: pytest.CaptureFixture[str]):
    call = ("--invoke", "work", "20000")
    assert bench("--b", "count", "--svg", "out.svg", *call) == 0
    output = capsys.readouterr().out
    for word in ("B / A", "control", "CPU time of a run", "code", "compile: llvm", "counter calls"):
        assert word in output
    root = ElementTree.parse(folder / "out.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall(".//{*}circle")) == 2 * 2 + 2
    assert bench("--b", "count", "--latex", *call) == 0
    output = capsys.readouterr().out
    assert output.startswith("\\begin{tabular}{lrrr}\n\\toprule\n")
    assert "\ncode & " in output


def test_a_seed_gives_the_same_layouts_and_orders(folder: Path, capsys: pytest.CaptureFixture[str]):
    orders: list[Any] = []
    for seed in ("5", "5", "6"):
        options = ("--seed", seed, "--layouts", "8", "--json", "--invoke", "work", "20000")
        assert bench(*options) == 0
        blocks = [line for line in lines_of(capsys.readouterr().out) if line["kind"] == "block"]
        orders.append([list(block["cpu_seconds"]) for block in blocks][:5])
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


# --- variants ---


@pytest.mark.parametrize(
    ("text", "at", "level"),
    [
        (None, {}, None),
        ("wasmir-gvn", {"wasmir-end": "wasmir-gvn"}, None),
        ("count{a=1},wasmir-dce", {"wasmir-end": "count{a=1},wasmir-dce"}, None),
        ("llvm-end=x", {"llvm-end": "x"}, None),
        ("-O 3 --at wasmvm-end=y", {"wasmvm-end": "y"}, 3),
    ],
)
def test_a_variant_is_a_pipeline_a_point_or_options(text: Any, at: Any, level: Any):
    shared = bench_variants._options.make_context("x", []).params  # pyright: ignore
    variant = bench_variants.read_variant("--a", text, shared, set(), is_b=False)
    assert variant.config.at == at
    assert variant.config.opt_level == level
    assert variant.words == (text or "")


def test_what_the_command_is_given_besides_is_what_b_has():
    shared = bench_variants._options.make_context(  # pyright: ignore
        "x", ["--at", "llvm-end=x", "-O", "1"]
    ).params
    a, b = (
        bench_variants.read_variant("--b", "y", shared, {"at"}, is_b=is_b) for is_b in (False, True)
    )
    assert (a.config.at, b.config.at) == (
        {"wasmir-end": "y"},
        {"llvm-end": "x", "wasmir-end": "y"},
    )
    assert (a.config.opt_level, b.config.opt_level) == (1, 1)
    assert b.words == "--at llvm-end=x y"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--nonsense", "--b '--nonsense': No such option"),
        ("-O 3 x", "unexpected extra argument"),
        ("-O 'x", "No closing quotation"),
        ("--engine wasmtime -O 1", "-O has no effect on wasmtime"),
        ("--engine v8 --padding 16", "--padding has no effect on v8"),
    ],
)
def test_bad_variants_are_named(text: str, words: str):
    shared = bench_variants._options.make_context("x", []).params  # pyright: ignore
    with pytest.raises(UsageError) as caught:
        bench_variants.read_variant("--b", text, shared, set(), is_b=True)
    assert words in str(caught.value)


# --- bad input ---


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--invoke", "sim"], 2, "exports no function 'sim'; there are (sum, store"),
        ([], 2, "exports no function `_start`: use --invoke"),
        (["--invoke", "sum"], 2, "sum takes 1 arguments, not 0"),
        (["--invoke", "sum", "x"], 2, "'x' is not an i32"),
        (["--invoke", "set", "--json", "--latex"], 2, "choose one"),
        (["--invoke", "vector", "--engine", "wasmtime"], 2, "function with vectors"),
        (["--invoke", "set", "--layouts", "1"], 2, "--layouts"),
        (["--invoke", "set", "--b", "no-such-pass"], 2, "no-such-pass"),
        (["--invoke", "set", "--dir", "nowhere"], 2, "there is no such directory"),
        (["--invoke", "set", "--env", "HOME"], 2, "--env takes NAME=VALUE"),
        (["--invoke", "set", "--stdin", "nowhere"], 1, "nowhere: No such file"),
        (["--invoke", "forever", "--timeout", "0.5"], 1, "A: it did not end within 0.5 s"),
        (["--invoke", "set", "--engine", "v8", "--b", "llvm-end=x"], 1, "no way from llvm-end"),
    ],
)
def test_bad_input_gets_one_error(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
):
    assert bench(*arguments) == code
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors
    assert errors.startswith("error: ")
    assert errors.count("error: ") == 1


def test_an_import_that_is_not_wasi_is_named(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "i.wat").write_text('(module (import "env" "f" (func)) (func (export "_start")))')
    assert bench(file="i.wat") == 1
    assert "imports env.f, and only WASI" in capsys.readouterr().err


def test_an_artifact_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main.run(["compile", "m.wat", "-o", "m.cwasm"]) == 0
    assert bench("--invoke", "set", file="m.cwasm") == 2
    assert "m.cwasm is an artifact" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("engine", "words"), [("wasmtime", "pip install wasmtime"), ("v8", "no `node` on PATH")]
)
def test_a_missing_engine_is_one_error(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    words: str,
):
    monkeypatch.setattr("wasmdialect.bench.engines.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(folder))
    assert bench("--invoke", "set", "--engine", engine) == 2
    assert words in capsys.readouterr().err


# --- nothing is left ---


def children_of(pid: int) -> list[int]:
    """The processes that one has started, and theirs."""
    found = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [grandchild for child in found for grandchild in children_of(child)]


def exists(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_comparison_leaves_no_process(folder: Path, signal_: signal.Signals):
    """A run that never ends is what they are in; only its parent's end ends it."""
    command = [sys.executable, "-c", START, "bench", "m.wat", *QUICK, "--invoke", "forever"]
    with processes.started(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=processes.restore_signals
    ) as process:
        running: list[int] = []
        deadline = time.monotonic() + 60
        while len(running) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
            running = children_of(process.pid)
        time.sleep(0.5)
        process.send_signal(signal_)
        _, errors = process.communicate(timeout=60)
        assert len(running) == 3
        if signal_ == signal.SIGINT:
            assert (errors, process.returncode) == ("error: interrupted\n", 130)
        deadline = time.monotonic() + 10
        while any(map(exists, running)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [pid for pid in running if exists(pid)] == []
