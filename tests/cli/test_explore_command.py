"""`wasmdialect explore`: which functions get into a page, and what is said about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from explore.pages import PIPELINE, contents, explore, write_inputs

from wasmdialect.explore.selection import select


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "index"),
    [("sha256", 2), ("sha256_init", 0), ("init", 0), ("inner", 2), ("3", 3), ("fib", 1)],
)
def test_an_export_comes_before_a_name_and_that_before_an_index(
    folder: Path, asked: str, index: int
):
    assert explore("m.wat", "--func", asked, "-o", "out.html") == 0
    found = contents(folder / "out.html")
    assert [*found] == ["module", f"function-{index}"]
    assert found["module"]["asked"] == [index]


def test_a_similar_name_is_only_suggested(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert explore("m.wat", "--func", "SHA", "-o", "out.html") == 2
    assert "did you mean 'sha256' or 'sha256_init'" in capsys.readouterr().err
    assert not (folder / "out.html").exists()


def test_a_name_of_several_functions_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "two.wat").write_text('(module (func (@name "f")) (func) (func (@name "f")))')
    assert explore("two.wat", "--func", "f") == 2
    assert "2 functions are called 'f': give an index (0, 2)" in capsys.readouterr().err


def test_each_stage_and_what_changed(folder: Path):
    assert explore("m.wat", "--func", "fib", *PIPELINE) == 0
    found = contents(folder / "fib.html")["function-1"]
    stages = {stage["title"]: stage for stage in found["stages"]}
    assert [*stages] == [
        "WebAssembly", "wasmir", "count-calls", "wasmir-gvn", "wasmir-wide-multiply",
        "wasmir-direct-calls", "wasmir-inline", "wasmir-forward-loads", "wasmir-version-loops",
        "insert-vmctx-loads",
        "insert-trampolines", "insert-stack-limit-checks", "wasmvm-to-llvm", "LLVM IR",
        "LLVM IR after -O2", "assembly",
    ]  # fmt: skip
    assert stages["count-calls"]["counts"] == {"added": 2, "removed": 0, "changed": 0, "moved": 0}
    # The second `i32.const 2` is removed, and the subtraction takes the first.
    assert stages["wasmir-gvn"]["counts"] == {"added": 0, "removed": 1, "changed": 1, "moved": 0}
    assert stages["wasmvm-to-llvm"]["counts"] is None  # nothing is left of what was there
    assert [report["text"] for report in found["reports"]] == ["call callee=fib"] * 2
    linked = [[offset for offset in stage["offsets"] if offset >= 0] for stage in stages.values()]
    assert all(linked)
    assert all({*offsets} <= {*linked[0]} for offsets in linked)


def test_the_list_of_functions(folder: Path):
    (folder / "counts.json").write_text('{"calls": 41}')
    arguments = ("--counters", "counts.json", "--reports", "reports.jsonl")
    assert explore("m.wat", *PIPELINE, *arguments) == 0
    module = contents(folder / "m.html")["module"]
    fib, inner = module["functions"][1], module["functions"][2]
    assert fib["changes"] == {"count-calls": 2, "wasmir-gvn": 2}
    assert (fib["counters"], fib["reports"], fib["failed"]) == (["calls"], 2, False)
    assert fib["seconds"] > 0
    assert (inner["name"], inner["exports"], inner["counters"]) == ("inner", ["sha256"], [])
    assert module["counters"] == {"calls": 41}
    reports = [json.loads(line) for line in (folder / "reports.jsonl").read_text().splitlines()]
    own = [report["function"] for report in reports if report["pass"] == "count-calls"]
    assert own == ["fib", "fib"]


@pytest.mark.parametrize("text", ["[1]", "{", '{"calls": "many"}'])
def test_counters_that_are_none(folder: Path, text: str, capsys: pytest.CaptureFixture[str]):
    (folder / "counts.json").write_text(text)
    assert explore("m.wat", "--counters", "counts.json") == 2
    assert "counts.json" in capsys.readouterr().err


def test_a_pass_over_the_module_runs_once_for_all_functions(folder: Path):
    (folder / "whole.py").write_text(
        "from xdsl.passes import ModulePass\n"
        "from wasmdialect.dialects import wasmir\n"
        "class Whole(ModulePass):\n"
        "    name = 'whole'\n"
        "    def apply(self, ctx, op):\n"
        "        bodies = [f for f in op.ops if isinstance(f, wasmir.FuncOp)]\n"
        "        print(f'{len(bodies)} functions')\n"
        "        assert not any(f.is_declaration for f in bodies)\n"
    )
    functions = ("--func", "fib", "--func", "init", "-o", "out.html")
    assert explore("m.wat", *functions, "--load", "whole.py", "--at", "wasmir-end=whole") == 0
    found = contents(folder / "out.html")
    assert [*found] == ["module", "function-0", "function-1"]
    (text,) = {
        line
        for line in found["function-0"]["texts"]
        if line.startswith("wasmir.func") and "{" in line
    }
    assert "@sha256_init" in text


def test_a_file_name_is_made_of_any_function_name(folder: Path):
    (folder / "odd.wat").write_text('(module (func (export "../a/b c")))')
    assert explore("odd.wat", "--func", "../a/b c") == 0
    assert (folder / "func0.html").exists()
    (folder / "odd.wat").write_text('(module (func $"../a/b c"))')
    assert explore("odd.wat", "--func", "0") == 0
    assert (folder / "_a_b_c.html").exists()


def test_the_functions_of_a_large_module_that_are_taken_unasked():
    def function(size: int | None, *exports: str) -> dict[str, object]:
        return {"size": size, "exports": exports}

    functions = [function(None, "imported"), function(900), function(9000), function(20, "f")]
    assert select(functions, 10000) == [1, 2, 3]  # all
    assert select(functions, 1000) == [1, 3]  # the exported one, then what fits
    assert select(functions, 100) == [3]
