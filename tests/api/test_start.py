"""A saved artifact starts without what takes long to load (docs/performance.md, "Starting")."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Module, wat2wasm

TEXT = """(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 8) "bytes")
  (table 2 funcref) (elem (i32.const 0) $sizes $f)
  (global (mut i32) (i32.const 7))
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "_initialize") (drop (call $sizes (i32.const 0) (i32.const 4)))))"""

PROGRAM = """
import ctypes, struct, sys, zlib  # what these load themselves differs between versions of Python
before = {*sys.modules}
from wasmdialect import Config, Engine, Linker, Module, Store, WasiConfig
engine = Engine(Config(opt_level=0))
store = Store(engine)
store.set_wasi(WasiConfig())
linker = Linker(engine)
linker.define_wasi()
exports = linker.instantiate(store, Module.deserialize_file(engine, sys.argv[1])).exports(store)
exports["_initialize"](store)
assert exports["f"](store, 1) == 2
print(*({*sys.modules} - before))
"""

SLOW = {
    # the compiler
    *("capstone", "lark", "llvmlite", "xdsl"),
    # 1 to 14 ms each, alone
    *("array", "ast", "collections", "contextlib", "copy", "dataclasses", "enum", "functools"),
    *(
        "hashlib",
        "importlib",
        "importlib.metadata",
        "inspect",
        "json",
        "logging",
        "pathlib",
        "re",
        "signal",
    ),
    *("subprocess", "tempfile", "threading", "typing", "weakref"),
}
"""What a start does without, though a program may have loaded it."""

ON_DEMAND = {
    "wasmdialect.abi.symbol_parts",
    "wasmdialect.abi.traps",
    "wasmdialect.codegen",
    "wasmdialect.object.write",
    "wasmdialect.runtime.frames",
    "wasmdialect.runtime.gdb",
    "wasmdialect.runtime.native.outcomes",
    "wasmdialect.runtime.profiling",
    "wasmdialect.wasi.descriptors",
    "wasmdialect.wasi.files",
    "wasmdialect.wasi.paths",
    "wasmdialect.wasm",
}
"""Our own parts that are loaded by what needs them: a trap, a debugger, a function of WASI."""


def test_what_a_start_loads(tmp_path: Path):
    artifact = tmp_path / "m.cwasm"
    artifact.write_bytes(Module(Engine(Config(opt_level=0, jobs=0)), TEXT).serialize())
    command = [sys.executable, "-c", PROGRAM, str(artifact)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "wasmdialect.runtime.store" in loaded
    assert loaded & (SLOW | ON_DEMAND) == set()


COMPILING = """
import sys
before = {*sys.modules}
from wasmdialect import Config, Engine, Instance, Module, Store
_, compilation, cache, file = sys.argv
engine = Engine(Config(jobs=1, compilation=compilation, cache=cache))
module = Module.from_file(engine, file)
assert module.is_lazy == (compilation == "lazy")
store = Store(engine)
assert Instance(store, module, []).exports(store)["f"](store, 41) == 42
print(*({*sys.modules} - before))
"""


@pytest.mark.parametrize("compilation", ["lazy", "eager"])
def test_only_workers_load_the_compiler(tmp_path: Path, compilation: str):
    """If the user has added no passes. LLVM is asked once for its version and the processor; then the
    cache knows them."""
    folder = "wasmdialect.dialects", "wasmdialect.lowering", "wasmdialect.passes.pipeline"
    for number, missing in enumerate(
        [{"xdsl", "capstone", *folder}, {"xdsl", "llvmlite", *folder}]
    ):
        wat = f"""(module (global i32 (i32.const {number}))
            (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"""
        (tmp_path / "m.wasm").write_bytes(wat2wasm(wat))
        arguments = compilation, str(tmp_path / "cache"), str(tmp_path / "m.wasm")
        command = [sys.executable, "-c", COMPILING, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        loaded = set(done.stdout.split())
        assert "wasmdialect.codegen.pool" in loaded
        assert loaded & missing == set()
