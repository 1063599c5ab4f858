"""Python's garbage collector while the compiler works: it would look at all IR again and again."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock


class _Relaxed:
    """Who collects garbage rarely: the thresholds are the process's, and threads compile at once."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.users = 0
        self.before = gc.get_threshold()

    def enter(self) -> None:
        with self.lock:
            if self.users == 0:
                self.before = gc.get_threshold()
                gc.set_threshold(1_000_000, 10, 10)
            self.users += 1

    def leave(self) -> None:
        with self.lock:
            if self.users == 0:
                return  # a fork came in between
            self.users -= 1
            if self.users == 0:
                gc.set_threshold(*self.before)

    def reset_after_fork(self) -> None:
        """Other threads, which may have been users or have held the lock, are not in the child."""
        self.lock = Lock()
        if self.users:
            self.users = 0
            gc.set_threshold(*self.before)


_relaxed = _Relaxed()
os.register_at_fork(after_in_child=_relaxed.reset_after_fork)


@contextmanager
def relaxed_gc() -> Generator[None]:
    """Collect garbage rarely inside: IR is millions of live objects, and scanning them repeatedly
    costs more than building them. What the compiler makes itself goes by `dismantle`; the collector is
    for what passes leave. Use it around a whole compilation, not its steps: restoring the usual
    thresholds starts a collection. Threads may be inside at once."""
    _relaxed.enter()
    try:
        yield
    finally:
        _relaxed.leave()
