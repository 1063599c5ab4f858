"""How running ends early: a trap, an exception that nothing catches, a limit, or an operation that is
not of wasmir."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wasmdialect.abi.trap_table import PassTrap
    from wasmdialect.abi.traps import TrapCode
    from wasmdialect.interpreter.state import ExceptionValue


class Place(NamedTuple):
    """An operation of a function that was running."""

    function: str
    """The symbol of the function."""
    operation: str
    """The name of the operation."""
    wasm_offset: int | None
    """The byte offset of its instruction, if its location has one."""

    def __str__(self) -> str:
        where = "" if self.wasm_offset is None else f" at 0x{self.wasm_offset:x}"
        return f"{self.operation}{where} in @{self.function}"


class Stopped(Exception):
    """Running has stopped. `places` are the operations that were running, innermost first."""

    def __init__(self, message: str):
        super().__init__(message)
        self.places: list[Place] = []


class Trapped(Stopped):
    """A trap of WebAssembly, or one that a pass declared."""

    def __init__(self, code: TrapCode | PassTrap):
        super().__init__(code.message)
        self.code = code


class BrokenPromise(Stopped):
    """What a pass promised about an operation is wrong: an access marked `inbounds` is out of bounds,
    or a reference marked `known` is null. Compiled code would do anything."""


class Uncaught(Stopped):
    """An exception that no function on the stack catches."""

    def __init__(self, exception: ExceptionValue):
        super().__init__("an exception was thrown, and nothing caught it")
        self.exception = exception


class StepLimit(Stopped):
    """The program ran longer than it was allowed to."""


class NotInterpreted(Stopped):
    """An operation is of another dialect, or of a later stage."""


class LinkFailure(Exception):
    """An import is missing or has another type. The message starts with the words of the
    specification's tests (`unknown import`, `incompatible import type`)."""
