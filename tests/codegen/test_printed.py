"""What passes print reaches standard error, and nothing that they do with descriptors matters."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.passes.pipeline import PassFailure

TEXT = "(module (func $a) (func $b (nop)) (func $c (nop) (nop)))"
PASS = """
import os, subprocess, sys
from xdsl.passes import ModulePass
from wasmdialect.passes.base import FunctionPass, defined_functions

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        name = function.sym_name.data
        {}

class Unit(ModulePass):
    name = "unit"
    scope = "function"

    def apply(self, ctx, module):
        print("unit of", *(f.sym_name.data for f in defined_functions(module)))

class Whole(ModulePass):
    name = "whole"

    def apply(self, ctx, module):
        print("whole of", *(f.sym_name.data for f in defined_functions(module)))
"""


def compiled(tmp_path: Path, action: str, name: str = "mine", **settings: Any) -> Module:
    file = tmp_path / "mine.py"
    file.write_text(PASS.format(action))
    text = settings.pop("text", TEXT)
    at = {"wasmir-end": name}
    return Module(Engine(Config(**{"jobs": 1, "load": (str(file),), "at": at, **settings})), text)


@pytest.mark.parametrize("jobs", [0, 1])
@pytest.mark.parametrize("level", [1, 3])
def test_print_reaches_standard_error_cached_or_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], jobs: int, level: int
):
    store = MemoryStore()
    for is_cached in (False, True):
        module = compiled(tmp_path, 'print("at", name)', jobs=jobs, cache=store, opt_level=level)
        assert capfd.readouterr() == ("", "at a\nat b\nat c\n")
        assert ("passes" not in module.seconds) == is_cached


@pytest.mark.parametrize("jobs", [0, 1])
def test_what_was_printed_for_a_function_is_kept_with_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], jobs: int
):
    store = MemoryStore()
    action = 'print("at", name, file=sys.stderr)'
    compiled(tmp_path, action, jobs=jobs, cache=store)
    capfd.readouterr()
    compiled(
        tmp_path,
        action,
        jobs=jobs,
        cache=store,
        text=TEXT.replace("(func $a)", "(func $a (drop (i32.const 1)))"),
    )
    assert sorted(capfd.readouterr().err.splitlines()) == ["at a", "at b", "at c"]


@pytest.mark.parametrize(("name", "jobs"), [("unit", 0), ("unit", 1), ("whole", 0), ("whole", 1)])
def test_passes_that_see_more_than_a_function_print_cached_or_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, jobs: int
):
    store = MemoryStore()
    for _ in range(2):
        compiled(tmp_path, "pass", name, jobs=jobs, cache=store)
        assert capfd.readouterr() == ("", f"{name} of a b c\n")


@pytest.mark.parametrize(
    "action",
    [
        'os.write(1, b"done")',
        'os.write(2, b"done")',
        'subprocess.run(["echo", "done"])',
        'print("done", file=sys.__stdout__)',
        'print("done", end=""); sys.stdout.close()',
        'print("done", end="", flush=True); sys.stdout = sys.__stdout__ = None',
    ],
)
def test_every_way_to_write_in_a_worker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], action: str
):
    text = "(module (func))"
    assert compiled(tmp_path, action, text=text).exports == []
    out, err = capfd.readouterr()
    assert out == ""
    assert err.strip() == "done"


def test_a_worker_has_no_input(tmp_path: Path):
    with pytest.raises(PassFailure, match="EOFError"):
        compiled(tmp_path, "input()")


def test_descriptors_of_standard_streams_are_not_the_protocol(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    assert compiled(tmp_path, "os.closerange(0, 3)").exports == []
    assert capfd.readouterr() == ("", "")
    compiled(tmp_path, "print(name)")  # by the same worker
    assert capfd.readouterr() == ("", "a\nb\nc\n")


def test_loading_passes_prints_to_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    file = tmp_path / "loud.py"
    file.write_text("print('loaded')\n" + PASS.format("pass"))
    Module(Engine(Config(jobs=1, load=(str(file),), at={"wasmir-end": "mine"})), TEXT)
    assert capfd.readouterr() == ("", "loaded\n")


def test_what_other_threads_print_goes_where_it_went(capfd: pytest.CaptureFixture[str]):
    stdout = sys.stdout
    with printing_to_errors() as output:
        other = threading.Thread(target=print, args=("other",))
        other.start()
        other.join()
        with printing_to_errors():
            print("inner")
        print("own")
    assert sys.stdout is stdout
    assert capfd.readouterr() == ("other\n", "inner\nown\n")
    assert "".join(text for _, text in output.take()) == "own\n"
