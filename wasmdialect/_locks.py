"""Locks that are free after a fork: `os.fork` copies a lock that another thread holds, and the child
would wait for that thread for ever."""

from __future__ import annotations

import os
from _thread import allocate_lock

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from _thread import LockType


def lock_across_forks() -> LockType:
    """A lock that a fork waits for, so that the child finds the protected data consistent. Such a lock
    is never freed. A lock that is taken while another is held must have been created before that
    one."""
    lock = allocate_lock()
    held: list[bool] = []  # a fork that began before this was registered has not taken it

    def before() -> None:
        lock.acquire()
        held.append(True)

    def after() -> None:
        if held:
            held.pop()
            lock.release()

    os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)
    return lock
