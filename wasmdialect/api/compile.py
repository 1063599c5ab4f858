"""From the API to the compiler, with the cache that a Config asks for."""

from __future__ import annotations

import logging
import os
import time
import warnings
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
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import DirectoryStore, Store, default_directory
from wasmdialect.codegen.trusted_path import UntrustedPathError


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
    if config.compilation == "eager":
        return compile_wasm(config, wasm, file, progress)
    started = time.perf_counter()
    settings = CompileSettings.of(config)
    run = start_run(wasm, settings, file, config.jobs, cache_store(config), progress)
    compiler = open_lazily(run, is_wanted=config.compilation == "lazy")
    if isinstance(compiler, LazyCompiler):
        return compiler
    _log.info("%s is compiled as a whole: %s", file, compiler)
    return compile_run(run, started)


_log = logging.getLogger("wasmdialect")
