"""Importing dialects without parsing the formats of their operations, which takes a tenth of the time
that the compiler takes to load: a process that reads and writes no IR never needs them.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from xdsl.irdl import OpDef
from xdsl.irdl.declarative_assembly_format import FormatProgram
from xdsl.parser import Parser
from xdsl.printer import Printer

_parse_format = FormatProgram.from_str


class _LateFormat:
    """The declarative format of an operation, which is parsed when it is first used."""

    def __init__(self, text: str, definition: OpDef):
        self._text, self._definition = text, definition
        self._parsed: FormatProgram | None = None

    @property
    def _program(self) -> FormatProgram:
        if self._parsed is None:
            self._parsed = _parse_format(self._text, self._definition)
        return self._parsed

    def parse(self, parser: Parser, cls: type[Any]) -> Any:
        """Parse an operation."""
        return self._program.parse(parser, cls)

    def print(self, printer: Printer, op: Any) -> None:
        """Print an operation."""
        self._program.print(printer, op)


@contextmanager
def parsing_formats_late() -> Generator[None]:
    """Formats of operations that are defined inside are parsed when they are first used. A wrong one is
    an error then, and not where it is."""
    FormatProgram.from_str = staticmethod(cast(Any, _LateFormat))
    try:
        yield
    finally:
        FormatProgram.from_str = staticmethod(_parse_format)
