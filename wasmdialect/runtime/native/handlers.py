"""Keeping the signal handlers installed among others who install theirs: faulthandler, pytest, users.

A handler installed over ours may remember ours and chain to it. If ours were then installed over that
one and chained to it, an unclaimed fault would go round in circles. So each time ours has to replace a
stranger's, it is the next *generation*: an entry point of its own, with its own "previous". A call of
an older generation then means that the stranger has passed the signal on, and the handler before the
stranger is next. Finding an older generation installed means that the stranger has left.
"""

from __future__ import annotations

import ctypes
from _thread import allocate_lock, get_ident

from wasmdialect._cpuinfo import MACHINE
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.native.structures import (
    HANDLER_GENERATIONS,
    PREVIOUS_HANDLER,
    SIGNAL_COUNT,
)
from wasmdialect.runtime.native.threads import main_thread
from wasmdialect.runtime.pages import libc

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIG_DFL, _SIG_IGN = 0, 1
_SA_SIGINFO = 0x4
_SA_ONSTACK = 0x0800_0000
_SA_RESTART = 0x1000_0000
_SA_NODEFER = 0x4000_0000
_SA_RESETHAND = 0x8000_0000

# Linux's numbers; `signal` would make enumerations of them, which takes longer than all of this.
_SIGINT, _SIGILL, _SIGTRAP, _SIGBUS, _SIGFPE, _SIGSEGV = 2, 4, 5, 7, 8, 11
_TRAPS = (_SIGTRAP, _SIGILL) if MACHINE == "aarch64" else (_SIGILL,)
_FAULTS = (_SIGSEGV, *_TRAPS, _SIGBUS, _SIGFPE)
"""The signals of instructions. A trap is an undefined one on x86-64, and a breakpoint on aarch64."""


class _SignalAction(ctypes.Structure):
    """`struct sigaction` of 64-bit Linux."""

    _fields_ = (
        ("handler", ctypes.c_uint64),
        ("mask", ctypes.c_uint64 * 16),
        ("flags", ctypes.c_uint32),
        ("restorer", ctypes.c_uint64),
    )
    handler: int
    mask: ctypes.Array[ctypes.c_uint64]
    flags: int


class _PreviousHandler(ctypes.Structure):
    """An entry of `@previous_handlers` in signals.ll."""

    _fields_ = tuple((word.name, ctypes.c_uint64) for word in PREVIOUS_HANDLER)
    handler: int
    resets: int


class SignalHandlers:
    """The signal handlers of the glue and the handlers they chain to."""

    def __init__(self, symbols: Mapping[str, int]) -> None:
        self._entries = [symbols[f"handler.{g}"] for g in range(HANDLER_GENERATIONS)]
        self._installed = (ctypes.c_uint64 * SIGNAL_COUNT).from_address(
            symbols["installed_handlers"]
        )
        self._previous = (_PreviousHandler * HANDLER_GENERATIONS * SIGNAL_COUNT).from_address(
            symbols["previous_handlers"]
        )
        self._lock = allocate_lock()
        for number in _FAULTS:
            self._put_in_place(number)
        # Until the main thread sets it: an address that is not a handler's.
        self._installed[_SIGINT] = 2**64 - 1

    def put_in_place(self) -> None:
        """Puts the handlers back over whatever displaced them.

        That of SIGINT only from the main thread, and not over SIG_IGN and SIG_DFL, since then
        Ctrl-C is not meant to become a KeyboardInterrupt.
        """
        with self._lock:
            for number in _FAULTS:
                self._put_in_place(number)
            if get_ident() == main_thread():
                self._put_interrupt_in_place()

    def reset_after_fork(self) -> None:
        """In the child, where the thread that may have held the lock is gone."""
        self._lock = allocate_lock()

    def _put_interrupt_in_place(self) -> None:
        current = _query(_SIGINT)
        if current.handler in (_SIG_DFL, _SIG_IGN):
            self._installed[_SIGINT] = current.handler
            return
        self._put_in_place(_SIGINT)

    def _put_in_place(self, number: int) -> None:
        current = _query(number)
        if current.handler in self._entries:
            self._installed[number] = current.handler
            return
        generation = self._next_generation(number, current.handler)
        previous = self._previous[number][generation]
        previous.handler = current.handler
        previous.resets = current.flags & _SA_RESETHAND
        # It runs below ours, with the signals blocked that it wants blocked: that part is copied.
        flags = current.flags & (_SA_RESTART | _SA_NODEFER) | _SA_SIGINFO | _SA_ONSTACK
        action = _SignalAction(self._entries[generation], current.mask, flags)
        _sigaction(number, action, None)
        self._installed[number] = self._entries[generation]

    def _next_generation(self, number: int, displacing: int) -> int:
        """The generation that chains to `displacing`, the currently installed handler."""
        if displacing in (_SIG_DFL, _SIG_IGN):
            return 0  # neither chains to any of ours
        newest = self._installed[number]
        if newest not in self._entries:
            return 0
        generation = self._entries.index(newest)
        if self._previous[number][generation].handler == displacing:
            return generation  # the same handler again: Python's, for a new function
        return min(generation + 1, HANDLER_GENERATIONS - 1)


def _query(number: int) -> _SignalAction:
    action = _SignalAction()
    _sigaction(number, None, action)
    return action


def _sigaction(number: int, new: _SignalAction | None, old: _SignalAction | None) -> None:
    if libc.sigaction(
        number,
        None if new is None else ctypes.byref(new),
        None if old is None else ctypes.byref(old),
    ):
        raise OSError(ctypes.get_errno(), f"sigaction failed for signal {number}")
