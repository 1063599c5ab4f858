"""`wasmdialect wast`: run scripts of the WebAssembly test-suite."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from wasmdialect.cli.errors import EXIT_BAD_INPUT, fail
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config


@click.command("wast")
@click.argument("files", nargs=-1, required=True)
@compile_options
@DEBUG_OPTION
def command(files: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Run each of FILES (.wast); print a line `NAME passed/total` for each.

    What fails is named on standard error, and the exit code is then 1.

    \b
    wasmdialect wast i32.wast call.wast -O0 --bounds explicit
    """
    finish(lambda: max(wast(file, options) for file in files), debug=debug)


def wast(file: str, options: dict[str, Any]) -> int:
    """Run a script; returns the exit code. Raises OSError."""
    from wasmdialect.api.compile import compile_settings
    from wasmdialect.api.wast import run_script
    from wasmdialect.wasm.errors import TextError

    config = to_config(options)
    text = read_bytes(file).decode("utf-8", "surrogateescape")
    try:
        result = run_script(
            text, compile_settings(config), 1 if config.jobs is None else config.jobs
        )
    except TextError as error:
        return fail(f"{file}: {error}")
    passed = result.commands - len(result.failures)
    print(f"{Path(file).name} {passed}/{result.commands}")
    for failure in result.failures:
        print(f"{file}:{failure.line}: {failure.message}", file=sys.stderr)
    return EXIT_BAD_INPUT if result.failures else 0
