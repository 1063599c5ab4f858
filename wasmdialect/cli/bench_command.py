"""`wasmdialect bench`: compile and run times of one function, beside Wasmtime's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import click

import wasmdialect
from wasmdialect.cli.arguments import ProgramCommand
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes, to_module
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.values import parse_argument


@click.command("bench", cls=ProgramCommand)
@click.argument("file")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--invoke", metavar="NAME", required=True, help="The export to call.")
@click.option(
    "--runs", type=click.IntRange(1), default=9, show_default=True, help="Calls of each engine."
)
@compile_options
@DEBUG_OPTION
def command(file: str, args: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Time an export of FILE that needs no imports, against PyPI's wasmtime if that is installed.

    The calls of both engines are interleaved; medians and their ratio are printed.

    \b
    wasmdialect bench fib.wat --invoke fib 30
    """
    finish(lambda: bench(file, args, **options), debug=debug)


def bench(
    file: str,
    args: tuple[str, ...],
    *,
    invoke: str,
    runs: int,
    reports: str | None,
    **options: Any,
) -> int:
    """Measure and print; returns the exit code."""
    wasm = to_module(read_bytes(file), file).binary
    engines: dict[str, tuple[ModuleType, Any]] = {"wasmdialect": (wasmdialect, to_config(options))}
    try:
        engines["wasmtime"] = (import_module("wasmtime"), None)
    except ImportError:
        print("PyPI's wasmtime is not installed: there is nothing to compare with")
    calls: dict[str, Callable[[], Any]] = {}
    for name, (api, config) in engines.items():
        started = time.perf_counter()
        calls[name] = prepare(api, config, wasm, invoke, args)
        print(f"{name:>12}  compile {time.perf_counter() - started:9.3f} s")
    times = measure(calls, runs)
    for name, values in times.items():
        print(f"{name:>12}  run     {statistics.median(values):9.6f} s  (median of {runs})")
    if len(times) == 2:
        ours, theirs = (statistics.median(values) for values in times.values())
        print(f"       ratio  wasmtime / wasmdialect = {theirs / ours:.2f}")
    return 0


def prepare(
    api: ModuleType, config: Any, wasm: bytes, invoke: str, args: tuple[str, ...]
) -> Callable[[], Any]:
    """Compile with an engine that has wasmtime-py's API; a call of the export. Raises UsageError."""
    engine = api.Engine(config) if config is not None else api.Engine()
    store = api.Store(engine)
    module = api.Module(engine, wasm)
    exports = api.Linker(engine).instantiate(store, module).exports(store)
    function = exports.get(invoke)
    if not isinstance(function, api.Func):
        raise UsageError(f"the module exports no function {invoke!r}")
    params = function.type(store).params
    if len(params) != len(args):
        raise UsageError(f"{invoke} takes {len(params)} arguments, not {len(args)}")
    types = [wasmdialect.ValType.from_name(str(t)) for t in params]
    values = [parse_argument(text, t) for text, t in zip(args, types, strict=True)]
    return lambda: function(store, *values)


def measure(calls: dict[str, Callable[[], Any]], runs: int) -> dict[str, list[float]]:
    """Seconds of each call, interleaved, after one call of each that does not count."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - started)
    return times
