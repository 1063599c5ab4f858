"""`bench` compares what it times: no pass that computes something else is faster."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.cli import main
from wasmdialect.cli.bench_command import interval

TEXT = """(module
  (memory (export "memory") 1)
  (global $g (export "g") (mut i64) (i64.const 0))
  (func (export "sum") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "store") (param i32) (i32.store (local.get 0) (i32.const 7)))
  (func (export "set") (global.set $g (i64.const 5)))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "nan") (result f32 f64) (f32.div (f32.const 0) (f32.const 0)) (f64.const -0)))
"""
WRONG = """
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass

class Wrong(FunctionPass):
    name = "wrong"

    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, {kind}):
                {change}
"""
FIRST = "op.results[0].replace_all_uses_with(op.operands[0]); op.detach(); op.erase()"
REMOVE = "op.detach(); op.erase()"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.wat").write_text(TEXT)
    return tmp_path


def bench(*arguments: str) -> int:
    return main.run(["bench", "m.wat", "--runs", "3", "--jobs", "0", *arguments])


@pytest.mark.parametrize("arguments", [("sum", "1"), ("store", "8"), ("set",), ("nan",)])
def test_equal_results(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    assert bench("--invoke", *arguments) == 0
    output, errors = capsys.readouterr()
    assert "ratio  wasmtime / wasmdialect = " in output
    assert "control  wasmdialect / itself = " in output
    assert errors == ""


def test_equal_traps(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert bench("--invoke", "divide", "0") == 0
    assert bench("--invoke", "store", "-1") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("kind", "change", "arguments", "words"),
    [
        ("wasmir.I32AddOp", FIRST, ("sum", "1"), ["outcome", "i32:1\n", "i32:2\n"]),
        ("wasmir.I32DivSOp", FIRST, ("divide", "0"), ["i32:1\n", "INTEGER_DIVISION_BY_ZERO\n"]),
        ("wasmir.I32StoreOp", REMOVE, ("store", "8"), ["memories", "65536 bytes, SHA-256"]),
        ("wasmir.GlobalSetOp", REMOVE, ("set",), ["globals", "g: i64:0\n", "g: i64:5\n"]),
    ],
)
def test_a_pass_that_computes_something_else_is_an_error(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    change: str,
    arguments: tuple[str, ...],
    words: list[str],
):
    (folder / "wrong.py").write_text(WRONG.format(kind=kind, change=change))
    wrong = ("--load", "wrong.py", "--at", "wasmir-end=wrong")
    assert bench(*wrong, "--invoke", *arguments) == 1
    output, errors = capsys.readouterr()
    assert "ratio" not in output
    assert errors.startswith("error: the engines differ in their ")
    for word in words:
        assert word in errors


# --- the interval ---

RATIOS = st.lists(st.floats(0.01, 100), min_size=1, max_size=60)


@given(RATIOS)
def test_the_interval_has_the_median(ratios: list[float]):
    found = interval(ratios)
    assert min(ratios) <= found.low <= found.middle == median(ratios) <= found.high <= max(ratios)
    assert found.confidence >= 0.95 or (found.low, found.high) == (min(ratios), max(ratios))


@pytest.mark.parametrize(("count", "dropped"), [(5, 0), (6, 0), (8, 0), (9, 1), (15, 3), (30, 9)])
def test_the_interval_is_that_of_the_tables(count: int, dropped: int):
    """David and Nagaraja, "Order Statistics", table of intervals for the median."""
    found = interval([float(number) for number in range(count)])
    assert (found.low, found.high) == (dropped, count - 1 - dropped)


def test_no_difference_is_said_to_be_none():
    assert interval([0.8, 0.9, 1.0, 1.1, 1.2, 1.3]).verdict == ": no difference seen"
    assert interval([2.0, 2.1, 2.2, 2.3, 2.4, 2.5]).verdict == ""
