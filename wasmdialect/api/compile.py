"""From the API to the compiler, with the cache that a Config asks for."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable
from functools import cache

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
from wasmdialect.codegen.store import DirectoryStore, Store, default_directory
from wasmdialect.codegen.trusted_path import UntrustedPathError
from wasmdialect.runtime.lazy import LazyModule
from wasmdialect.runtime.module import LoadedCode, LoadedModule, load_bytes


def cache_store(config: Config) -> Store | None:
    """The store of the incremental cache, None if it is off. Raises OSError if a requested
    directory cannot hold it, or is not the user's alone; if the user's own cannot, nothing is
    cached."""
    wanted = config.cache
    if wanted is False:
        return None
    if wanted is True:
        try:
            return _own_store(str(default_directory()))
        except RuntimeError:  # nobody's home
            return None
    if isinstance(wanted, str | os.PathLike):
        return _directory_store(os.fspath(wanted))
    return wanted


@cache
def _own_store(path: str) -> Store | None:
    """The user's own store, None if there can be none."""
    try:
        return _directory_store(path)
    except UntrustedPathError as error:
        reason = f"{error.filename} {error.strerror}"
        warnings.warn(f"compiling without the cache: {reason}", RuntimeWarning, stacklevel=2)
    except OSError:  # read-only
        pass
    return None


@cache
def _directory_store(path: str) -> Store:
    return DirectoryStore(path)


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
