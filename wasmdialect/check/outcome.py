"""What can be observed of a call, and the first difference between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

INSTANTIATED = "no trap"
"""The result of an instantiation that has come to its end."""


@dataclass(frozen=True)
class Outcome:
    """A call, or the instantiation: what came of it, and the state after it."""

    result: str
    """The results, the trap, or why it ended else, in words."""
    host_calls: tuple[str, ...] = ()
    """Of imported functions, with their arguments."""
    memories: Mapping[str, str] = field(default_factory=dict[str, str])
    """A digest of each, by symbol."""
    globals: Mapping[str, str] = field(default_factory=dict[str, str])
    tables: Mapping[str, str] = field(default_factory=dict[str, str])
    places: tuple[str, ...] = ()
    """Where a trap happened, which is not compared."""
    steps: int = 0
    """How many operations ran, which is not compared."""
    left_out: bool = False
    """Whether it did not end, or exhausted the stack: nothing can be compared."""

    def to_plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> Outcome:
        """The inverse."""
        values = dict(plain)
        for name in ("host_calls", "places"):
            values[name] = tuple(values[name])
        return Outcome(**values)


def difference(before: Outcome, after: Outcome) -> str | None:
    """What is different, in words; None if nothing is."""
    if before.left_out or after.left_out:
        return None
    if before.result != after.result:
        return f"{before.result} before, {after.result} after"
    if before.host_calls != after.host_calls:
        return _host_difference(before.host_calls, after.host_calls)
    for what in ("memories", "globals", "tables"):
        old, new = getattr(before, what), getattr(after, what)
        for symbol in old.keys() & new.keys():
            if old[symbol] != new[symbol]:
                values = "" if what != "globals" else f": {old[symbol]} before, {new[symbol]} after"
                return f"{_WORDS[what]} @{symbol} is different{values}"
    return None


_WORDS = {"memories": "memory", "globals": "global", "tables": "table"}


def _host_difference(before: Sequence[str], after: Sequence[str]) -> str:
    for number, (old, new) in enumerate(zip(before, after, strict=False), 1):
        if old != new:
            return f"call {number} of the host is {old} before, {new} after"
    longer, when = (before, "before") if len(before) > len(after) else (after, "after")
    return f"{longer[min(len(before), len(after))]} of the host is called only {when}"
