"""The variants of `wasmdialect bench`: what `--a` and `--b` say, over the options that both share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from wasmdialect._settings import CODE, LAYOUT, SETTINGS
from wasmdialect.bench.variant import Variant
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.options import compile_options, to_config

POINT = "wasmir-end"
"""Where a pipeline is added that names no point."""
_AT = re.compile(r"(wasmir-start|wasmir-end|wasmvm-end|llvm-end)=")
_OF_B = ("pipeline", "at")
"""What A does not have, unless `--a` says so."""
_NATIVE = {row.name for row in SETTINGS if row.group in (CODE, LAYOUT)} | {"cpu"}
"""Settings that decide nothing but our own machine code."""


def engine_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--engine`."""
    return click.option(
        "--engine",
        type=click.Choice(["ours", "wasmtime", "v8"]),
        default="ours",
        show_default=True,
        help="What runs the variants. Others get them as WebAssembly, after the passes over wasmir.",
    )(function)


@click.command(add_help_option=False)
@engine_option
@compile_options
def _options(**_: Any) -> None:
    """What the text of a variant may have, if it starts with a dash."""


def read_variant(
    option: str, text: str | None, shared: dict[str, Any], given: set[str], *, is_b: bool
) -> Variant:
    """The variant of `--a` or `--b`: a pipeline, POINT=PIPELINE, or options, over those that both
    share, of which some were given. Raises UsageError."""
    values = dict(shared)
    words: list[str] = []
    if not is_b:
        values |= {"pipeline": None, "at": ()}
        given = given - {*_OF_B}
    else:
        words += [f"-p {values['pipeline']}"] if values["pipeline"] else []
        words += [f"--at {text}" for text in values["at"]]
    if text and text.startswith("-"):
        own = _read_options(option, text)
        values |= own
        given = given | {*own}
    elif text:
        values["at"] = (*values["at"], text if _AT.match(text) else f"{POINT}={text}")
    words += [text] if text else []
    engine = values.pop("engine")
    useless = sorted(given & _NATIVE)
    if engine != "ours" and useless:
        name = next(row.option for row in SETTINGS if row.name == useless[0])
        raise UsageError(f"{name} has no effect on {engine}, which makes its own machine code")
    return Variant(to_config(values), engine, " ".join(words))


def _read_options(option: str, text: str) -> dict[str, Any]:
    """The options in a text that are given there."""
    try:
        context = _options.make_context(option, shlex.split(text))
    except (click.ClickException, ValueError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        raise UsageError(f"{option} {text!r}: {message}") from None
    return {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
