"""Command lines on which a program's own arguments follow our options: telling them apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import click

from wasmdialect.cli.errors import UsageError

_NUMBER = re.compile(r"-(\d|\.\d|inf|nan)", re.IGNORECASE | re.ASCII)


class ProgramCommand(click.Command):
    """A command `[OPTIONS] FILE [ARGS]`, whose ARGS may look like options.

    Our options are ours anywhere before `--`; everything after it is the program's. Other
    words that start with `-` are the program's only after FILE, only if none of our options is spelt
    similarly, and only without --invoke: the arguments of a function are numbers.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        takes_value = {
            name: not (parameter.is_flag or parameter.count)
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for name in (*parameter.opts, *parameter.secondary_opts)
        }
        ours, programs = divide(args, takes_value)
        return super().parse_args(ctx, [*ours, "--", *programs])


def divide(args: Sequence[str], takes_value: dict[str, bool]) -> tuple[list[str], list[str]]:
    """Our options with their values, and FILE with the program's arguments. `takes_value` has our
    options. Raises UsageError for a word that belongs to neither."""
    ours: list[str] = []
    programs: list[str] = []
    doubtful: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            programs += words
            break
        name, attached = _option_in(word)
        if name in takes_value and (takes_value[name] or word == name or name.startswith("--")):
            ours.append(word)
            if takes_value[name] and not attached:
                ours.append(_value(name, words))
        elif word[:1] != "-" or word == "-" or (programs and _NUMBER.match(word)):
            programs.append(word)
        elif not programs:
            raise no_such_option(word, takes_value)
        elif probably_meant(word, takes_value) is not None:
            raise no_such_option(word, takes_value, " The program's own options go after --")
        else:
            programs.append(word)
            doubtful.append(word)
    if doubtful and any(_option_in(word)[0] == "--invoke" for word in ours):
        raise no_such_option(doubtful[0], takes_value)
    return ours, programs


def _option_in(word: str) -> tuple[str, bool]:
    """The option that a word starts with, and whether its value is attached: `--a=b`, `-ab`."""
    if word.startswith("--"):
        name, equals, _ = word.partition("=")
        return name, bool(equals)
    return word[:2], len(word) > 2


def _value(option: str, words: Iterator[str]) -> str:
    value = next(words, "--")
    if value == "--":
        raise UsageError(f"option {option} needs a value")
    return value


def no_such_option(word: str, known: Collection[str], remedy: str = "") -> UsageError:
    """The error for a word that looks like an option but is not one."""
    near = probably_meant(word, known)
    hint = "" if near is None else f"; did you mean {near}?"
    return UsageError(f"no such option: {word.partition('=')[0]}{hint}{remedy}")


def probably_meant(word: str, known: Collection[str]) -> str | None:
    """The likely intention behind an unknown option: a misspelling, an abbreviation (to no less than
    half of the name), or one dash instead of two. None if no option is similar."""
    name = word.partition("=")[0]
    if not name.startswith("--"):
        return f"-{name}" if f"-{name}" in known else None
    if len(name) < _SHORTEST:
        return None
    likeness = {option: _likeness(name[2:].lower(), option.strip("-").lower()) for option in known}
    best = max(likeness, key=lambda option: likeness[option], default="")
    return best if likeness.get(best, 0.0) >= _NEAR else None


def _likeness(wanted: str, option: str) -> float:
    if option.startswith(wanted) and 2 * len(wanted) >= len(option):
        return 1.0
    from difflib import SequenceMatcher

    return SequenceMatcher(None, wanted, option, autojunk=False).ratio()


_SHORTEST = len("--abc")
_NEAR = 0.75
"""`--max-stack` is similar to `--max-wasm-stack` (0.78); `--file` is not to `--profile` (0.73)."""
