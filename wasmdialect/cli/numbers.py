"""Numbers on command lines: ASCII digits, finite, in a range that the program can hold."""

from __future__ import annotations

import re
from typing import Any

import click

_SHOWN = 40
"""How much of a word that is no number is repeated in the message."""


class Integer(click.IntRange):
    """An integer from `low` to `high`."""

    name = "integer"

    def __init__(self, low: int, high: int):
        super().__init__(low, high)
        self.low, self.high = low, high

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        number = value if isinstance(value, int) else _integer(value)
        if number is None or not self.low <= number <= self.high:
            self.fail(
                f"{value[:_SHOWN]!r} is no integer from {self.low} to {self.high}", param, ctx
            )
        return number


def _integer(text: str) -> int | None:
    """The integer that a decimal says; None for other words, and for what is far too long."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,30}", text) else None


class Seconds(click.ParamType):
    """A time in seconds: more than 0, and no more than clocks and timers can hold."""

    name = "seconds"
    LONGEST = 1e9
    """Thirty years."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value)
        if re.fullmatch(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", text, re.IGNORECASE):
            number = float(text)
            if 0 < number <= self.LONGEST:
                return number
        self.fail(
            f"{text[:_SHOWN]!r} is no number of seconds more than 0 and at most {self.LONGEST:g}",
            param,
            ctx,
        )
