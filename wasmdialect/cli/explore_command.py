"""`wasmdialect explore`: functions at every stage, as a page for a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from wasmdialect._printable import printable
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import ModuleInput, locate, read_bytes, to_source
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.output import write_output
from wasmdialect.cli.progress import compile_progress
from wasmdialect.object.artifact import is_artifact

if TYPE_CHECKING:
    from wasmdialect._settings import Config
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.explore.content import Opened


@click.command("explore")
@click.argument("file")
@click.option("-o", "output", metavar="OUT", help="The page (default: NAME.html).")
@click.option(
    "--func",
    "functions",
    multiple=True,
    metavar="NAME",
    help="A function by its export, name or index (default: exported and large ones). Repeatable.",
)
@click.option("--all", "takes_all", is_flag=True, help="All functions.")
@click.option(
    "--counters", metavar="FILE", help="Show these counts: what `run --counters` printed."
)
@click.option(
    "--serve", is_flag=True, help="Serve the page instead, and reload it when a file changes."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="For --serve (0: any).")
@compile_options
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Write a page that shows functions of FILE at every stage: text, wasmir, the IR after each pass,
    LLVM IR, assembly. Lines are linked by the instruction they come from, and the changes of each pass
    are marked.

    \b
    wasmdialect explore fib.wat
    wasmdialect explore prog.wasm --func sha256 --load mine.py --at wasmir-end=my-pass
    wasmdialect explore prog.wasm --serve --load mine.py --at wasmir-end=my-pass
    """
    finish(lambda: explore(**options), debug=debug)


def explore(
    file: str,
    output: str | None,
    functions: Sequence[str],
    takes_all: bool,
    counters: str | None,
    serve: bool,
    port: int,
    reports: str | None,
    **options: Any,
) -> int:
    """Write the page, or serve it; returns the exit code."""
    config = to_config(options)
    if functions and takes_all:
        raise UsageError("--all takes all functions: leave out --func")
    counts = None if counters is None else _read_counters(counters)
    opened = partial(_open, file, config, functions, counts)
    if port and not serve:
        raise UsageError("--port is for --serve")
    if serve:
        if output is not None or takes_all or reports is not None:
            raise UsageError("--serve writes nothing: leave out -o, --all and --reports")
        return _serve(lambda: opened()[0], (file, *config.load), port)
    target, page, reported = _build(*opened(), takes_all=takes_all)
    target = output or target
    write_output(target, page.encode())
    if reports is not None:
        write_output(reports, "".join(f"{json.dumps(each)}\n" for each in reported).encode())
    if target != "-":
        print(target)
    return 0


def _open(
    file: str, config: Config, functions: Sequence[str], counts: Mapping[str, int] | None
) -> tuple[Opened, ModuleInput]:
    """Read a module and its passes."""
    from wasmdialect.codegen.printed import printing_to_errors
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.explore.content import Opened, module_content
    from wasmdialect.wasm.errors import WasmError

    data = read_bytes(file)
    if is_artifact(data[:64]):
        raise UsageError(f"{printable(file)} is an artifact, which has no IR")
    module = to_source(data, Path(file).name, config.features)
    try:
        with printing_to_errors():
            session = CompileSession(module.binary, module.file, CompileSettings.of(config))
        asked = [*dict.fromkeys(find_function(session, name) for name in functions)]
        content = module_content(session, len(data), asked, counts)
    except WasmError as error:
        raise locate(error, module) from None
    return Opened(session, module.binary, content), module


def _build(
    opened: Opened, module: ModuleInput, *, takes_all: bool
) -> tuple[str, str, list[dict[str, Any]]]:
    """The name of the page, the page, and what passes reported."""
    from wasmdialect.codegen.listing import ListedFunction, listed_functions
    from wasmdialect.explore.content import function_content, summary
    from wasmdialect.explore.page import page
    from wasmdialect.explore.selection import select
    from wasmdialect.wasm.errors import WasmError

    session = opened.session
    contents: dict[int, dict[str, Any]] = {}
    reports: list[dict[str, Any]] = []

    def take(listed: ListedFunction) -> None:
        contents[listed.index] = function_content(listed)
        reports.extend(listed.reports)
        if progress is not None:
            progress(len(contents), len(indices))

    asked, functions = opened.content["asked"], opened.content["functions"]
    indices = asked or ([*session.source.body_sizes] if takes_all else select(functions))
    try:
        with compile_progress(module.file) as progress:
            listed_functions(session, module.binary, indices, take)
    except WasmError as error:
        raise locate(error, module) from None
    ordered = {index: contents[index] for index in sorted(contents)}
    for index, content in ordered.items():
        functions[index] |= summary(content)
    name = session.source.name_of(asked[0]) if len(asked) == 1 else Path(module.file).stem
    return f"{_file_name(name)}.html", page(opened.content, ordered), reports


def _serve(opened: Callable[[], Opened], files: Sequence[str], port: int) -> int:
    """Serve the page until Ctrl-C."""
    from wasmdialect.cli.errors import describe
    from wasmdialect.explore.server import Project, serve

    def in_words(error: BaseException) -> str:
        described = describe(error)
        return f"{type(error).__name__}: {error}" if described is None else described[0]

    if files[0] == "-":
        raise UsageError("--serve reads the module again when it changes: give a file")
    project = Project(opened, in_words, files)
    try:
        serve(project, port, lambda address: print(f"{address} (Ctrl-C ends it)", flush=True))
    except OSError as error:
        raise UsageError(f"port {port} cannot be served: {error.strerror}") from None
    return 0


def _file_name(name: str) -> str:
    """A name without what means something to shells and file systems."""
    return re.sub(r"[^\w.+-]+", "_", name).lstrip(".-")[:100] or "functions"


def _read_counters(path: str) -> dict[str, int]:
    """The counters of a run. Raises UsageError."""
    try:
        found: Any = json.loads(read_bytes(path))
    except ValueError as error:
        raise UsageError(f"{printable(path)} is not JSON: {error}") from None
    counts = cast(dict[str, Any], found) if isinstance(found, dict) else None
    if counts is None or not all(type(count) is int for count in counts.values()):
        raise UsageError(
            f"{printable(path)} holds no counters: `run --counters` prints an object with numbers"
        )
    return counts


def find_function(session: CompileSession, wanted: str) -> int:
    """The index of a defined function by its export, its name or its index. Raises UsageError."""
    from wasmdialect.codegen import inspection

    try:
        index = inspection.find_function(session.source, wanted)
    except LookupError as error:
        raise UsageError(str(error.args[0])) from None
    if index not in session.source.body_sizes:
        raise UsageError(f"{printable(wanted)} is imported: it has no body")
    return index
