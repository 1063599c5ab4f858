"""`wasmdialect run`: a program with WASI, or one function."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._forms import Integer, Seconds
from wasmdialect._printable import printable
from wasmdialect._settings import RUN
from wasmdialect.api.config import Engine
from wasmdialect.api.func import Func
from wasmdialect.api.instance import Instance
from wasmdialect.api.linker import Linker
from wasmdialect.api.module import Module
from wasmdialect.api.store import MAX_FUEL, Store
from wasmdialect.api.types import MemoryType
from wasmdialect.cli.arguments import ProgramCommand
from wasmdialect.cli.call_counter import CallCounter
from wasmdialect.cli.errors import EXIT_TRAP, UsageError, fail, guarded
from wasmdialect.cli.loading import load_or_compile
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import (
    DEBUG_OPTION,
    compile_options,
    finish,
    setting_options,
    to_config,
)
from wasmdialect.cli.pass_builtins import define_builtins
from wasmdialect.cli.streams import say
from wasmdialect.cli.values import format_result, parse_argument
from wasmdialect.runtime.errors import ExitTrap, Trap, WasmtimeError

if TYPE_CHECKING:
    from wasmdialect.api.types import ExternType
    from wasmdialect.cli.wasi_threads import ProgramThreads


@click.command("run", cls=ProgramCommand)
@click.argument("file")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--invoke", metavar="NAME", help="Call this export instead of `_start`.")
@click.option(
    "--dir",
    "directories",
    multiple=True,
    metavar="HOST[::GUEST]",
    help="Give the program a directory.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Give the program a variable of the environment.",
)
@click.option(
    "--fuel",
    type=Number(Integer(0, MAX_FUEL)),
    metavar="N",
    help="Stop after so many operators; what is left is printed.",
)
@click.option(
    "--timeout",
    type=Number(Seconds()),
    metavar="SECONDS",
    help="Stop after so much time.",
)
@click.option("--counters", is_flag=True, help="Print the counters that passes added, as JSON.")
@click.option(
    "--count-calls",
    metavar="FILE",
    help="Count how often each call runs, and write it, for --call-counts.",
)
@setting_options(RUN)
@compile_options
@DEBUG_OPTION
def command(file: str, args: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Run FILE: a module (.wasm, .wat, or .mlir at any stage) or an artifact that `compile` wrote.

    Without --invoke, `_start` is run with WASI and ARGS, and its exit code is the exit code; a trap
    gives 134. With --invoke, ARGS are the arguments, and each result is a line like `i32:832040`.
    Everything after `--` is the program's. Before it our options are ours, even after FILE; after FILE
    other options are the program's, unless they look like misspellings of ours.

    \b
    wasmdialect run prog.wasm --dir . -- -v input.txt
    wasmdialect run fib.wat --invoke fib 30
    """
    finish(lambda: run(file, args, debug=debug, **options), debug=debug)


def run(
    file: str,
    args: tuple[str, ...],
    *,
    debug: bool,
    invoke: str | None,
    directories: tuple[str, ...],
    variables: tuple[str, ...],
    fuel: int | None,
    timeout: float | None,
    counters: bool,
    count_calls: str | None,
    reports: str | None,
    **options: Any,
) -> int:
    """Run a file; returns the exit code."""
    config = to_config(options)
    config.consume_fuel |= fuel is not None
    config.epoch_interruption |= timeout is not None
    call_counter = None if count_calls is None else CallCounter(file, count_calls, config)
    module = load_or_compile(file, config, reports)
    store = _new_store(Engine(config), fuel)
    linker = Linker(store.engine)
    if any(item.module == "wasi_snapshot_preview1" for item in module.imports):
        program_args = () if invoke is not None else args
        _set_wasi(store, (Path(file).name, *program_args), directories, variables)
        linker.define_wasi()
    define_builtins(linker, module, config.load)
    threads = _define_threads(linker, module, store, fuel, debug=debug)
    if timeout is not None:
        timer = threading.Timer(timeout, store.engine.increment_epoch)
        timer.daemon = True
        timer.start()

    def run_main() -> int:
        instance: Instance | None = None

        def start() -> None:
            nonlocal instance
            instance = linker.instantiate(store, module)
            _call(store, module, instance, file, args, invoke)

        code = _code_of(start if threads is None else threads.ending(start))
        if fuel is not None:
            say(f"fuel left: {store.get_fuel()}")
        if counters and instance is not None:
            say(json.dumps(_counters(instance)))
        if call_counter is not None and instance is not None:
            call_counter.write(instance)
        store.close()
        return code

    if threads is not None:
        threads.exit(guarded(run_main, debug=debug))
    return run_main()


