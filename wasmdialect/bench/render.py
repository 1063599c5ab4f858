"""A result as a table for a terminal, as LaTeX and as a picture (SVG)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasmdialect.bench.measure import A, B
from wasmdialect.bench.result import Result, VariantResult
from wasmdialect.bench.statistics import Interval

Row = tuple[str, str, str, str]
"""What it is, for A, for B, and the ratio of both."""


def seconds(value: float) -> str:
    """A time with a unit that fits."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= factor:
            return f"{value / factor:.4g} {unit}"
    return f"{value / 1e-9:.4g} ns"


def percent(interval: Interval) -> str:
    """An interval in words."""
    low, high = interval.low, interval.high
    return f"{interval.ratio:.4f} ({low:.4f} to {high:.4f}, {interval.confidence:.0%})"


def rows(result: Result) -> list[Row]:
    """The rows of the table."""
    a, b = result.variants[A], result.variants[B]

    def row(
        name: str,
        of: Callable[[VariantResult], float | None],
        show: Callable[[float], str],
        *,
        has_ratio: bool = True,
    ) -> Row:
        left, right = of(a), of(b)
        ratio = f"{right / left:.3f}" if has_ratio and left and right is not None else ""
        shown_a, shown_b = ("" if v is None else show(v) for v in (left, right))
        return name, shown_a, shown_b, ratio

    time_row = row("CPU time of a run", lambda v: v.cpu, seconds)
    found = [
        ("engine", a.engine, b.engine, ""),
        ("passes", a.passes or "none added", b.passes or "none added", ""),
        (*time_row[:3], f"{result.ratio.ratio:.3f}"),
        row("time that passed", lambda v: v.wall, seconds, has_ratio=False),
    ]
    if a.instructions is not None or b.instructions is not None:
        found.append(row("instructions of a run", lambda v: v.instructions, _count))
    what = "code" if a.engine == b.engine == "ours" else "code (of Wasm, but for ours)"
    if "ours" not in (a.engine, b.engine):
        what = "code, of Wasm"
    found.append(row(what, lambda v: v.build.code_bytes, lambda n: f"{n:,.0f} bytes"))
    for stage in dict.fromkeys([*a.build.stages, *b.build.stages]):
        if stage == "total":
            continue

        def of_stage(variant: VariantResult, stage: str = stage) -> float | None:
            return variant.build.stages.get(stage)

        # Measured once or a few times: a ratio would say too much.
        found.append(row(f"compile: {stage}", of_stage, seconds, has_ratio=False))
    for name in dict.fromkeys([*a.counters, *b.counters]):
        found.append(row(f"counter {name}", lambda v, n=name: v.counters.get(n), _count))
    for kind in dict.fromkeys([*a.reports, *b.reports]):
        found.append(row(f"reports {kind}", lambda v, k=kind: v.reports.get(k, 0), _count))
    return found


def _count(value: float) -> str:
    return f"{value:,.0f}"


def print_table(result: Result, console: Console) -> None:
    """Print the result for people."""
    table = Table(title=Text(f"{result.workload}"), title_justify="left")
    table.add_column("")
    for name in (A, B, "B / A"):
        table.add_column(name, justify="right", overflow="fold")
    for name, *cells in rows(result):
        table.add_row(Text(name), *map(Text, cells))
    console.print(table)
    lines = [
        f"B / A      {percent(result.ratio)}",
        f"control    {percent(result.control)}  A / itself",
        result.summary,
    ]
    if result.is_same_code:
        lines.append("the code of both is the same, byte for byte")
    for line in (*lines, *(f"note: {note}" for note in result.notes)):
        console.print(Text(line), soft_wrap=True)


# --- LaTeX ---

_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "µ": r"\textmu{}",
}


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)


def to_latex(result: Result) -> str:
    """A table for the package booktabs, and under it the interval and the verdict."""
    lines = [
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r" & A & B & B / A \\",
        r"\midrule",
        *(" & ".join(map(_tex, row)) + r" \\" for row in rows(result)),
        r"\midrule",
        rf"B / A & \multicolumn{{3}}{{r}}{{{_tex(percent(result.ratio))}}} \\",
        rf"A / itself & \multicolumn{{3}}{{r}}{{{_tex(percent(result.control))}}} \\",
        r"\bottomrule",
        r"\end{tabular}",
        f"% {result.workload}: {result.summary}",
    ]
    return "\n".join(lines) + "\n"


# --- a picture ---

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 640, 90, 20, 46, 46
_COLOURS = {"B / A": "#b3431e", "A / itself": "#3b6ea5"}


def to_svg(result: Result) -> str:
    """A row of dots for each ratio, one for each layout, with the estimate and its interval, on a
    logarithmic scale."""
    found = {
        "B / A": (result.ratio, result.ratios),
        "A / itself": (result.control, result.control_ratios),
    }
    values = [1.0, *result.ratios, *result.control_ratios]
    values += [v for interval, _ in found.values() for v in (interval.low, interval.high)]
    usable = [math.log(v) for v in values if 0 < v < math.inf]
    margin = max(0.002, 0.08 * (max(usable) - min(usable)))
    low, high = min(usable) - margin, max(usable) + margin

    def x(value: float) -> float:
        at = (
            min(max(math.log(value), low), high)
            if 0 < value < math.inf
            else low
            if value <= 0
            else high
        )
        return _LEFT + (at - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    bottom = _TOP + len(found) * _STEP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{bottom + 40}"'
        f' viewBox="0 0 {_WIDTH} {bottom + 40}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20">{escape(result.workload)}: {escape(result.summary)}</text>',
    ]
    for tick in _ticks(math.exp(low), math.exp(high)):
        parts.append(
            f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP - 12}" y2="{bottom}"'
            f' stroke="{"#333" if tick == 1 else "#ddd"}"/>'
            f'<text x="{x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
        )
    for number, (name, (interval, dots)) in enumerate(found.items()):
        y, colour = _TOP + number * _STEP + 10, _COLOURS[name]
        parts.append(f'<text x="10" y="{y + 4}">{name}</text>')
        parts += [
            f'<circle cx="{x(dot):.1f}" cy="{y + 14}" r="3" fill="{colour}" fill-opacity="0.4"/>'
            for dot in dots
        ]
        parts.append(
            f'<line x1="{x(interval.low):.1f}" x2="{x(interval.high):.1f}" y1="{y}" y2="{y}"'
            f' stroke="{colour}" stroke-width="3"/>'
            f'<circle cx="{x(interval.ratio):.1f}" cy="{y}" r="5" fill="{colour}"/>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _ticks(low: float, high: float) -> Sequence[float]:
    """Round values in a range, with 1 if it is in the range."""
    rough = (high - low) / 6
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]
