"""Functions over their budget are compiled at a lower level, alone, and reported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Linker, Module, Store, WasmtimeError
from wasmdialect.codegen.compiler import Compilation, compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.wasm.text import parse_module

TEXT = f"""(module
  (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "g") (param i32) (result i32)
    (local.get 0) {"(i32.div_s (local.get 0))" * 100}))"""
BUDGET = 10_000
G = "wasm[0]::function[1]"


def compiled(**settings: Any) -> Compilation:
    config = Config(**{"jobs": 1, **settings})
    store = settings.get("cache")
    return compile_module(
        parse_module(TEXT).binary, CompileSettings.of(config), jobs=config.jobs, store=store
    )


def levels(compilation: Compilation) -> dict[str, int]:
    """The level of each function."""
    return {row.symbol: row.level for row in compilation.log if "trampoline" not in row.symbol}


@pytest.mark.parametrize("jobs", [0, 1])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_large_function_alone_is_lowered_and_reported(level: int, jobs: int):
    compilation = compiled(opt_level=level, function_budget=BUDGET, jobs=jobs)
    assert levels(compilation) == {"wasm[0]::function[0]": min(level, 2), G: 0}
    (report,) = [r for r in compilation.reports if r["level"] == 0]
    assert (report["kind"], report["function"], report["function_index"]) == ("fallback", G, 1)
    assert f"where the budget is {BUDGET}" in report["reason"]


def test_the_report_is_kept_and_the_budget_is_in_the_key():
    store = MemoryStore()
    first = compiled(function_budget=BUDGET, cache=store)
    again = compiled(function_budget=BUDGET, cache=store)
    assert again.cache.misses == 0
    assert again.artifact == first.artifact
    assert again.reports == first.reports
    assert levels(again) == levels(first)
    larger = compiled(cache=store)
    assert levels(larger)[G] == 2
    assert not larger.reports
    assert larger.artifact == compiled().artifact


def test_the_text_at_a_lower_level_is_that_of_the_lower_level():
    """The code is what the level gives, whatever level it comes down from."""
    store = MemoryStore()
    compiled(function_budget=BUDGET, cache=store, opt_level=1)
    from_two = compiled(function_budget=BUDGET, cache=store, opt_level=2)
    assert {row.symbol for row in from_two.log if row.cached} >= {G}


def exits(count: int) -> str:
    """Conditional branches with a value to the end of one block."""
    step = "(drop (br_if 0 (local.get 0) (i32.eq (local.get 0) (i32.const 3))))"
    return f"(block (result i32) {step * count} (i32.const 5))"


def targets(count: int) -> str:
    """A `br_table` into as many blocks."""
    labels = " ".join(map(str, range(count)))
    end = "(local.set 0 (i32.mul (local.get 0) (i32.const 3))))"
    return f"{'(block ' * count} (br_table {labels} (local.get 0)) {end * count} (local.get 0)"


@pytest.mark.parametrize("graph", [False, True], ids=["written", "graph"])
@pytest.mark.parametrize("body", [exits, targets])
def test_each_edge_of_a_block_counts_as_passes_look_at_all_for_each(
    body: Callable[[int], str], graph: bool
):
    """`instcombine` looks at all values of a phi for each edge, `jump-threading` at all targets."""
    at: dict[str, str] = {"llvm-end": "cse"} if graph else {}
    settings = CompileSettings.of(Config(jobs=1, opt_level=2, function_budget=100_000, at=at))
    reasons: list[list[str]] = []
    for count in (100, 250):
        text = f'(module (func (export "f") (param i32) (result i32) {body(count)}))'
        compilation = compile_module(parse_module(text).binary, settings, jobs=1)
        reasons.append([report["reason"] for report in compilation.reports])
    few, (many,) = reasons
    assert not few
    assert "edges of a block, which count as 12" in many
    assert "where the budget is 100000" in many


def test_the_program_is_the_same():
    for budget in (0, BUDGET, 10**9):
        engine = Engine(Config(jobs=1, function_budget=budget, opt_level=2))
        store = Store(engine)
        exports = Linker(engine).instantiate(store, Module(engine, TEXT)).exports(store)
        assert exports["f"](store, 41) == 42  # pyright: ignore[reportCallIssue]
        assert exports["g"](store, 7) == 0  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    "settings",
    [
        {"function_budget": -1},
        {"compile_timeout": 0},
        {"compile_timeout": -1.0},
        {"compile_timeout": float("inf")},
        {"compile_timeout": float("nan")},
    ],
)
def test_limits_that_cannot_be(settings: dict[str, Any]):
    with pytest.raises(WasmtimeError, match=next(iter(settings))):
        Module(Engine(Config(jobs=1, **settings)), "(module)")


def test_the_command_says_what_is_lowered(tmp_path: Path):
    (tmp_path / "m.wat").write_text(TEXT)
    program = Path(sys.executable).parent / "wasmdialect"
    arguments = ["compile", "m.wat", "--function-budget", str(BUDGET), "--jobs", "1"]
    outputs = ["--log", "log", "--reports", "reports", "--cache-dir", "cache"]
    for _ in range(2):  # the second time it comes from the cache
        done = subprocess.run(
            [program, *arguments, *outputs],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"warning: {G} is compiled at -O0: " in done.stderr
        assert '"kind": "fallback"' in (tmp_path / "reports").read_text()
        assert '"level": 0' in (tmp_path / "log").read_text()
