"""`wasmdialect wast`: run scripts of the WebAssembly test-suite."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._printable import printable
from wasmdialect._settings import WAST
from wasmdialect.cli.errors import EXIT_BAD_INPUT, fail
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.options import (
    DEBUG_OPTION,
    compile_options,
    finish,
    setting_options,
    to_config,
)
from wasmdialect.cli.streams import say

if TYPE_CHECKING:
    from wasmdialect.wasm.wast_check import ScriptResult


@click.command("wast")
@click.argument("files", nargs=-1, required=True)
@setting_options(WAST)
@compile_options
@click.option(
    "--validate-only",
    is_flag=True,
    help="Decode, validate and reject modules as the scripts say, but run nothing.",
)
@DEBUG_OPTION
def command(
    files: tuple[str, ...],
    validate_only: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Run each of FILES (.wast); print a line `NAME passed/total` for each.

    Failures are named on standard error, and the exit code is then 1.

    \b
    wasmdialect wast i32.wast call.wast -O0 --bounds explicit
    wasmdialect wast --validate-only --features threads atomic.wast
    """
    check = partial(_check if validate_only else _run, options=options)
    finish(lambda: max(wast(file, check) for file in files), debug=debug)


def _check(text: str, options: dict[str, Any]) -> ScriptResult:
    from wasmdialect.wasm.features import parse_features
    from wasmdialect.wasm.wast_check import check_script

    return check_script(text, parse_features(options["features"]))


def _run(text: str, options: dict[str, Any]) -> ScriptResult:
    from wasmdialect.api.wast import run_script
    from wasmdialect.codegen.settings import CompileSettings

    config = to_config(options)
    return run_script(text, CompileSettings.of(config), 1 if config.jobs is None else config.jobs)


def wast(file: str, check: Callable[[str], ScriptResult]) -> int:
    """Run or check a script; returns the exit code. Raises OSError."""
    from wasmdialect.wasm.errors import TextError

    text = read_bytes(file).decode("utf-8", "surrogateescape")
    try:
        result = check(text)
    except TextError as error:
        return fail(f"{printable(file)}: {error.in_context()}")
    passed = result.commands - len(result.failures)
    print(f"{printable(Path(file).name)} {passed}/{result.commands}")
    for failure in result.failures:
        say(f"{printable(file)}:{failure.line}: {failure.message}")
    return EXIT_BAD_INPUT if result.failures else 0
