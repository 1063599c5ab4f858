"""Modules that the cache has as a whole: what is found, what must not be, and what is loaded for it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import processes
import pytest
from api.test_start import SLOW
from cli.commands import run
from other_values import other_value

import wasmdialect
from wasmdialect import Config, Engine, Func, Instance, Module, Store, wat2wasm
from wasmdialect._settings import CODE, COMPILER, LAYOUT, PASSES, RUNTIME, Setting, in_groups
from wasmdialect.codegen import pool, target, tools
from wasmdialect.codegen.crashes import WorkerUnavailableError
from wasmdialect.codegen.store import DirectoryStore, MemoryStore

TEXT = """(module
  (memory 1) (data (i32.const 8) "bytes")
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "g") (param i32) (result i32) (i32.load (local.get 0))))"""
MLIR = """wasmir.func @f(%n: i32) -> i32 {
  %one = wasmir.i32.const 1
  %sum = wasmir.i32.add %n, %one
  wasmir.return %sum : i32
}
wasmir.export "f" @f
"""
PASS = """
from wasmdialect.passes.base import FunctionPass, report
{}
class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        report(function.entry.last_op, "seen", value={})
"""

TWO = "(module (func $a (result i32) (i32.const 76)) (func $b (result i32) (i32.const 77)))"
FAILING = """
import os
from wasmdialect.codegen import batch
from wasmdialect.passes.base import FunctionPass
compile_object = batch.compile_object

def abort(text, target, level):
    if level > 0 and "i32 77" in text:
        os.abort()
    return compile_object(text, target, level)

if __import__("sys").argv[0].endswith("worker.py"):
    batch.compile_object = abort

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        pass
"""


@pytest.fixture(scope="session", autouse=True)
def settled() -> None:
    """Source that has just been edited, before these tests, is a case of its own."""
    newest = tools._add_sources(str(Path(wasmdialect.__file__).parent), [])
    time.sleep(max(0, 2.1 - (time.time() - newest / 1e9)))


@pytest.fixture(autouse=True)
def loaded_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "LOADED_AT", time.time_ns())
    monkeypatch.setattr(tools, "_stamps", [])


def load(module: str | bytes, store: Any, **settings: Any) -> Module:
    return Module(Engine(Config(**{"jobs": 0, "opt_level": 1, "cache": store, **settings})), module)


def was_found(module: Module) -> bool:
    """Whether a module was in the cache as a whole: otherwise it was linked."""
    return "link" not in module.seconds


def call(module: Module, name: str, *arguments: int) -> int:
    store = Store()
    function = Instance(store, module, []).exports(store)[name]
    assert isinstance(function, Func)
    return function(store, *arguments)


@pytest.fixture(params=[str, MemoryStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A directory, and a store that is not one."""
    return str(tmp_path / "cache") if request.param is str else MemoryStore()


@pytest.mark.parametrize("form", ["text", "text as bytes", "binary", "MLIR"])
def test_the_same_module(store: Any, form: str):
    module: str | bytes = {
        "text": TEXT,
        "text as bytes": TEXT.encode(),
        "binary": bytes(wat2wasm(TEXT)),
        "MLIR": MLIR,
    }[form]
    cold, warm = load(module, store), load(module, store)
    assert (was_found(cold), was_found(warm)) == (False, True)
    assert warm.serialize() == cold.serialize() == load(module, False).serialize()
    assert warm.pipeline == cold.pipeline
    assert len(warm.exports) == len(cold.exports)
    assert call(warm, "f", 4) == call(cold, "f", 4) == 5
    assert not was_found(load(TEXT.replace("const 1", "const 2"), store))


@pytest.mark.parametrize("row", in_groups(CODE, PASSES, LAYOUT), ids=lambda row: row.name)
def test_settings_that_decide_the_artifact_are_in_the_key(row: Setting, tmp_path: Path):
    store = MemoryStore()
    load(TEXT, store)
    value = other_value(row)
    if row.name == "load":
        value = (str(tmp_path / "mine.py"),)
        (tmp_path / "mine.py").write_text(PASS.format("", 1))
    elif row.name == "target":
        value = "x86_64-unknown-linux-gnu"  # means another processor
    settings = {row.name: value}
    again = load(TEXT, store, **settings)
    assert not was_found(again)
    assert again.serialize() == load(TEXT, False, **settings).serialize()
    assert was_found(load(TEXT, store, **settings))
    assert was_found(load(TEXT, store))


