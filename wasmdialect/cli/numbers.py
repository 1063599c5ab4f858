"""Numbers on command lines: ASCII digits, of a form."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._forms import FormError

if TYPE_CHECKING:
    from wasmdialect._forms import Form

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_FLOAT = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def read_number(text: str, form: Form) -> Any:
    """The number that a word is. Raises FormError."""
    if _INTEGER.fullmatch(text):
        return form(int(text))
    if _FLOAT.fullmatch(text) and float(text) < math.inf:
        return form(float(text))
    return form(text)


class Number(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]  # older ones have none
    """A number of a form."""

    name = "number"

    def __init__(self, form: Form):
        self.form = form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return read_number(str(value), self.form)
        except FormError as error:
            self.fail(str(error), param, ctx)
