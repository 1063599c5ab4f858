"""From the API to the compiler: settings of a Config, and errors as WasmtimeError."""

from __future__ import annotations

from wasmdialect.api.config import Config
from wasmdialect.codegen.compiler import Compilation, Progress, compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.wasm.errors import WasmError


def compile_settings(config: Config) -> CompileSettings:
    """The compiler's settings of a Config. Raises TargetError."""
    return CompileSettings(
        target=parse_target(config.target),
        level=config.opt_level,
        bounds=config.bounds,
        traps=config.traps,
        debug_checks=config.debug_checks,
        pipeline=config.pipeline,
        at=dict(config.at),
        load=tuple(config.load),
        verify=config.verify,
    )


def compile_wasm(
    config: Config, wasm: bytes, file: str, progress: Progress | None = None
) -> Compilation:
    """Compile a binary module. Raises WasmtimeError for a bad module; what is wrong with a pass or a
    pipeline comes out as it is."""
    try:
        return compile_module(
            wasm, compile_settings(config), file=file, jobs=config.jobs, progress=progress
        )
    except WasmError as error:
        raise WasmtimeError(str(error)) from error
