"""Processes that tests start: with the signals as a shell in a terminal has them, and none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from wasmdialect.codegen import pool

PATIENCE = 20 if "/aarch64/env/" in sys.executable else 1
"""How many times as long as usual things may take: the emulated Python of tools/aarch64_python.py is
slow."""


def restore_signals() -> None:
    """Make SIGINT raise KeyboardInterrupt, and let it and SIGTERM through.

    A shell without job control starts what is in the background with SIGINT ignored, some CI systems
    start everything so, and children inherit it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


@contextmanager
def started(command: Sequence[Any], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process in a group of its own; at the end the group is killed, whatever happened."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # all of it is gone
                os.killpg(process.pid, signal.SIGKILL)


def run(
    command: Sequence[Any], timeout: float, stdin: str | bytes | None = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a process to its end and keep what it prints. After the timeout (seconds) it is killed with
    its children, and TimeoutExpired is raised."""
    if stdin is not None:
        options["stdin"] = subprocess.PIPE
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, **{**pipes, **options}) as process:
        output, errors = process.communicate(stdin, timeout * PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def in_child_of_a_fork(work: Callable[[], bool]) -> bool:
    """Whether some work succeeds in a child of this process, which compiles with workers of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        finally:
            pool.close_pools()
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0
