"""The incremental cache: what is found again, what must not be, and stores that fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import processes
import pytest
from other_values import other_value

from wasmdialect import Config, wat2wasm
from wasmdialect._settings import CODE, COMPILER, LAYOUT, PASSES, RUNTIME, Setting, in_groups
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.compiler import Compilation
from wasmdialect.codegen.store import DirectoryStore, MemoryStore
from wasmdialect.object.artifact import read_artifact

TEXT = """(module
  (import "m" "f" (func $import (param i32) (result i32)))
  (memory 1) (global $g (mut i32) (i32.const 0))
  (func $a (export "a") (param i32) (result i32) (i32.load (local.get 0)))
  (func $b (export "b") (param i32) (result i32) (call $a (i32.add (local.get 0) (i32.const 1))))
  (func $c (export "c") (result f64) (f64.const 1.25))
  (func $d (export "d") (param i32) (result i32) (call $import (local.get 0))))
"""
DROPPING = """
from wasmdialect.passes.base import FunctionPass

class Dropping(FunctionPass):
    name = "dropping"

    def apply_to_function(self, ctx, function):
        pass
"""


def compiled(text: str, store: Any, **settings: Any) -> Compilation:
    config = Config(**{"jobs": 0, "cache": store, **settings})
    return compile_wasm(config, bytes(wat2wasm(text)), "m.wasm")


def compiled_symbols(compilation: Compilation) -> list[str]:
    """The Wasm functions whose code was not there."""
    return [r.symbol for r in compilation.log if not r.cached and "function[" in r.symbol]


@pytest.fixture
def store() -> MemoryStore:
    """A store that has the module."""
    made = MemoryStore()
    compiled(TEXT, made)
    return made


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("jobs", [0, 2])
def test_the_same_bytes_hot_and_cold(level: int, jobs: int):
    store = MemoryStore()
    without = compiled(TEXT, False, opt_level=level)
    cold = compiled(TEXT, store, opt_level=level, jobs=jobs)
    hot = compiled(TEXT, store, opt_level=level, jobs=jobs)
    assert without.artifact == cold.artifact == hot.artifact
    assert cold.cache.hits == 0
    assert hot.cache.misses == 0
    assert hot.cache.hits == cold.cache.misses + cold.cache.shared
    assert hot.cache.seconds_saved > 0


def test_one_changed_function(store: MemoryStore):
    """Only that one is compiled, though the ones behind it have moved."""
    changed = TEXT.replace("(i32.const 1))))", "(i32.mul (i32.const 1234567) (local.get 0)))))")
    again = compiled(changed, store)
    assert compiled_symbols(again) == ["wasm[0]::function[2]"]
    assert again.artifact == compiled(changed, False).artifact


def test_an_inserted_function(store: MemoryStore):
    """Numbers of functions are not in the code: callers and callees are found again."""
    inserted = TEXT.replace("(func $a", "(func $new (result i64) (i64.const 77))\n  (func $a")
    again = compiled(inserted, store)
    assert compiled_symbols(again) == ["wasm[0]::function[1]"]
    assert again.artifact == compiled(inserted, False).artifact


def test_equal_functions_are_compiled_once():
    bodies = "".join(f'(func (export "{i}") (result i32) (i32.const 5))' for i in range(20))
    result = compiled(f"(module {bodies})", False)
    assert len(compiled_symbols(result)) == 1
    assert result.cache.shared > 20


@pytest.mark.parametrize(
    "change",
    [
        ('(import "m" "f"', '(import "n" "g" (func)) (import "m" "f"'),  # an import moved
        ("(memory 1)", "(memory 1 1)"),
        ("(memory 1)", "(memory i64 1)"),
        ("(global $g", "(global $h (mut i64) (i64.const 0)) (global $g"),
    ],
)
def test_facts_of_the_module(store: MemoryStore, change: tuple[str, str]):
    """What the code depends on is in the key: the result is that of a compilation without cache."""
    text = TEXT.replace(*change).replace(
        "(i32.load (local.get 0))",
        "(i32.load (i64.extend_i32_u (local.get 0)))"
        if "i64 1" in change[1]
        else "(i32.load (local.get 0))",
    )
    assert compiled(text, store).artifact == compiled(text, False).artifact


@pytest.mark.parametrize("row", in_groups(CODE, PASSES), ids=lambda row: row.name)
def test_settings_that_decide_code_are_in_the_key(store: MemoryStore, row: Setting, tmp_path: Path):
    """What import and passes made with another value is not found."""
    value = other_value(row)
    if row.name == "load":  # is in the key by the source of the passes that run
        (tmp_path / "mine.py").write_text(DROPPING)
        settings: dict[str, Any] = {"load": (str(tmp_path / "mine.py"),), "pipeline": "dropping"}
    else:
        settings = {row.name: value}
    cached = compiled(TEXT, store, **settings)
    assert "passes" in cached.seconds
    assert cached.artifact == compiled(TEXT, False, **settings).artifact


@pytest.mark.parametrize(
    "row",
    [row for row in in_groups(LAYOUT, COMPILER, RUNTIME) if row.name != "cache"],
    ids=lambda row: row.name,
)
def test_other_settings_are_not_in_the_key(store: MemoryStore, row: Setting):
    settings = {row.name: other_value(row)}
    cached = compiled(TEXT, store, **settings)
    assert cached.cache.misses == 0
    assert "passes" not in cached.seconds
    assert cached.artifact == compiled(TEXT, False, **settings).artifact
    assert (cached.artifact == compiled(TEXT, store).artifact) == (row.group != LAYOUT)


def test_what_is_to_be_verified_is_not_skipped(store: MemoryStore):
    """Asking for verification runs the passes, though the code is there."""
    verified = compiled(TEXT, store, verify="each")
    assert verified.cache.misses == 0
    assert "passes" in verified.seconds
    assert "passes" not in compiled(TEXT, store, verify="each").seconds


def test_constants_of_functions():
    """Constants and jump tables travel with the function that uses them."""
    table = " ".join("$a" for _ in range(9))
    text = """(module (func (export "f") (param i32) (result f64)
      (block $a (block $b (block $c (br_table {} (local.get 0)) ) (return (f64.const {})))
      (return (f64.const 3.5))) (f64.const 4.5)))"""
    store = MemoryStore()
    first = text.format(f"{table} $b $c $a", 1.5)
    second = text.format(f"{table} $b $c $a", 2.5)
    compiled(first, store)
    assert compiled(second, store).artifact == compiled(second, False).artifact
    assert compiled(first, store).artifact == compiled(first, False).artifact


PASS = """
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.passes.base import FunctionPass
from xdsl.rewriter import InsertPoint, Rewriter
import helper

