"""Delta debugging of lists: keep as few items as possible while a test holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def smallest(items: Sequence[_T], holds: Callable[[list[_T]], bool]) -> list[_T]:
    """Items without any of which the test does not hold; it holds for all that are given. The parts
    that are left out become smaller: half, a quarter, down to one item."""
    kept = [*items]
    if kept and holds([]):
        return []
    size = len(kept)
    while size > 1:
        size = (size + 1) // 2
        at = 0
        while at < len(kept) and len(kept) > 1:
            fewer = kept[:at] + kept[at + size :]
            if len(fewer) < len(kept) and fewer and holds(fewer):
                kept = fewer
            else:
                at += size
    return kept
