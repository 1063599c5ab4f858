"""Passes given as objects: the checks of `Config(passes=...)`."""

from __future__ import annotations

import inspect
from typing import Any

from xdsl.passes import ModulePass

from wasmdialect._forms import FormError, refuse
from wasmdialect.passes.registry import OWN_PASSES


def pass_object(value: Any) -> ModulePass:
    """The form of a pass: an object, or a class, which stands for an object with default options.
    Raises FormError."""
    if isinstance(value, str):
        raise FormError(f"{value!r} is text, and not a pass: passes as text go into `at`")
    if inspect.isclass(value) and issubclass(value, ModulePass):
        _check_class(value)
        try:
            return value()
        except TypeError as error:
            raise FormError(f"{value.__name__} needs options, so give an object: {error}") from None
    if not isinstance(value, ModulePass):
        refuse(value, "a pass: an object or a class derived from FunctionPass or ModulePass")
    _check_class(type(value))
    return value


def _check_class(cls: type[ModulePass]) -> None:
    if inspect.isabstract(cls):
        missing = " and ".join(sorted(cls.__abstractmethods__))
        raise FormError(f"{cls.__name__} is not a whole pass: it does not define {missing}")
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not name:
        raise FormError(
            f"{cls.__name__} has no name: it needs a class attribute `name`, which is text"
        )
    own = OWN_PASSES.get(name)
    if own is not None and own() is not cls:
        raise FormError(f"{cls.__name__} has the name of a built-in pass: {name!r}")
