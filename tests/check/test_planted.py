"""Bugs planted in passes are found, with the pass, the function, the operation and the change."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.wrong_passes import PLANTED

from wasmdialect import Config, wat2wasm
from wasmdialect.check.run import Finding, Request, check
from wasmdialect.check.stages import Pipeline

REQUEST = Request(None, 32, 0, 100_000, 30.0, bisect=True, native=False)


def checked(module: str, path: Path | None, pipeline: str) -> tuple[Finding | None, list[str]]:
    """What a check of a pipeline finds and says."""
    said: list[str] = []
    load = () if path is None else (str(path),)
    config = Config(pipeline=pipeline, load=load)
    found = check(Pipeline(bytes(wat2wasm(module)), "m.wasm", config), REQUEST, said.append)
    return found, said


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_and_named(name: str, tmp_path: Path):
    planted = PLANTED[name]
    path = planted.write(tmp_path, name)
    found, said = checked(planted.module, path, f"wasmir-dce,{name},wasmir-verify-ssa")
    assert said[1] == "wasmir-dce: the same in the interpreter"
    assert said[2:] == [f"{name}: differs in the interpreter"]
    assert found is not None
    assert (found.cause, found.function) == (f"pass {name}", "f")
    assert found.suspect is not None
    assert found.suspect.operation.startswith(f"{planted.operation} at 0x")
    assert found.change is not None
    number, total, what = found.change
    assert 1 <= number <= total
    assert what


def unchanged(planted: str) -> str:
    """The name of the pass that was copied."""
    return planted.removesuffix(".py").replace("_", "-")


@pytest.mark.parametrize("name", [n for n in PLANTED if PLANTED[n].source.endswith(".py")])
def test_the_pass_without_the_bug_changes_nothing(name: str):
    planted = PLANTED[name]
    found, said = checked(planted.module, None, unchanged(planted.source))
    assert found is None
    assert said[-1].endswith("the same in the interpreter")
