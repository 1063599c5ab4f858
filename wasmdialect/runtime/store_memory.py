"""The memory of a store that compiled code and the native glue share with Python: VMRuntimeLimits, the
glue's STORE, and the place where exceptions were made, one after the other."""

from __future__ import annotations

import ctypes

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import RUNTIME_LIMITS, THROW_TRACE, THROW_TRACE_LENGTH
from wasmdialect.runtime.native.structures import STORE, WORD_SIZE
from wasmdialect.runtime.packing import members

if TYPE_CHECKING:
    from typing import Any


class StoreMemory(ctypes.Structure):
    """All words by their names. To get and to set one is not a call: neither another thread nor a
    signal handler comes between."""

    _fields_ = (
        *members(RUNTIME_LIMITS, signed=("fuel_consumed",)),
        *((word.name, ctypes.c_uint64) for word in STORE),
        ("trace", ctypes.c_ubyte * (THROW_TRACE.size + WORD_SIZE * THROW_TRACE_LENGTH)),
    )

    if TYPE_CHECKING:
        fuel_consumed: int
        """Counts up from a negative number; the fuel is used up from 0 on."""
        epoch_deadline: int
        last_wasm_exit_fp: int
        last_wasm_exit_pc: int
        last_wasm_entry_sp: int
        pending_error: int
        tail_arguments: int
        exception: int
        """The one that has been thrown and not caught yet, or 0."""
        exceptions_next: int
        exceptions_end: int
        throw_trace: int
        tier_countdown: int
        limits: int
        max_wasm_stack: int
        is_open: int
        user: int
        """The thread that uses the store, or 0."""
        trace: Any


STORE_OFFSET = RUNTIME_LIMITS.size
"""Where the STORE begins; VMRuntimeLimits are at the start."""
TRACE_OFFSET = STORE_OFFSET + WORD_SIZE * len(STORE)
