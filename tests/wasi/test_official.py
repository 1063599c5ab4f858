"""The official programs for WASI preview 1 (WebAssembly/wasi-testsuite: C, Rust, AssemblyScript), with
`$WASI_TESTSUITE` at a checkout of its branch `prod/testsuite-base`, which has them compiled."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, ExitTrap, Linker, Module, Store, WasiConfig

HERE = Path(__file__).parents[3] / "shared" / "wasi-testsuite"
FOLDER = Path(os.environ.get("WASI_TESTSUITE", HERE)) / "tests"
PROGRAMS = sorted(FOLDER.glob("*/testsuite/wasm32-wasip1/*.wasm"))

pytestmark = pytest.mark.skipif(
    not PROGRAMS, reason="the official programs are not here: set WASI_TESTSUITE to their checkout"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Config(opt_level=0))


def specification(program: Path) -> dict[str, Any]:
    """What a program is given, and what it has to do: its JSON file, or the defaults. The output
    counts only if it says so, as in the suite's own runner."""
    default: dict[str, Any] = {"args": [], "root": None, "env": {}, "exit_code": 0, "stdout": None}
    file = program.with_suffix(".json")
    return default | (json.loads(file.read_text()) if file.exists() else {})


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.parents[2].name}-{p.stem}")
def test_program(program: Path, engine: Engine, tmp_path: Path):
    expected = specification(program)
    assert "operations" not in expected, "the newer form of specifications"
    wasi, out = WasiConfig(), bytearray()
    wasi.argv = [program.name, *expected["args"]]
    wasi.env = expected["env"].items()
    wasi.stdout_custom = out.extend
    if expected["root"] is not None:
        root = tmp_path / "root"
        shutil.copytree(program.parent / expected["root"], root, symlinks=True)
        wasi.preopen_dir(root, "/")
    assert run(engine, program, wasi) == expected["exit_code"]
    assert expected["stdout"] in (None, out.decode())


def run(engine: Engine, program: Path, wasi: WasiConfig) -> int:
    """Run a program; returns its exit code."""
    linker = Linker(engine)
    linker.define_wasi()
    with Store(engine) as store:
        store.set_wasi(wasi)
        start: Any = linker.instantiate(store, Module.from_file(engine, program)).exports(store)[
            "_start"
        ]
        try:
            start(store)
        except ExitTrap as exit_:
            return exit_.code
    return 0
