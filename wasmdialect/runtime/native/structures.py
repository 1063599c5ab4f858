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
    HOST_CONTEXT,
    RUNTIME_LIMITS,
    THROW_TRACE,
    THROW_TRACE_LENGTH,
    VALUE_SLOT_SIZE,
    VMCONTEXT_HEADER,
)
from wasmdialect.types import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

WORD_SIZE = 8
FRAME_CAPACITY = 256
"""The number of program counters of a backtrace that are kept, innermost first."""
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
    Word("frames", "ptr", "the thread's room for the program counters of a backtrace"),
    Word("subject", "ptr", "the Python object of the store, whose caller keeps it alive"),
    Word("thread_state", "ptr", "Python's state of the thread while it is without the GIL"),
    Word("ran_python", "i64", "not 0: it has run a host function"),
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
"""A call into compiled code, on the stack of its thread."""

THREAD: tuple[Word, ...] = (
    Word("innermost", "ptr", "its innermost activation, or null"),
    Word("stack_floor", "i64", "the lowest address that a stack limit may have on this thread"),
    Word("left_at", "i64", "when its last outermost call ended, if that ran no Python; else 0"),
    Word("checked_at", "i64", "when it found all signal handlers in place"),
)
"""A thread that has entered compiled code, in memory of the C library; the program counters of a
backtrace follow the words. Times are those of the processor's counter."""

STORE: tuple[Word, ...] = (
    Word("limits", "ptr", "`VMRuntimeLimits`"),
    Word("max_wasm_stack", "i64", "bytes of stack that compiled code may use"),
    Word("is_open", "i64", "0 when it has been closed"),
    Word("user", "i64", "the thread that uses the store, or 0; changed with the GIL only"),
)
"""A store, in memory that its StoreState owns."""

WASM_FUNCTION: tuple[Word, ...] = (
    Word("store_id", "ptr", "the mark of its store"),
    Word("store", "ptr", "its STORE"),
    Word("array_call", "ptr", "its code, of the array convention"),
    Word("vmctx", "ptr", "its VMContext"),
    Word("param_count", "i64", "how many parameters"),
    Word("result_count", "i64", "how many results"),
)
"""A function that Python calls; a code (`NUMBER_CODES`) follows for each parameter and result."""

HOST_FUNCTION: tuple[Word, ...] = (
    Word("function", "ptr", "the Python function, or null: only Python can convert its values"),
    Word("param_count", "i64", "how many parameters"),
    Word("result_count", "i64", "how many results"),
)
"""A Python function that compiled code calls, where `host_context.state` points to; codes follow."""

TEMPLATE: tuple[Word, ...] = (
    Word("content", "ptr", "the bytes"),
    Word("size", "i64", "how many"),
    Word("places", "ptr", "offsets of words that hold an offset, and become an address"),
    Word("place_count", "i64", "how many"),
)
"""What every instance of a module starts with, wherever its memory is."""

NUMBER_CODES: Mapping[str, int] = {name: ord(t.format) for name, t in NUMBERS.items()}
"""How the number types are written there."""


def offsets(words: tuple[Word, ...]) -> Mapping[str, int]:
    """The offset of each word of a structure."""
    return {word.name: WORD_SIZE * index for index, word in enumerate(words)}


ACTIVATION_OFFSETS = offsets(ACTIVATION)
ACTIVATION_SIZE = WORD_SIZE * len(ACTIVATION)
THREAD_OFFSETS = offsets(THREAD)
STORE_OFFSETS = offsets(STORE)
FRAMES_OFFSET = WORD_SIZE * len(THREAD)
THREAD_SIZE = FRAMES_OFFSET + WORD_SIZE * FRAME_CAPACITY

PREVIOUS_HANDLER: tuple[Word, ...] = (
    Word("handler", "i64", "what it was: a function, SIG_DFL (0) or SIG_IGN (1)"),
    Word("resets", "i64", "not 0: it had SA_RESETHAND"),
)
"""The handler that a signal handler of the glue chains to."""

# --- numbers; `outcomes` has them as documented enumerations ---

STATUS: Mapping[str, int] = {"RETURNED": 0, "TRAPPED": 1}
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
            *(plain(t) for t in (RUNTIME_LIMITS, THROW_TRACE, VMCONTEXT_HEADER, HOST_CONTEXT)),
            *(plain(t) for t in (ACTIVATION, THREAD, STORE, WASM_FUNCTION, HOST_FUNCTION)),
            plain(TEMPLATE),
            *(plain(BUILTINS), THROW_TRACE_LENGTH),
            plain(PREVIOUS_HANDLER),
            *(WORD_SIZE, VALUE_SLOT_SIZE, FRAME_CAPACITY, HANDLER_GENERATIONS, SIGNAL_COUNT),
            *(NUMBER_CODES, STATUS, TRAP_KINDS, PENDING),
        ]
    )
