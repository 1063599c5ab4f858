"""`wasmdialect bench`: compile and run times of one function, compared with Wasmtime's."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from math import comb
from statistics import median
from types import ModuleType
from typing import Any, NamedTuple

import click

import wasmdialect
from wasmdialect._forms import Integer
from wasmdialect._printable import printable
from wasmdialect.api.forms import is_mlir
from wasmdialect.cli.arguments import ProgramCommand
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes, to_source
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.values import parse_argument
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.types import INTEGERS, NUMBERS, V128, VALUE_TYPES

CONFIDENCE = 0.95
"""The confidence of the printed intervals, if there are enough rounds."""

_OURS, _CONTROL, _THEIRS = "wasmdialect", "control", "wasmtime"
_SHORT = 0.01
"""Minimum seconds of a measurement: shorter calls are repeated."""
_MOST_CALLS = 10_000


@click.command("bench", cls=ProgramCommand)
@click.argument("file")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--invoke", metavar="NAME", required=True, help="The export to call.")
@click.option(
    "--runs",
    type=Number(Integer(1, 100_000)),
    metavar="N",
    default=15,
    show_default=True,
    help="Rounds; each measures every engine in a new instance.",
)
@compile_options
@DEBUG_OPTION
def command(file: str, args: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Time an export of FILE that needs no imports, against PyPI's wasmtime if that is installed.

    Results, traps and exported memories and globals of both must be the same bits; otherwise an error
    shows both. Engines take turns. The output has the median of each, the median of the ratios of the
    rounds with its 95 % confidence interval, and the same for a control: the same machine code against
    itself in another instance. Differences between processes, such as the addresses of code and
    memory, are not included.

    \b
    wasmdialect bench fib.wat --invoke fib 30
    wasmdialect bench fib.wat --invoke fib 30 --load mine.py --at wasmir-end=my-pass
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
    config = to_config(options)
    config.compilation = "eager"
    wasm = to_source(read_bytes(file), file, config.features).binary
    sides = {_OURS: _compile(_OURS, wasmdialect, config, wasm, invoke, args)}
    sides[_CONTROL] = sides[_OURS]
    try:
        if is_mlir(wasm):
            print("the input is IR, which wasmtime does not read: there is nothing to compare with")
        else:
            sides[_THEIRS] = _compile(_THEIRS, import_module("wasmtime"), None, wasm, invoke, args)
    except ImportError:
        print("PyPI's wasmtime is not installed: there is nothing to compare with")
    times = measure(sides, runs)
    for name in (_OURS, _THEIRS):
        if name in times:
            low, high = min(times[name]), max(times[name])
            print(
                f"{name:>12}  run     {median(times[name]):.4g} s a call"
                f"  ({low:.4g} to {high:.4g}, {runs} rounds)"
            )
    control = interval([b / a for a, b in zip(times[_OURS], times[_CONTROL], strict=True)])
    if _THEIRS in times:
        ratio = interval([b / a for a, b in zip(times[_OURS], times[_THEIRS], strict=True)])
        print(f"       ratio  wasmtime / wasmdialect = {ratio}{ratio.verdict}")
    print(f"     control  wasmdialect / itself = {control}{control.verdict}")
    if not control.has_one:
        print("warning: the same code differs from itself: this machine is too busy for the ratio")
    return 0


# --- one engine ---


class State(NamedTuple):
    """The observable state after some calls: it must be the same for every engine."""

    outcome: str
    """The results of the last call as bits, or the trap."""
    memories: dict[str, str]
    """The digest of each exported memory."""
    globals: dict[str, str]
    """Each exported global as bits."""


Side = Callable[[], tuple[Callable[[], str], Callable[[str], State]]]
"""Creates an instance: a function that calls the export and returns the outcome, and one that reads
the state afterwards."""


def _compile(
    name: str, api: ModuleType, config: Any, wasm: bytes, invoke: str, args: Sequence[str]
) -> Side:
    """Compile with an engine that has wasmtime-py's API. Raises UsageError."""
    engine = api.Engine(config) if config is not None else api.Engine()
    started = time.perf_counter()
    module = api.Module(engine, wasm)
    print(f"{name:>12}  compile {time.perf_counter() - started:.4g} s")

    def instantiate() -> tuple[Callable[[], str], Callable[[str], State]]:
        store = api.Store(engine)
        exports = api.Linker(engine).instantiate(store, module).exports(store)
        function = exports.get(invoke)
        if not isinstance(function, api.Func):
            raise UsageError(f"the module exports no function {invoke!r}")
        type_ = function.type(store)
        if len(type_.params) != len(args):
            count = len(type_.params)
            raise UsageError(f"{printable(invoke)} takes {count} arguments, not {len(args)}")
        types = [wasmdialect.ValType.of(VALUE_TYPES[str(t)]) for t in type_.params]
        values = [parse_argument(text, t) for text, t in zip(args, types, strict=True)]
        results = [str(t) for t in type_.results]

        def call() -> str:
            try:
                returned = function(store, *values)
            except api.Trap as trap:
                return f"trap {trap.trap_code.name if trap.trap_code else trap.message}"
            found = [] if not results else returned if len(results) > 1 else [returned]
            return " ".join(map(_bits, found, results)) or "nothing"

        def state(outcome: str) -> State:
            return _state_of(api, store, exports, outcome)

        return call, state

    return instantiate


