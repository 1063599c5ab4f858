"""What goes wrong with a WebAssembly module, each with the place where it went wrong."""

from __future__ import annotations


class WasmError(Exception):
    """A module is not acceptable. `str()` is one line: what, and where.

    `offset` is the byte offset in the module (binary input), `line` and `column` count from 1 (text
    input); what does not apply is None. `function` is the index of the function it happened in.
    """

    def __init__(
        self,
        message: str,
        *,
        offset: int | None = None,
        line: int | None = None,
        column: int | None = None,
        function: int | None = None,
    ):
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.line = line
        self.column = column
        self.function = function

    def __str__(self) -> str:
        where = ""
        if self.line is not None:
            where = f" (at line {self.line}, column {self.column})"
        elif self.offset is not None:
            where = f" (at offset 0x{self.offset:x})"
        inside = f" in function {self.function}" if self.function is not None else ""
        return f"{self.message}{inside}{where}"


class DecodeError(WasmError):
    """The bytes are no module: malformed binary (`assert_malformed`)."""


class ValidationError(WasmError):
    """The module is well-formed but not valid (`assert_invalid`)."""


class TextError(WasmError):
    """The text is no module: malformed text (`assert_malformed` of quoted modules)."""
