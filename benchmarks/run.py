"""Compare the speed of code: ours, Wasmtime, V8, wasm2c with clang, and native, over the programs here.

    make bench-suite                              everything that is installed
    python benchmarks/run.py --only curve lu      some programs
    python benchmarks/run.py --engines native ours wasmtime --rounds 5

Zig's C compiler (`pip install ziglang`) builds the programs, for WebAssembly with `-O2` and natively
with `-O3`. V8 is measured if `node` is found, wasm2c if `wasm2c` is. Each engine runs a program in a
process of its own, and is asked in turns; every round begins with new processes, so that each has
another layout of addresses. Times are processor time. A second native process is the control: what it
differs by is noise.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BUILD = HERE / "build"
PROGRAMS = {
    "base64": 600,
    "bytecode": 60_000,
    "chacha": 2_000,
    "csv": 80,
    "curve": 800,
    "hashmap": 3_000_000,
    "json": 100,
    "list": 8,
    "lz": 60,
    "modexp": 800,
    "qsort": 12,
    "queens": 13,
    "raytrace": 600,
    "regex": 100,
    "sha256": 1_500,
    "siphash": 1_500_000,
    "sudoku": 25,
    "tree": 120_000,
    "utf8": 100,
    "words": 40,
}
KERNELS = {
    "convolve": 500,
    "fft": 900,
    "gemm": 100,
    "jacobi": 1_000,
    "lu": 60,
    "mandelbrot": 500,
    "nbody": 400_000,
    "paths": 8,
    "simd": 1500,
    "vectors": 1500,
}
"""The programs of each folder and the argument that makes each run for about 50 ms natively."""

OURS: dict[str, dict[str, Any]] = {
    "ours": {"opt_level": 2},
    "ours-O0": {"opt_level": 0},
    "ours-O3": {"opt_level": 3},
    "ours-explicit": {"opt_level": 2, "bounds": "explicit"},
    "ours-tiers": {"compilation": "lazy"},
}
"""Settings of ours by the name of an engine. More are given as NAME=KEY:VALUE,..."""
FOREIGN = ("wasmtime", "v8", "wasm2c")
WITHOUT_VECTORS = ("wasm2c",)
"""Engines that `simd` is not measured on: Debian's wasm2c aborts on vector instructions."""
NOISY = 0.03
"""The deviation of the control, as a geometric mean, above which the machine is too noisy."""


# --- building ---


def zig(*arguments: str) -> None:
    """Run Zig's C compiler."""
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *arguments], check=True)


def source(name: str) -> Path:
    """The C file of a program."""
    return HERE / ("programs" if name in PROGRAMS else "kernels") / f"{name}.c"


def newer(target: Path, *sources: Path) -> bool:
    """Whether a file is newer than all it is made from."""
    sources = (*sources, HERE / "programs" / "bench.h")
    return target.exists() and all(target.stat().st_mtime > s.stat().st_mtime for s in sources)


def build_wasm(name: str) -> Path:
    """The program as a WebAssembly module."""
    target = BUILD / f"{name}.wasm"
    if not newer(target, source(name)):
        simd = ["-msimd128"] if name == "simd" else []
        options = ["-target", "wasm32-wasi", "-mexec-model=reactor", "-O2", "-g0", "-s", *simd]
        zig(*options, "-o", str(target), str(source(name)))
    return target


def build_native(name: str) -> Path:
    """The program as a shared library for this machine."""
    target = BUILD / f"{name}.so"
    if not newer(target, source(name)):
        zig(
            "-O3",
            "-march=native",
            "-shared",
            "-fPIC",
            "-g0",
            "-w",
            "-ffp-contract=off",
            "-o",
            str(target),
            str(source(name)),
        )
    return target


def build_wasm2c(name: str) -> Path:
    """The program through wasm2c, as a shared library. Debian's package has the runtime's source."""
    target = BUILD / f"{name}.wasm2c.so"
    wasm = build_wasm(name)
    if not newer(target, wasm):
        program = shutil.which("wasm2c")
        assert program is not None
        runtime = Path(program).resolve().parents[1] / "share" / "wabt" / "wasm2c"
        c_file = BUILD / f"{name}.wasm2c.c"
        subprocess.run([program, "--module-name=program", str(wasm), "-o", str(c_file)], check=True)
        wrapper = BUILD / f"{name}.wasm2c.main.c"
        wrapper.write_text(_WRAPPER.format(header=c_file.with_suffix(".h").name))
        files = [str(c_file), str(wrapper), *map(str, sorted(runtime.glob("wasm-rt*.c")))]
        options = ["-O3", "-march=native", "-fno-sanitize=all", "-shared", "-fPIC", "-w"]
        zig(*options, f"-I{runtime}", f"-I{BUILD}", "-o", str(target), *files)
    return target