def _new_store(engine: Engine, fuel: int | None) -> Store:
    """A store with the limits of the program. One that was compiled for a limit that is not given has
    none."""
    store = Store(engine)
    if engine.config.consume_fuel:
        store.set_fuel(MAX_FUEL if fuel is None else fuel)
    if engine.config.epoch_interruption:
        store.set_epoch_deadline(1)
    return store


def _define_threads(
    linker: Linker, module: Module, store: Store, fuel: int | None, *, debug: bool
) -> ProgramThreads | None:
    """Define what a program with threads needs; None for one that imports nothing of it."""
    if not any(item.module == "wasi" or _is_shared(item.type) for item in module.imports):
        return None
    from wasmdialect.cli.wasi_threads import ProgramThreads

    def new_store() -> Store:
        new = _new_store(store.engine, fuel)
        new.share_wasi(store)
        return new

    def exit_code(work: Callable[[], None]) -> int:
        return guarded(lambda: _code_of(work), debug=debug)

    return ProgramThreads(linker, module, new_store, exit_code)


def _is_shared(ty: ExternType) -> bool:
    return isinstance(ty, MemoryType) and ty.shared


def _counters(instance: Instance) -> dict[str, int | list[int]]:
    """What passes counted; arrays of counters are lists."""
    counters: dict[str, int | list[int]] = {}
    for name, field in instance.fields.items():
        if field.buffer.format == "Q":
            values = field.buffer.tolist()
            counters[name] = values if len(values) > 1 else values[0]
    return counters


def _code_of(work: Callable[[], None]) -> int:
    """Run a part of the program; returns the exit code that it asks for."""
    try:
        work()
    except ExitTrap as exit_:
        return exit_.code & 0xFF
    except Trap as trap:
        return fail(trap.message.rstrip(), EXIT_TRAP)
    return 0


def _set_wasi(
    store: Store, argv: tuple[str, ...], directories: tuple[str, ...], variables: tuple[str, ...]
) -> None:
    from wasmdialect.wasi import WasiConfig

    wasi = WasiConfig()
    wasi.argv = list(argv)
    wasi.env = [_variable(v) for v in variables]
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for directory in directories:
        host, separator, guest = directory.partition("::")
        wasi.preopen_dir(host, guest if separator else host)
    store.set_wasi(wasi)


def _variable(option: str) -> tuple[str, str]:
    name, equals, value = option.partition("=")
    return name, value if equals else os.environ.get(name, "")


def _call(
    store: Store,
    module: Module,
    instance: Instance,
    file: str,
    args: tuple[str, ...],
    invoke: str | None,
) -> None:
    """Call the requested function and print its results."""
    exports = instance.exports(store)
    if invoke is None:
        start = exports.get("_start")
        if not isinstance(start, Func):
            names = ", ".join(printable(e) for e in exports if isinstance(exports[e], Func))
            raise WasmtimeError(
                f"{printable(file)} exports no `_start`: use --invoke with one of its functions"
                f" ({names})"
            )
        start(store)
        return
    function = exports.get(invoke)
    if not isinstance(function, Func):
        raise UsageError(
            f"{printable(file)} exports no function {invoke!r}{_nearest(invoke, exports)}"
        )
    initialize = exports.get("_initialize")
    if isinstance(initialize, Func) and invoke != "_initialize":
        initialize(store)
    ty = function.type(store)
    if len(args) != len(ty.params):
        raise UsageError(f"{printable(invoke)} takes {len(ty.params)} arguments, not {len(args)}")
    values = [parse_argument(text, t) for text, t in zip(args, ty.params, strict=True)]
    returned = function(store, *values)
    results = [] if not ty.results else returned if len(ty.results) > 1 else [returned]
    for value, t in zip(results, ty.results, strict=True):
        print(format_result(value, t))


def _nearest(name: str, exports: Any) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [e for e in exports if isinstance(exports[e], Func)], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
