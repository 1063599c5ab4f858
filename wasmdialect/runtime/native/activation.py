"""The record of how a call left compiled code without returning."""

from __future__ import annotations

import struct

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.native.structures import (
    ACTIVATION,
    ACTIVATION_OFFSETS,
    ACTIVATION_SIZE,
    FRAME_CAPACITY,
)

if TYPE_CHECKING:
    from wasmdialect.runtime.native.outcomes import TrapKind

_WORDS = struct.Struct(f"={len(ACTIVATION)}Q")
_NO_CODE = 2**64 - 1


class TrapRecord(FrozenRecord):
    """How and where compiled code was left without returning; a copy, valid for ever."""

    kind: TrapKind
    code: int | None
    """The trap code, for SIGNAL_ILL and EXPLICIT, if it is known."""
    signal: int
    """Signal number; 0 if there was no signal."""
    fault_address: int
    """For SIGNAL_SEGV: the address that was accessed. (0 also if the processor does not say.)"""
    pc: int
    """The program counter in compiled code: of the instruction itself if `signal` is not 0, else the
    return address of the call out of it; 0 if the function entered was the host's."""
    sp: int
    fp: int
    frame_count: int
    """How many frames the store had on this thread."""
    frames: tuple[int, ...]
    """Program counters, innermost first, from all the store's activations on this thread: `pc`,
    then return addresses. At most `FRAME_CAPACITY` of the `frame_count`."""


def trap_record(content: bytes) -> TrapRecord:
    """The record that the glue made: the words of the activation, then the program counters that it
    kept."""
    from wasmdialect.runtime.native.outcomes import TrapKind

    words = dict(zip(ACTIVATION_OFFSETS, _WORDS.unpack_from(content), strict=True))
    kept = min(words["frame_count"], FRAME_CAPACITY)
    return TrapRecord(
        TrapKind(words["kind"]),
        None if words["code"] == _NO_CODE else words["code"],
        words["signal"],
        words["fault_address"],
        words["pc"],
        words["sp"],
        words["fp"],
        words["frame_count"],
        struct.unpack_from(f"={kept}Q", content, ACTIVATION_SIZE),
    )
