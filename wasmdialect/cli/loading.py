"""A module for a command: an artifact is loaded, anything else is compiled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdialect.api.cached import CachedModule, find_or_compile
from wasmdialect.api.config import Config, Engine
from wasmdialect.api.module import Module
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.options import given_settings
from wasmdialect.cli.output import write_output
from wasmdialect.cli.pass_builtins import imports_builtins
from wasmdialect.cli.progress import compile_progress
from wasmdialect.cli.streams import say
from wasmdialect.codegen.importing import importing
from wasmdialect.object.artifact import is_artifact, read_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from wasmdialect.codegen.compiler import Compilation
    from wasmdialect.codegen.lazy import LazyCompiler
    from wasmdialect.codegen.run import Progress

    Result = TypeVar("Result", Compilation, Compilation | LazyCompiler)


def load_or_compile(file: str, config: Config, reports: str | None = None) -> Module:
    """The module in a file: artifact, binary or text.

    Raises OSError, WasmError, WasmtimeError, and the errors of passes.
    """
    data = read_bytes(file)
    if is_artifact(data[:64]):
        _take_settings(config, data)
        module = Module.deserialize_file(Engine(config), file)
        if "load" in given_settings() and not imports_builtins(module):
            raise UsageError(f"--load has no effect on an artifact: {_PASSES_HAVE_RUN}")
        return module
    if reports is not None:
        config.compilation = "eager"  # they are about the whole module
    found = find_or_compile(
        config,
        data,
        lambda: _compile_to_run(data, file, config, reports),
        is_ir=file.endswith(".mlir"),
    )
    if isinstance(found, CachedModule):
        _tell(found.reports, reports)
    return Module.from_compilation(Engine(config), found)


_PASSES_HAVE_RUN = "its passes have run"
_DONE = {
    **dict.fromkeys(("pipeline", "at"), _PASSES_HAVE_RUN),
    "features": "its module has been checked",
}
"""Why settings cannot change an artifact."""


def _take_settings(config: Config, data: bytes) -> None:
    """Settings that the command line does not name are those the artifact was compiled with."""
    given = given_settings()
    for name, reason in _DONE.items():
        if name in given:
            raise UsageError(f"--{name} has no effect on an artifact: {reason}")
    for name, value in read_engine(data).settings.items():
        if name not in given:
            setattr(config, name, value)


def _compile_to_run(
    data: bytes, file: str, config: Config, reports: str | None
) -> Compilation | LazyCompiler:
    if reports is not None:
        return compile_file(data, file, config, reports)
    with importing:
        from wasmdialect.api.compile import compile_to_run
    compiled = _compiled(data, file, config, compile_to_run)
    _tell(compiled.reports, None)
    from wasmdialect.codegen.lazy import LazyCompiler

    if isinstance(compiled, LazyCompiler):
        compiled.on_report = _warn
    return compiled


def compile_file(data: bytes, file: str, config: Config, reports: str | None = None) -> Compilation:
    """Compile a binary or text module; errors of text name line and column."""
    with importing:
        from wasmdialect.api.compile import compile_wasm
    compiled = _compiled(data, file, config, compile_wasm)
    _tell(compiled.reports, reports)
    return compiled


def _compiled(
    data: bytes,
    file: str,
    config: Config,
    compile_: Callable[[Config, bytes, str, Progress | None], Result],
) -> Result:
    from wasmdialect.cli.inputs import locate, to_source
    from wasmdialect.wasm.errors import WasmError

    module = to_source(data, Path(file).name, config.features)
    try:
        with compile_progress(module.file) as progress:
            compiled = compile_(config, module.binary, module.file, progress)
    except WasmError as error:
        raise locate(error, module) from None
    return compiled


def _tell(reports: list[dict[str, Any]], file: str | None) -> None:
    """Warn of functions that are compiled at a lower level, and write reports to a file."""
    for report in reports:
        _warn(report)
    if file is not None:
        lines = "".join(f"{json.dumps(report)}\n" for report in reports)
        write_output(file, lines.encode())


def _warn(report: dict[str, Any]) -> None:
    """Say that a function was compiled at a lower level, if the report does."""
    if report["kind"] == "fallback":
        what = f"{report['function']} is compiled at -O{report['level']}: {report['reason']}"
        say(f"warning: {what}")