class Mine(FunctionPass):
    name = "mine"

    def declare(self, declarations):
        declarations.add_counter("first")
        declarations.add_counter("second")

    def apply_to_function(self, ctx, function):
        op = wasmvm.CountOp({counter})
        op.location = function.location
        Rewriter.insert_op(op, InsertPoint.at_start(function.entry))
"""


@pytest.fixture
def passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with a pass, which imports another file beside it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "helper.py").write_text("VALUE = 'first'\n")
    file = tmp_path / "mine.py"
    file.write_text(PASS.replace("{counter}", "helper.VALUE"))
    yield file
    sys.modules.pop("helper", None)


def test_a_pass_that_is_edited(passes: Path):
    """Same name, same options, other source: nothing is found by source, and what it makes decides."""
    settings: dict[str, Any] = {"load": (str(passes),), "at": {"wasmir-end": "mine"}}
    store = MemoryStore()
    before = compiled(TEXT, store, **settings)
    assert compiled(TEXT, store, **settings).cache.misses == 0
    passes.write_text(PASS.replace("{counter}", "'second'"))
    after = compiled(TEXT, store, **settings)
    assert len(compiled_symbols(after)) == 4  # bumping another counter is other code
    assert before.artifact != after.artifact
    assert after.artifact == compiled(TEXT, False, **settings).artifact


def test_a_pass_that_is_edited_at_once(passes: Path, monkeypatch: pytest.MonkeyPatch):
    """Python would take the bytecode of a file of the same size and, to a second, the same age."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    settings: dict[str, Any] = {"load": (str(passes),), "at": {"wasmir-end": "mine"}}
    source = PASS.replace("import helper\n", "")
    counters: list[bytes] = []
    for name in ("'first' ", "'second'"):
        passes.write_text(source.replace("{counter}", name))
        os.utime(passes, (1, 1))
        counters.append(bytes(read_artifact(compiled(TEXT, False, **settings).artifact).text))
    assert counters[0] != counters[1]


def test_a_helper_of_a_pass_that_is_edited(passes: Path):
    settings: dict[str, Any] = {"load": (str(passes),), "at": {"wasmir-end": "mine"}}
    store = MemoryStore()
    compiled(TEXT, store, **settings)
    (passes.parent / "helper.py").write_text("VALUE = 'second'  # longer\n")
    sys.modules.pop("helper")
    after = compiled(TEXT, store, **settings)
    assert len(compiled_symbols(after)) == 4
    assert after.artifact == compiled(TEXT, False, **settings).artifact


