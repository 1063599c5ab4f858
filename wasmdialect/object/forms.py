"""Forms: what a value that was read has to be, as functions from what is there to what it means.

Everything that is decoded from CBOR goes through a form, so that whoever uses it later looks at types
and ranges no more. A form raises FormError, and those around it say where.
"""

from __future__ import annotations

from wasmdialect._records import field_names
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.cbor import Numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn, TypeAlias, TypeVar

    from wasmdialect._records import Record

    R = TypeVar("R", bound=Record)
    Form: TypeAlias = Callable[[Any], Any]

U32 = (1 << 32) - 1
U64 = (1 << 64) - 1


class FormError(ValueError):
    """A value is not of the form it has to be; the message says which one, and what it should be."""


def _refuse(value: object, wanted: str) -> NoReturn:
    shown = repr(value)
    raise FormError(f"{shown if len(shown) < 60 else shown[:60] + '...'} is not {wanted}")


def text(value: Any) -> str:
    """Text."""
    return value if type(value) is str else _refuse(value, "text")


def boolean(value: Any) -> bool:
    """True or false."""
    return value if type(value) is bool else _refuse(value, "true or false")


def any_list(value: Any) -> list[Any]:
    """A list of anything."""
    items: Any = value
    return items if type(value) is list else _refuse(value, "a list")


def any_map(value: Any) -> dict[str, Any]:
    """A map of anything; keys are text in all that `cbor` reads."""
    rows: Any = value
    return rows if type(value) is dict else _refuse(value, "a map")


def integer(low: int, high: int) -> Form:
    """An integer in a range, both ends included."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            _refuse(value, f"an integer from {low} to {high}")
        return value

    return read


def one_of(*values: object) -> Form:
    """One of some values."""

    def read(value: Any) -> Any:
        if not any(value is known or (type(value) is str and value == known) for known in values):
            _refuse(value, f"one of {', '.join(map(str, values))}")
        return value

    return read


def optional(form: Form) -> Form:
    """A value of a form, or null."""

    def read(value: Any) -> Any:
        return None if value is None else form(value)

    return read


def list_of(form: Form) -> Form:
    """A list of values of a form."""

    def read(value: Any) -> list[Any]:
        return [form(item) for item in any_list(value)]

    return read


def numbers(value: Any) -> list[int]:
    """A list of integers below 2**32, which is written as a typed array unless it is empty."""
    return value if type(value) is Numbers or value == [] else _refuse(value, "a list of numbers")


def map_of(forms: Mapping[str, Form]) -> Form:
    """A map with these keys and no others, each with a value of its form."""

    def read(value: Any) -> dict[str, Any]:
        rows = any_map(value)
        if rows.keys() != forms.keys():
            different = sorted(rows.keys() ^ forms.keys())
            raise FormError(f"a key is missing or unknown: {', '.join(map(repr, different))[:80]}")
        found: dict[str, Any] = {}
        for name, form in forms.items():
            try:
                found[name] = form(rows[name])
            except FormError as error:
                raise FormError(f"{name}: {error}") from None
        return found

    return read


def texts(value: Any) -> dict[str, str]:
    """A map of texts under any keys."""
    return {name: text(item) for name, item in any_map(value).items()}


def record_of(cls: type[R], **forms: Form) -> Form:
    """A record, from a map of its fields."""
    assert {*forms} == {*field_names(cls)}, cls
    read_map = map_of(forms)
    return lambda value: cls(**read_map(value))
