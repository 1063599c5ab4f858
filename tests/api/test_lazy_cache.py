"""Lazily compiled modules in the cache: their code so far, and which functions that was."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import processes
import pytest

from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.codegen.store import DirectoryStore, MemoryStore

TEXT = """(module
  (memory 1) (data (i32.const 8) "bytes")
  (func $one (result i32) (i32.const 1))
  (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (call $one)))
  (func (export "g") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "h") (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0))))"""
PASS = """
from wasmdialect.passes.base import FunctionPass, report

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "func3":
            raise ValueError("not h")
        print("looking at", function.sym_name.data)
        report(function.entry.last_op, "seen", value={})
"""


def load(store: Any, **settings: Any) -> Module:
    values = {"jobs": 1, "opt_level": 1, "compilation": "lazy", "cache": store, **settings}
    return Module(Engine(Config(**values)), TEXT)


def call(module: Module, name: str, argument: int) -> int:
    store = Store()
    exports: Any = Instance(store, module, []).exports(store)
    return exports[name](store, argument)


def compiled(module: Module) -> list[list[int]]:
    """The indices of the functions in each part of the code."""
    start, end = "wasm[0]::function[", "]"
    return [
        [
            int(f.symbol[len(start) : -len(end)])
            for f in code.artifact.functions
            if f.symbol.startswith(start)
        ]
        for code in module.loaded.code
    ]


def use(store: Any, name: str, argument: int, **settings: Any) -> int:
    """A call in a module that is collected afterwards, as at the end of a process."""
    result = call(load(store, **settings), name, argument)
    gc.collect()
    return result


@pytest.fixture(params=[str, MemoryStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A directory, and a store that is not one."""
    return str(tmp_path / "cache") if request.param is str else MemoryStore()


def test_code_is_there_the_next_time(store: Any):
    assert use(store, "f", 4) == 5
    module = load(store)
    assert compiled(module) == [[0, 1]]
    assert call(module, "f", 6) == 7
    assert call(module, "g", 8) == ord("b")
    assert compiled(module) == [[0, 1], [2]]


def test_code_that_is_added_is_kept_too(store: Any):
    for name, argument, result in (("f", 4, 5), ("g", 9, ord("y")), ("h", 2, 3)):
        assert use(store, name, argument) == result
    module = load(store)
    assert compiled(module) == [[0, 1, 2, 3]]
    assert [call(module, *each) for each in (("f", 1), ("g", 8), ("h", 7))] == [2, ord("b"), 1]


def test_a_trap_in_code_from_the_cache_has_its_backtrace(store: Any):
    use(store, "h", 1)
    with pytest.raises(Exception, match="divide by zero") as raised:
        call(load(store), "h", 0)
    with pytest.raises(Exception, match="divide by zero") as expected:
        call(load(False, compilation="eager"), "h", 0)
    assert str(raised.value) == str(expected.value)


@pytest.mark.parametrize("settings", [{"opt_level": 2}, {"bounds": "explicit"}])
def test_with_other_settings_what_was_called_is_compiled_at_once(
    store: Any, settings: dict[str, Any]
):
    use(store, "f", 4)
    use(store, "g", 8)
    module = load(store, **settings)
    assert compiled(module) == []
    assert call(module, "g", 8) == ord("b")
    assert compiled(module) == [[0, 1, 2]]


@pytest.mark.parametrize("settings", [{"compilation": "eager"}, {"jobs": 0}])
def test_other_modes_do_not_see_it(store: Any, settings: dict[str, Any]):
    use(store, "f", 4)
    module = load(store, **settings)
    assert not module.is_lazy
    assert call(module, "h", 7) == 1


def test_a_damaged_entry_is_a_miss(tmp_path: Path):
    folder = tmp_path / "cache"
    use(str(folder), "f", 4)
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 2000:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    module = load(DirectoryStore(str(folder)))
    assert compiled(module) == []
    assert call(module, "f", 4) == 5


def test_reports_and_output_of_passes(
    store: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    path = tmp_path / "mine.py"
    path.write_text(PASS)
    settings: dict[str, Any] = {"load": (str(path),), "at": {"wasmir-end": "mine"}}
    first = load(store, **settings)
    assert call(first, "g", 8) == ord("b")
    assert [report["function_index"] for report in first.reports] == [2]
    with pytest.raises(Exception, match="not h"):
        call(first, "h", 1)
    del first
    gc.collect()
    assert capfd.readouterr().err.count("looking at") == 1
    again = load(store, **settings)
    assert compiled(again) == [[2]]
    assert capfd.readouterr().err.count("looking at") == 1
    reports = again.reports
    assert [report["function_index"] for report in reports] == [2]
    assert call(again, "f", 1) == 2
    assert sorted(report["function_index"] for report in reports) == [0, 1, 2]
    with pytest.raises(Exception, match="not h"):
        call(again, "h", 1)


PROGRAM = """
import sys
from wasmdialect import Config, Engine, Instance, Module, Store
config = Config(jobs=1, opt_level=1, compilation="lazy", cache=sys.argv[1])
store, module = Store(), Module(Engine(config), sys.stdin.read())
print(Instance(store, module, []).exports(store)["f"](store, 4))
print(*sorted({*sys.modules} & {"wasmdialect.codegen.run", "llvmlite", "lark"}))
"""


HOT = """
import sys
from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.codegen.store import DirectoryStore
from wasmdialect.runtime import lazy, store

lazy.FEWEST_SAMPLES, store.TIER_PERIOD = 1, 0
if sys.argv[2] == "first":
    from wasmdialect.codegen import tiers
    tiers.PERIOD = 1
    lazy.LazyModule._improve = lambda *_: 0  # there is no better code when the process ends
config = Config(jobs=1, compilation="lazy", cache=sys.argv[1])
store, module = Store(), Module(Engine(config), sys.stdin.read())
f = Instance(store, module, []).exports(store)["f"]
loaded = []
for calls in map(int, sys.argv[3:]):
    for n in range(calls):
        assert f(store, n) == n + 1
    loaded.append("wasmdialect.codegen.run" in sys.modules)
print(*loaded)
"""


def test_code_that_runs_for_a_moment_only_does_not_load_the_compiler(tmp_path: Path):
    command = [sys.executable, "-c", HOT, str(tmp_path / "cache")]
    first = processes.run([*command, "first", "1"], 60, TEXT, text=True)
    assert (first.stdout, first.stderr) == ("True\n", "")
    second = processes.run([*command, "second", "100", "1000"], 60, TEXT, text=True)
    assert (second.stdout, second.stderr) == ("False True\n", "")


def test_the_next_process_does_not_load_the_compiler(tmp_path: Path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "cache")]
    first, second = (processes.run(command, 60, TEXT, text=True) for _ in range(2))
    assert (first.stdout.split("\n")[0], first.returncode) == ("5", 0), first.stderr
    assert "wasmdialect.codegen.run" in first.stdout
    assert (second.stdout, second.stderr) == ("5\n\n", "")