NEITHER = ("cache", "profiler", "call_counts")


@pytest.mark.parametrize(
    "row",
    [row for row in in_groups(COMPILER, RUNTIME) if row.name not in NEITHER],
    ids=lambda row: row.name,
)
def test_other_settings_are_not_in_the_key(row: Setting):
    store = MemoryStore()
    load(TEXT, store)
    assert was_found(load(TEXT, store, **{row.name: other_value(row)}))


def test_counts_of_calls_are_in_the_key_by_what_is_in_their_file(tmp_path: Path):
    store, file = MemoryStore(), tmp_path / "calls.json"
    load(TEXT, store)
    file.write_text('{"functions": []}')
    assert not was_found(load(TEXT, store, call_counts=str(file)))
    (tmp_path / "same").write_text(file.read_text())
    assert was_found(load(TEXT, store, call_counts=str(tmp_path / "same")))
    file.write_text('{"functions": [ ]}')
    assert not was_found(load(TEXT, store, call_counts=str(file)))


def test_a_string_and_bytes_that_mean_different_things():
    """A string is text, also if its bytes are those of a binary module."""
    store = MemoryStore()
    binary = bytes(wat2wasm(TEXT))
    load(binary, store)
    with pytest.raises(wasmdialect.WasmtimeError, match="illegal character"):
        load(binary.decode("utf-8", "surrogateescape"), store)


# --- passes ---


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Module]:
    """Compiles with a pass, in a folder where Python looks for modules, after writing its files."""
    monkeypatch.syspath_prepend(str(tmp_path))
    store = MemoryStore()

    def edit(source: str, **helpers: str) -> Module:
        for name in ("helper", "missing"):
            sys.modules.pop(name, None)
        (tmp_path / "mine.py").write_text(source)
        for name, text in helpers.items():
            (tmp_path / f"{name}.py").write_text(text)
        settings: dict[str, Any] = {"load": (str(tmp_path / "mine.py"),)}
        return load(TEXT, store, at={"wasmir-end": "mine"}, **settings)

    return edit


def values(module: Module) -> set[object]:
    """What the pass has reported."""
    return {report["value"] for report in module.reports}


def test_a_pass_that_is_edited(edited: Callable[..., Module]):
    first = PASS.format("", 1)
    assert not was_found(edited(first))
    again = edited(first)
    assert was_found(again)
    assert values(again) == {1}
    assert len(again.reports) == 2
    other = edited(PASS.format("", 2))
    assert not was_found(other)
    assert values(other) == {2}
    assert was_found(edited(first))  # and edited back


@pytest.mark.parametrize("early", [True, False])
def test_a_helper_of_a_pass_that_is_edited(edited: Callable[..., Module], early: bool):
    """Also one that is imported when the pass runs."""
    if early:
        source = PASS.format("import helper", "helper.VALUE")
    else:
        source = PASS.format(
            "def value():\n    from helper import VALUE\n    return VALUE", "value()"
        )
    edited(source, helper="VALUE = 1")
    assert was_found(edited(source, helper="VALUE = 1"))
    other = edited(source, helper="VALUE = 2  # longer")
    assert not was_found(other)
    assert values(other) == {2}


def test_a_module_that_appears(edited: Callable[..., Module]):
    """What a pass tries to import may be there another time."""
    source = PASS.format(
        "try:\n    from missing import VALUE\nexcept ImportError:\n    VALUE = 0", "VALUE"
    )
    assert values(edited(source)) == {0}
    assert was_found(edited(source))
    other = edited(source, missing="VALUE = 5")
    assert not was_found(other)
    assert values(other) == {5}


