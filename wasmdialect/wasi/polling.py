"""poll_oneoff: waiting for clocks and for descriptors that can be read or written."""

from __future__ import annotations

import select
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wasmdialect.wasi.abi import (
    EVENT,
    FD_READWRITE_HANGUP,
    SUBSCRIPTION,
    SUBSCRIPTION_CLOCK,
    SUBSCRIPTION_CLOCK_ABSTIME,
    SUBSCRIPTION_FD_READWRITE,
    Clockid,
    Errno,
    Eventtype,
)
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.memory import GuestMemory
from wasmdialect.wasi.state import WasiFunctions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wasmdialect.wasi.descriptors import Descriptor

MAX_SUBSCRIPTIONS = 16384
"""Maximum subscriptions of one call; Wasmtime has a limit too, and the same error number for it."""

_NS_PER_MS = 1_000_000
_LONGEST_WAIT_MS = (1 << 31) - 1
"""Maximum timeout of the host's poll; a longer wait is repeated."""


@dataclass(frozen=True, slots=True)
class _Timer:
    """A subscription to a clock: fires at `deadline`, nanoseconds of the host's monotonic clock."""

    userdata: int
    deadline: int


@dataclass(frozen=True, slots=True)
class _Watch:
    """A subscription to a descriptor, which stays open as long. `host` is what to wait on, None if it
    is always ready."""

    userdata: int
    kind: int
    host: int | None
    descriptor: Descriptor


class PollFunctions(WasiFunctions):
    """poll_oneoff."""

    @wasi_call
    def poll_oneoff(
        self, memory: GuestMemory, subscriptions: int, events: int, count: int, nevents: int
    ) -> None:
        """Wait for a subscribed event; store each one that happened.

        INVAL without subscriptions (it would wait forever), NOMEM for too many, BADF for a descriptor
        that cannot be waited for.
        """
        if count == 0:
            raise WasiError(Errno.INVAL)
        if count > MAX_SUBSCRIPTIONS:
            raise WasiError(Errno.NOMEM)
        timers: list[_Timer] = []
        watches: list[_Watch] = []
        records = memory.read(subscriptions, count * SUBSCRIPTION.size)
        for userdata, tag, contents in SUBSCRIPTION.iter_unpack(records):
            self._subscribe(userdata, tag, contents, timers, watches)
        ready = _wait(timers, watches)
        memory.write(events, b"".join(ready))
        memory.write_u32(nevents, len(ready))

    def _subscribe(
        self,
        userdata: int,
        tag: int,
        contents: bytes,
        timers: list[_Timer],
        watches: list[_Watch],
    ) -> None:
        if tag == Eventtype.CLOCK:
            timers.append(_Timer(userdata, self._deadline(contents)))
            return
        if tag not in (Eventtype.FD_READ, Eventtype.FD_WRITE):
            raise WasiError(Errno.INVAL)
        (fd,) = SUBSCRIPTION_FD_READWRITE.unpack(contents)
        descriptor = self.descriptors.get(fd)
        host = descriptor.poll_fd(write=tag == Eventtype.FD_WRITE)
        watches.append(_Watch(userdata, tag, host, descriptor))

    def _deadline(self, contents: bytes) -> int:
        clock, timeout, _precision, flags = SUBSCRIPTION_CLOCK.unpack(contents)
        if clock not in (Clockid.REALTIME, Clockid.MONOTONIC):
            raise WasiError(Errno.INVAL)
        if flags & ~SUBSCRIPTION_CLOCK_ABSTIME:
            raise WasiError(Errno.INVAL)
        if flags:
            timeout -= self.clocks[clock]()
        return time.monotonic_ns() + max(timeout, 0)


def _wait(timers: Sequence[_Timer], watches: Sequence[_Watch]) -> list[bytes]:
    """Wait for the first event; returns all events that have happened by then."""
    deadline = min((timer.deadline for timer in timers), default=None)
    if not watches and deadline is not None:
        _sleep_until(deadline)
    hung_up = _poll(watches, deadline) if watches else {}
    now = time.monotonic_ns()
    fired = [
        EVENT.pack(timer.userdata, Errno.SUCCESS, Eventtype.CLOCK, 0, 0)
        for timer in timers
        if timer.deadline <= now
    ]
    return fired + [
        _event(watch, hung_up[index]) for index, watch in enumerate(watches) if index in hung_up
    ]


def _sleep_until(deadline: int) -> None:
    while (left := deadline - time.monotonic_ns()) > 0:
        time.sleep(min(left / 1e9, 1e6))


def _poll(watches: Sequence[_Watch], deadline: int | None) -> dict[int, bool]:
    """The watches that are ready by index, with whether the other side has hung up."""
    ready = {index: False for index, watch in enumerate(watches) if watch.host is None}
    poll = select.poll()
    wanted: dict[int, int] = {}
    for watch in watches:
        if watch.host is not None:
            mask = select.POLLIN if watch.kind == Eventtype.FD_READ else select.POLLOUT
            wanted[watch.host] = wanted.get(watch.host, 0) | mask
    for host, mask in wanted.items():
        poll.register(host, mask)
    found = dict(poll.poll(0 if ready else _milliseconds_until(deadline)))
    while not found and not ready and not _has_passed(deadline):
        found = dict(poll.poll(_milliseconds_until(deadline)))
    for index, watch in enumerate(watches):
        happened = found.get(watch.host, 0) if watch.host is not None else 0
        mask = select.POLLIN if watch.kind == Eventtype.FD_READ else select.POLLOUT
        if happened & (mask | select.POLLHUP | select.POLLERR | select.POLLNVAL):
            ready[index] = bool(happened & select.POLLHUP)
    return ready


def _milliseconds_until(deadline: int | None) -> int | None:
    """The timeout for `poll`, rounded up; None to wait for ever."""
    if deadline is None:
        return None
    left = max(deadline - time.monotonic_ns(), 0)
    return min(-(-left // _NS_PER_MS), _LONGEST_WAIT_MS)


def _has_passed(deadline: int | None) -> bool:
    return deadline is not None and time.monotonic_ns() >= deadline


def _event(watch: _Watch, hung_up: bool) -> bytes:
    """The event of a descriptor that is ready, with the bytes that can be read if that is known."""
    flags = FD_READWRITE_HANGUP if hung_up else 0
    return EVENT.pack(watch.userdata, Errno.SUCCESS, watch.kind, _available(watch), flags)


def _available(watch: _Watch) -> int:
    """The bytes that can be read at once, at least 1 where the host cannot say."""
    if watch.kind != Eventtype.FD_READ or watch.host is None:
        return 1 if watch.kind == Eventtype.FD_WRITE else 0
    import fcntl  # neither is there on Windows, where nothing can be waited for
    import termios

    try:
        count = fcntl.ioctl(watch.host, termios.FIONREAD, bytes(4))
    except OSError:
        return 1
    return int.from_bytes(count, sys.byteorder)
