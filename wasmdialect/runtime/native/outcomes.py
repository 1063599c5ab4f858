"""The numbers that the native glue and Python tell each other: how a call ended, why it was left.

Enumerations, so this is loaded when a call did not just return.
"""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """What the glue's `enter` returns."""

    RETURNED = 0
    TRAPPED = 1
    """The activation holds a trap."""
    DISPLACED = 2
    """Nothing was run: somebody replaced a signal handler, which must be put back first."""


class TrapKind(IntEnum):
    """How an activation was left without returning."""

    SIGNAL_ILL = 1
    """A trap instruction; its code is known unless it is none of ours."""
    SIGNAL_SEGV = 2
    """A memory access failed (SIGSEGV or SIGBUS)."""
    SIGNAL_FPE = 3
    """An arithmetic instruction failed."""
    HOST_ERROR = 4
    """A host function or a builtin failed; the store has the exception."""
    EXPLICIT = 5
    """Compiled code called the builtin `trap` with a code."""
    INTERRUPT = 6
    """SIGINT."""
    MISSING_BUILTIN = 7
    """Compiled code called a builtin that nobody provides: the image and the runtime disagree."""


class Pending(IntEnum):
    """Values of `limits.pending_error`."""

    NONE = 0
    HOST_ERROR = 1
    """Set by a host function or builtin that failed; any value but the other two means the same."""
    INTERRUPT = 2
    """Set by the SIGINT handler when it finds the thread outside compiled code."""
