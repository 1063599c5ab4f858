"""The calling thread: whether it is the main one, and how deep compiled code may go on its stack.

Nothing here loads `threading`, which most programs that start an artifact do not need.
"""

from __future__ import annotations

import ctypes
import os
from _thread import get_ident, get_native_id

from wasmdialect.runtime.pages import libc

HOST_RESERVE = 256 * 1024
"""Bytes below the stack limit that stay free for code that does not check it: leaf functions,
builtins, host functions in Python, signal handlers and their frames."""

_ATTRIBUTES_SIZE = 128  # pthread_attr_t: 56 bytes on x86-64, 64 on aarch64


def main_thread() -> int:
    """The identifier of Python's main thread."""
    if get_native_id() == os.getpid():  # the first thread of the process
        return get_ident()
    import threading

    return threading.main_thread().ident or 0


def stack_floor() -> int:
    """The lowest address that compiled code may use on the calling thread.

    On a stack smaller than two reserves, half of it is for the host. OSError if the C library cannot
    tell where the stack is.
    """
    low, size = _stack_bounds()
    return low + min(HOST_RESERVE, size // 2)


def stack_top() -> int:
    """The end of the calling thread's stack. OSError as in `stack_floor`."""
    low, size = _stack_bounds()
    return low + size


def _stack_bounds() -> tuple[int, int]:
    """Lowest address and size of the calling thread's stack, without guard pages."""
    attributes = ctypes.create_string_buffer(_ATTRIBUTES_SIZE)
    thread = ctypes.c_ulong(get_ident())
    error: int = libc.pthread_getattr_np(thread, attributes)
    if error:
        raise OSError(error, "cannot find the bounds of the thread's stack")
    low, size = ctypes.c_size_t(), ctypes.c_size_t()
    libc.pthread_attr_getstack(attributes, ctypes.byref(low), ctypes.byref(size))
    libc.pthread_attr_destroy(attributes)
    return low.value, size.value
