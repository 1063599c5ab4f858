"""Native glue between Python and compiled code: entry, traps, backtraces, builtins, Ctrl-C."""

from wasmdialect.runtime.native.activation import TrapRecord, trap_record
from wasmdialect.runtime.native.glue import (
    NativeGlue,
    NativeUnavailableError,
    builtin_prototype,
    native,
)

__all__ = [
    "NativeGlue",
    "NativeUnavailableError",
    "TrapRecord",
    "builtin_prototype",
    "native",
    "trap_record",
]
