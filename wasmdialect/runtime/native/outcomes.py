"""Outcomes that the native glue and Python exchange: how a call ended, why it was left. These are
enumerations of the numbers in `structures`, loaded only when a call did not simply return.
"""

from __future__ import annotations

from enum import IntEnum, auto

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.native.structures import PENDING, STATUS, TRAP_KINDS

if TYPE_CHECKING:
    from typing import Any


class Status(IntEnum):
    """The result of the glue's `enter`."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> int:
        return STATUS[name]

    RETURNED = auto()
    TRAPPED = auto()
    """The activation holds a trap."""


class TrapKind(IntEnum):
    """How an activation was left without returning."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> int:
        return TRAP_KINDS[name]

    SIGNAL_ILL = auto()
    """A trap instruction; its code is known if it is one of ours."""
    SIGNAL_SEGV = auto()
    """A memory access failed (SIGSEGV or SIGBUS)."""
    SIGNAL_FPE = auto()
    """An arithmetic instruction failed."""
    HOST_ERROR = auto()
    """A host function or a builtin failed; the store has the exception."""
    EXPLICIT = auto()
    """Compiled code called the builtin `trap` with a code."""
    INTERRUPT = auto()
    """SIGINT."""
    MISSING_BUILTIN = auto()
    """Compiled code called a builtin that nobody provides: the image and the runtime disagree."""


class Pending(IntEnum):
    """Values of `limits.pending_error`."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> int:
        return PENDING[name]

    NONE = auto()
    HOST_ERROR = auto()
    """Set by a host function or builtin that failed; any value but the other two is equivalent."""
    INTERRUPT = auto()
    """Set by the SIGINT handler when it finds the thread outside compiled code."""
