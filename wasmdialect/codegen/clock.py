"""The time of the stages of a compilation."""

from __future__ import annotations

import time


class Clock:
    """Adds up the time of stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """All stages together, up to the last lap."""
        return sum(self.seconds.values())
