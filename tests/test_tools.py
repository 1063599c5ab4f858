"""The tools can be imported: what they take from the package is still there. And what others rely on in
them works."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import wasmtime
from observed_runs import Observation, ObservedInstance

import wasmdialect

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.mark.parametrize("name", sorted(path.stem for path in TOOLS.glob("*.py")))
def test_every_tool_imports(name: str):
    assert importlib.import_module(name).__doc__


def test_archive_with_another_digest_is_refused(tmp_path: Path):
    from real_modules import MODULES, unpacked

    module = MODULES[0]
    archive = tmp_path / re.sub(r"\W+", "-", module.package) / "archive" / "package.tgz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"something else")
    with pytest.raises(ValueError, match=f"expected {module.sha256}"):
        unpacked(module, tmp_path)
    assert [*archive.parents[1].iterdir()] == [archive.parent]


def test_rows_of_modules_that_were_not_driven_stay(tmp_path: Path):
    from real_modules import BEGIN, END, MODULES, Result, renew

    document = tmp_path / "table.md"
    document.write_text(f"before\n{BEGIN}\n| {MODULES[1].name} | old |\n{END}\nafter\n")
    renew(document, [Result(MODULES[0], 1234, ["simd"], 5, 0.1, "")])
    lines = document.read_text().splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "after"
    assert [line.split(" | ")[0] for line in lines[4:6]] == [f"| {m.name}" for m in MODULES[:2]]
    assert "| 1,234 | C | simd |" in lines[4]
    assert lines[4].endswith("| equal (5) |")
    assert lines[5].endswith("| old |")


VECTORS = """
(module
  (import "m" "log" (func $log (param i32 v128) (result i32)))
  (global $v (export "v") (mut v128) (v128.const i64x2 1 2))
  (func (export "shown") (param v128))
  (func (export "set") (param i64) (result i32)
    (global.set $v (i64x2.splat (local.get 0)))
    (call $log (i32.const 8) (i64x2.replace_lane 0 (global.get $v) (i64.const 5)))))
"""


def test_vectors_of_an_interface_are_observed_as_numbers():
    """wasmtime-py ends the process when it meets a v128 in a type."""
    seen: list[Observation] = []
    for api in (wasmtime, wasmdialect):
        instance = ObservedInstance(api, api.Engine(), bytes(wasmtime.wat2wasm(VECTORS)))
        seen.append(instance.call("set", [7]))
        assert "shown" not in instance.exports
        instance.close()
    assert seen[0] == seen[1]
    assert seen[0].outcome == "returns 8"
    assert seen[0].globals == {"v": "[7, 7]"}
    assert seen[0].host_calls == ["log(8, 5, 7) [] []"]


def test_functions_that_a_start_function_shows_have_no_names_yet():
    """Their names are those of exports, which there are after instantiation."""
    text = """(module (import "m" "see" (func $see (param funcref)))
      (func $f (export "f")) (func $start (call $see (ref.func $f))) (start $start))"""
    for api in (wasmtime, wasmdialect):
        instance = ObservedInstance(api, api.Engine(), bytes(wasmtime.wat2wasm(text)))
        assert instance.host_calls == ["see(a function) [] []"]
        instance.close()
