"""Building a variant several times: the same code in different layouts.

For our engine the functions are compiled once, and linked in a random order with random padding.
For the others, which choose places themselves, wasmir is exported with its functions in a random
order.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xdsl.dialects.builtin import ModuleOp

from wasmdialect._settings import Config, snapshot
from wasmdialect.codegen.compiler import link_run, start_run
from wasmdialect.codegen.exported import Makers, exported, wasmir_pipeline
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.source import number_again
from wasmdialect.dialects import wasmir
from wasmdialect.object.artifact import read_artifact
from wasmdialect.passes.base import take_reports

_STEP = 16
"""Bytes of which padding is a multiple: the alignment of functions."""
_CACHE_LINE = 64


class Layout(NamedTuple):
    """What decides where functions are."""

    seed: int
    padding: int


def layouts(count: int, source: random.Random) -> list[Layout]:
    """Layouts that put functions into random orders and at all distances from a cache line."""
    choices = range(0, _CACHE_LINE, _STEP)
    return [Layout(source.getrandbits(32), source.choice(choices)) for _ in range(count)]


@dataclass
class Build:
    """A variant, built in some layouts."""

    pipeline: str
    """All passes that ran."""
    binaries: list[bytes]
    """For each layout: an artifact, or a module of Wasm."""
    code: bytes
    """The code of the first layout, which tells whether two builds are the same."""
    code_bytes: int
    """Of machine code without padding, or of bodies of Wasm."""
    functions: int
    stages: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds by stage, summed over workers."""
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


Builder = Callable[[bytes, str, Config, Sequence[Layout]], Build]


def build_artifacts(binary: bytes, file: str, config: Config, places: Sequence[Layout]) -> Build:
    """For our own engine. Raises what compiling raises."""
    config = snapshot(config)
    config.compilation = "eager"
    run = start_run(binary, CompileSettings.of(config), file, config.jobs, None)
    run.compile()
    placed = run.settings.config
    padding = placed.padding
    started = time.perf_counter()
    binaries: list[bytes] = []
    for place in places:
        placed.shuffle_layout, placed.padding = place.seed, padding + place.padding
        binaries.append(link_run(run, run.functions))
    run.seconds["link"] = (time.perf_counter() - started) / len(places)
    reports = sorted(run.reports, key=lambda report: report["function_index"])
    return Build(
        run.session.pipeline,
        binaries,
        bytes(read_artifact(binaries[0]).text),
        sum(function.code.size for function in run.functions),
        len(run.functions),
        run.seconds,
        reports,
    )


def build_modules(binary: bytes, file: str, config: Config, places: Sequence[Layout]) -> Build:
    """For engines that run Wasm. Raises what importing, passes and exporting raise."""
    settings = CompileSettings.of(config)
    stages: dict[str, float] = {}
    makers = Makers()
    with relaxed_gc(), printing_to_errors():
        with _timed(stages, "import"):
            session = CompileSession(binary, file, settings, wasmir_pipeline(config))
            module = session.import_everything()
        take_reports()
        with _timed(stages, "passes"):
            session.run_passes(module, makers.note)
        reports = [report.to_plain() for report in take_reports()]
        binaries: list[bytes] = []
        sizes: list[int] = []
        with _timed(stages, "export"):
            for place in places:
                _shuffle(module, place.seed)
                out = exported(module, None, settings, makers)
                binaries.append(bytes(out.binary))
                sizes = [len(f.code.bytes) for f in out.functions if f.code is not None]
    stages["export"] /= len(places)
    return Build(
        session.pipeline,
        binaries,
        binaries[0],
        sum(sizes),
        len(sizes),
        stages,
        reports,
    )


@contextmanager
def _timed(stages: dict[str, float], stage: str) -> Generator[None]:
    started = time.perf_counter()
    yield
    stages[stage] = time.perf_counter() - started


def _shuffle(module: ModuleOp, seed: int) -> None:
    """Put the functions of a module that has not been lowered into a random order."""
    functions = [op for op in module.ops if isinstance(op, wasmir.FuncOp) and not op.is_import]
    functions.sort(key=lambda op: op.sym_name.data)  # whatever order they are in now
    random.Random(seed).shuffle(functions)
    for op in functions:
        op.detach()
    module.body.block.add_ops(functions)
    number_again(module)
