"""The reference interpreter of wasmir: runs a module at any stage before `insert-vmctx-loads`.

Numeric operations compute what the instruction table says, which is also what folding and the tests of
compiled code use. It is slow (about a million operations a second), exact, and says which operation
trapped.
"""

from wasmdialect.interpreter.errors import (
    BrokenPromise,
    LinkFailure,
    NotInterpreted,
    Place,
    StepLimit,
    Stopped,
    Trapped,
    Uncaught,
)
from wasmdialect.interpreter.instance import Imports, Instance
from wasmdialect.interpreter.machine import Machine
from wasmdialect.interpreter.state import (
    ExceptionValue,
    Extern,
    Function,
    Global,
    HostFunction,
    Memory,
    Segment,
    Table,
    Tag,
    Value,
    WasmFunction,
)
from wasmdialect.interpreter.translate import Observer

__all__ = [
    "BrokenPromise",
    "ExceptionValue",
    "Extern",
    "Function",
    "Global",
    "HostFunction",
    "Imports",
    "Instance",
    "LinkFailure",
    "Machine",
    "Memory",
    "NotInterpreted",
    "Observer",
    "Place",
    "Segment",
    "StepLimit",
    "Stopped",
    "Table",
    "Tag",
    "Trapped",
    "Uncaught",
    "Value",
    "WasmFunction",
]
