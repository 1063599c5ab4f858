"""The results of analyses while passes run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from threading import local
from typing import Any, TypeVar

from xdsl.ir import Operation, Region

_OpT = TypeVar("_OpT", bound=Operation | Region)
_ResultT = TypeVar("_ResultT")
_Kind = Callable[[Any], Any]


class _Known(local):
    """The results of this thread's passes, None if no passes run."""

    results: dict[tuple[_Kind, Operation | Region], Any] | None = None


_known = _Known()


def analysis(kind: Callable[[_OpT], _ResultT], op: _OpT) -> _ResultT:
    """The result of an analysis of a function or module: `kind(op)`, or what that gave before in the
    same pass. `kind` is a class of this package, or any function of an operation."""
    results = _known.results
    if results is None:
        return kind(op)
    key = kind, op
    if key not in results:
        results[key] = kind(op)
    return results[key]


def forget(op: Operation | Region | None = None, *, keep: Collection[_Kind] = ()) -> None:
    """Forget the results for an operation, which has changed, or for all; except for some kinds of
    analysis, which the change does not concern."""
    results = _known.results
    if results is None:
        return
    gone = [key for key in results if key[0] not in keep and (op is None or key[1] is op)]
    for key in gone:
        del results[key]


@contextmanager
def keeping_results() -> Generator[None]:
    """Keep results inside the block: for whoever runs passes."""
    outer = _known.results
    _known.results = {}
    try:
        yield
    finally:
        _known.results = outer
