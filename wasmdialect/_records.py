"""Classes of fields, like those of `dataclasses`, for everything that is loaded when a program
starts.

`dataclasses` takes 13 ms to load, half of what starting a saved artifact takes, and then 0.4 ms for
each class, because it writes the source of its methods and compiles it. Here they are inherited.
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


class Default:
    """The value of a field that was not given: the result of `make`."""

    def __init__(self, make: Callable[[], Any]):
        self.make = make


def field(*, default_factory: Callable[[], Any]) -> Any:
    """The default of a field that must not be shared: a list or a dictionary."""
    return Default(default_factory)


def field_names(cls: type[Record]) -> tuple[str, ...]:
    """The fields of a class of records, in order."""
    return tuple(cls.__annotations__)


@dataclass_transform(field_specifiers=(field,))
class Record:
    """The annotated names of a derived class are its fields and the parameters of its constructor;
    an assigned value is the default. Records are equal if their class and all fields are. A class
    with fields cannot have subclasses: they would not inherit the fields.
    """

    def __init_subclass__(cls) -> None:
        for base in cls.__mro__[1:]:
            if issubclass(base, Record) and field_names(base):
                raise TypeError(
                    f"{cls.__qualname__} cannot be derived from {base.__qualname__}: records do not"
                    " inherit fields; give it all of its own"
                )
        cls.__match_args__ = field_names(cls)

    def __init__(self, *values: Any, **named: Any):
        names = type(self).__annotations__
        if named or len(values) != len(names):
            values = _complete(type(self), values, named)
        self.__dict__.update(zip(names, values, strict=True))
        self.__post_init__()

    def __post_init__(self) -> None:
        """Hook for checking the given values."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # what can change has none

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__qualname__}({fields})"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class FrozenRecord(Record):
    """An immutable record, with a hash."""

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        _refuse("assign to", name)

    def __delattr__(self, name: str) -> NoReturn:
        _refuse("delete", name)


def default_of(cls: type[Record], name: str) -> Any:
    """The default of a field; AttributeError if it has none."""
    value = getattr(cls, name)
    return value.make() if isinstance(value, Default) else value


def _complete(cls: type[Record], values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The value of every field, from what a constructor was given. Raises TypeError."""
    names = field_names(cls)
    rest = names[len(values) :]
    if len(values) > len(names) or not named.keys() <= {*rest}:
        raise TypeError(f"{cls.__qualname__}() takes {', '.join(names)}")
    try:
        return values + tuple([named[n] if n in named else default_of(cls, n) for n in rest])
    except AttributeError as error:
        raise TypeError(f"{cls.__qualname__}() needs more: {error}") from None


def _refuse(action: str, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError  # what users of data classes expect

    raise FrozenInstanceError(f"cannot {action} field {name!r}")
