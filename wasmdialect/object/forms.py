"""Forms of values read from CBOR: lists, maps and records of the forms of single values. Every decoded
value goes through a form, so its users need not check types and ranges. A form raises FormError, and
the enclosing forms add the location.
"""

from __future__ import annotations

from wasmdialect._forms import FormError, refuse
from wasmdialect._records import field_names
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.cbor import Numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeVar

    from wasmdialect._forms import Form
    from wasmdialect._records import Record

    R = TypeVar("R", bound=Record)


def any_list(value: Any) -> list[Any]:
    """A list of anything."""
    items: Any = value
    return items if type(value) is list else refuse(value, "a list")


def any_map(value: Any) -> dict[str, Any]:
    """A map of anything; keys are text in all that `cbor` reads."""
    rows: Any = value
    return rows if type(value) is dict else refuse(value, "a map")


def list_of(form: Form) -> Form:
    """A list of values of a form."""

    def read(value: Any) -> list[Any]:
        return [form(item) for item in any_list(value)]

    return read


def numbers(value: Any) -> list[int]:
    """A list of integers below 2**32, which is written as a typed array unless it is empty."""
    return value if type(value) is Numbers or value == [] else refuse(value, "a list of numbers")


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


def record_of(cls: type[R], **forms: Form) -> Form:
    """A record, from a map of its fields."""
    assert {*forms} == {*field_names(cls)}, cls
    read_map = map_of(forms)
    return lambda value: cls(**read_map(value))
