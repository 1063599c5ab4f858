"""Native glue between Python and compiled code: entry, traps, backtraces, builtins, Ctrl-C."""

from wasmdialect.runtime.native.activation import Activation, TrapRecord
from wasmdialect.runtime.native.glue import (
    NATIVE_CALL,
    NativeGlue,
    NativeUnavailableError,
    builtin_prototype,
    native,
)

__all__ = [
    "NATIVE_CALL",
    "Activation",
    "NativeGlue",
    "NativeUnavailableError",
    "TrapRecord",
    "builtin_prototype",
    "native",
]
