"""Progress of a compilation on a terminal, once it has taken a second; silence otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

PATIENCE = 1.0
"""Seconds before anything is shown."""
INTERVAL = 0.1
"""Seconds between two changes of what is shown."""


@contextmanager
def compile_progress(
    what: str, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[int, int], None] | None]:
    """A callback for `compile_module`, which shows the share that is done and an estimate of the time
    left, from the speed of the last half minute; None if standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    started = shown = clock()
    # Without a thread: compiling starts processes, and Ctrl-C must find nothing locked.
    progress = Progress(
        console=Console(stderr=True), transient=True, auto_refresh=False, get_time=clock
    )
    task = progress.add_task(f"compiling {what}", total=None)

    def advance(done: int, total: int) -> None:
        nonlocal shown
        progress.update(task, completed=done, total=total)
        now = clock()
        if now - started < PATIENCE or now - shown < INTERVAL:
            return
        shown = now
        progress.start()  # does nothing the next times
        progress.refresh()

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()
