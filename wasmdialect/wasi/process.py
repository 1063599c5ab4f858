"""The functions about the process itself: arguments, environment, clocks, random bytes, the end."""

from __future__ import annotations

import os
import time
from itertools import accumulate
from struct import pack

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.errors import ExitTrap
from wasmdialect.wasi.abi import Clockid, Errno
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.state import WasiFunctions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from wasmdialect.wasi.memory import GuestMemory

_RANDOM_CHUNK = 1 << 20
"""Bytes requested from the system's random generator at once."""

_RESOLUTIONS: dict[int, Callable[[], float]] = {
    Clockid.REALTIME: lambda: time.get_clock_info("time").resolution,
    Clockid.MONOTONIC: lambda: time.get_clock_info("monotonic").resolution,
    Clockid.PROCESS_CPUTIME_ID: lambda: time.get_clock_info("process_time").resolution,
    Clockid.THREAD_CPUTIME_ID: lambda: time.get_clock_info("thread_time").resolution,
}


class ProcessFunctions(WasiFunctions):
    """args_*, environ_*, clock_*, random_get, sched_yield, proc_*."""

    @wasi_call
    def args_get(self, memory: GuestMemory, argv: int, argv_buf: int) -> None:
        """Store pointers to the arguments, and the arguments, each followed by a null byte."""
        _write_strings(memory, argv, argv_buf, self.config.arguments)

    @wasi_call
    def args_sizes_get(self, memory: GuestMemory, argc: int, argv_buf_size: int) -> None:
        """Store how many arguments there are and the bytes they need."""
        _write_sizes(memory, argc, argv_buf_size, self.config.arguments)

    @wasi_call
    def environ_get(self, memory: GuestMemory, environ: int, environ_buf: int) -> None:
        """Store pointers to the variables, and the variables as `name=value` and a null byte."""
        _write_strings(memory, environ, environ_buf, self._variables())

    @wasi_call
    def environ_sizes_get(self, memory: GuestMemory, count: int, buf_size: int) -> None:
        """Store how many variables there are and the bytes they need."""
        _write_sizes(memory, count, buf_size, self._variables())

    def _variables(self) -> list[bytes]:
        return [b"%b=%b" % pair for pair in self.config.environment]

    @wasi_call
    def clock_res_get(self, memory: GuestMemory, clock: int, resolution: int) -> None:
        """Store the resolution of a clock in nanoseconds."""
        seconds = _RESOLUTIONS.get(clock)
        if seconds is None:
            raise WasiError(Errno.INVAL)
        memory.write_u64(resolution, max(1, round(seconds() * 1e9)))

    @wasi_call
    def clock_time_get(self, memory: GuestMemory, clock: int, precision: int, now: int) -> None:
        """Store the time of a clock in nanoseconds; the monotonic one starts with the context."""
        nanoseconds = self.clocks.get(clock)
        if nanoseconds is None:
            raise WasiError(Errno.INVAL)
        memory.write_u64(now, nanoseconds())

    @wasi_call
    def random_get(self, memory: GuestMemory, buf: int, size: int) -> None:
        """Fill a range with random bytes fit for cryptography."""
        for done in range(0, size, _RANDOM_CHUNK):
            memory.write(buf + done, os.urandom(min(size - done, _RANDOM_CHUNK)))

    @wasi_call
    def sched_yield(self, memory: GuestMemory) -> None:
        """Let other threads of the system run."""
        time.sleep(0)

    def proc_exit(self, memory: GuestMemory, status: int) -> NoReturn:
        """End the program: raises ExitTrap."""
        raise ExitTrap(status & 0xFFFF_FFFF)

    @wasi_call
    def proc_raise(self, memory: GuestMemory, signal: int) -> None:
        """Not supported: there are no signals."""
        raise WasiError(Errno.NOTSUP)


def _write_sizes(memory: GuestMemory, count: int, size: int, strings: Iterable[bytes]) -> None:
    lengths = [len(string) + 1 for string in strings]
    memory.write_u32(count, len(lengths))
    memory.write_u32(size, sum(lengths))


def _write_strings(memory: GuestMemory, pointers: int, buf: int, strings: Iterable[bytes]) -> None:
    terminated = [string + b"\0" for string in strings]
    addresses = list(accumulate(map(len, terminated), initial=buf))[:-1]
    memory.write(buf, b"".join(terminated))  # first: now the addresses are known to be in range
    memory.write(pointers, pack(f"<{len(addresses)}I", *addresses))
