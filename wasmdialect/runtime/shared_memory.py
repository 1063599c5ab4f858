"""Shared memories: linear memories that any number of stores use at the same time, each on its own
thread; growing them, waiting, and notifying.

A shared memory belongs to no store. Its definition and its pages live as long as anything refers to it.
"""

from __future__ import annotations

import ctypes
import os
import time
from _thread import TIMEOUT_MAX, RLock, allocate_lock

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import MEMORY_DEFINITION, POINTER_SIZE
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.runtime.ownership import ANY_STORE
from wasmdialect.runtime.packing import AlignedMemory

if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Callable

    from wasmdialect.runtime.memory import MemoryShape

WOKEN, NOT_EQUAL, TIMED_OUT = 0, 1, 2
"""The results of a wait."""

_growing = lock_across_forks()


class SharedLinearMemory(LinearMemory):
    """A memory of all stores."""

    shared = True

    def __init__(self, shape: MemoryShape):
        """Raises MemoryError."""
        # Aligned, so that the length is read and written at once.
        definition = AlignedMemory(MEMORY_DEFINITION.size, POINTER_SIZE)
        super().__init__(shape, definition.address, definition.buffer)
        self.store_id = ANY_STORE

    def grow(self, delta: int, most: int | None = None) -> int | None:
        """Add pages; returns the old size in pages, or None if that is not possible. Limits of a store
        do not count: as in Wasmtime, the maximum of the memory is the only one."""
        with _growing:
            return super().grow(delta)

    def release(self) -> None:
        """A store that uses the memory is closed: others go on."""

    def wait(
        self,
        address: int,
        expected: int,
        size: int,
        timeout: int,
        check: Callable[[], float | None],
    ) -> int:
        """Sleep until notified, if the integer of `size` bytes at a checked address is the expected
        one; else return at once. The timeout is in nanoseconds; none if it is negative.

        `check` is called before sleeping and may raise what ends the wait; it returns after how many
        seconds it wants to be called again, None for never.
        """
        deadline = None if timeout < 0 else time.monotonic_ns() + timeout
        place = self.base + address
        waiter = allocate_lock()
        waiter.acquire()
        try:
            with _queue:
                # First: if a signal handler that runs here notifies, the comparison comes after it.
                _waiting[waiter] = place
                if int.from_bytes(ctypes.string_at(place, size), "little") != expected:
                    return NOT_EQUAL
            while not waiter.acquire(True, _until(deadline, check())):
                if deadline is not None and time.monotonic_ns() >= deadline:
                    with _queue:
                        # A notification may have come since.
                        return WOKEN if _waiting.pop(waiter, None) is None else TIMED_OUT
            return WOKEN
        finally:
            _waiting.pop(waiter, None)

    def notify(self, address: int, count: int) -> int:
        """Wake up to `count` threads that wait at an address, in the order in which they came; returns
        how many."""
        if not _waiting:
            return 0
        place = self.base + address
        with _queue:
            woken = 0
            for waiter, at in [*_waiting.items()]:
                if woken == count:
                    break
                # One that is interrupted leaves the queue without waiting for its turn.
                if at == place and _waiting.pop(waiter, None) is not None:
                    waiter.release()
                    woken += 1
            return woken


def _until(deadline: int | None, longest: float | None) -> float:
    """The seconds to sleep for: -1 for any number."""
    seconds = TIMEOUT_MAX if longest is None else longest
    if deadline is None:
        return -1 if longest is None else seconds
    return max(0.0, min((deadline - time.monotonic_ns()) / 1e9, seconds))


_waiting: dict[LockType, int] = {}
"""The threads that wait, in the order in which they came: the lock that each sleeps on, and the host
address it waits at. Few threads wait, so all addresses have one queue."""

_queue = RLock()
"""Held while a value is compared and the queue changes. Reentrant, as a signal handler may notify."""

os.register_at_fork(
    before=_queue.acquire, after_in_parent=_queue.release, after_in_child=_queue.release
)
os.register_at_fork(after_in_child=_waiting.clear)  # no other thread exists in the child
