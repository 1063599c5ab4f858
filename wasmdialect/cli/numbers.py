"""Numbers on command lines: ASCII digits, finite, in a range that the program can hold."""

from __future__ import annotations

import re
from typing import Any

import click

_SHOWN = 40
"""How much of a word that is no number is repeated in the message."""


class Integer(click.IntRange):
    """An integer from `low` to `high`."""

    def __init__(self, low: int, high: int):
        super().__init__(low, high)
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if re.fullmatch(r"[+-]?[0-9]{1,30}", text):
            number = int(text)
            if self.low <= number <= self.high:
                return number
        self.fail(f"{text[:_SHOWN]!r} is no integer from {self.low} to {self.high}", param, ctx)


class Seconds(click.FloatRange):
    """A time in seconds: more than 0, and no more than clocks and timers can hold."""

    LONGEST = 1e9
    """Thirty years."""

    def __init__(self) -> None:
        super().__init__(0, self.LONGEST, min_open=True)

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
