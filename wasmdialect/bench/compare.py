"""A comparison from its beginning to its end: build both variants, run them, evaluate."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from wasmdialect._printable import printable
from wasmdialect.bench.build import Build, layouts
from wasmdialect.bench.engines import ENGINES
from wasmdialect.bench.measure import A, B, Bench, Block, Observed, Side
from wasmdialect.bench.result import Result, VariantResult, evaluate, intervals
from wasmdialect.bench.variant import Variant
from wasmdialect.bench.workload import Workload
from wasmdialect.check.calls import Call

_AGAIN = 2.0
"""Seconds within which both variants are built again: the first time, workers start and load."""
_TIMES = 3

Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Shows how much of something is done, of how much."""


@dataclass(frozen=True)
class Request:
    """What to compare, and with how much effort."""

    binary: bytes
    file: str
    variants: Mapping[str, Variant]
    """A and B."""
    workload: Workload
    seconds: float
    layouts: int
    seed: int
    timeout: float
    """Seconds for a run."""
    precision: float = math.inf
    """Measuring goes on, for some time, until half of each interval is a smaller share of the ratio."""


def compare(request: Request, progress: Progress) -> Result:
    """The result. Raises what building raises, MissingEngine, Disagreement and RunFailure."""
    variants, workload = request.variants, request.workload
    for variant in variants.values():
        ENGINES[variant.engine].command()  # before anything that takes long
    source = random.Random(request.seed)
    with progress("building") as advance:
        builds = _build(request, source, advance)
    a, b = (Side(builds[name], ENGINES[variants[name].engine]) for name in (A, B))
    with (
        Bench(workload, a, b, request.timeout, source) as running,
        progress("measuring") as advance,
    ):
        observed = running.observe()
        plan = running.plan(request.seconds, request.layouts)
        began = time.monotonic()
        blocks = running.measure(
            plan,
            request.seconds,
            request.layouts,
            lambda blocks: _precision(blocks, request.seed) <= request.precision,
            lambda done: advance(done, plan.blocks),
        )
        took = time.monotonic() - began
    rows = {
        name: VariantResult(
            variant.engine, variant.words, builds[name], observed.sides[name]["counters"]
        )
        for name, variant in variants.items()
    }
    for name, variant in variants.items():
        if variant.engine != "ours":
            builds[name].stages["engine"] = observed.load_seconds[name]
    words = _words(workload, request.file)
    result = evaluate(request.file, words, request.seed, plan.runs, rows, blocks)
    result.notes += _notes(request, observed, len(blocks), running.no_instructions)
    result.notes += _precision_notes(request, result, took)
    return result


def _precision(blocks: Sequence[Block], seed: int) -> float:
    """The precision of the ratio, and of the control that the verdict holds against it."""
    _, _, *both = intervals(blocks, seed)
    return max(interval.precision for interval in both)


def _precision_notes(request: Request, result: Result, took: float) -> Iterator[str]:
    found = max(result.ratio.precision, result.control.precision)
    if found > request.precision:
        yield (
            f"the intervals are ±{found:.1%} after {took:.0f} s, not ±{request.precision:.1%} as"
            " wanted: --seconds gives more time"
        )
    elif took > 1.5 * request.seconds:
        yield f"{took:.0f} s were measured until the intervals were ±{request.precision:.1%}"


def _build(
    request: Request, source: random.Random, advance: Callable[[int, int], None]
) -> dict[str, Build]:
    """Both variants. Of stages of compilation the least time counts, if they are quick enough for
    more than one."""
    places = layouts(request.layouts, source)
    builds: dict[str, Build] = {}
    began = time.monotonic()
    for number in range(_TIMES):
        if number and time.monotonic() - began > _AGAIN:
            break
        for done, (name, variant) in enumerate(request.variants.items(), 1):
            build = ENGINES[variant.engine].build
            made = build(request.binary, request.file, variant.config, places)
            before = builds.setdefault(name, made).stages
            for stage, seconds in made.stages.items():
                before[stage] = min(before.get(stage, seconds), seconds)
            advance(done, len(request.variants))
    return builds


def _words(workload: Workload, file: str) -> str:
    if workload.is_program:
        return printable(" ".join((file, *workload.argv[1:])))
    call = Call(workload.invoke, workload.parameters, workload.arguments)
    return printable(f"{call} of {file}")


def _notes(
    request: Request, observed: Observed, blocks: int, no_instructions: str
) -> Iterator[str]:
    if not any(variant.words for variant in request.variants.values()):
        yield "A and B are given the same: --b, -p or --at says what B has"
    if observed.unrepeatable:
        what = ", ".join(observed.unrepeatable)
        yield f"not compared, as it differs between two runs of A: {what}"
    if blocks < request.layouts:
        yield f"{blocks} of {request.layouts} layouts were measured; --seconds gives more time"
    if no_instructions:
        yield f"instructions are not counted: {no_instructions}"
