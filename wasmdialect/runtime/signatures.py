"""Ids of function types: equal types have one id in the whole process, so that indirect calls across
modules compare two numbers."""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect.runtime.locks import lock_across_forks


class Signature(FrozenRecord):
    """A function type, written as in the text format."""

    params: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def slot_count(self) -> int:
        """Value slots of an array call."""
        return max(len(self.params), len(self.results), 1)

    def __str__(self) -> str:
        return f"({', '.join(self.params)}) -> ({', '.join(self.results)})"


_ids: dict[Signature, int] = {}
_lock = lock_across_forks()


def signature_id(signature: Signature) -> int:
    """The process's id of a function type."""
    known = _ids.get(signature)
    if known is None:
        with _lock:
            known = _ids.setdefault(signature, len(_ids))
    return known
