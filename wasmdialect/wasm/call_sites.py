"""The calls in a body one by one, each with what the module's hints say of it.

A call is cold if every way to it goes along a branch that is hinted not to be taken: the instructions
are walked once, and each label notes whether a way to it is not of that kind. The instructions have
been validated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wasmdialect.wasm.body import Instruction
from wasmdialect.wasm.hints import ALWAYS, NEVER, NO_HINTS, FunctionHints
from wasmdialect.wasm.inline_plan import ONLY, TINY, Calls
from wasmdialect.wasm.instructions.opcodes import (
    ARMS,
    BR,
    BR_IF,
    BR_ON,
    BR_TABLE,
    CALL,
    CALL_INDIRECT,
    CLOSERS,
    ELSE,
    IF,
    LEAVERS,
    LOOP,
    OPENERS,
    TRY_TABLE,
)

_ONCE = 32
"""The frequency of what runs once."""
_LOG2_TRIPS = 3.3
"""The frequency that stands for a loop, which goes around some ten times."""
_LOG2_COLD = -5
"""The frequency from which on a call is cold."""
_ENDS_A_FREQUENCY = LEAVERS | ARMS | CLOSERS | BR_ON | {BR, BR_IF, BR_TABLE, IF, TRY_TABLE}


class CallSite(NamedTuple):
    """A call that comes back, outside of `try_table`."""

    offset: int
    """Of the instruction in the module."""
    callee: int | tuple[int, int]
    """A function; of a call through a table, the table and the index of the type."""
    depth: int
    """The loops around it."""
    is_cold: bool
    """Whether hints say that it hardly runs, or it is never reached."""
    frequency: int | None
    """The hint for how often it runs."""


@dataclass(slots=True)
class _Frame:
    opcode: int
    is_cold: bool
    """Whether its next part, the `else` or a handler, is."""
    is_left: bool = False
    """Whether a branch that is not cold goes to its end."""


def call_sites(
    instructions: Iterable[Instruction], start: int, hints: FunctionHints = NO_HINTS
) -> Iterator[CallSite]:
    """The calls in a body that starts at an offset of the module."""
    branches, frequencies = hints
    frames = [_Frame(0, is_cold=False)]
    loops = tries = 0
    cold = False
    frequency: int | None = None

    def leave(labels: Iterable[int]) -> None:
        for label in labels:
            frames[-1 - label].is_left |= not cold

    for opcode, immediate, offset in instructions:
        frequency = frequencies.get(offset - start, frequency)
        if opcode == CALL or opcode == CALL_INDIRECT:
            if tries == 0:
                callee = immediate if opcode == CALL else (immediate[1], immediate[0])
                yield CallSite(offset, callee, loops, cold, frequency)
            continue
        if opcode in OPENERS:
            loops += opcode == LOOP
            tries += opcode == TRY_TABLE
            if opcode == TRY_TABLE:
                leave(clause.label for clause in immediate[1])
            likely = branches.get(offset - start) if opcode == IF else None
            frames.append(_Frame(opcode, cold or likely is True))
            cold |= likely is False
        elif opcode in ARMS:
            frames[-1].is_left |= not cold
            cold = frames[-1].is_cold
            if opcode == ELSE:
                frames[-1].opcode = ELSE
        elif opcode in CLOSERS:
            frame = frames.pop()
            loops -= frame.opcode == LOOP
            tries -= frame.opcode == TRY_TABLE
            is_skipped = frame.opcode == IF and not frame.is_cold
            # A branch to a loop goes to its start.
            cold &= not (is_skipped or (frame.is_left and frame.opcode != LOOP))
        elif opcode == BR_IF:
            likely = branches.get(offset - start)
            if likely is not False:
                leave((immediate,))
            cold |= likely is True
        elif opcode in BR_ON:
            leave((immediate if isinstance(immediate, int) else immediate[0],))
        elif opcode == BR:
            leave((immediate,))
            cold = True
        elif opcode == BR_TABLE:
            leave(immediate)
            cold = True
        elif opcode in LEAVERS:
            cold = True
        if opcode in _ENDS_A_FREQUENCY:
            frequency = None


def hinted_calls(sites: Iterable[CallSite]) -> dict[int | tuple[int, int], Calls]:
    """The calls by callee."""
    found: dict[int | tuple[int, int], list[CallSite]] = {}
    for site in sites:
        found.setdefault(site.callee, []).append(site)
    return {callee: _joined(each) for callee, each in found.items()}


def _joined(sites: list[CallSite]) -> Calls:
    warm = [site for site in sites if not _is_cold(site)]
    depth = max(map(_depth, warm), default=0)
    frequencies = {site.frequency for site in sites}
    if NEVER in frequencies:
        return Calls(len(sites), depth, 0)
    if ALWAYS in frequencies:
        return Calls(len(sites), depth, ONLY)
    return Calls(len(sites), depth, None if warm else TINY)


def _is_cold(site: CallSite) -> bool:
    return site.is_cold if site.frequency is None else site.frequency <= _ONCE + _LOG2_COLD


def _depth(site: CallSite) -> int:
    """The loops around a call, or as many as would make it run as often."""
    if site.frequency is None or site.frequency in (NEVER, ALWAYS):
        return site.depth
    return max(round((site.frequency - _ONCE) / _LOG2_TRIPS), 0)
