"""Telling the C library's unwinder about compiled code, so that backtraces go through it to the end."""

from __future__ import annotations

import ctypes

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_opened: list[Any] = []


def _unwinder() -> Any:
    if not _opened:
        try:
            _opened.append(ctypes.CDLL("libgcc_s.so.1"))
        except OSError:
            _opened.append(None)  # nobody in this process unwinds by tables then
    return _opened[0]


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
