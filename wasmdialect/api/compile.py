"""From the API to the compiler: the settings of a Config."""

from __future__ import annotations

from wasmdialect.api.config import Config
from wasmdialect.codegen.compiler import Compilation, Progress, compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target


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
    """Compile a binary module. Raises WasmError for a bad module, and what is wrong with a pass or a
    pipeline."""
    return compile_module(
        wasm, compile_settings(config), file=file, jobs=config.jobs, progress=progress
    )