def test_a_helper_that_a_pass_imports_when_it_runs(passes: Path):
    """Where a pass imports decides when its helper is loaded, not whether it counts."""
    late = PASS.replace("import helper\n", "").replace("{counter}", "value()")
    passes.write_text(late + "\ndef value():\n    import helper\n    return helper.VALUE\n")
    settings: dict[str, Any] = {"load": (str(passes),), "at": {"wasmir-end": "mine"}}
    store = MemoryStore()
    compiled(TEXT, store, **settings)
    (passes.parent / "helper.py").write_text("VALUE = 'second'  # longer\n")
    sys.modules.pop("helper")
    after = compiled(TEXT, store, **settings)
    assert len(compiled_symbols(after)) == 4
    assert after.artifact == compiled(TEXT, False, **settings).artifact


def test_reports_are_kept(tmp_path: Path):
    file = tmp_path / "reporting.py"
    file.write_text(
        "from wasmdialect.passes.base import FunctionPass, report\n"
        "class Reporting(FunctionPass):\n"
        "    name = 'reporting'\n"
        "    def apply_to_function(self, ctx, function):\n"
        "        report(function.entry.last_op, 'end', here=1)\n"
    )
    settings: dict[str, Any] = {"load": (str(file),), "at": {"wasmir-end": "reporting"}}
    store = MemoryStore()
    cold = compiled(TEXT, store, **settings)
    assert len(cold.reports) == 4
    assert compiled(TEXT, store, **settings).reports == cold.reports
    moved = TEXT.replace("(func $a", "(func $new (result i64) (i64.const 77))\n  (func $a")
    fresh = compiled(moved, False, **settings)
    assert compiled(moved, store, **settings).reports == fresh.reports


# --- stores ---