_WRAPPER = """
#include "{header}"
static Z_program_instance_t instance;
void start(void) {{
    wasm_rt_init();
    Z_program_init_module();
    Z_program_instantiate(&instance);
    Z_programZ__initialize(&instance);
}}
unsigned long long run(unsigned n) {{ return Z_programZ_run(&instance, n); }}
"""


# --- engines, each in its process ---

Run = Callable[[int], int]


def load_native(file: str) -> Run:
    """A shared library's `run`."""
    import ctypes

    library = ctypes.CDLL(file)
    if hasattr(library, "start"):
        library.start()
    library.run.restype = ctypes.c_uint64
    library.run.argtypes = [ctypes.c_uint32]
    return library.run


def load_python(module: Any, file: str, settings: dict[str, Any]) -> Run:
    """An export of a module that an engine with wasmtime-py's API runs."""
    config = module.Config()
    for name, value in settings.items():
        setattr(config, name, value)
    engine = module.Engine(config)
    store, linker = module.Store(engine), module.Linker(engine)
    linker.define_wasi()
    store.set_wasi(module.WasiConfig())
    instance = linker.instantiate(store, module.Module.from_file(engine, file))
    exports = instance.exports(store)
    exports["_initialize"](store)
    run = exports["run"]
    return lambda n: run(store, n) % 2**64


def serve(engine: str, file: str, settings: str) -> None:
    """Answer each argument on standard input by the result and the nanoseconds it took."""
    if engine in ("native", "wasm2c"):
        run = load_native(file)
    else:
        module = __import__("wasmtime" if engine == "wasmtime" else "wasmdialect")
        run = load_python(module, file, json.loads(settings))
    for line in sys.stdin:
        n = int(line)
        start = time.thread_time_ns()
        result = run(n)
        print(result, time.thread_time_ns() - start, flush=True)


class Process:
    """An engine that has loaded a program."""

    def __init__(self, engine: str, name: str, settings: dict[str, dict[str, Any]]):
        kind = engine.partition("#")[0]
        file = {"native": build_native, "wasm2c": build_wasm2c}.get(kind, build_wasm)(name)
        if kind == "v8":
            command = ["node", "--no-warnings", str(HERE / "serve.mjs"), str(file)]
        else:
            own = json.dumps(settings.get(kind, {}))
            command = [sys.executable, __file__, "--serve", kind, str(file), own]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def ask(self, n: int) -> tuple[int, int]:
        """The result for `n`, and nanoseconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        result, time_ns = self.process.stdout.readline().split()
        return int(result), int(time_ns)

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


# --- measuring ---


def measure(
    name: str, engines: Sequence[str], rounds: int, settings: dict[str, dict[str, Any]]
) -> dict[str, list[float]]:
    """The milliseconds of each run of a program by engine. Raises SystemExit if results differ."""
    n = (PROGRAMS | KERNELS)[name]
    if name == "simd":
        engines = [engine for engine in engines if engine not in WITHOUT_VECTORS]
    times: dict[str, list[float]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        processes = {engine: Process(engine, name, settings) for engine in engines}
        try:
            results = {
                engine: process.ask(n)[0] for engine, process in processes.items()
            }  # warms up
            if len(set(results.values())) != 1:
                raise SystemExit(f"{name}: the results differ: {results}")
            for _ in range(3):
                for engine in random.sample([*engines], len(engines)):
                    times[engine].append(processes[engine].ask(n)[1] / 1e6)
        finally:
            for process in processes.values():
                process.close()
    return times


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def spread(times: Sequence[float]) -> float:
    """The distance of the quartiles, relative to the median."""
    low, middle, high = statistics.quantiles(times, n=4)
    return (high - low) / middle


def table(measured: dict[str, dict[str, list[float]]], base: str) -> str:
    """The ratios of medians to those of `base`, as Markdown, with the worst spread of each row."""
    every = dict.fromkeys(engine for times in measured.values() for engine in times)
    engines = [engine for engine in every if engine != base]
    lines = [
        f"| program | {base}, ms | {' | '.join(engines)} | spread |",
        "|---" * (len(engines) + 3) + "|",
    ]
    ratios: dict[str, dict[str, float]] = {}
    for name, times in measured.items():
        middle = {engine: statistics.median(values) for engine, values in times.items()}
        ratios[name] = row = {engine: middle[engine] / middle[base] for engine in times}
        cells = [f"{row[engine]:.2f}" if engine in row else "" for engine in engines]
        worst = max(map(spread, times.values()))
        lines.append(f"| {name} | {middle[base]:.1f} | {' | '.join(cells)} | {worst:.0%} |")
    for title, group in (("programs", PROGRAMS), ("kernels", KERNELS), ("all", PROGRAMS | KERNELS)):
        rows = [ratios[name] for name in measured if name in group]
        if rows:
            columns = ([row[engine] for row in rows if engine in row] for engine in engines)
            means = [f"**{geometric_mean(column):.2f}**" if column else "" for column in columns]
            lines.append(f"| {title} (geometric mean) | | {' | '.join(means)} | |")
    return "\n".join(lines)


def draw(measured: dict[str, dict[str, list[float]]], base: str, file: str) -> None:
    """Bars of the ratios to `base`, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    engines = [
        engine for engine in next(iter(measured.values())) if engine not in (base, "native#2")
    ]
    figure, axes = pyplot.subplots(figsize=(12, 4))
    width = 0.8 / len(engines)
    for position, engine in enumerate(engines):
        heights = [
            statistics.median(times[engine]) / statistics.median(times[base])
            for times in measured.values()
        ]
        places = [i + position * width for i in range(len(measured))]
        axes.bar(places, heights, width, label=engine)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks([i + 0.4 for i in range(len(measured))], [*measured], rotation=60)
    axes.set_ylabel(f"time / {base}")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file)


