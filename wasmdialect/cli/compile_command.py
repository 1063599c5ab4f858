"""`wasmdialect compile`: a module to an artifact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.loading import compile_file
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.output import write_output
from wasmdialect.object.artifact import is_artifact


@click.command("compile")
@click.argument("file")
@click.option("-o", "output", metavar="OUT", help="The artifact (default: FILE with .cwasm).")
@click.option("--target", metavar="TRIPLE", help="Compile for this target, not this machine.")
@click.option("--time", "show_times", is_flag=True, help="Print where the time went.")
@compile_options
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Compile FILE (.wasm or .wat) to an artifact that `run` maps and starts at once.

    \b
    wasmdialect compile prog.wasm -o prog.cwasm
    wasmdialect compile prog.wasm --load mine.py --at wasmir-end=my-pass
    """
    finish(lambda: compile_(**options), debug=debug)


def compile_(
    file: str,
    output: str | None,
    target: str | None,
    show_times: bool,
    reports: str | None,
    **options: Any,
) -> int:
    """Compile a file; returns the exit code."""
    config = to_config(options, target)
    if output is None:
        if file == "-":
            raise UsageError("-o OUT is needed when the module comes from standard input")
        output = str(Path(file).with_suffix(".cwasm"))
    data = read_bytes(file)
    if is_artifact(data[:64]):
        raise UsageError(f"{file} is an artifact already")
    compiled = compile_file(data, file, config, reports)
    write_output(output, compiled.artifact)
    if show_times:
        for stage, seconds in compiled.seconds.items():
            print(f"{stage:>10} {seconds:8.3f} s", file=sys.stderr)
    return 0
