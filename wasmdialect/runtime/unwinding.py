"""Telling the C library's unwinder about compiled code, so that backtraces go through it to the end."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def _unwinder() -> Any:
    try:
        return ctypes.CDLL("libgcc_s.so.1")
    except OSError:
        return None  # nobody in this process unwinds by tables then


def register_frames(eh_frame: int) -> None:
    """Make the functions of an `.eh_frame` in memory, ended by a zero word, known."""
    unwinder = _unwinder()
    if unwinder is not None:
        unwinder.__register_frame(ctypes.c_void_p(eh_frame))


def forget_frames(eh_frame: int) -> None:
    """The reverse, before the memory goes."""
    unwinder = _unwinder()
    if unwinder is not None:
        unwinder.__deregister_frame(ctypes.c_void_p(eh_frame))
