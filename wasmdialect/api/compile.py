"""From the API to the compiler, with the cache that a Config asks for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

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
from wasmdialect.runtime.lazy import LazyModule
from wasmdialect.runtime.module import LoadedCode, LoadedModule, load_bytes


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


def load_compiled(
    compiled: Compilation | LazyCompiler,
    config: Config,
    announce: Callable[[LoadedModule, LoadedCode], None] | None = None,
) -> LoadedModule:
    """The module in memory. `announce` is called with all its code, when there is some. Raises
    ArtifactError, MemoryError."""
    if isinstance(compiled, LazyCompiler):
        artifact, size = compiled.artifact, compiled.body_bytes
        return LazyModule(artifact, config, compiled, size, announce)
    module = load_bytes(compiled.artifact)
    if announce is not None:
        announce(module, module.code[0])
    return module


_log = logging.getLogger("wasmdialect")
