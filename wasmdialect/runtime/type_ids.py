"""Ids of function types: a type has one id in the whole process, so that indirect calls across modules
compare two numbers."""

from __future__ import annotations

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmdialect.types import DefType

_types: list[DefType] = []
_ids: dict[DefType, int] = {}
_lock = lock_across_forks()


def type_id(t: DefType) -> int:
    """The process's id of a type."""
    known = _ids.get(t)
    if known is None:
        with _lock:
            known = _ids.get(t)
            if known is None:
                _types.append(t)
                known = _ids[t] = len(_types) - 1
    return known


def type_of_id(number: int) -> DefType:
    """The type with an id."""
    return _types[number]
