"""Forms of single values: the requirements on a value that was read or given.

A form is called with a value and returns the parsed value, or raises FormError. A form declared by
numbers or words is a record of them, so that others can read these.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING, Mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeAlias

    Form: TypeAlias = Callable[[Any], Any]

U32 = (1 << 32) - 1
U64 = (1 << 64) - 1


class FormError(ValueError):
    """A value is not of the required form; the message gives the value and the form."""


def refuse(value: object, wanted: str) -> NoReturn:
    """Raise FormError."""
    shown = repr(value)
    raise FormError(f"{shown if len(shown) < 60 else shown[:60] + '...'} is not {wanted}")


def text(value: Any) -> str:
    """Text."""
    return value if type(value) is str else refuse(value, "text")


def boolean(value: Any) -> bool:
    """True or false."""
    return value if type(value) is bool else refuse(value, "true or false")


class Integer(FrozenRecord):
    """An integer in a range, both ends included."""

    low: int
    high: int

    def __call__(self, value: Any) -> int:
        if type(value) is not int or not self.low <= value <= self.high:
            refuse(value, f"an integer from {self.low} to {self.high}")
        return value


class PowerOfTwo(FrozenRecord):
    """A power of 2 up to a limit."""

    high: int

    def __call__(self, value: Any) -> int:
        if type(value) is not int or not 1 <= value <= self.high or value & (value - 1):
            refuse(value, f"a power of 2 from 1 to {self.high}")
        return value


class Seconds(FrozenRecord):
    """A time in seconds: more than 0, and no more than clocks and timers can hold."""

    high: float = 1e9
    """Thirty years."""

    def __call__(self, value: Any) -> float:
        if type(value) not in (int, float) or not 0 < value <= self.high:
            refuse(value, f"a number of seconds more than 0 and at most {self.high:g}")
        return value


class OneOf:
    """One of some values."""

    def __init__(self, *values: Any):
        self.values = values

    def __call__(self, value: Any) -> Any:
        for known in self.values:
            if value is known or (type(value) is str and value == known):
                return value
        return refuse(value, f"one of {', '.join(map(str, self.values))}")


class OrNone(FrozenRecord):
    """A value of a form, or None (`null` in files)."""

    form: Form

    def __call__(self, value: Any) -> Any:
        return None if value is None else self.form(value)


def path(value: Any) -> str:
    """The path of a file."""
    return text(value.__fspath__() if hasattr(value, "__fspath__") else value)


def paths(value: Any) -> tuple[str, ...]:
    """Paths of files: several of them, so a single text is a mistake."""
    items: Any = value
    if not isinstance(value, list | tuple):
        refuse(value, "a tuple of paths")
    return tuple(map(path, items))


def texts(value: Any) -> dict[str, str]:
    """A map of texts under keys that are text."""
    rows: Any = value
    if not isinstance(value, Mapping):
        refuse(value, "a map")
    return {text(name): text(item) for name, item in rows.items()}