def test_damaged_entries_are_misses(tmp_path: Path):
    cold = compiled(TEXT, str(tmp_path))
    for number, file in enumerate(sorted(tmp_path.glob("??/*"))):
        data = bytearray(file.read_bytes())
        match number % 4:
            case 0:
                data[len(data) // 2] ^= 1
            case 1:
                del data[len(data) // 2 :]
            case 2:
                data = bytearray(b"")
            case _:
                data = bytearray(os.urandom(40))
        file.write_bytes(data)
    again = compiled(TEXT, str(tmp_path))
    assert again.cache.hits == 0
    assert again.artifact == cold.artifact
    assert compiled(TEXT, str(tmp_path)).cache.misses == 0  # they were replaced


def test_an_entry_under_another_key_is_a_miss():
    store = MemoryStore()
    cold = compiled(TEXT, store)
    keys = sorted(store.entries)
    store.entries = dict(zip(keys, [store.entries[k] for k in (*keys[1:], keys[0])], strict=True))
    again = compiled(TEXT, store)
    assert again.cache.hits == 0
    assert again.artifact == cold.artifact


def test_eviction(tmp_path: Path):
    """The entries used longest ago go; the directory stays below its limit."""
    store = DirectoryStore(tmp_path, limit=10_000)
    for number in range(30):
        store.insert(f"{number:064x}", bytes(1000))
        os.utime(store._file(f"{number:064x}"), (number, number))
        if number == 10:
            assert store.get(f"{3:064x}") is not None  # used now
    store.evict()
    kept = [n for n in range(30) if os.path.exists(store._file(f"{n:064x}"))]
    assert sum(row[1] for row in store.entries()) <= 10_000
    assert kept[-1] == 29
    assert 3 in kept
    assert 4 not in kept


def test_a_store_that_cannot_write(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        DirectoryStore(tmp_path / "file" / "cache")
    store = DirectoryStore(tmp_path / "cache")
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("not a directory any more")
    store.insert("ab" * 32, b"x")
    assert store.get("ab" * 32) is None
    assert store.entries() == []


SCRIPT = """
import sys
from wasmdialect import Config, Engine, Module
text = open(sys.argv[2]).read()
engine = Engine(Config(jobs=0, cache=sys.argv[1]))
artifacts = [bytes(Module(engine, text).serialize()) for _ in range(3)]
assert len(set(artifacts)) == 1
sys.stdout.buffer.write(artifacts[0])
"""


def test_processes_that_share_a_directory(tmp_path: Path):
    module = tmp_path / "m.wat"
    module.write_text(TEXT)
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / "cache"), str(module)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(processes.started(arguments, stdout=subprocess.PIPE))
            for _ in range(3)
        ]
        outputs = {process.communicate(timeout=120)[0] for process in running}
    assert outputs == {compiled(TEXT, False).artifact}
    assert all(process.returncode == 0 for process in running)
    assert not [*(tmp_path / "cache").glob("??/.*")]  # nothing half written is left


# --- functions that are inlined

CHAIN = """(module
  (func $leaf (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0)))
  (func $middle (param i32) (result i32) (call $leaf (i32.add (local.get 0) (i32.const 1))))
  (func $top (export "top") (param i32) (result i32)
    (i32.sub (call $middle (local.get 0)) (i32.const 3)))
  (func $big (export "big") (param i32) (result i32) BIG (local.get 0))
  (func $other (export "other") (param i32) (result i32) (call $big (local.get 0))))
""".replace("BIG", "(local.set 0 (i32.mul (local.get 0) (i32.const 100003)))" * 30)


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_callee_that_was_inlined_changes_its_callers(jobs: int):
    """And only those, wherever they have moved."""
    store = MemoryStore()
    compiled(CHAIN, store, jobs=jobs)
    changed = CHAIN.replace("(i32.const 7)", "(i32.const 123456)")
    again = compiled(changed, store, jobs=jobs)
    assert compiled_symbols(again) == ["wasm[0]::function[2]"]  # the others are called nowhere
    assert again.artifact == compiled(changed, False).artifact


def test_functions_that_are_inlined_everywhere_are_not_compiled():
    assert compiled_symbols(compiled(CHAIN, False)) == [
        f"wasm[0]::function[{n}]" for n in (2, 3, 4)
    ]
    everything = compiled(CHAIN, False, at={"wasmir-end": "wasmir-dce"})  # a pass is to see them
    assert len(compiled_symbols(everything)) == 5


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_function_whose_call_in_a_try_stays_is_compiled(jobs: int):
    """Another call of it, in the same function, is inlined."""
    text = """(module (func $leaf (nop))
      (func (export "f") (call $leaf) (block $out (try_table (catch_all $out) (call $leaf)))))"""
    assert compiled_symbols(compiled(text, False, jobs=jobs)) == [
        f"wasm[0]::function[{n}]" for n in (1, 0)
    ]


def test_a_callee_that_is_called_changes_no_callers():
    store = MemoryStore()
    compiled(CHAIN, store)
    changed = CHAIN.replace("100003", "100005")
    again = compiled(changed, store)
    assert compiled_symbols(again) == ["wasm[0]::function[3]"]
    assert again.artifact == compiled(changed, False).artifact


def test_a_callee_that_has_become_small_is_inlined():
    store = MemoryStore()
    compiled(CHAIN, store)
    small = CHAIN.replace("(local.set 0 (i32.mul (local.get 0) (i32.const 100003)))" * 30, "")
    again = compiled(small, store)
    assert compiled_symbols(again) == ["wasm[0]::function[3]"]  # function 4 is equal to it now
    assert again.cache.shared == 1
    assert again.artifact == compiled(small, False).artifact


def test_a_pass_that_wants_an_inlined_function_is_in_the_keys_of_its_callers(tmp_path: Path):
    """Its source is, too, though it wants nothing of the callers themselves."""
    source = """
from dataclasses import dataclass
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder

class Sevens(FunctionPass):
    name = "sevens"
    def wants(self, function):
        return function.index == 0
    def apply_to_function(self, ctx, function):
        for op in [*function.entry.ops]:
            if isinstance(op, wasmir.I32ConstOp):
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_const(NUMBER))
"""
    file = tmp_path / "sevens.py"
    store = MemoryStore()
    settings: dict[str, Any] = {"load": (str(file),), "at": {"wasmir-end": "sevens"}}
    file.write_text(source.replace("NUMBER", "8"))
    compiled(CHAIN, store, **settings)
    file.write_text(source.replace("NUMBER", "9999"))
    again = compiled(CHAIN, store, **settings)
    assert compiled_symbols(again) == [f"wasm[0]::function[{n}]" for n in (0, 1, 2)]


def test_what_passes_say_of_an_inlined_function_is_said_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """Passes see its body again for each caller."""
    source = """
from wasmdialect.passes.base import FunctionPass, report

class Telling(FunctionPass):
    name = "telling"
    def apply_to_function(self, ctx, function):
        report(function.entry.last_op, "seen")
        print(function.sym_name.data)
"""
    file = tmp_path / "telling.py"
    file.write_text(source)
    settings: dict[str, Any] = {"load": (str(file),), "at": {"wasmir-end": "telling"}}
    for jobs in (0, 1):
        store = MemoryStore()
        for _ in range(2):
            found = compiled(CHAIN, store, jobs=jobs, **settings)
            assert sorted(r["function_index"] for r in found.reports) == [0, 1, 2, 3, 4]
            printed = capfd.readouterr().err.split()
            assert sorted(printed) == sorted(["leaf", "middle", "top", "big", "other"])
