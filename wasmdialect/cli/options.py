"""Options of several subcommands, above all those of settings, and the Config made from them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from wasmdialect._forms import (
    FormError,
    Integer,
    OneOf,
    OrNone,
    PowerOfTwo,
    Seconds,
    boolean,
    paths,
    texts,
)
from wasmdialect._settings import (
    COMPILING,
    SETTING_OF,
    SETTINGS,
    Config,
    Setting,
    cache_place,
    feature_list,
)
from wasmdialect.cli.errors import UsageError, guarded
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.points import parse_points

_F = TypeVar("_F", bound=Callable[..., Any])


class _FeatureList(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A list of features."""

    name = "features"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return feature_list(value)
        except FormError as error:
            self.fail(str(error), param, ctx)


def setting_option(row: Setting) -> Callable[[_F], _F]:
    """The option of a setting. Its parameter has the name of the setting."""
    form = row.form.form if isinstance(row.form, OrNone) else row.form
    meaning = row.meaning
    more: dict[str, Any] = {"default": row.default, "show_default": True}
    if row.default is None:
        more["show_default"] = row.none
    if isinstance(form, OneOf):
        more["type"] = click.Choice(form.values)
    elif isinstance(form, Integer | PowerOfTwo | Seconds):
        more["type"] = Number(form)
    elif form is feature_list:
        more["type"] = _FeatureList()
    elif form is paths or form is texts:
        more = {"multiple": True}
        meaning += " Repeatable."
    elif form is cache_place:
        more["default"] = True  # on for commands, where the same module is often compiled again
    if form is boolean:
        more["is_flag"] = True
        more["show_default"] = row.default
    return click.option(
        *row.option.split(","), row.name, metavar=row.metavar or None, help=meaning, **more
    )


def setting_options(*commands: str) -> Callable[[_F], _F]:
    """The options of the settings that some commands have."""

    def add(function: _F) -> _F:
        for row in reversed(SETTINGS):
            if not {*commands}.isdisjoint(row.commands):
                function = setting_option(row)(function)
        return function

    return add


def compile_options(function: _F) -> _F:
    """Add the options of compiling commands to a command."""
    function = click.option(
        "--reports", metavar="FILE", help="Write what passes report, one JSON object a line."
    )(function)
    function = click.option(
        "--cache-dir", metavar="DIR", help="Where the cache is (default: your own)."
    )(function)
    return setting_options(COMPILING)(function)


DEBUG_OPTION = click.option("--debug", is_flag=True, help="Show a traceback for errors.")


FEATURES_OPTION = setting_option(SETTING_OF["features"])
"""For commands that read modules and compile none."""


def to_config(options: dict[str, Any]) -> Config:
    """A Config from the options that are settings. Raises UsageError."""
    if options["pipeline"] and options["at"]:
        raise UsageError("-p is the whole pipeline; --at extends the default one: use one of them")
    values = {row.name: options[row.name] for row in SETTINGS if row.name in options}
    values["at"] = parse_points(options["at"])
    values["cache"] = options["cache"] and (options["cache_dir"] or True)
    return Config(**values)


def given_settings() -> set[str]:
    """The settings of a Config that the command line names."""
    context = click.get_current_context(silent=True)
    if context is None:
        return set()
    implied = {"fuel": "consume_fuel", "timeout": "epoch_interruption"}
    return {
        implied.get(name, name)
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def finish(command: Callable[[], int], *, debug: bool) -> None:
    """Run a command to its end: the process exits with its code."""
    sys.exit(guarded(command, debug=debug))
