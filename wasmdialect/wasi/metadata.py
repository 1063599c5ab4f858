"""Attributes and timestamps of files, from the host's form to WASI's records."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from wasmdialect.wasi.abi import FILESTAT, Errno, Filetype, Fstflags
from wasmdialect.wasi.descriptors import filetype_of
from wasmdialect.wasi.errors import WasiError

_ALL_FSTFLAGS = Fstflags.ATIM | Fstflags.ATIM_NOW | Fstflags.MTIM | Fstflags.MTIM_NOW


def filestat(stat: os.stat_result | None, filetype: int | None = None) -> bytes:
    """The `filestat` record of a file; without `stat` everything but the type is 0."""
    if stat is None:
        return FILESTAT.pack(0, 0, filetype or Filetype.UNKNOWN, 0, 0, 0, 0, 0)
    return FILESTAT.pack(
        stat.st_dev,
        stat.st_ino,
        filetype_of(stat.st_mode),
        stat.st_nlink,
        stat.st_size,
        _timestamp(stat.st_atime_ns),
        _timestamp(stat.st_mtime_ns),
        _timestamp(stat.st_ctime_ns),
    )


def _timestamp(nanoseconds: int) -> int:
    """WASI has no time before 1970."""
    return max(nanoseconds, 0)


def new_times(atim: int, mtim: int, flags: int) -> Callable[[os.stat_result], tuple[int, int]]:
    """The effect of `fstflags` on timestamps: a function from a file's attributes to the new ones.

    Raises WasiError(INVAL) for unknown or contradictory flags.
    """
    if flags & ~_ALL_FSTFLAGS:
        raise WasiError(Errno.INVAL)
    atime = _new_time(atim, flags & Fstflags.ATIM, flags & Fstflags.ATIM_NOW)
    mtime = _new_time(mtim, flags & Fstflags.MTIM, flags & Fstflags.MTIM_NOW)

    def times(stat: os.stat_result) -> tuple[int, int]:
        return (
            stat.st_atime_ns if atime is None else atime,
            stat.st_mtime_ns if mtime is None else mtime,
        )

    return times


def _new_time(given: int, set_given: int, set_now: int) -> int | None:
    if set_given and set_now:
        raise WasiError(Errno.INVAL)
    if set_now:
        return time.time_ns()
    return given if set_given else None
