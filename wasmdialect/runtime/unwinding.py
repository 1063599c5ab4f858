"""Registering compiled code with the C library's unwinder, so that backtraces are complete.

The unwinder aborts when it is to forget what it does not know, and reads unmapped memory if it is not
told. So a list says what is registered, and both change together: in one call of a function in C,
between whose steps no Python signal handler can raise.
"""

from __future__ import annotations

import ctypes
from itertools import filterfalse

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_opened: list[Any] = []


def _unwinder() -> Any:
    if not _opened:
        try:
            unwinder = ctypes.CDLL("libgcc_s.so.1")
        except OSError:
            _opened.append(None)  # nobody in this process unwinds by tables then
            return None
        for function in (unwinder.__register_frame, unwinder.__deregister_frame):
            function.argtypes, function.restype = [ctypes.c_void_p], None
        _opened.append(unwinder)
    return _opened[0]


def register_frames(registered: list[int], eh_frame: int) -> None:
    """Register the functions of an `.eh_frame` in memory, terminated by a zero word."""
    unwinder = _unwinder()
    if unwinder is not None:
        # It returns None, which is false.
        registered.extend(filterfalse(unwinder.__register_frame, (eh_frame,)))


def forget_frames(registered: list[int]) -> None:
    """Unregister them all, before the memory is freed."""
    if registered:
        registered[:] = filter(_unwinder().__deregister_frame, registered)
