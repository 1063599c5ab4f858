"""Compiling a module: decode, compile the functions missing from the cache, link, write the
artifact."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wasmdialect.codegen.cache import CacheStatistics
from wasmdialect.codegen.crashes import CompileCrash
from wasmdialect.codegen.digests import tool_versions
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.importing import importing
from wasmdialect.codegen.module_entry import ModuleEntry
from wasmdialect.codegen.plain_session import PlainSession, is_plain
from wasmdialect.codegen.pool import default_jobs
from wasmdialect.codegen.run import FunctionLog, Progress, Run
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import Store
from wasmdialect.object.artifact import EngineInfo, read_checksum
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.object.link import PlacementError, link
from wasmdialect.object.provenance import Provenance
from wasmdialect.object.write import make_artifact, write_artifact


@dataclass
class Compilation:
    """The result of a compilation: the artifact's bytes, and facts about the compilation."""

    artifact: bytes
    pipeline: str
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Time by stage, summed over workers; `total` is the wall-clock time."""
    log: list[FunctionLog] = field(default_factory=list[FunctionLog])
    """Each function and trampoline: size, time, whether it came from the cache."""
    cache: CacheStatistics = field(default_factory=CacheStatistics)
    entry: ModuleEntry | None = None
    """What the cache keeps of the module beside its artifact, None if it cannot keep it."""


def compile_module(
    binary: bytes,
    settings: CompileSettings,
    *,
    file: str = "module.wasm",
    jobs: int | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Compilation:
    """Compile a module: the binary of Wasm, or the text of IR at any stage. `jobs` 0 compiles in this
    process, which is for debuggers; `store` holds the incremental cache.

    Raises WasmError for a bad module, PassError for a bad pipeline, PassFailure when a pass fails,
    CompileCrash when LLVM cannot compile a function at any level, WorkerUnavailableError when there
    are no workers.
    """
    started = time.perf_counter()
    return compile_run(start_run(binary, settings, file, jobs, store, progress), started)


def start_run(
    binary: bytes,
    settings: CompileSettings,
    file: str,
    jobs: int | None,
    store: Store | None,
    progress: Progress | None = None,
) -> Run:
    """A compilation of which nothing but the declarations has been read. The parameters are those of
    `compile_module`. Raises WasmError, PassError, PassFailure."""
    jobs = default_jobs() if jobs is None else jobs
    if jobs > 0 and is_plain(binary, settings.config):
        with relaxed_gc():
            return Run(PlainSession(binary, settings), binary, file, jobs, store, progress)
    with importing:
        from wasmdialect.codegen.printed import printing_to_errors
        from wasmdialect.codegen.run_here import RunHere
        from wasmdialect.codegen.session import CompileSession
    with relaxed_gc(), printing_to_errors() as output:
        session = CompileSession(binary, file, settings)
    run = RunHere(session, binary, file, jobs, store, progress)
    run.note_set_up("".join(text for _, text in output.take()))
    return run


def compile_run(run: Run, started: float) -> Compilation:
    """Compile everything and link it. Raises what `compile_module` raises."""
    session = run.session
    run.compile()
    linking = time.perf_counter()
    data = link_run(run, run.functions)
    done = time.perf_counter()
    run.seconds["link"] = done - linking
    run.seconds["total"] = done - started
    # Workers finish in any order; the order of functions is the module's.
    reports = sorted(run.reports, key=lambda report: report["function_index"])
    entry = None
    if run.is_repeatable:
        checksum = read_checksum(data)
        entry = ModuleEntry(checksum, session.pipeline, reports, run.printed, run.pass_inputs)
    return Compilation(data, session.pipeline, reports, run.seconds, run.log, run.cache, entry)


def link_run(run: Run, functions: Iterable[NamedFunction]) -> bytes:
    """The artifact of all functions of a run. Raises CompileCrash."""
    settings, target = run.settings, run.settings.target
    try:
        image = link(functions, target.elf_machine, settings.config)
    except PlacementError as error:
        raise CompileCrash(f"linking failed: {error}") from None
    assert run.description is not None
    info, wasm_data, names = run.description
    engine, provenance = describe_compiler(run)
    artifact = make_artifact(engine, info, image, wasm_data, names, provenance)
    artifact.branch_protection = settings.config.branch_protection
    return write_artifact(artifact, image.machine.page_size)


def describe_compiler(run: Run) -> tuple[EngineInfo, Provenance]:
    """What an artifact says about how it was compiled."""
    settings, target = run.settings, run.settings.target
    engine = EngineInfo(
        target.triple,
        target.cpu,
        target.features,
        settings.for_artifact(),
        [vars(p) for p in run.session.provenance()],
    )
    return engine, Provenance.of(run.binary, tool_versions())