def _state_of(api: ModuleType, store: Any, exports: Any, outcome: str) -> State:
    from hashlib import sha256

    memories: dict[str, str] = {}
    globals_: dict[str, str] = {}
    for name in exports:
        extern = exports[name]
        if isinstance(extern, api.Memory):
            content = extern.read(store, 0, extern.data_len(store))
            memories[name] = f"{len(content)} bytes, SHA-256 {sha256(content).hexdigest()[:16]}"
        elif isinstance(extern, api.Global):
            globals_[name] = _bits(extern.value(store), str(extern.type(store).content))
    return State(outcome, memories, globals_)


def _bits(value: Any, type_: str) -> str:
    """A value as text that is equal if the bits are. (WebAssembly does not specify the bits of most
    NaNs, and only null references can be compared.)"""
    if type_ in INTEGERS or type_ == V128.name:
        return f"{type_}:{value}"
    if type_ in NUMBERS:
        if value != value:
            return f"{type_}:nan"
        raw = struct.pack(f"<{NUMBERS[type_].format}", value)
        return f"{type_}:{value!r} ({raw[::-1].hex()})"
    return f"{type_}:{'null' if value is None else 'not null'}"


# --- measuring ---


def measure(sides: dict[str, Side], rounds: int) -> dict[str, list[float]]:
    """Seconds of a call, for each engine and round. Engines take turns, in a different order each
    round. Raises WasmtimeError if they differ in anything observable."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    calls = _calls_of_a_measurement(next(iter(sides.values())))
    for number in range(rounds):
        seen: dict[str, State] = {}
        for name in names[number % len(names) :] + names[: number % len(names)]:
            call, state = sides[name]()
            call()
            outcome = ""
            started = time.perf_counter()
            for _ in range(calls):
                outcome = call()
            times[name].append((time.perf_counter() - started) / calls)
            # Memories may be large: their contents are compared at both ends.
            at_an_end = number in (0, rounds - 1)
            seen[name] = state(outcome) if at_an_end else State(outcome, {}, {})
        _check_equal(seen)
    return times


def _calls_of_a_measurement(side: Side) -> int:
    """How many calls take long enough to be measured."""
    call, _ = side()
    call()
    calls = 1
    while calls < _MOST_CALLS:
        started = time.perf_counter()
        for _ in range(calls):
            call()
        if time.perf_counter() - started >= _SHORT:
            break
        calls *= 2
    return calls


def _check_equal(seen: dict[str, State]) -> None:
    first, *others = seen.items()
    for other in others:
        for what, ours, theirs in zip(State._fields, first[1], other[1], strict=True):
            if ours != theirs:
                raise WasmtimeError(
                    f"the engines differ in their {what}, so that no time means anything:\n"
                    f"  {first[0]}: {_shown(ours)}\n  {other[0]}: {_shown(theirs)}"
                )


def _shown(value: str | dict[str, str]) -> str:
    if isinstance(value, str):
        return printable(value)
    return "; ".join(printable(f"{name}: {text}") for name, text in value.items())


class Interval(NamedTuple):
    """The median of some ratios, with a confidence interval for the true one."""

    middle: float
    low: float
    high: float
    confidence: float

    @property
    def has_one(self) -> bool:
        """Whether it contains 1."""
        return self.low <= 1 <= self.high

    @property
    def verdict(self) -> str:
        """The note to add if no difference is visible."""
        return ": no difference seen" if self.has_one else ""

    def __str__(self) -> str:
        return f"{self.middle:.3f} ({self.low:.3f} to {self.high:.3f}, {self.confidence:.0%})"


def interval(ratios: Sequence[float]) -> Interval:
    """The interval between two order statistics, for any distribution: the side of the true median on
    which a value falls is a coin toss. With fewer than six values it is the whole range, and less
    certain than CONFIDENCE."""
    ordered = sorted(ratios)
    count = len(ordered)
    outside, dropped = 2 / 2**count, 0
    while True:
        more = outside + 2 * comb(count, dropped + 1) / 2**count
        if more > 1 - CONFIDENCE or dropped + 1 >= count - dropped - 1:
            break
        outside, dropped = more, dropped + 1
    return Interval(
        median(ordered), ordered[dropped], ordered[count - 1 - dropped], max(0.0, 1 - outside)
    )
