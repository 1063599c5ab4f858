"""Messages on stderr about slow passes: which pass, which function, and the current line. A thread
looks once a second while passes run, so the passes themselves only pay for two assignments. It
sleeps when none runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wasmdialect.passes.base import current_function, enter_function
from wasmdialect.passes.notes import NOTES_DESCRIPTOR

FIRST_AFTER = 10.0
"""Seconds until the first line; the interval doubles with each further one."""
POLL = 1.0
"""Seconds between two looks."""
_PACKAGE = str(Path(__file__).parents[1])


class _Running:
    """A pass running in a thread."""

    def __init__(self, pass_name: str):
        self.pass_name = pass_name
        self.thread = threading.get_ident()
        self.started = time.monotonic()
        self.next_line = FIRST_AFTER


_running: dict[int, _Running] = {}
"""By thread."""
_any = threading.Event()
_watcher: threading.Thread | None = None
_starting = threading.Lock()


def _after_fork_in_child() -> None:
    """The other threads are gone, together with their passes, and perhaps while holding a lock."""
    global _any, _starting
    _any, _starting = threading.Event(), threading.Lock()
    for thread in {*_running} - {threading.get_ident()}:
        del _running[thread]


os.register_at_fork(after_in_child=_after_fork_in_child)


def run_watched(pass_name: str, step: Callable[[], Any]) -> Any:
    """The result of a step of a pass; reports on stderr, repeatedly, if it does not end."""
    _start_watcher()
    running = _Running(pass_name)
    outer = _running.get(running.thread)
    _running[running.thread] = running
    _any.set()
    try:
        return step()
    finally:
        enter_function(None)
        if outer is not None:
            _running[running.thread] = outer
        else:
            del _running[running.thread]


def is_watching() -> bool:
    """Whether the watching thread exists; it starts with the first pass."""
    return _watcher is not None and _watcher.is_alive()


def _start_watcher() -> None:
    global _watcher
    if is_watching():  # after a fork it is not
        return
    with _starting:
        if not is_watching():
            _watcher = threading.Thread(target=_watch, name="wasmdialect-watch", daemon=True)
            _watcher.start()


def _watch() -> None:
    while True:
        if not _running:
            _any.clear()
            if not _running:  # nothing has started since
                _any.wait()
        time.sleep(POLL)
        for running in [*_running.values()]:
            seconds = time.monotonic() - running.started
            if seconds >= running.next_line:
                running.next_line *= 2
                _say(f"note: {_describe(running)} for {seconds:.0f} s\n")


def _describe(running: _Running) -> str:
    function = current_function(running.thread)
    at = ""
    if function is not None:
        at = f" on function {function.index_value} ({function.sym_name.data})"
    return f"pass {running.pass_name!r} has been at work{at}{_line_of(running.thread)}"


def _line_of(thread: int) -> str:
    """The innermost line inside the pass that is neither this package's nor a library's."""
    frame = sys._current_frames().get(thread)  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_code.co_filename != __file__:
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, "<")) and "site-packages" not in file:
            return f", now in {file} line {frame.f_lineno},"
        frame = frame.f_back
    return ""


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.environ.get(NOTES_DESCRIPTOR)
        if descriptor is not None:
            os.write(int(descriptor), text.encode())
        elif sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stderr.write(text)
            sys.stderr.flush()
