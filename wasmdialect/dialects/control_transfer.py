"""Traits that say where control goes when an operation runs.

Passes that every program goes through ask for them: fuel is written back before other code runs,
fields are loaded again after it, a function that calls is checked for its stack. An operation without
any of them is an error there (`passes/transfers.py`), so a new one cannot be forgotten. Instructions of
WebAssembly that are not control instructions run in place, and so does what is `Pure`.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.traits import OpTrait


@dataclass(frozen=True)
class ControlTransfer(OpTrait):
    """Where control goes: one of the classes below."""


@dataclass(frozen=True)
class RunsInPlace(ControlTransfer):
    """The next operation runs after it, unless it traps. No other function runs in between, except for
    one of the runtime that changes nothing that compiled code can see."""


@dataclass(frozen=True)
class CallsCode(ControlTransfer):
    """Other code runs, which may change any state of the store; then the next operation."""


@dataclass(frozen=True)
class Branches(ControlTransfer):
    """One of the successors runs next."""


@dataclass(frozen=True)
class LeavesFunction(ControlTransfer):
    """The function ends: with a return, a trap or a tail call."""
