"""What the functions of one WASI program share."""

from __future__ import annotations

import time
from collections.abc import Callable

from wasmdialect.wasi.abi import Clockid, Errno
from wasmdialect.wasi.config import WasiConfig
from wasmdialect.wasi.descriptors import Descriptor, DescriptorTable, Directory
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.memory import GuestMemory


class WasiState:
    """The configuration, the open descriptors and the clocks of a program."""

    def __init__(self, config: WasiConfig):
        self.config = config
        streams: list[Descriptor] = [config.stdin, config.stdout, config.stderr]
        directories = [Directory(each.host, each.mutable, each.name) for each in config.preopens]
        self.descriptors = DescriptorTable([*streams, *directories])
        start = time.monotonic_ns()
        self.clocks: dict[int, Callable[[], int]] = {
            Clockid.REALTIME: time.time_ns,
            Clockid.MONOTONIC: lambda: time.monotonic_ns() - start,
            Clockid.PROCESS_CPUTIME_ID: time.process_time_ns,
            Clockid.THREAD_CPUTIME_ID: time.thread_time_ns,
        }
        """What each clock shows, in nanoseconds."""


def read_path(memory: GuestMemory, address: int, size: int) -> bytes:
    """A path of the program, which must be UTF-8 (else ILSEQ)."""
    path = memory.read(address, size)
    try:
        path.decode()
    except UnicodeDecodeError:
        raise WasiError(Errno.ILSEQ) from None
    return path
