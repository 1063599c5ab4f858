"""Compiling a unit: the bodies of some functions, from Wasm bytes to compiled functions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wasmdialect.codegen.llvm import Level, compile_object
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.target import Target
from wasmdialect.lowering.emit import emit_llvm
from wasmdialect.object.compiled import CompiledFunction, extract_functions
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure

LARGE_IR = 2_000_000
HUGE_IR = 8_000_000
"""Characters of LLVM IR text above which a unit is compiled one level lower, or at level 0: the time
of LLVM's instruction selection grows with the square of a function's size."""


@dataclass
class UnitResult:
    """What compiling a unit gives."""

    functions: list[CompiledFunction]
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Time by stage: `import`, `passes`, `emit`, `llvm`, `extract`."""

    def to_plain(self) -> Any:
        """Values that `marshal` can write."""
        return ([f.to_plain() for f in self.functions], self.reports, self.seconds)

    @staticmethod
    def from_plain(plain: Any) -> UnitResult:
        """The inverse of `to_plain`."""
        functions, reports, seconds = plain
        return UnitResult([CompiledFunction.from_plain(f) for f in functions], reports, seconds)


def compile_unit(
    session: CompileSession, indices: Sequence[int], *, signatures: bool, level: Level
) -> UnitResult:
    """Compile functions by index, with the trampolines of the function types if `signatures`."""
    clock = _Clock()
    take_reports()
    module = session.import_functions(indices, signatures=signatures)
    clock.lap("import")
    try:
        session.run_passes(module)
    except PassFailure as failure:
        again = session.import_functions(indices, signatures=signatures)
        raise session.reproduce(failure, again) from failure.__cause__
    clock.lap("passes")
    text = emit_llvm(module)
    clock.lap("emit")
    result = compile_text(text, session.settings.target, level)
    result.reports = [report.to_plain() for report in take_reports()]
    result.seconds = {**clock.seconds, **result.seconds}
    return result


def compile_text(text: str, target: Target, level: Level) -> UnitResult:
    """Compile LLVM IR text that has been through all passes already."""
    clock = _Clock()
    if not _defines_something(text):
        return UnitResult([])
    if len(text) > HUGE_IR:
        level = 0
    elif len(text) > LARGE_IR:
        level = min(level, 1)
    data = compile_object(text, target, level)
    clock.lap("llvm")
    functions = extract_functions(data)
    clock.lap("extract")
    return UnitResult(functions, seconds=clock.seconds)


def _defines_something(text: str) -> bool:
    return "\ndefine " in text


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Note the time since the last lap under a name."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
