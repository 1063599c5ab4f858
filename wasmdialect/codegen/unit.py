"""Compiling a unit: the bodies of some functions, from Wasm bytes to the texts LLVM gets to code.

Up to `-O2` each function is a text of its own, so its code does not depend on what else is in the unit;
at `-O3` the unit is one text. Before LLVM runs, the parent is asked which texts it has code for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from wasmdialect.codegen.cache import CompiledText
from wasmdialect.codegen.digests import digest
from wasmdialect.codegen.llvm import (
    CodegenError,
    Level,
    code_attributes,
    compile_object,
    verify_text,
)
from wasmdialect.codegen.refusal import explain_refusal
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import Target
from wasmdialect.lowering.emit import CodeText, emit_functions, emit_together
from wasmdialect.object.compiled import extract_functions
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure

LARGE_IR = 2_000_000
HUGE_IR = 8_000_000
"""Characters of LLVM IR text above which it is compiled one level lower, or at level 0: the time
of LLVM's instruction selection grows with the square of a function's size."""

Missing = Callable[[list[str]], list[bool]]
"""Tells for the digests of texts which ones there is no code for."""


@dataclass
class UnitResult:
    """What compiling a unit gives."""

    texts: list[tuple[str, tuple[str, ...], int]]
    """Digest, symbols and base of each text, in the order of the unit."""
    compiled: dict[str, CompiledText]
    """The code of those that were missing, by digest."""
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Time by stage: `import`, `passes`, `emit`, `llvm`, `extract`."""

    def to_plain(self) -> Any:
        """Values that `marshal` can write."""
        compiled = {key: code.to_plain() for key, code in self.compiled.items()}
        return (self.texts, compiled, self.reports, self.seconds)

    @staticmethod
    def from_plain(plain: Any) -> UnitResult:
        """The inverse of `to_plain`."""
        texts, compiled, reports, seconds = plain
        codes = {key: CompiledText.from_plain(code) for key, code in compiled.items()}
        return UnitResult(texts, codes, reports, seconds)


def compile_unit(
    session: CompileSession,
    indices: Sequence[int],
    *,
    signatures: bool,
    level: Level,
    missing: Missing,
    verify: bool = False,
) -> UnitResult:
    """Compile functions by index, with the trampolines of the function types if `signatures`; `verify`
    their texts first where LLVM must not abort. Raises WasmError, PassFailure, CodegenError."""
    clock = Clock()
    take_reports()
    module = session.import_functions(indices, signatures=signatures)
    clock.lap("import")
    try:
        session.run_passes(module)
    except PassFailure as failure:
        raise session.reproduce(failure, indices, signatures=signatures) from failure.__cause__
    clock.lap("passes")
    texts = emit_texts(module, session.settings, level)
    digests = [digest(text.text) for text in texts]
    clock.lap("emit")
    result = UnitResult(
        [(key, text.symbols, text.base) for key, text in zip(digests, texts, strict=True)], {}
    )
    result.reports = [report.to_plain() for report in take_reports()]
    target = session.settings.target
    for key, text, is_missing in zip(digests, texts, missing(digests), strict=True):
        if is_missing and key not in result.compiled:
            try:
                if verify:
                    verify_text(text.text)
                result.compiled[key] = compile_text(text.text, target, level, clock)
            except CodegenError as error:
                explained = explain_refusal(session, indices, signatures=signatures)
                raise explained or error from None
    result.seconds = clock.seconds
    return result


def emit_texts(module: ModuleOp, settings: CompileSettings, level: Level) -> list[CodeText]:
    """The texts of a lowered module: what LLVM compiles one by one."""
    attributes = code_attributes(settings.target, branch_protection=settings.branch_protection)
    if level < 3:
        return emit_functions(module, attributes)
    text = emit_together(module, attributes)
    return [text] if text.symbols else []


def compile_text(
    text: str, target: Target, level: Level, clock: Clock | None = None
) -> CompiledText:
    """Compile LLVM IR text. Raises CodegenError; may abort the process."""
    clock = Clock() if clock is None else clock
    before = clock.total
    if len(text) > HUGE_IR:
        level = 0
    elif len(text) > LARGE_IR:
        level = min(level, 1)
    data = compile_object(text, target, level)
    clock.lap("llvm")
    functions = extract_functions(data)
    clock.lap("extract")
    return CompiledText(functions, clock.total - before)


class Clock:
    """Adds up the time of stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """All stages together, up to the last lap."""
        return sum(self.seconds.values())
