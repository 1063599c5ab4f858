"""Errors of a WebAssembly module, each with its location."""

from __future__ import annotations

from wasmdialect._printable import printable


class WasmError(Exception):
    """A module is not acceptable. `str()` is one line: what, and where.

    `offset` is the byte offset in the module (binary input), `line` and `column` count from 1 (text
    input); what does not apply is None. `function` is the index of the function it happened in, and
    `function_name` its name in the name section.
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
        self.function_name: str | None = None
        self.source_line: str | None = None
        """The text of line `line`."""

    def __str__(self) -> str:
        where = ""
        if self.line is not None:
            where = f" at line {self.line}, column {self.column}"
        elif self.offset is not None:
            where = f" at offset 0x{self.offset:x}"
        inside = f" in function {self.function}" if self.function is not None else ""
        if self.function_name is not None:
            inside += f" ({printable(self.function_name)})"
        return f"{self.message}{inside}{where}"

    def in_context(self) -> str:
        """The message, and below it the line of text with a caret under the location, if it is
        known."""
        if self.source_line is None or self.column is None:
            return str(self)
        start = max(0, self.column - 1 - _EXCERPT // 2)
        shown = [
            c if c == "\t" or c.isprintable() else "\ufffd"
            for c in self.source_line[start : start + _EXCERPT]
        ]
        excerpt = "".join(shown).rstrip()
        margin = " " * len(str(self.line))
        pad = "".join(c if c == "\t" else " " for c in shown[: self.column - 1 - start])
        return f"{self}\n {self.line} | {excerpt}\n {margin} | {pad}^"


_EXCERPT = 100
"""How much of a long line is shown."""


class DecodeError(WasmError):
    """The bytes are not a module: malformed binary (`assert_malformed`)."""


class ValidationError(WasmError):
    """The module is well-formed but not valid (`assert_invalid`)."""


class TextError(WasmError):
    """The text is not a module: malformed text (`assert_malformed` of quoted modules)."""
