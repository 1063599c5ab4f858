"""The address ranges of compiled code, in which the signal handler looks up a program counter."""

from __future__ import annotations

import ctypes
import time
from _thread import allocate_lock

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class CodeRanges:
    """Address ranges of compiled code, as a sorted array that is only ever replaced as a whole.

    A handler that is reading the old array counts itself in `code_range_readers`; the array is freed
    when that has been 0 once after the replacement.
    """

    def __init__(self, symbols: Mapping[str, int]) -> None:
        self._exchange = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(
            symbols["exchange_code_ranges"]
        )
        self._readers = ctypes.c_int64.from_address(symbols["code_range_readers"])
        self._ranges: list[tuple[int, int]] = []
        self._arrays: list[object] = []
        self._lock = allocate_lock()

    def register(self, start: int, end: int) -> None:
        """Makes start <= address < end compiled code; ValueError if it is empty or overlaps."""
        with self._lock:
            overlaps = any(first < end and start < last for first, last in self._ranges)
            if start >= end or overlaps:
                raise ValueError(f"{start:#x}..{end:#x} is empty or overlaps registered code")
            self._publish(sorted([*self._ranges, (start, end)]))

    def unregister(self, start: int) -> None:
        """Forgets the range that starts at `start`; KeyError if there is none. Nothing may be
        running in it."""
        with self._lock:
            left = [each for each in self._ranges if each[0] != start]
            if len(left) == len(self._ranges):
                raise KeyError(f"no code is registered at {start:#x}")
            self._publish(left)

    def reset_after_fork(self) -> None:
        """In the child, where the other threads, which may have held the lock or been in a handler,
        are gone."""
        self._lock = allocate_lock()
        self._readers.value = 0

    def _publish(self, ranges: list[tuple[int, int]]) -> None:
        # In an order that is safe for a KeyboardInterrupt anywhere in between: the array that the glue
        # can read is kept, and the next change makes up for one that was not carried out.
        words = [len(ranges), *(address for pair in ranges for address in pair)]
        array = (ctypes.c_uint64 * len(words))(*words)
        self._ranges = ranges
        self._arrays.append(array)
        self._exchange(ctypes.addressof(array))
        while self._readers.value:
            time.sleep(0)
        del self._arrays[:-1]
