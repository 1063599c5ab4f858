"""From the API to the compiler, with the cache that a Config asks for."""

from __future__ import annotations

import logging
import time

from wasmdialect.api.cached import cache_store
from wasmdialect.api.config import Config
from wasmdialect.codegen.compiler import (
    Compilation,
    Progress,
    compile_module,
    compile_run,
    start_run,
)
from wasmdialect.codegen.lazy import LazyCompiler, open_lazily
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.settings import CompileSettings


def compile_wasm(
    config: Config, wasm: bytes, file: str, progress: Progress | None = None
) -> Compilation:
    """Compile a binary module. Raises WasmError for a bad module, the errors of passes and
    pipelines, and OSError if the cache has no usable directory."""
    return compile_module(
        wasm,
        CompileSettings.of(config),
        file=file,
        jobs=config.jobs,
        store=cache_store(config),
        progress=progress,
    )


def compile_to_run(
    config: Config, wasm: bytes, file: str, progress: Progress | None = None
) -> Compilation | LazyCompiler:
    """Compile a binary module that is run at once, lazily if possible. Raises what `compile_wasm`
    raises."""
    started = time.perf_counter()
    settings = CompileSettings.of(config)
    run = start_run(wasm, settings, file, config.jobs, cache_store(config), progress)
    return open_or_compile(run, started)


def open_or_compile(run: Run, started: float) -> Compilation | LazyCompiler:
    """What compiles a module lazily, or the compiled module if it has to be, or is to be, compiled as a
    whole; the log says why. Raises what `compile_wasm` raises."""
    wanted = run.settings.config.compilation
    if wanted != "eager":
        compiler = open_lazily(run, is_wanted=wanted == "lazy")
        if isinstance(compiler, LazyCompiler):
            return compiler
        _log.info("%s is compiled as a whole: %s", run.file, compiler)
    return compile_run(run, started)


_log = logging.getLogger("wasmdialect")
