"""Errors at run time, with wasmtime-py's names: WasmtimeError, Trap with its frames, ExitTrap."""

from __future__ import annotations

from wasmdialect._errors import ClosedError, WasmtimeError
from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.trap_table import PassTrap

if TYPE_CHECKING:
    from wasmdialect.abi.traps import TrapCode


class ExitTrap(WasmtimeError):
    """The program asked to exit (WASI `proc_exit`); `code` is its exit code."""

    def __init__(self, code: int):
        super().__init__(f"Exited with i32 exit status {code}")
        self.code = code


class Frame(FrozenRecord):
    """A Wasm function that was running when a trap happened."""

    func_index: int
    func_name: str | None
    module_name: str | None
    module_offset: int | None
    """Byte offset in the module of its current instruction; None if that is not known."""
    func_offset: int | None
    """The same from the start of the function's body."""

    def __str__(self) -> str:
        name = self.func_name or f"<wasm function {self.func_index}>"
        from wasmdialect._printable import printable  # not while a program starts

        module = "<unknown>" if self.module_name is None else self.module_name
        where = "" if self.module_offset is None else f"{self.module_offset:#8x} - "
        return where + printable(f"{module}!{name}")


class Trap(Exception):
    """Wasm execution stopped. Raise one in a host function to stop the Wasm that called it."""

    def __init__(self, message: str):
        if not isinstance(message, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected the message of a trap, got {message!r}")
        super().__init__(message)
        self._message = message
        self._code: TrapCode | PassTrap | None = None
        self._frames: list[Frame] = []

    @classmethod
    def from_code(cls, code: TrapCode | PassTrap, frames: list[Frame]) -> Trap:
        """A trap of compiled code."""
        whose = f" ({code.name} of pass {code.added_by!r})" if isinstance(code, PassTrap) else ""
        trap = cls(f"wasm trap: {code.message}{whose}")
        trap._code = code
        trap._frames = frames
        return trap

    @classmethod
    def named(cls, code: str) -> Trap:
        """A trap of the runtime itself, by the name of its TrapCode."""
        from wasmdialect.abi.traps import TrapCode  # an enumeration: not while a program starts

        return cls.from_code(TrapCode[code], [])

    @property
    def message(self) -> str:
        """What happened, and a backtrace of the Wasm frames."""
        if not self._frames:
            return self._message
        lines = [f"  {number:>3}: {frame}" for number, frame in enumerate(self._frames)]
        return "\n".join(
            [
                "error while executing at wasm backtrace:",
                *lines,
                "",
                "Caused by:",
                f"    {self._message}",
                "",
            ]
        )

    @property
    def reason(self) -> str:
        """What happened, in one line."""
        return self._message

    @property
    def frames(self) -> list[Frame]:
        """The Wasm functions that were running, innermost first."""
        return self._frames

    @property
    def trap_code(self) -> TrapCode | PassTrap | None:
        """Why it happened: if a pass has declared that, with the `name` and `message` that it gave;
        None for a trap that a host function raised."""
        return self._code

    def add_frames(self, frames: list[Frame]) -> None:
        """Set the frames of a trap that started in a host function or builtin."""
        if not self._frames:
            self._frames = frames

    def __str__(self) -> str:
        return self.message


class LinkError(WasmtimeError):
    """An import is missing or has another type; the message starts with the words of the
    specification's tests (`unknown import`, `incompatible import type`)."""


__all__ = ["ClosedError", "ExitTrap", "Frame", "LinkError", "Trap", "WasmtimeError"]