def test_a_module_that_is_found_elsewhere(
    edited: Callable[..., Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = PASS.format("from helper import VALUE", "VALUE")
    edited(source, helper="VALUE = 1")
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "__init__.py").write_text("VALUE = 3")
    other = edited(source)
    assert not was_found(other)
    assert values(other) == {3}


@pytest.mark.parametrize(
    "source",
    [
        PASS.format("from importlib import import_module", "import_module('helper').VALUE"),
        PASS.format("", "__import__('helper').VALUE"),
        PASS.format("exec('import helper')", "helper.VALUE"),
    ],
)
def test_a_pass_that_imports_what_it_does_not_name(edited: Callable[..., Module], source: str):
    """Nobody can tell what it would import, so only its functions are cached."""
    assert values(edited(source, helper="VALUE = 1")) == {1}
    assert not was_found(edited(source, helper="VALUE = 1"))


def test_what_a_pass_file_prints_is_printed_again(
    edited: Callable[..., Module], capfd: pytest.CaptureFixture[str]
):
    source = PASS.format("print('loaded')", "print('at', function.index_value)")
    edited(source)
    first = capfd.readouterr()
    assert first.err == "loaded\nat 0\nat 1\n"
    assert was_found(edited(source))
    assert capfd.readouterr() == first


def test_what_failed_and_was_compiled_at_a_lower_level_is_not_kept(tmp_path: Path):
    """Another time it may not fail."""
    (tmp_path / "failing.py").write_text(FAILING)
    store = MemoryStore()
    settings = {"load": (str(tmp_path / "failing.py"),), "jobs": 1}
    for _ in range(2):
        module = load(TWO, store, at={"wasmir-end": "mine"}, **settings)
        assert [report["kind"] for report in module.reports] == ["fallback"]
        assert not was_found(module)


# --- stores ---


def damage(data: bytes) -> list[bytes]:
    middle = len(data) // 2
    return [
        data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        data[:middle],
        b"",
        os.urandom(40),
    ]


def test_damaged_entries_are_misses(tmp_path: Path):
    """The artifact as well as the entry beside it, whatever has happened to them."""
    cold = load(TEXT, str(tmp_path))
    files = [Path(row[2]) for row in DirectoryStore(tmp_path).entries()]
    before = {file: file.read_bytes() for file in files}
    hits = 0
    for file, data in before.items():
        for damaged in damage(data):
            file.write_bytes(damaged)
            again = load(TEXT, str(tmp_path))
            hits += was_found(again)
            assert again.serialize() == cold.serialize()
            assert file.read_bytes() == data or was_found(again)  # it was replaced
            file.write_bytes(data)
    assert hits == 4 * (len(files) - 2)  # the other entries are not needed


def test_the_artifact_of_another_module_is_a_miss(tmp_path: Path):
    load(TEXT, str(tmp_path))
    other = load("(module)", str(tmp_path))
    artifacts = [
        path
        for row in DirectoryStore(tmp_path).entries()
        if (path := Path(row[2])).read_bytes()[:4] == b"\x7fELF"
    ]
    assert len(artifacts) == 2
    for artifact in artifacts:
        artifact.write_bytes(bytes(other.serialize()))
    again = load(TEXT, str(tmp_path))
    assert not was_found(again)
    assert call(again, "f", 1) == 2


def test_entries_that_go_away_while_the_module_is_used(tmp_path: Path):
    """A module is a copy: what happens to its file does not matter."""
    cold = load(TEXT, str(tmp_path))
    found = load(TEXT, str(tmp_path))
    assert was_found(found)
    for _, size, file in DirectoryStore(tmp_path).entries():
        with open(file, "r+b") as opened:
            opened.write(bytes(size))
            opened.truncate(0)
        os.unlink(file)
    assert call(found, "f", 41) == 42
    assert found.serialize() == cold.serialize()
    assert not was_found(load(TEXT, str(tmp_path)))


def test_a_cache_that_others_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whoever may only read it cannot note its use."""
    load(TEXT, str(tmp_path))

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refuse)
    assert was_found(load(TEXT, str(tmp_path)))


def test_modules_count_for_the_limit(tmp_path: Path):
    module = load(TEXT, str(tmp_path))
    store = DirectoryStore(tmp_path, limit=1)
    assert len(module.serialize()) in [row[1] for row in store.entries()]
    store.evict()
    assert store.entries() == []
    assert not was_found(load(TEXT, str(tmp_path)))


# --- tools, and what is loaded ---

PROGRAM = """
import ctypes, struct, sys, zlib
before = {*sys.modules}
from wasmdialect import Config, Engine, Instance, Module, Store
engine = Engine(Config(jobs=0, opt_level=0, cache=sys.argv[1]))
with open(sys.argv[2]) as file:
    module = Module(engine, file.read())
store = Store(engine)
assert Instance(store, module, []).exports(store)["f"](store, 1) == 2
print("link" not in module.seconds, *({*sys.modules} - before))
"""


def started(folder: Path, **environment: str) -> tuple[bool, set[str]]:
    """Whether a new process finds the module, and what it loads."""
    (folder / "m.wat").write_text(TEXT)
    done = processes.run(
        [sys.executable, "-c", PROGRAM, "cache", "m.wat"],
        timeout=120,
        cwd=folder,
        env={**os.environ, **environment},
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found, *loaded = done.stdout.split()
    return found == "True", {*loaded}


def test_what_a_cached_module_loads(tmp_path: Path):
    assert not started(tmp_path)[0]
    found, loaded = started(tmp_path)
    assert found
    assert "wasmdialect.codegen.tools" in loaded
    assert loaded & SLOW == set()
    heavy = {"compiler", "cache", "digests", "run"}
    assert loaded & {f"wasmdialect.codegen.{name}" for name in heavy} == set()


def test_a_command_starts_a_cached_module_without_the_compiler(tmp_path: Path):
    (tmp_path / "m.wat").write_text(TEXT)
    environment = {"WASMDIALECT_CACHE_DIR": str(tmp_path / "cache")}
    arguments = "run", "-O0", "m.wat", "--invoke", "f", "41"
    cold = run(tmp_path, "wasmdialect", *arguments, environment=environment)
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    warm = run(tmp_path, "wasmdialect", *arguments, environment=environment)
    assert cold.stdout == warm.stdout == "i32:42\n"
    loaded = {line.rpartition("|")[2].strip() for line in warm.stderr.splitlines()}
    assert "wasmdialect.codegen.tools" in loaded
    assert loaded & {"capstone", "lark", "llvmlite", "rich", "xdsl"} == set()


def test_reports_are_of_the_whole_module_cached_or_not(tmp_path: Path):
    """After a run that compiled what was called, too."""
    (tmp_path / "m.wat").write_text(TEXT)
    (tmp_path / "mine.py").write_text(PASS.format("", 1))
    environment = {"WASMDIALECT_CACHE_DIR": str(tmp_path / "cache")}
    passes = "--load", "mine.py", "--at", "wasmir-end=mine"
    arguments = "run", "-O0", "--compilation", "lazy", *passes, "m.wat", "--invoke", "f", "41"
    written: list[str] = []
    for options in ((), ("--reports", "reports"), ("--reports", "reports")):
        done = run(tmp_path, "wasmdialect", *arguments, *options, environment=environment)
        assert done.stdout == "i32:42\n", done.stderr
        if options:
            written.append((tmp_path / "reports").read_text())
            (tmp_path / "reports").unlink()
    assert len(written[0].splitlines()) == 2
    assert written[0] == written[1]


@pytest.mark.parametrize("edit", ["source", "version"])
def test_tools_that_have_changed(tmp_path: Path, edit: str):
    """After a change to this package or its dependencies nothing old is found."""
    package = tmp_path / "packages" / "wasmdialect"
    origin = Path(wasmdialect.__file__).parent
    shutil.copytree(
        origin, package, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = {"PYTHONPATH": str(package.parent)}
    assert not started(tmp_path, **environment)[0]
    assert started(tmp_path, **environment)[0]
    if edit == "source":
        file = package / "passes" / "wasmir_dce.py"
        text = file.read_text()
        file.unlink()
        file.write_text(text + "# another\n")
    else:
        folder = package.parent / "llvmlite-0.49.9.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: llvmlite\nVersion: 0.49.9\n")
    assert not started(tmp_path, **environment)[0]
    if edit == "source":
        time.sleep(2.1)  # what has just changed is not kept at all
        assert not started(tmp_path, **environment)[0]
    assert started(tmp_path, **environment)[0]


def test_another_processor(monkeypatch: pytest.MonkeyPatch):
    """What Linux says about it is enough to ask LLVM again, and what LLVM says is in the key."""
    store = MemoryStore()
    load(TEXT, store)
    monkeypatch.setattr(tools, "_stamps", [])
    monkeypatch.setattr(tools, "first_processor", lambda: {"flags": "sse4_1"})
    assert tools.known_tools(store) is None
    assert was_found(load(TEXT, store))
    monkeypatch.setattr(tools, "_stamps", [])
    monkeypatch.setattr(tools, "first_processor", lambda: {"flags": "sse4_2"})
    monkeypatch.setattr(target, "_host", [target.parse_target(None, "base")])
    assert not was_found(load(TEXT, store))
    assert was_found(load(TEXT, store))


def test_source_that_has_just_been_edited(monkeypatch: pytest.MonkeyPatch):
    """It may not be what this process has loaded: nothing is found, and nothing is kept."""
    store = MemoryStore()
    load(TEXT, store)
    monkeypatch.setattr(tools, "_stamps", [])
    monkeypatch.setattr(tools, "LOADED_AT", 0)
    assert not was_found(load(TEXT, store))
    kept = {*store.entries}
    load("(module)", store)
    load("(module)", store)
    monkeypatch.setattr(tools, "_stamps", [])
    monkeypatch.setattr(tools, "LOADED_AT", time.time_ns())
    assert not was_found(load("(module)", store))
    assert kept <= {*store.entries}


# --- what is started and loaded for a module that is compiled ---

COMPILING = """
import gc, sys
from wasmdialect import Config, Engine, Module
from wasmdialect.codegen import pool

class Workers(pool.WorkerPool):
    def prepare(self, count):
        print("prepare", count, "wasmdialect.codegen.run" in sys.modules)
        super().prepare(count)

pool.WorkerPool = Workers
pool.default_jobs = lambda: 4
for jobs, cache, text in eval(sys.argv[1]):
    Module(Engine(Config(jobs=jobs, opt_level=0, cache=cache)), text)
    print(len(pool.shared_pool(jobs or 4).idle), gc.isenabled())
"""


def compiling(tmp_path: Path, *modules: tuple[int | None, bool | str, str]) -> list[str]:
    """What a new process prints that compiles modules."""
    done = processes.run(
        [sys.executable, "-c", COMPILING, repr(modules)], timeout=120, cwd=tmp_path, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_workers_start_before_this_process_prepares_to_compile(tmp_path: Path):
    large = "(module (func) (;" + "x" * 40_000 + ";))"
    assert compiling(tmp_path, (None, False, TEXT)) == ["prepare 1 False", "1 True"]
    assert compiling(tmp_path, (3, False, large)) == ["prepare 3 False", "3 True"]
    assert compiling(tmp_path, (None, False, large)) == ["prepare 4 False", "4 True"]
    assert compiling(tmp_path, (0, False, large)) == ["0 True"]


def test_workers_do_not_start_for_what_the_cache_has(tmp_path: Path):
    first, second = (1, "cache", TEXT), (1, "cache", "(module)")
    assert compiling(tmp_path, first, first, second) == [
        *("prepare 1 False", "1 True", "1 True"),
        *("prepare 1 True", "1 True"),
    ]
    assert compiling(tmp_path, first, second) == ["0 True", "0 True"]


def test_workers_that_cannot_start_are_an_error_when_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(pool, "_pools", {})
    with pytest.raises(wasmdialect.WasmtimeError, match="unexpected end"):
        load(b"\0asm", False, jobs=1)
    with pytest.raises(WorkerUnavailableError, match=r"sys\.executable"):
        load(TEXT, False, jobs=1)
