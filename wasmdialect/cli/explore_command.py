"""`wasmdialect explore`: one function at every stage, as a page for a browser."""

from __future__ import annotations

import html
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._printable import printable
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import locate, read_bytes, to_source
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.output import write_output

if TYPE_CHECKING:
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.stages import Stage


@click.command("explore")
@click.argument("file")
@click.option(
    "--func", "function", required=True, metavar="NAME", help="The function, or its index."
)
@click.option("-o", "output", metavar="OUT", help="The page (default: NAME.html).")
@compile_options
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Write a page that shows one function of FILE at every stage: text, wasmir, the IR after each
    pass, LLVM IR before and after LLVM's passes, assembly. The changes of each pass are marked.

    \b
    wasmdialect explore fib.wat --func fib
    wasmdialect explore prog.wasm --func 7 --load mine.py --at wasmir-end=my-pass
    """
    finish(lambda: explore(**options), debug=debug)


def explore(
    file: str, function: str, output: str | None, reports: str | None, **options: Any
) -> int:
    """Write the page; returns the exit code."""
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.codegen.stages import function_stages
    from wasmdialect.wasm.errors import WasmError

    config = to_config(options)
    module = to_source(read_bytes(file), Path(file).name, config.features)
    try:
        session = CompileSession(module.binary, module.file, CompileSettings.of(config))
        index = find_function(session, function)
        stages: list[Stage] = []
        function_stages(
            module.binary,
            module.file,
            session.settings,
            [index],
            lambda _, found: stages.extend(found),
        )
    except WasmError as error:
        raise locate(error, module) from None
    name = session.source.name_of(index)
    target = output or f"{name}.html"
    write_output(target, page(f"{name} in {module.file}", stages).encode())
    if target != "-":
        print(target)
    return 0


def find_function(session: CompileSession, wanted: str) -> int:
    """The index of a defined function by its name, an export, or its index. Raises UsageError."""
    from wasmdialect.codegen import inspection

    try:
        index = inspection.find_function(session.source, wanted)
    except LookupError as error:
        raise UsageError(str(error.args[0])) from None
    if index not in session.source.body_sizes:
        raise UsageError(f"{printable(wanted)} is imported: it has no body")
    return index


_STYLE = """
body { font: 14px sans-serif; margin: 0; display: flex; height: 100vh }
nav { width: 17em; padding: 1em; background: #eee; overflow: auto; flex: none }
nav a { display: block; padding: .3em; color: inherit; text-decoration: none; overflow-wrap: anywhere }
main { overflow: auto; padding: 0 1em; flex: 1 }
pre { line-height: 1.35; tab-size: 4 }
.new { background: #d8f3dc } .gone { background: #fde2e4; text-decoration: line-through }
@media (prefers-color-scheme: dark) {
  body { background: #1b1b1b; color: #ddd } nav { background: #2a2a2a }
  .new { background: #1e4620 } .gone { background: #5c2328 }
}
"""


def page(title: str, stages: list[Stage]) -> str:
    """An HTML page that needs nothing else."""
    links: list[str] = []
    sections: list[str] = []
    before: Stage | None = None
    for number, stage in enumerate(stages):
        heading = html.escape(stage.title)
        links.append(f'<a href="#s{number}">{heading}</a>')
        body = marked(before.text, stage.text) if before and number > 1 else html.escape(stage.text)
        sections.append(f'<h2 id="s{number}">{heading}</h2>\n<pre>{body}</pre>')
        before = stage
    heading = html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{heading}</title>'
        f"<style>{_STYLE}</style>\n<nav><h1>{heading}</h1>{''.join(links)}</nav>\n"
        f"<main>{''.join(sections)}</main></html>\n"
    )


def marked(before: str, after: str) -> str:
    """The lines of `after` with additions marked, and lines removed from `before` shown in position.
    Two stages with little in common are not compared."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < 0.3:
        return html.escape(after)
    out: list[str] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            out += [html.escape(line) for line in new[j1:j2]]
            continue
        out += [f'<span class="gone">{html.escape(line)}</span>' for line in old[i1:i2]]
        out += [f'<span class="new">{html.escape(line)}</span>' for line in new[j1:j2]]
    return "\n".join(out)
