"""Which functions a page holds, if nobody asks for certain ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BUDGET = 1 << 16
"""Bytes of function bodies: some ten seconds, and a page of a megabyte or two."""
_LARGEST = BUDGET // 8
"""Bytes of the largest body that is taken unasked."""


def select(functions: Sequence[Mapping[str, Any]], budget: int = BUDGET) -> list[int]:
    """All functions (`module_content`), if their bodies are within the budget; else the exported ones,
    then the largest ones, as many as are within it, but none that takes too much of it alone."""
    sizes = {index: f["size"] for index, f in enumerate(functions) if f["size"] is not None}
    if sum(sizes.values()) <= budget:
        return [*sizes]
    wanted = sorted(sizes, key=lambda index: (not functions[index]["exports"], -sizes[index]))
    chosen: list[int] = []
    for index in wanted:
        if sizes[index] <= min(budget, _LARGEST):
            budget -= sizes[index]
            chosen.append(index)
    return sorted(chosen)
