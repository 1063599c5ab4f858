"""Counts of calls in an earlier run: that they are right, and what they make of the plan of inlining.
They change nothing that can be observed, however wrong they are."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from cli.commands import check_error, run
from fuzz_traps import enable_features, first_difference, observe
from random_hints import encode_frequencies
from trap_modules import trap_module

import wasmdialect
from wasmdialect import Config, Engine, Instance, Module, Store, WasmtimeError, wat2wasm
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.budget import owner_of
from wasmdialect.codegen.call_counts import (
    COLD_SHARE,
    HOT_SHARE,
    read_call_counts,
    write_call_counts,
)
from wasmdialect.codegen.compiler import Compilation, start_run
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.hints import INSTRUCTION_FREQUENCY
from wasmdialect.wasm.instructions.opcodes import CALL, CALL_INDIRECT
from wasmdialect.wasm.validate import validate_function

LONG = "(global.set 0 (i32.add (global.get 0) (local.get 0)))" * 12
TEXT = f"""(module
  (type $t (func (param i32)))
  (global (mut i32) (i32.const 0))
  (table funcref (elem $other))
  (func $often (param i32) {LONG})
  (func $rare (param i32) {LONG})
  (func $tiny (param i32) (global.set 0 (local.get 0)))
  (func $work (param i32)
    (call $often (local.get 0)) (call $often (local.get 0))
    (if (i32.eq (local.get 0) (i32.const -1))
      (then (loop (call $rare (local.get 0)) (call $tiny (local.get 0)) (br 0))))
    (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $unused (call $often (i32.const 1)) (call $rare (i32.const 1)))
  (func (export "f") (param i32)
    (loop (call $work (local.get 0))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (call $rare (i32.const 0)))
  (func $other (param i32) {LONG})
  (export "g" (func $unused)))"""
BINARY = bytes(wat2wasm(TEXT))
OFTEN, RARE, TINY, WORK, UNUSED, MAIN, OTHER = range(7)


def counted(runs: int, **settings: Any) -> str:
    engine = Engine(Config(jobs=0, at={"wasmir-start": "count-call-sites"}, **settings))
    store = Store(engine)
    instance = Instance(store, Module(engine, BINARY), [])
    exports: Any = instance.exports(store)
    exports["f"](store, runs)
    return write_call_counts(BINARY, instance.fields["call-sites"].buffer)


def plan(counts: Path | None = None, binary: bytes = BINARY) -> dict[int, tuple[int, ...]]:
    config = Config(opt_level=2, call_counts=None if counts is None else str(counts))
    return start_run(binary, CompileSettings.of(config), "m", 0, None).plan


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "calls.json"
    path.write_text(counted(1000))
    return path


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("compilation", ["lazy", "eager"])
def test_calls_and_runs_are_counted(level: int, compilation: str):
    rows = {
        row["index"]: row
        for row in json.loads(counted(7, opt_level=level, compilation=compilation))["functions"]
    }
    runs = {index: row["runs"] for index, row in rows.items()}
    assert runs == {OFTEN: 14, RARE: 1, WORK: 7, MAIN: 1, OTHER: 7}
    assert [*rows[WORK]["calls"].values()] == [7, 7, 7]
    assert [*rows[MAIN]["calls"].values()] == [7, 1]
    assert rows[OFTEN]["calls"] == {}
    module = decode_module(BINARY)
    for index, row in rows.items():
        function = module.functions[index]
        assert function.code is not None
        assert row["bytes"] == len(function.code.bytes)
        assert row.get("name") == module.function_name(index)
        _, instructions = validate_function(module, function)
        start = function.code.offset
        calls = {at - start for opcode, _, at in instructions if opcode in (CALL, CALL_INDIRECT)}
        assert calls.issuperset(map(int, row["calls"]))


def test_the_plan_follows_counts_instead_of_loops(file: Path):
    """Also for the function that the call through the table calls directly."""
    assert plan()[WORK] == (RARE, TINY)
    assert plan(file)[WORK] == (OFTEN, TINY, OTHER)
    assert UNUSED not in plan(file)


def counts_of(path: Path, **calls: int) -> Path:
    """A file in which these functions are called so often, each at its first call in `work`, and
    another call ran a million times."""
    rows = json.loads(counted(1))["functions"]
    (work,) = (row for row in rows if row["index"] == WORK)
    often, _, indirect = work["calls"]
    work["calls"] = {often: calls["often"], indirect: 1_000_000 - calls["often"]}
    path.write_text(json.dumps({"functions": [r for r in rows if r["index"] != MAIN]}))
    return path


def test_a_call_is_hot_by_its_share_of_all(tmp_path: Path):
    hot = round(1_000_000 * HOT_SHARE)
    for count, is_hot in ((hot, True), (hot - 1, False), (0, False)):
        found = plan(counts_of(tmp_path / "c.json", often=count)).get(WORK, ())
        assert (OFTEN in found) == is_hot, count
    assert COLD_SHARE < HOT_SHARE


def test_a_function_that_is_another_now_is_guessed(file: Path):
    changed = json.loads(file.read_text())
    for row in changed["functions"]:
        row["bytes"] += 1
    file.write_text(json.dumps(changed))
    guessed = plan()
    assert plan(file)[WORK] == guessed[WORK]
    assert UNUSED not in plan(file)


def test_what_hints_never_inline_counts_do_not(file: Path):
    module = decode_module(BINARY)
    code = module.functions[WORK].code
    assert code is not None
    _, instructions = validate_function(module, module.functions[WORK])
    never = {
        offset - code.offset: 0
        for opcode, immediate, offset in instructions
        if (opcode, immediate) == (CALL, OFTEN)
    }
    section = encode_custom(INSTRUCTION_FREQUENCY, encode_frequencies({WORK: never}))
    assert OFTEN not in plan(file, BINARY + section).get(WORK, ())


@pytest.mark.parametrize(
    "content",
    [
        *(
            "",
            "[]",
            "{}",
            '{"functions": 1}',
            '{"functions": [1]}',
            '{"functions": [{"index": 0}]}',
        ),
        '{"functions": [{"index": -1, "bytes": 1, "runs": 1, "calls": {}}]}',
        '{"functions": [{"index": 0, "bytes": 1, "runs": 1, "calls": {"x": 1}}]}',
        '{"functions": [{"index": 0, "bytes": 1, "runs": 1, "calls": {"1": 0.5}}]}',
        '{"functions": [{"index": 0, "bytes": 1, "runs": 1, "calls": [1]}]}',
        "\x00\xff",
    ],
)
def test_what_is_no_file_of_counts(content: str, tmp_path: Path):
    path = tmp_path / "counts"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(WasmtimeError, match=f"^call_counts: {path}: `run --count-calls` writes"):
        read_call_counts(str(path))


@pytest.mark.parametrize("level", [0, 2, None])
@pytest.mark.parametrize("compilation", ["lazy", "eager"])
def test_a_file_that_is_not_there(level: int | None, compilation: str, tmp_path: Path):
    """An error of the compilation, not of a call later."""
    settings: dict[str, Any] = {"opt_level": level, "compilation": compilation, "jobs": 1}
    engine = Engine(Config(call_counts=str(tmp_path / "no"), **settings))
    with pytest.raises(WasmtimeError, match=f"^call_counts: {tmp_path}/no: No such file"):
        Module(engine, BINARY)


def compiled(store: Any, counts: Path | None) -> Compilation:
    chosen = None if counts is None else str(counts)
    return compile_wasm(Config(jobs=0, opt_level=2, cache=store, call_counts=chosen), BINARY, "m")


def test_only_what_the_counts_change_is_compiled_again(file: Path):
    store = MemoryStore()
    compiled(store, None)
    again = compiled(store, file)
    missed = {owner_of(r.symbol) for r in again.log if not r.cached}
    assert missed == {MAIN}  # which has `work` in it
    assert compiled(store, file).cache.misses == 0
    changed = json.loads(file.read_text())
    changed["functions"][0]["runs"] += 1  # which is in no plan
    file.write_text(json.dumps(changed))
    assert compiled(store, file).cache.misses == 0


@pytest.mark.parametrize("number", range(8))
def test_wrong_counts_change_nothing(number: int, tmp_path: Path):
    module = trap_module(12, number)
    r = random.Random(number)
    rows: list[dict[str, Any]] = []
    for function in decode_module(module.binary, frozenset(Feature)).defined_functions():
        assert function.code is not None
        size = len(function.code.bytes)
        calls = {str(at): r.choice((0, 1, 10**6, 10**9)) for at in range(size)}
        if r.randrange(4):
            rows.append({"index": function.index, "bytes": size, "runs": 1, "calls": calls})
    path = tmp_path / "counts"
    path.write_text(json.dumps({"functions": rows}))
    found: list[list[Any]] = []
    for counts in (None, str(path)):
        config = Config(opt_level=2, jobs=0, call_counts=counts)
        enable_features(config)
        found.append([*observe(wasmdialect, Engine(config), module)])
    assert first_difference(iter(found[1]), found[0]) is None


def test_a_program_is_run_twice(tmp_path: Path):
    (tmp_path / "m.wat").write_text(TEXT)
    for option in ("--count-calls", "--call-counts"):
        done = run(
            tmp_path,
            "wasmdialect",
            "run",
            "m.wat",
            "-O2",
            "--invoke",
            "f",
            option,
            "calls.json",
            "500",
        )
        assert done.returncode == 0, done.stderr
        assert plan(tmp_path / "calls.json")[WORK] == (OFTEN, TINY, OTHER)


def test_what_cannot_be_counted(tmp_path: Path):
    (tmp_path / "m.mlir").write_text("wasmir.func @f() { wasmir.return }")
    (tmp_path / "m.wat").write_text(TEXT)
    done = run(tmp_path, "wasmdialect", "run", "m.mlir", "--count-calls", "c")
    check_error(done, 2, "--count-calls needs WebAssembly, and m.mlir is none")
    done = run(tmp_path, "wasmdialect", "run", "m.wat", "-p", "wasmir-dce", "--count-calls", "c")
    check_error(done, 2, "--count-calls needs a module in a file, and the default pipeline")
