"""The shared state of the functions of one WASI program."""

from __future__ import annotations

import time

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.wasi.abi import Clockid, Errno
from wasmdialect.wasi.errors import WasiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmdialect.wasi.config import WasiConfig
    from wasmdialect.wasi.descriptors import DescriptorTable
    from wasmdialect.wasi.memory import GuestMemory


class WasiState:
    """The configuration, the open descriptors and the clocks of a program."""

    def __init__(self, config: WasiConfig):
        self.config = config
        self._descriptors: DescriptorTable | None = None
        start = time.monotonic_ns()
        self.clocks: dict[int, Callable[[], int]] = {
            Clockid.REALTIME: time.time_ns,
            Clockid.MONOTONIC: lambda: time.monotonic_ns() - start,
            Clockid.PROCESS_CPUTIME_ID: time.process_time_ns,
            Clockid.THREAD_CPUTIME_ID: time.thread_time_ns,
        }
        """The time of each clock, in nanoseconds."""

    @property
    def descriptors(self) -> DescriptorTable:
        """The open descriptors; created on first use."""
        if self._descriptors is None:
            from wasmdialect.wasi.descriptors import open_descriptors

            self._descriptors = open_descriptors(self.config)
        return self._descriptors


class WasiFunctions:
    """Some of the functions of a program; all of them share its state."""

    def __init__(self, state: WasiState):
        self.config = state.config
        self.clocks = state.clocks
        self._state = state

    @property
    def descriptors(self) -> DescriptorTable:
        """The open descriptors."""
        return self._state.descriptors


MAX_PATH = 4096
"""Bytes in a path with its terminator, as in Linux. It bounds what is copied of a path, and the
directories that walking it holds open."""


def read_path(memory: GuestMemory, address: int, size: int) -> bytes:
    """A path of the program, which must be UTF-8 (else ILSEQ) and not too long (else NAMETOOLONG)."""
    if size >= MAX_PATH:
        memory.view(address, size)  # which checks the range
        raise WasiError(Errno.NAMETOOLONG)
    path = memory.read(address, size)
    try:
        path.decode()
    except UnicodeDecodeError:
        raise WasiError(Errno.ILSEQ) from None
    return path
