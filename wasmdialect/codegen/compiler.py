"""Compiling a module: decode, split into units, compile them in workers, link, write the artifact."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from wasmdialect.codegen.errors import CompileCrash
from wasmdialect.codegen.metadata import module_info
from wasmdialect.codegen.pool import Request, Worker, WorkerDied, default_jobs, shared_pool
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.codegen.unit import UnitResult, compile_text, compile_unit
from wasmdialect.dialects.fast import relaxed_gc
from wasmdialect.lowering.emit import emit_llvm
from wasmdialect.object.artifact import EngineInfo, make_artifact, write_artifact
from wasmdialect.object.compiled import CompiledFunction
from wasmdialect.object.link import MACHINES, LinkError, link
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure

UNIT_BYTES = 16 * 1024
"""Bytes of function bodies in a unit, unless one function has more: enough to spread LLVM's fixed cost
of a module, few enough that a unit that kills its worker costs little."""

Progress = Callable[[int, int], None]
"""Called with the bytes of function bodies that are done and that there are."""


@dataclass
class Compilation:
    """What compiling gives: the artifact's bytes, and what is worth knowing about how."""

    artifact: bytes
    pipeline: str
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Time by stage, summed over workers; `total` is the wall-clock time."""


def compile_module(
    binary: bytes,
    settings: CompileSettings,
    *,
    file: str = "module.wasm",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Compilation:
    """Compile a module. `jobs` 0 compiles in this process, which is for debuggers.

    Raises WasmError for a bad module, PassError for a bad pipeline, PassFailure when a pass fails,
    CompileCrash when LLVM cannot be brought to compile a function.
    """
    started = time.perf_counter()
    session = CompileSession(binary, file, settings)
    run = _Run(session, binary, file, default_jobs() if jobs is None else jobs, progress)
    if session.function_scoped:
        run.compile_units()
    else:
        run.compile_whole()
    try:
        image = link(run.functions, settings.target.elf_machine)
    except LinkError as error:
        raise CompileCrash(f"linking failed: {error}") from None
    info, wasm_data, names = module_info(
        session.plan, session.declarations, guarded=settings.bounds == "guard"
    )
    target = settings.target
    engine = EngineInfo(target.triple, target.cpu, target.features, _setting_values(session))
    machine = MACHINES[target.elf_machine]
    artifact = make_artifact(engine, info, image, wasm_data, names)
    data = write_artifact(artifact, machine.elf_machine, machine.page_size)
    run.seconds["total"] = time.perf_counter() - started
    return Compilation(data, session.pipeline, run.reports, run.seconds)


def _setting_values(session: CompileSession) -> dict[str, Any]:
    settings = session.settings
    return {
        "level": settings.level,
        **asdict(settings.lowering),
        "pipeline": session.pipeline,
    }


class _Run:
    """The units of one compilation and what has come back of them."""

    def __init__(
        self,
        session: CompileSession,
        binary: bytes,
        file: str,
        jobs: int,
        progress: Progress | None,
    ):
        self.session = session
        self.jobs = jobs
        self.progress = progress
        self.open: Request = ("session", binary, file, session.settings.to_plain())
        self.functions: list[CompiledFunction] = []
        self.reports: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}

    # --- function-scoped pipelines: units of functions ---

    def compile_units(self) -> None:
        """Compile every function, some of them at a time, and the trampolines of the types."""
        units = self._units()
        sizes = [sum(self._body_size(i) for i in unit) for unit in units]
        level = self.session.settings.level
        tasks: list[Request] = [
            ("unit", unit, number == 0, level) for number, unit in enumerate(units)
        ]
        done = 0

        def on_result(number: int, result: UnitResult) -> None:
            nonlocal done
            self._collect(result)
            done += sizes[number]
            if self.progress is not None:
                self.progress(done, sum(sizes))

        if self.jobs == 0:
            with relaxed_gc():
                for number, unit in enumerate(units):
                    on_result(
                        number,
                        compile_unit(self.session, unit, signatures=number == 0, level=level),
                    )
            return
        shared_pool(self.jobs).run(
            self.open,
            tasks,
            lambda number, plain: on_result(number, UnitResult.from_plain(plain)),
            lambda number, worker, death: self._retry(units[number], number == 0, worker, death),
        )

    def _units(self) -> list[tuple[int, ...]]:
        """Functions by unit, in order; at level 3 the split is fixed too. The first unit also has
        the trampolines of the function types."""
        units: list[tuple[int, ...]] = []
        unit: list[int] = []
        size = 0
        for function in self.session.module.defined_functions():
            body = self._body_size(function.index)
            if unit and size + body > UNIT_BYTES:
                units.append(tuple(unit))
                unit, size = [], 0
            unit.append(function.index)
            size += body
        units.append(tuple(unit))
        return units

    def _body_size(self, index: int) -> int:
        code = self.session.module.functions[index].code
        return 0 if code is None else len(code.bytes)

    def _retry(
        self, unit: Sequence[int], signatures: bool, worker: Worker, death: WorkerDied
    ) -> Any:
        """A unit killed its worker: compile its functions one by one, the culprit at a lower level."""
        parts: list[tuple[tuple[int, ...], bool]] = [((index,), False) for index in unit]
        if signatures:
            parts.insert(0, ((), True))
        results: list[UnitResult] = []
        fallbacks: list[dict[str, Any]] = []
        for indices, with_signatures in parts:
            for level in self._levels():
                try:
                    plain = worker.ask(("unit", indices, with_signatures, level))
                except WorkerDied as again:
                    worker.restart()
                    worker.ask(self.open)
                    death = again
                else:
                    results.append(UnitResult.from_plain(plain))
                    if indices and level != self.session.settings.level:
                        fallbacks.append(self._fallback(indices[0], level, death))
                    break
            else:
                raise CompileCrash(self._crash_message(indices, death))
        merged = UnitResult([f for result in results for f in result.functions])
        merged.reports = [report for result in results for report in result.reports] + fallbacks
        return merged.to_plain()

    def _levels(self) -> list[Level]:
        """The levels to try, one after the other, for a function that LLVM fails on."""
        wanted = self.session.settings.level
        lower: tuple[Level, ...] = (1, 0)
        return [wanted, *(level for level in lower if level < wanted)]

    def _fallback(self, index: int, level: Level, death: WorkerDied) -> dict[str, Any]:
        """The report of a function that LLVM could compile only at a lower level."""
        return {
            "pass": "llvm",
            "function": self.session.plan.function_symbols[index],
            "function_index": index,
            "kind": "fallback",
            "level": level,
            "reason": str(death),
        }

    def _crash_message(self, indices: Sequence[int], death: WorkerDied) -> str:
        if not indices:
            return f"compiling the trampolines of the function types failed: {death}"
        name = self.session.plan.function_symbols[indices[0]]
        return f"compiling function {indices[0]} ({name}) kills the compiler: {death}"

    # --- other pipelines: the whole module here, then pieces of LLVM IR ---

    def compile_whole(self) -> None:
        """Run all passes over the whole module in this process, then compile its functions."""
        take_reports()
        with relaxed_gc():
            module = self.session.import_everything()
            try:
                self.session.run_passes(module)
            except PassFailure as failure:
                again = self.session.import_everything()
                raise self.session.reproduce(failure, again) from failure.__cause__
            text = emit_llvm(module)
        self.reports += [report.to_plain() for report in take_reports()]
        settings = self.session.settings
        if self.jobs == 0:
            self._collect(compile_text(text, settings.target, settings.level))
            return
        shared_pool(self.jobs).run(
            self.open,
            [("text", text, asdict(settings.target), settings.level)],
            lambda _, plain: self._collect(UnitResult.from_plain(plain)),
            self._whole_failed,
        )

    def _whole_failed(self, number: int, worker: Worker, death: WorkerDied) -> Any:
        raise CompileCrash(f"compiling the module as a whole kills the compiler: {death}")

    def _collect(self, result: UnitResult) -> None:
        self.functions += result.functions
        self.reports += result.reports
        for stage, seconds in result.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
