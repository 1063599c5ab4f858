"""Counting the instructions that a process runs, with Linux's perf_event_open(2), if the machine has
such counters and the system allows it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple

_SYSTEM_CALLS = {"x86_64": 298, "aarch64": 241}
_ATTRIBUTES = struct.Struct("=IIQQQQQ 72x")
"""`struct perf_event_attr`: type, size, config, sample_period, sample_type, read_format, flags, and
what is 0 here."""
_INHERIT, _EXCLUDE_KERNEL, _EXCLUDE_HYPERVISOR = 1 << 1, 1 << 5, 1 << 6
_TIMES = 1 | 2
"""A read gives the times that the event was enabled and counting, too."""
_CLOSE_ON_EXEC = 1 << 3
_READ = struct.Struct("=QQQ")
_UNPRIVILEGED = "/proc/sys/kernel/perf_event_paranoid"


class Event(NamedTuple):
    """What is counted: the numbers of linux/perf_event.h."""

    type: int
    config: int


INSTRUCTIONS = Event(0, 1)
TASK_CLOCK = Event(1, 1)
"""Nanoseconds that a process runs: the system counts it everywhere, which tests need."""


class InstructionCounter:
    """The instructions that a process and the threads it starts from now on run outside of the
    kernel."""

    def __init__(self, process: int, event: Event = INSTRUCTIONS):
        self.reason = ""
        """Why nothing can be counted; empty if it can."""
        self._file = -1
        number = _SYSTEM_CALLS.get(platform.machine())
        if number is None:
            self.reason = f"unknown on {platform.machine()}"
            return
        flags = _INHERIT | _EXCLUDE_KERNEL | _EXCLUDE_HYPERVISOR
        attributes = _ATTRIBUTES.pack(
            event.type, _ATTRIBUTES.size, event.config, 0, 0, _TIMES, flags
        )
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.syscall(number, attributes, process, -1, -1, _CLOSE_ON_EXEC)
        if self._file < 0:
            self.reason = _reason(ctypes.get_errno())

    def read(self) -> int | None:
        """The count so far; None if nothing is counted, or other events took turns with this one."""
        if self._file < 0:
            return None
        count, enabled, counting = _READ.unpack(os.read(self._file, _READ.size))
        return count if enabled == counting else None

    def close(self) -> None:
        """Stop counting."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _reason(number: int) -> str:
    if number in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV):
        return "this machine has no counters, as most virtual ones"
    if number in (errno.EACCES, errno.EPERM):
        return f"not allowed (see {_UNPRIVILEGED})"
    return os.strerror(number)
