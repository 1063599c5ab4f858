"""Measure inlining: time with and without it, compile time, and code size.

    python tools/bench_inlining.py             the programs below, and those of examples/kernels.wasm
    python tools/bench_inlining.py compile     QuickJS, compiled as a whole

Prints ratios of medians, with inlining to without: below 1 is better. The calls of the two are
interleaved, so that a busy machine affects both.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from typing import Any

from bench import KERNELS, ROOT, quickjs

from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.api.compile import compile_wasm
from wasmdialect.object.artifact import read_artifact

RUNS = 15
PROGRAMS = ROOT / "tools" / "inlining.wat"
CALLS = {"words": 400, "modpow": 300, "csv": 60, "visit": 18}
"""Exports of inlining.wat and the argument that makes each run for some 10 ms."""


def functions(wasm: Any, *, inlining: bool) -> tuple[Store, Any, int]:
    """A store, the exports of a module in it, and the size of its code."""
    engine = Engine(Config(cache=False, opt_level=2, compilation="eager", inlining=inlining))
    module = Module(engine, wasm)
    store = Store(engine)
    size = sum(f.size for f in read_artifact(bytes(module.serialize())).functions)
    return store, Instance(store, module, []).exports(store), size


def measure(wasm: Any, calls: dict[str, int]) -> None:
    """Print a row for each call."""
    (on, exports_on, size_on), (off, exports_off, size_off) = (
        functions(wasm, inlining=True),
        functions(wasm, inlining=False),
    )
    for name, argument in calls.items():
        times: dict[bool, list[float]] = {True: [], False: []}
        results: set[Any] = set()
        for _ in range(RUNS):
            for inlining, store, exports in ((True, on, exports_on), (False, off, exports_off)):
                started = time.perf_counter()
                results.add(exports[name](store, argument))
                times[inlining].append(time.perf_counter() - started)
        assert len(results) == 1, (name, results)
        with_it, without = statistics.median(times[True]), statistics.median(times[False])
        print(f"{name:<12} {without * 1e3:8.2f} ms without  {with_it / without:5.2f}")
    print(f"code         {size_off:8d} bytes       {size_on / size_off:5.2f}")


def compile_times(wasm: bytes) -> None:
    """Print what compiling takes."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    sizes: dict[bool, int] = {}
    for _ in range(3):
        for inlining in (True, False):
            before = _cpu_time()
            config = Config(cache=False, jobs=0, opt_level=2, inlining=inlining)
            compiled = compile_wasm(config, wasm, "m.wasm")
            seconds[inlining].append(_cpu_time() - before)
            sizes[inlining] = sum(f.size for f in read_artifact(compiled.artifact).functions)
    without = statistics.median(seconds[False])
    print(
        f"processor    {without:8.2f} s  without  {statistics.median(seconds[True]) / without:5.2f}"
    )
    print(f"code         {sizes[False]:8d} bytes       {sizes[True] / sizes[False]:5.2f}")


def _cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if sys.argv[1:] == ["compile"]:
        compile_times(quickjs())
    else:
        measure(PROGRAMS.read_text(), CALLS)
        measure((ROOT / "examples" / "kernels.wasm").read_bytes(), KERNELS)
