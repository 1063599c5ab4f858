"""Registering compiled code with the C library's unwinder, so that backtraces are complete."""

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
    """Register the functions of an `.eh_frame` in memory, terminated by a zero word."""
    unwinder = _unwinder()
    if unwinder is not None:
        unwinder.__register_frame(ctypes.c_void_p(eh_frame))


def forget_frames(eh_frame: int) -> None:
    """Unregister them, before the memory is freed."""
    unwinder = _unwinder()
    if unwinder is not None:
        unwinder.__deregister_frame(ctypes.c_void_p(eh_frame))
