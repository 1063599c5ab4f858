"""Functions of Python beside a pass, which commands bind to the builtins that the pass declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar, overload

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MARK = "wasmdialect_builtin"


class Builtin(NamedTuple):
    """A function for a builtin."""

    name: str
    function: Callable[..., Any]
    access_caller: bool
    """Whether it takes a `Caller` first."""


@overload
def builtin(function: _Function) -> _Function: ...
@overload
def builtin(
    *, name: str | None = None, access_caller: bool = False
) -> Callable[[_Function], _Function]: ...
def builtin(function: Any = None, *, name: str | None = None, access_caller: bool = False) -> Any:
    """Mark a function of a `--load` file as what commands bind to the builtin of its name, or of
    another `name`. With `access_caller` it gets a `Caller` first. From Python,
    `Linker.define_builtin` binds."""

    def mark(marked: _Function) -> _Function:
        setattr(marked, _MARK, (name or marked.__name__, access_caller))
        return marked

    return mark if function is None else mark(function)


def marked_in(values: Iterable[Any]) -> Iterator[Builtin]:
    """The functions among some values that are marked."""
    for value in values:
        if inspect.isfunction(value) and _MARK in vars(value):
            name, access_caller = vars(value)[_MARK]
            yield Builtin(name, value, access_caller)
