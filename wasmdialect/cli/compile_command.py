"""`wasmdialect compile`: a module to an artifact, or to an object for machines without artifacts."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._printable import printable
from wasmdialect._settings import COMPILE
from wasmdialect.api.config import Config
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import locate, read_bytes, to_source
from wasmdialect.cli.loading import compile_file
from wasmdialect.cli.options import (
    DEBUG_OPTION,
    compile_options,
    finish,
    setting_options,
    to_config,
)
from wasmdialect.cli.output import write_output
from wasmdialect.cli.streams import say
from wasmdialect.object.artifact import is_artifact

if TYPE_CHECKING:
    from wasmdialect.codegen.stages import Stage


@click.command("compile")
@click.argument("file")
@click.option("-o", "output", metavar="OUT", help="The artifact (default: FILE with .cwasm).")
@click.option("--time", "show_times", is_flag=True, help="Print where the time went.")
@click.option(
    "--log", metavar="FILE", help="Write size and time of each function, one JSON object a line."
)
@click.option(
    "--emit-ir",
    metavar="DIR",
    help="Write each function at every stage into this folder too, one file a stage.",
)
@click.option("--func", "only", metavar="NAME", help="--emit-ir for this function only.")
@setting_options(COMPILE)
@compile_options
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Compile FILE (.wasm, .wat, or .mlir at any stage) to an artifact that `run` maps and starts at
    once.

    \b
    wasmdialect compile prog.wasm -o prog.cwasm
    wasmdialect compile prog.wasm --load mine.py --at wasmir-end=my-pass
    wasmdialect compile prog.wasm --emit-ir stages --func main
    """
    finish(lambda: compile_(**options), debug=debug)


def compile_(
    file: str,
    output: str | None,
    show_times: bool,
    log: str | None,
    emit_ir: str | None,
    only: str | None,
    reports: str | None,
    **options: Any,
) -> int:
    """Compile a file; returns the exit code."""
    config = to_config(options)
    if config.cpu is None:
        config.cpu = "base"  # the artifact may run elsewhere
    if only is not None and emit_ir is None:
        raise UsageError("--func says which function --emit-ir is for")
    data = read_bytes(file)
    if is_artifact(data[:64]):
        raise UsageError(f"{printable(file)} is an artifact already")
    linkable = _is_linkable(config)
    if output is None:
        if file == "-":
            raise UsageError("-o OUT is needed when the module comes from standard input")
        output = str(Path(file).with_suffix(".cwasm" if linkable else ".o"))
    if emit_ir is not None:
        _write_stages(data, file, config, Path(emit_ir), only)
    if not linkable:
        write_output(output, _compile_object(data, file, config))
        return 0
    compiled = compile_file(data, file, config, reports)
    write_output(output, compiled.artifact)
    if log is not None:
        lines = "".join(f"{json.dumps(asdict(row))}\n" for row in compiled.log)
        write_output(log, lines.encode())
    if show_times:
        for stage, seconds in compiled.seconds.items():
            say(f"{stage:>10} {seconds:8.3f} s")
        say(f"{'cache':>10} {compiled.cache}")
    return 0


def _is_linkable(config: Config) -> bool:
    """Whether there are artifacts for the target."""
    from wasmdialect.codegen.target import parse_target
    from wasmdialect.object.image import MACHINES

    return parse_target(config.target, config.cpu).elf_machine in MACHINES


def _compile_object(data: bytes, file: str, config: Config) -> bytes:
    from wasmdialect.codegen.objects import compile_to_object
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.wasm.errors import WasmError

    module = to_source(data, Path(file).name, config.features)
    try:
        return compile_to_object(module.binary, module.file, CompileSettings.of(config))
    except WasmError as error:
        raise locate(error, module) from None


def _write_stages(data: bytes, file: str, config: Config, folder: Path, only: str | None) -> None:
    """A folder for each function, with a file for each stage."""
    from wasmdialect.cli.explore_command import find_function
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.codegen.stages import function_stages
    from wasmdialect.wasm.errors import WasmError

    module = to_source(data, Path(file).name, config.features)
    settings = CompileSettings.of(config)

    def write(index: int, stages: list[Stage]) -> None:
        place = folder / f"{index:05}-{symbols[index]}"
        place.mkdir(parents=True, exist_ok=True)
        for number, stage in enumerate(stages):
            name = re.sub(r"[^A-Za-z0-9]+", "-", stage.title).strip("-")
            text = stage.text.rstrip("\n") + "\n"
            write_output(str(place / f"{number:02}-{name}.{stage.extension}"), text.encode())

    try:
        session = CompileSession(module.binary, module.file, settings)
        symbols = [op.sym_name.data for op in session.source.declared.functions]
        defined = [*session.source.body_sizes]
        if only is not None:
            defined = [find_function(session, only)]
        function_stages(module.binary, module.file, settings, defined, write, config.jobs)
    except WasmError as error:
        raise locate(error, module) from None
