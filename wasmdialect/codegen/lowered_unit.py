"""What a worker says about a unit before LLVM compiles its code: texts by their digests, reports and
output of the passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from wasmdialect.codegen.settings import Level
from wasmdialect.object.compiled import InlinedRows

Printed: TypeAlias = list[tuple[int | None, str]]
"""Index of the function that a pass was working on, None if it is not known, and the output."""


class PlacedText(NamedTuple):
    """A text by its digest, at its position in the module."""

    digest: str
    level: Level
    """Its level: lower than requested if it is over its budget."""
    symbols: tuple[str, ...]
    base: int
    inlined: InlinedRows = ()


@dataclass
class LoweredUnit:
    """The result of import and passes for a unit, before its code is compiled."""

    texts: list[PlacedText]
    """In the order of the unit."""
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    printed: Printed = field(default_factory=list[tuple[int | None, str]])
    """The output of passes."""

    def to_plain(self) -> Any:
        """Values that `marshal` can write."""
        return [tuple(text) for text in self.texts], self.reports, self.printed

    @staticmethod
    def from_plain(plain: Any) -> LoweredUnit:
        """The inverse of `to_plain`."""
        texts, reports, printed = plain
        return LoweredUnit([PlacedText(*text) for text in texts], reports, printed)
