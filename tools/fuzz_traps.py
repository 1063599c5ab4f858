"""Compare all state after traps with Wasmtime's: memories, globals, tables, what the host saw.

    python tools/fuzz_traps.py --count 2000 --state traps.json
    python tools/fuzz_traps.py --wasm-opt wasm-opt --seconds 3600
    python tools/fuzz_traps.py --loops --levels 2 3 --count 1000
    python tools/fuzz_traps.py --forwards --levels 2 --count 1000
    python tools/fuzz_traps.py --each-pass --levels 2 --count 500
    python tools/fuzz_traps.py --hints --levels 2 3 --count 1000
    python tools/fuzz_traps.py --round-trip wasmir-canonicalize,wasmir-gvn,wasmir-dce --count 500

Random modules store and call around everything that may trap (`trap_modules.py`), run loops over
memory (`loop_modules.py`), load what they have stored (`forward_modules.py`), or are Binaryen's
(`binaryen_modules.py`). Each is compiled at four levels with both kinds of bounds, its exports are
called several times on one instance, and after each call everything that can be observed is compared
(`observed_runs.py`). Module number N of a seed is always the same, so `--only N` shows one again;
`--state` is the file from which a stopped run continues. A difference, a crash of the compiler or a
module that takes too long is printed with its number, and makes the exit code 1.

With `--each-pass`, each optimisation of levels 2 and 3 is also tried alone. With `--hints`, modules say
at random what runs often (`random_hints.py`). With `--round-trip`,
Wasmtime runs each module twice: as it is, and after import, passes and export.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, islice, product, zip_longest
from pathlib import Path
from typing import Any

import wasmtime
from binaryen_modules import binaryen_module
from forward_modules import forward_module
from loop_modules import loop_module
from observed_runs import Observation, ObservedInstance
from random_hints import with_random_hints
from tiers_at_once import improve_at_once
from trap_modules import CalledModule, trap_module

import wasmdialect
from wasmdialect.codegen.exported import to_wasm
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore

LEVELS, BOUNDS = (0, 1, 2, 3), ("guard", "explicit")
"""What each module is compiled with: at every level, with every kind of bounds."""

OPTIMISATIONS = ("wide_multiply", "direct_calls", "inlining", "forward_loads", "version_loops")
"""Settings of the passes that levels 2 and 3 have by default."""

FEATURES = (
    "wasm_relaxed_simd_deterministic",
    "wasm_function_references",
    "wasm_exceptions",
    "wasm_threads",
    "wasm_memory64",
    "wasm_custom_page_sizes",
    "wasm_wide_arithmetic",
)
"""Attributes of a Config that are off by default in one of the engines."""

CHUNK = 20
"""Modules of one child process, and between two times that the state is written."""

CPU_SECONDS = 60.0
"""Of processor time, after which a module counts as one that takes too long."""

WALL_SECONDS = 1800.0
"""After which it hangs, on however busy a machine."""

TOO_LONG = (-signal.SIGPROF, -signal.SIGKILL)
"""The exit code of a child when a module exceeded its time."""

MAX_CACHED = 5000
"""Entries of the cache (trampolines are the same in many modules), after which a new one begins."""

Report = dict[str, Any]
"""A line of a child: `start` with a number; or `done` with a number, `counts` and `differences`."""


def make_module(arguments: argparse.Namespace, number: int) -> CalledModule:
    """The module with this number of the source that was asked for."""
    if arguments.wasm_opt:
        return binaryen_module(arguments.wasm_opt, arguments.seed, number)
    if arguments.forwards:
        return forward_module(arguments.seed, number)
    made = (loop_module if arguments.loops else trap_module)(arguments.seed, number)
    if not arguments.hints:
        return made
    return replace(made, binary=with_random_hints(made.binary, f"{arguments.seed}:{number}"))


# --- comparing, in a child process: bad IR aborts LLVM


class Comparer:
    """Runs modules on both engines."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """As the command line says."""
        self.levels, self.bounds = arguments.levels, arguments.bounds
        self.compilation = arguments.compilation
        self.round_trip = arguments.round_trip
        alone = OPTIMISATIONS if arguments.each_pass else ()
        self.optimisations: list[dict[str, bool]] = [
            {},
            *({name: name == only for name in OPTIMISATIONS} for only in alone),
        ]
        config = wasmtime.Config()
        enable_features(config)
        config.cranelift_nan_canonicalization = True
        config.parallel_compilation = False
        self.theirs = wasmtime.Engine(config)
        self.cache = MemoryStore()
        if self.compilation == "tiers":
            improve_at_once()

    def compare(self, module: CalledModule) -> tuple[Counter[str], list[str]]:
        """The outcomes of the calls, and the differences in each configuration."""
        expected = [*observe(wasmtime, self.theirs, module)]
        counts = Counter(
            "returns" if o.outcome.startswith("returns") else o.outcome for o in expected
        )
        differences: list[str] = []
        if self.round_trip is not None:
            found = observe(wasmtime, self.theirs, round_tripped(module, self.round_trip))
            difference = first_difference(found, expected)
            return counts, [] if difference is None else [difference]
        if len(self.cache.entries) > MAX_CACHED:
            self.cache = MemoryStore()
        for level, bounds, passes in product(self.levels, self.bounds, self.optimisations):
            if passes and level < 2:
                continue  # which has none
            config = wasmdialect.Config(
                opt_level=None if self.compilation == "tiers" else level,
                bounds=bounds,  # pyright: ignore[reportArgumentType]
                jobs=0 if self.compilation == "eager" else 1,
                compilation="eager" if self.compilation == "eager" else "lazy",
                cache=self.cache,
                **passes,
            )
            enable_features(config)
            found = observe(wasmdialect, wasmdialect.Engine(config), module)
            difference = first_difference(found, expected)
            if difference is not None:
                alone = "".join(f" with {name} alone" for name in passes if passes[name])
                differences.append(f"-O{level} --bounds {bounds}{alone}: {difference}")
        return counts, differences


def round_tripped(module: CalledModule, pipeline: str) -> CalledModule:
    """The module turned into wasmir and back, with passes in between."""
    settings = CompileSettings.of(wasmdialect.Config(pipeline=pipeline, features="all"))
    return replace(module, binary=bytes(to_wasm(module.binary, "module.wasm", settings).binary))


def enable_features(config: Any) -> None:
    """Of a Config of either engine: what modules may use besides the default."""
    for name in FEATURES:
        setattr(config, name, True)


def observe(api: Any, engine: Any, module: CalledModule) -> Iterator[Observation]:
    """The observable state after each call."""
    instance = ObservedInstance(api, engine, module.binary, module.library)
    try:
        if instance.failure is not None:
            yield Observation("instantiation", instance.failure, {}, {}, {}, [])
            return
        for call in module.calls:
            yield instance.call(*call)
    finally:
        instance.close()


def first_difference(found: Iterator[Observation], expected: list[Observation]) -> str | None:
    """The first difference of two runs; later ones are ignored."""
    for mine, theirs in zip_longest(found, expected):
        if mine is None or theirs is None:
            return "one run has fewer calls"
        difference = mine.difference(theirs)
        if difference is not None:
            return difference
    return None


def run_child(arguments: argparse.Namespace, numbers: range) -> None:
    """Compare modules one by one, with a line of JSON before and after each."""
    comparer = Comparer(arguments)
    for number in numbers:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # which ends the process
        print(json.dumps({"start": number}), flush=True)
        try:
            counts, differences = comparer.compare(make_module(arguments, number))
        except Exception as error:
            counts, differences = Counter[str](), [f"{type(error).__name__}: {error}"]
        done = {"done": number, "counts": dict(counts), "differences": differences}
        print(json.dumps(done), flush=True)


# --- the parent


class Deadline:
    """The end of the run: at its time, or when it is stopped."""

    def __init__(self, seconds: float):
        self._at = time.monotonic() + seconds

    def stop(self) -> None:
        """Now."""
        self._at = float("-inf")

    @property
    def is_over(self) -> bool:
        """Whether the run is over."""
        return time.monotonic() > self._at


def chunk_reports(command: list[str], numbers: range, deadline: Deadline) -> list[Report]:
    """The `done` reports of a range of modules. A child that dies or hangs is reported for its current
    module, and another continues with the next one."""
    reports: list[Report] = []
    start = numbers.start
    while start < numbers.stop and not deadline.is_over:
        at: list[int] = [start]
        finished = [time.monotonic()]
        child = subprocess.Popen(
            [*command, "--child", str(start), str(numbers.stop)], stdout=subprocess.PIPE, text=True
        )
        over = threading.Event()

        def watch(child: Any = child, finished: list[float] = finished, over: Any = over) -> None:
            while not over.wait(0.2):
                if deadline.is_over or time.monotonic() - finished[-1] > WALL_SECONDS:
                    child.kill()
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert child.stdout is not None
        for line in child.stdout:
            report: Report = json.loads(line)
            if "start" in report:
                at.append(report["start"])
            else:
                finished.append(time.monotonic())
                reports.append(report)
        code = child.wait()
        over.set()
        watcher.join()
        if code == 0 or deadline.is_over:
            break
        what = "takes too long" if code in TOO_LONG else f"the process ended with {code}"
        reports.append({"done": at[-1], "counts": {}, "differences": [what]})
        start = at[-1] + 1
    return reports


def run_all(arguments: argparse.Namespace) -> int:
    """Compare all modules that were asked for; returns the exit code."""
    state: dict[str, Any] = {"seed": arguments.seed, "done": 0, "counts": {}, "different": []}
    if arguments.state is not None and arguments.state.exists():
        state = json.loads(arguments.state.read_text())
        if state["seed"] != arguments.seed:
            sys.exit(f"{arguments.state} is of seed {state['seed']}")
    deadline = Deadline(arguments.seconds)
    counts, first = Counter[str](state["counts"]), state["done"]
    starts = range(first, arguments.count, CHUNK)
    chunks = (range(start, min(start + CHUNK, arguments.count)) for start in starts)
    command = [sys.executable, __file__, "--seed", str(arguments.seed)]
    command += ["--levels", *map(str, arguments.levels), "--bounds", *arguments.bounds]
    command += ["--compilation", arguments.compilation]
    if arguments.hints:
        command.append("--hints")
    if arguments.round_trip is not None:
        command += ["--round-trip", arguments.round_trip]
    if arguments.each_pass:
        command += ["--each-pass"]
    if arguments.loops:
        command += ["--loops"]
    if arguments.forwards:
        command += ["--forwards"]
    if arguments.wasm_opt:
        command += ["--wasm-opt", arguments.wasm_opt]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        while not deadline.is_over and (some := [*islice(chunks, arguments.jobs)]):
            try:
                results = [*pool.map(lambda chunk: chunk_reports(command, chunk, deadline), some)]
            except KeyboardInterrupt:
                deadline.stop()
                raise
            for report in chain.from_iterable(results):
                if report["done"] != state["done"]:
                    break  # a chunk before this one was not finished in time
                state["done"] += 1
                counts += Counter(report["counts"])
                if report["differences"]:
                    state["different"].append(report["done"])
                    print(f"{report['done']}:", *report["differences"], sep="\n  ", flush=True)
            state["counts"] = dict(counts)
            if arguments.state is not None:
                arguments.state.write_text(json.dumps(state))
    different = len(state["different"])
    print(f"{state['done']} modules of seed {arguments.seed}, {different} with differences; calls:")
    for word, count in counts.most_common():
        print(f"{count:>8} {word}")
    return int(different > 0)


def show(arguments: argparse.Namespace) -> int:
    """Print one module and its differences; returns the exit code."""
    module = make_module(arguments, arguments.only)
    print(module.text or wasm_text(module.binary))
    for name, values in module.calls:
        print(f";; {name}({', '.join(map(str, values))})")
    _, differences = Comparer(arguments).compare(module)
    print(*(f";; {line}" for line in differences or ["no difference"]), sep="\n")
    return int(bool(differences))


def wasm_text(binary: bytes) -> str:
    """The text of a binary module."""
    from wasmdialect.wasm.decode import decode_module
    from wasmdialect.wasm.text import print_module

    return print_module(decode_module(binary))


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1_000_000_000, help="modules in all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--state", type=Path, help="a file to go on from")
    parser.add_argument("--jobs", type=int, default=1, help="child processes")
    parser.add_argument("--only", type=int, metavar="N", help="show module N and what differs")
    parser.add_argument("--wasm-opt", metavar="PATH", help="take the modules of Binaryen's fuzzer")
    parser.add_argument("--loops", action="store_true", help="take modules of loops over memory")
    parser.add_argument(
        "--forwards", action="store_true", help="take modules that load what they have stored"
    )
    parser.add_argument("--hints", action="store_true", help="give modules hints at random")
    parser.add_argument("--levels", type=int, nargs="+", default=LEVELS, help="of optimisation")
    parser.add_argument("--bounds", nargs="+", default=BOUNDS, help="kinds of bounds")
    parser.add_argument("--each-pass", action="store_true", help="with each optimisation alone too")
    parser.add_argument("--compilation", choices=["eager", "lazy", "tiers"], default="eager")
    parser.add_argument("--round-trip", metavar="PIPELINE", help="to wasmir and back, on Wasmtime")
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        run_child(arguments, range(*arguments.child))
        return 0
    if arguments.wasm_opt and not shutil.which(arguments.wasm_opt):
        parser.error(f"there is no program {arguments.wasm_opt}")
    if arguments.only is not None:
        return show(arguments)
    return run_all(arguments)


if __name__ == "__main__":
    sys.exit(main())
