"""References to Python objects in Wasm."""

from __future__ import annotations

from itertools import count

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_FEW = 1000


class ExternTable:
    """The Python objects that a store gave to Wasm, by the number that represents each; null is 0."""

    def __init__(self) -> None:
        self._values: dict[int, Any] = {}
        self._handles: dict[int, int] = {}
        """By the identity of an object, which `_values` keeps alive."""
        self._numbers = count(1)
        self._many = _FEW
        self.is_large = False
        """Whether there are twice as many objects as after the last `keep`."""

    def handle(self, value: Any) -> int:
        """The reference of an object; equal for the same object."""
        if value is None:
            return 0
        known = self._handles.get(id(value))
        if known is None:
            known = next(self._numbers)  # never used again: threads may come between
            self._values[known] = value
            self._handles[id(value)] = known
            self.is_large = len(self._values) > self._many
        return known

    def value(self, handle: int) -> Any:
        """The object of a reference."""
        return self._values[handle] if handle else None

    def keep(self, used: set[int]) -> None:
        """Release all objects but those of some references."""
        before = self._values
        self._values = {h: value for h, value in before.items() if h in used}
        self._handles = {id(value): h for h, value in self._values.items()}
        self.is_large = False
        self._many = max(_FEW, 2 * len(self._values))
        # `before` goes last: a finalizer may use the table.
