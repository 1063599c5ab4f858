"""Whether this process has room for the addresses that a guarded memory reserves: some kernels give a
process 39 bits of them, and limits (RLIMIT_AS, containers) may leave less.
"""

from __future__ import annotations

import mmap

from wasmdialect.abi.reservation import GUARD_SIZE, RESERVATION

_MAP_NORESERVE = 0x4000
_room: list[bool] = []


def has_room_for_guards() -> bool:
    """Whether a 32-bit memory can have its full reservation with guards, when this was asked first:
    there is one answer for a process."""
    if not _room:
        _room.append(_can_reserve(GUARD_SIZE + RESERVATION + GUARD_SIZE))
    return _room[0]


def _can_reserve(size: int) -> bool:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    try:
        mmap.mmap(-1, size, flags=flags, prot=0).close()
    except OSError:
        return False
    return True