def parse_engine(text: str) -> tuple[str, dict[str, Any]]:
    """NAME=KEY:VALUE,... as a name and settings; values are JSON, or text."""
    name, _, pairs = text.partition("=")
    settings: dict[str, Any] = {}
    for pair in filter(None, pairs.split(",")):
        key, _, value = pair.partition(":")
        try:
            settings[key] = json.loads(value)
        except ValueError:
            settings[key] = value
    return name, settings


def available(engine: str) -> bool:
    """Whether this machine has what an engine needs."""
    needs: dict[str, Callable[[], Any]] = {
        "v8": lambda: shutil.which("node"),
        "wasm2c": lambda: shutil.which("wasm2c"),
        "wasmtime": lambda: find_spec("wasmtime"),
    }
    return engine not in needs or bool(needs[engine]())


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = ["native", "ours", "ours-explicit", *FOREIGN]
    parser.add_argument("--engines", nargs="*", default=defaults, metavar="NAME[=KEY:VALUE,...]")
    parser.add_argument("--only", nargs="*", default=[*PROGRAMS, *KERNELS], metavar="PROGRAM")
    parser.add_argument(
        "--rounds", type=int, default=3, help="processes of each engine (default: 3)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the times, one program a line")
    parser.add_argument("--svg", metavar="FILE", help="draw the ratios")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(*options.serve)
    unknown = {*options.only} - {*PROGRAMS, *KERNELS}
    if unknown:
        parser.error(f"there is no program {', '.join(sorted(unknown))}")
    if find_spec("ziglang") is None:
        parser.error("the programs are built with Zig's C compiler: pip install ziglang")
    parsed = dict(map(parse_engine, options.engines))
    missing = [engine for engine in parsed if not available(engine)]
    if missing:
        print(f"not here, and not measured: {', '.join(missing)}", file=sys.stderr)
    engines = [engine for engine in parsed if engine not in missing]
    settings = OURS | {name: own for name, own in parsed.items() if own}
    for engine in engines:
        if engine not in settings and engine not in ("native", *FOREIGN):
            parser.error(f"there is no engine {engine!r}; settings are given as NAME=KEY:VALUE,...")
    base = "native" if "native" in engines else engines[0]
    engines.append(f"{base}#2")
    BUILD.mkdir(exist_ok=True)
    measured: dict[str, dict[str, list[float]]] = {}
    for name in options.only:
        measured[name] = measure(name, engines, options.rounds, settings)
        if options.json:
            with Path(options.json).open("a") as file:
                file.write(json.dumps({"program": name, "ms": measured[name]}) + "\n")
        print(
            name,
            *(f"{e} {statistics.median(t):.1f}" for e, t in measured[name].items()),
            file=sys.stderr,
        )
    print(table(measured, base))
    control = geometric_mean(
        statistics.median(t[f"{base}#2"]) / statistics.median(t[base]) for t in measured.values()
    )
    load = os.getloadavg()[0]
    print(f"\nThe control differs by {abs(control - 1):.1%} (geometric mean); load {load:.1f}.")
    if abs(control - 1) > NOISY:
        print("The machine is too noisy to conclude from this run.")
    if options.svg:
        draw(measured, base, options.svg)


if __name__ == "__main__":
    main()
