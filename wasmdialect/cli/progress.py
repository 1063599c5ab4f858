"""Progress of a compilation on a terminal, once it has taken a second; silence otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

PATIENCE = 1.0
"""Seconds before anything is shown."""


@contextmanager
def compile_progress(what: str) -> Generator[Callable[[int, int], None] | None]:
    """A callback for `compile_module`: None if standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    started = time.monotonic()
    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(f"compiling {what}", total=None)

    def advance(done: int, total: int) -> None:
        if not progress.live.is_started and time.monotonic() - started > PATIENCE:
            progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()
