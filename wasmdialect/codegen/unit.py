"""Compiling a unit: the bodies of some functions, from Wasm bytes to LLVM IR to code.

Up to `-O2` each function is a text of its own, so its code does not depend on the rest of the unit;
at `-O3` the unit is one text. Before LLVM runs, the parent is asked which texts it has code for, and it
gets the code of each as soon as there is any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp

from wasmdialect.codegen.batch import compile_texts
from wasmdialect.codegen.budget import fallback_report, level_within, size_of
from wasmdialect.codegen.cache import CompiledText
from wasmdialect.codegen.clock import Clock
from wasmdialect.codegen.digests import digest
from wasmdialect.codegen.llvm import (
    CodegenError,
    Level,
    code_attributes,
    verify_text,
)
from wasmdialect.codegen.lowered_unit import LoweredUnit, PlacedText
from wasmdialect.codegen.printed import Output
from wasmdialect.codegen.refusal import explain_refusal
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects.fast import dismantle
from wasmdialect.lowering.emit import CodeText, emit_functions, emit_together
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.wasm.inline_plan import guests


def compile_unit(
    session: CompileSession,
    indices: Sequence[int],
    *,
    signatures: Sequence[int],
    level: Level,
    output: Output,
    missing: Callable[[LoweredUnit], list[bool]],
    on_start: Callable[[list[int]], None],
    on_code: Callable[[int, CompiledText], None],
    verify: bool = False,
    free: Callable[[ModuleOp], None] = dismantle,
) -> dict[str, float]:
    """Compile functions by index, with the trampolines of function types by number; `verify` their
    texts first where LLVM must not abort. `free` takes the IR apart when it is not needed any more.

    `missing` returns the texts without code in the cache; `on_start` gets the numbers of those that
    LLVM compiles next, `on_code` the code of each with its number. Returns the time by stage:
    `import`, `passes`, `emit`, `llvm`, `extract`. Raises WasmError, PassFailure, CodegenError.
    """
    texts, unit, clock = lower_unit(session, indices, signatures, level, output, free)
    to_compile = missing(unit)
    todo: dict[int, tuple[str, Level]] = {
        n: (text.text, at) for n, (text, at) in enumerate(texts) if to_compile[n]
    }
    try:
        if verify:
            for text, _ in todo.values():
                verify_text(text)
        compile_texts(todo, session.settings.target, on_start, on_code, clock)
    except CodegenError as error:
        raise explain_refusal(session, indices, signatures) or error from None
    return clock.seconds


def lower_unit(
    session: CompileSession,
    indices: Sequence[int],
    signatures: Sequence[int],
    level: Level,
    output: Output,
    free: Callable[[ModuleOp], None] = dismantle,
) -> tuple[list[tuple[CodeText, Level]], LoweredUnit, Clock]:
    """Import functions and run the passes: their texts with levels, the result for the cache, and the
    times. The parameters are those of `compile_unit`. Raises WasmError, PassFailure."""
    clock = Clock()
    take_reports()
    module = session.import_functions(indices, signatures)
    clock.lap("import")
    output.begin()
    try:
        written = session.run_passes(module, write_for=level)
    except PassFailure as failure:
        raise session.reproduce(failure, indices, signatures) from failure.__cause__
    printed = output.take()
    clock.lap("passes")
    texts, fallbacks = emit_texts(module, session.settings, level, written)
    placed = [PlacedText(digest(t.text), at, t.symbols, t.base, t.inlined) for t, at in texts]
    free(module)
    written.clear()
    clock.lap("emit")
    others = set(guests(session.plan or {}, indices))
    reports = [r.to_plain() for r in take_reports() if r.function_index not in others] + fallbacks
    printed = [(index, text) for index, text in printed if index not in others]
    return texts, LoweredUnit(placed, reports, printed), clock


def emit_texts(
    module: ModuleOp,
    settings: CompileSettings,
    level: Level,
    written: Sequence[llvm.FuncOp] = (),
) -> tuple[list[tuple[CodeText, Level]], list[dict[str, Any]]]:
    """The texts of a lowered module and of written functions, which LLVM compiles one by one, with
    their levels, and reports of those over their budget."""
    attributes = code_attributes(
        settings.target, branch_protection=settings.config.branch_protection
    )
    budget = settings.config.function_budget
    limit = f"where the budget is {budget}"
    if level == 3:
        together = emit_together(module, attributes, settings.target.emitters)
        if not together.symbols:
            return [], []
        size, what = size_of(together)
        if size <= budget:
            return [(together, level)], []
        limit = f"{what} of its unit, {limit}"
    texts: list[tuple[CodeText, Level]] = []
    reports: list[dict[str, Any]] = []
    for text in emit_functions(module, attributes, settings.target.emitters, written):
        size, what = size_of(text)
        at = level_within(budget, level, size)
        texts.append((text, at))
        if at < level:
            reports.append(fallback_report(text.symbols, at, f"{what}, {limit}"))
    return texts, reports
