"""The result of a comparison, from its measurements: what the table, JSON, LaTeX and the picture
show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from wasmdialect.bench.build import Build
from wasmdialect.bench.measure import CONTROL, A, B, Block
from wasmdialect.bench.statistics import Interval, Verdict, block_ratio, bootstrap, judge

_SHORT = 50e-6
"""Seconds of a run below which calling it from outside is a good part of it."""


@dataclass
class VariantResult:
    """One variant: what it is, and what was seen of it."""

    engine: str
    passes: str
    """As given: what the variant adds, or its options."""
    build: Build
    counters: dict[str, int]
    """Of passes, after one run."""
    cpu: float = math.nan
    """Seconds of a run, in the median of all."""
    wall: float = math.nan
    instructions: float | None = None
    """Of a run, in the median."""

    @property
    def reports(self) -> dict[str, int]:
        """How many reports of each kind the passes made."""
        return dict(Counter(report["kind"] for report in self.build.reports))


@dataclass
class Result:
    """Everything there is to show."""

    file: str
    workload: str
    seed: int
    runs: int
    variants: dict[str, VariantResult]
    blocks: list[Block]
    ratio: Interval
    control: Interval
    verdict: Verdict
    ratios: list[float] = field(default_factory=list[float])
    """Of the blocks: B to A."""
    control_ratios: list[float] = field(default_factory=list[float])
    notes: list[str] = field(default_factory=list[str])

    @property
    def instruction_ratio(self) -> float | None:
        """The ratio of the instructions of a run."""
        a, b = self.variants[A].instructions, self.variants[B].instructions
        return b / a if a and b is not None else None

    @property
    def is_same_code(self) -> bool:
        """Whether both variants are the same, byte for byte."""
        a, b = self.variants[A], self.variants[B]
        return a.engine == b.engine and a.build.code == b.build.code

    @property
    def summary(self) -> str:
        """The verdict in words."""
        if not self.verdict.differs:
            return f"no difference seen: {self.verdict.reason}"
        percent = abs(self.ratio.ratio - 1)
        return f"B takes {percent:.1%} {'more' if self.ratio.ratio > 1 else 'less'} time than A"


def intervals(
    blocks: Sequence[Block], seed: int
) -> tuple[list[float], list[float], Interval, Interval]:
    """The ratios of the blocks, B to A and A to itself, and an interval for each."""
    ratios = [block_ratio(block.cpu[B], block.cpu[A]) for block in blocks]
    controls = [block_ratio(block.cpu[CONTROL], block.cpu[A]) for block in blocks]
    return ratios, controls, bootstrap(ratios, seed), bootstrap(controls, seed)


def evaluate(
    file: str,
    workload: str,
    seed: int,
    runs: int,
    variants: dict[str, VariantResult],
    blocks: list[Block],
) -> Result:
    """The result of these measurements; the variants get their times."""
    for role, variant in variants.items():
        variant.cpu = _median(block.cpu[role] for block in blocks)
        variant.wall = _median(block.wall[role] for block in blocks)
        counts = [block.instructions[role] for block in blocks]
        variant.instructions = (
            median(n for n in counts if n is not None) if None not in counts else None
        )
    ratios, controls, ratio, control = intervals(blocks, seed)
    verdict = judge(ratio, control)
    result = Result(
        file, workload, seed, runs, variants, blocks, ratio, control, verdict, ratios, controls
    )
    if 1 not in control:
        result.notes.append(
            "the same code differs from itself: the machine is too busy, or there are too few layouts"
        )
    if variants[A].cpu < _SHORT:
        result.notes.append(
            f"a run takes {variants[A].cpu * 1e6:.2g} µs, a good part of it for the call from outside:"
            " the ratio of the code itself is further from 1"
        )
    return result


def _median(rows: Iterator[list[float]]) -> float:
    return median(value for row in rows for value in row)


def to_lines(result: Result) -> Iterator[dict[str, Any]]:
    """The result as objects for lines of JSON: the comparison, its variants, its blocks, its end."""
    yield {
        "kind": "comparison",
        "file": result.file,
        "workload": result.workload,
        "seed": result.seed,
        "runs_of_a_measurement": result.runs,
        "layouts": len(result.blocks),
    }
    for name, variant in result.variants.items():
        yield {
            "kind": "variant",
            "variant": name,
            "engine": variant.engine,
            "passes": variant.passes,
            "pipeline": variant.build.pipeline,
            "cpu_seconds": variant.cpu,
            "wall_seconds": variant.wall,
            "instructions": variant.instructions,
            "code_bytes": variant.build.code_bytes,
            "functions": variant.build.functions,
            "compile_seconds": variant.build.stages,
            "counters": variant.counters,
            "reports": variant.reports,
        }
    for block, ratio, control in zip(
        result.blocks, result.ratios, result.control_ratios, strict=True
    ):
        yield {
            "kind": "block",
            "layout": block.number,
            "ratio": ratio,
            "control": control,
            "cpu_seconds": block.cpu,
            "wall_seconds": block.wall,
            "instructions": block.instructions,
        }
    yield {
        "kind": "result",
        "ratio": result.ratio._asdict(),
        "control": result.control._asdict(),
        "instruction_ratio": result.instruction_ratio,
        "same_code": result.is_same_code,
        "differs": result.verdict.differs,
        "verdict": result.summary,
        "notes": result.notes,
    }
