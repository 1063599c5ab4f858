"""The memory and the numbers that the native glue and Python share, as tables: their one source.

`tools/build_native.py` turns these rows into accessor functions and constants for the glue's LLVM IR;
the Python side reads the same memory with them. docs/native.md explains the protocol.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.contract import digest_of, plain
from wasmdialect.abi.layout import (
    RUNTIME_LIMITS,
    THROW_TRACE,
    THROW_TRACE_LENGTH,
    VMCONTEXT_HEADER,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

WORD_SIZE = 8
FRAME_CAPACITY = 256
"""The number of program counters of a backtrace in an activation, innermost first."""
HANDLER_GENERATIONS = 4
"""Entry points of the signal handler; see `handlers.py` for what they are needed for."""
SIGNAL_COUNT = 32
"""Length of the tables indexed by a (standard, not real-time) signal number."""


class Word(FrozenRecord):
    """A 64-bit member of a structure of the glue."""

    name: str
    type: Literal["i64", "ptr"]
    doc: str


ACTIVATION: tuple[Word, ...] = (
    Word("landing_sp", "i64", "stack pointer to land with; the entry code needs it at offset 0"),
    Word("previous", "ptr", "the activation that this one is nested in, or null"),
    Word("limits", "ptr", "`VMRuntimeLimits` of the store"),
    Word("stack_floor", "i64", "lowest address for the stack limit on this thread; set by Python"),
    Word("saved_stack_limit", "i64", "`limits.stack_limit` to restore; 0 in the outermost"),
    Word("saved_entry_sp", "i64", "`limits.last_wasm_entry_sp` to restore"),
    Word(
        "saved_exit_fp", "i64", "`limits.last_wasm_exit_fp` to restore; the backtrace goes on there"
    ),
    Word("saved_exit_pc", "i64", "`limits.last_wasm_exit_pc` to restore"),
    Word("kind", "i64", "a `TrapKind`; this and what follows is written when it is left by a trap"),
    Word("code", "i64", "the trap code, -1 if there is none"),
    Word("signal", "i64", "signal number, 0 without a signal"),
    Word("fault_address", "i64", "the address that could not be accessed, for SIGSEGV and SIGBUS"),
    Word("pc", "i64", "exact for a signal, else the return address into compiled code"),
    Word("sp", "i64", "stack pointer there"),
    Word("fp", "i64", "frame pointer there"),
    Word("frame_count", "i64", "how many frames there are, also beyond those kept"),
)
"""A call into compiled code, in memory; the kept program counters follow the words."""

ACTIVATION_OFFSETS: Mapping[str, int] = {
    word.name: WORD_SIZE * index for index, word in enumerate(ACTIVATION)
}
FRAMES_OFFSET = WORD_SIZE * len(ACTIVATION)
ACTIVATION_SIZE = FRAMES_OFFSET + WORD_SIZE * FRAME_CAPACITY

PREVIOUS_HANDLER: tuple[Word, ...] = (
    Word("handler", "i64", "what it was: a function, SIG_DFL (0) or SIG_IGN (1)"),
    Word("resets", "i64", "not 0: it had SA_RESETHAND"),
)
"""The handler that a signal handler of the glue chains to."""

# --- a call of the native convention: registers and stack in memory ---

INTEGER_REGISTERS, FLOAT_REGISTERS = 6, 8
CALL_BLOCK: Mapping[str, int] = {
    "integers": 0,
    "floats": WORD_SIZE * INTEGER_REGISTERS,
    "stack_count": WORD_SIZE * (INTEGER_REGISTERS + FLOAT_REGISTERS),
    "integer_result": WORD_SIZE * (INTEGER_REGISTERS + FLOAT_REGISTERS + 1),
    "float_result": WORD_SIZE * (INTEGER_REGISTERS + FLOAT_REGISTERS + 2),
    "stack": WORD_SIZE * (INTEGER_REGISTERS + FLOAT_REGISTERS + 3),
}
"""Byte offsets in the block that `call_native` reads: integer registers (both VMContexts, then integer
parameters and the return pointer), floating-point registers, how many words go onto the stack, both
results, these words."""

# --- numbers; `outcomes` has them as documented enumerations ---

STATUS: Mapping[str, int] = {"RETURNED": 0, "TRAPPED": 1, "DISPLACED": 2}
TRAP_KINDS: Mapping[str, int] = {
    "SIGNAL_ILL": 1,
    "SIGNAL_SEGV": 2,
    "SIGNAL_FPE": 3,
    "HOST_ERROR": 4,
    "EXPLICIT": 5,
    "INTERRUPT": 6,
    "MISSING_BUILTIN": 7,
}
PENDING: Mapping[str, int] = {"NONE": 0, "HOST_ERROR": 1, "INTERRUPT": 2}


def tables_digest() -> str:
    """The digest of all current inputs of the glue's build."""
    return digest_of(
        [
            *(plain(table) for table in (RUNTIME_LIMITS, THROW_TRACE, VMCONTEXT_HEADER, BUILTINS)),
            *(THROW_TRACE_LENGTH,),
            *(WORD_SIZE, FRAME_CAPACITY, HANDLER_GENERATIONS, SIGNAL_COUNT, plain(ACTIVATION)),
            plain(PREVIOUS_HANDLER),
            *(INTEGER_REGISTERS, FLOAT_REGISTERS, CALL_BLOCK, STATUS, TRAP_KINDS, PENDING),
        ]
    )
