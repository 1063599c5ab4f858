"""Measure inlining: time with and without it, compile time, and code size.

    python tools/bench_inlining.py             the programs below, and those of examples/kernels.wasm
    python tools/bench_inlining.py counts      the programs, inlined by counts of calls of a run before
    python tools/bench_inlining.py hints       one of them, with a hint that a branch is not taken
    python tools/bench_inlining.py compile     QuickJS, compiled as a whole

Prints ratios of medians, with inlining, counts or the hint to without: below 1 is better. The calls of
the two are interleaved, so that a busy machine affects both.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from typing import Any

from bench import KERNELS, ROOT, quickjs

from wasmdialect import Config, Engine, Instance, Module, Store, wat2wasm
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.call_counts import write_call_counts
from wasmdialect.object.artifact import read_artifact

RUNS = 15
KERNELS_FILE = ROOT / "examples" / "kernels.wasm"
PROGRAMS = ROOT / "tools" / "inlining.wat"
CALLS = {"words": 400, "modpow": 300, "csv": 60, "visit": 18, "find": 2000}
"""Exports of inlining.wat and the argument that makes each run for some 10 ms."""


_Exports = tuple[Store, Any, int]


def functions(wasm: Any, **settings: Any) -> _Exports:
    """A store, the exports of a module in it, and the size of its code."""
    engine = Engine(Config(cache=False, opt_level=2, compilation="eager", **settings))
    module = Module(engine, wasm)
    store = Store(engine)
    size = sum(f.size for f in read_artifact(bytes(module.serialize())).functions)
    return store, Instance(store, module, []).exports(store), size


def counted(wasm: bytes, calls: dict[str, int]) -> str:
    """The counts of all the calls, as the text of a file."""
    engine = Engine(Config(cache=False, at={"wasmir-start": "count-call-sites"}))
    store = Store(engine)
    instance = Instance(store, Module(engine, wasm), [])
    exports: Any = instance.exports(store)
    for name, argument in calls.items():
        exports[name](store, argument)
    return write_call_counts(wasm, instance.fields["call-sites"].buffer)


def measure_counts(wasm: bytes, calls: dict[str, int]) -> None:
    """Print a row for each call: inlined by counts and without them."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(counted(wasm, calls))
        file.flush()
        measure(calls, functions(wasm, call_counts=file.name), functions(wasm))


def measure_hints(text: str) -> None:
    """Print what the hint is worth that a branch is hardly ever taken."""
    place = text.index("(if (i32.gt_u (local.get $at) (i32.const 0x3fffc))")
    hinted = text[:place] + '(@metadata.code.branch_hint "\\00") ' + text[place:]
    measure({"find": CALLS["find"]}, functions(hinted), functions(text))


def measure(calls: dict[str, int], with_it: _Exports, without: _Exports) -> None:
    """Print a row for each call, of some code and of other."""
    on, exports_on, size_on = with_it
    off, exports_off, size_off = without
    for name, argument in calls.items():
        times: dict[bool, list[float]] = {True: [], False: []}
        results: set[Any] = set()
        for _ in range(RUNS):
            for inlining, store, exports in ((True, on, exports_on), (False, off, exports_off)):
                started = time.perf_counter()
                results.add(exports[name](store, argument))
                times[inlining].append(time.perf_counter() - started)
        assert len(results) == 1, (name, results)
        ours, theirs = statistics.median(times[True]), statistics.median(times[False])
        print(f"{name:<12} {theirs * 1e3:8.2f} ms without  {ours / theirs:5.2f}")
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
    elif sys.argv[1:] == ["counts"]:
        measure_counts(bytes(wat2wasm(PROGRAMS.read_text())), CALLS)
    elif sys.argv[1:] == ["hints"]:
        measure_hints(PROGRAMS.read_text())
    else:
        for program, calls in ((PROGRAMS.read_text(), CALLS), (KERNELS_FILE.read_bytes(), KERNELS)):
            measure(calls, functions(program), functions(program, inlining=False))
