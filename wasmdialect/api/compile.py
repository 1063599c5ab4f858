"""From the API to the compiler: the settings of a Config, and the cache it asks for."""

from __future__ import annotations

import math
import os
import warnings
from functools import cache

from wasmdialect.api.config import Config
from wasmdialect.codegen.compiler import Compilation, Progress, compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import DirectoryStore, Store, default_directory
from wasmdialect.codegen.target import parse_target
from wasmdialect.codegen.trusted_path import UntrustedPathError
from wasmdialect.object.link import LinkOptions
from wasmdialect.runtime.errors import WasmtimeError


def compile_settings(config: Config) -> CompileSettings:
    """The compiler's settings of a Config. Raises TargetError, and WasmtimeError for a bad value."""
    if not 0 <= config.function_budget < 1 << 64:
        raise WasmtimeError(
            f"function_budget is {config.function_budget}: not a number of characters"
        )
    timeout = config.compile_timeout
    if timeout is not None and not 0 < timeout < math.inf:
        raise WasmtimeError(f"compile_timeout is {timeout}: it is a time in seconds, or None")
    return CompileSettings(
        target=parse_target(config.target),
        level=config.opt_level,
        bounds=config.bounds,
        traps=config.traps,
        debug_checks=config.debug_checks,
        fuel=config.consume_fuel,
        epochs=config.epoch_interruption,
        branch_protection=config.branch_protection,
        link=LinkOptions(
            padding=config.padding,
            force_veneers=config.force_veneers,
            function_alignment=config.function_alignment,
            shuffle_seed=config.shuffle_layout,
            address_map=config.generate_address_map,
            unwind_info=config.unwind_info,
        ),
        pipeline=config.pipeline,
        at=dict(config.at),
        load=tuple(map(os.fspath, config.load)),
        verify=config.verify,
        function_budget=config.function_budget,
        compile_timeout=timeout,
    )


def cache_store(config: Config) -> Store | None:
    """The store of the incremental cache, None if it is off. Raises OSError if there is no place for it
    in a directory that was asked for, or it is not the user's alone; without a place in the user's own,
    nothing is kept."""
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
    """Compile a binary module. Raises WasmError for a bad module, what is wrong with a pass or a
    pipeline, and OSError if there is no place for the cache."""
    return compile_module(
        wasm,
        compile_settings(config),
        file=file,
        jobs=config.jobs,
        store=cache_store(config),
        progress=progress,
    )
