"""Printing a module as MLIR: as xDSL's printer does, with less work for each piece of text, and without
`loc(unknown)`, which is what an operation has that no location is printed for.
"""

from __future__ import annotations

from io import StringIO
from typing import cast

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, UnknownLoc
from xdsl.ir import Operation
from xdsl.printer import Printer

from wasmdialect.dialects.fast import LocationAttr


def print_module(module: ModuleOp, *, generic: bool = False, locations: bool = False) -> str:
    """The text of a module, without the end of its last line."""
    text = StringIO()
    _IRPrinter(text, generic=generic, locations=locations).print_op(module)
    return text.getvalue()


_ZERO = IntAttr(0)


class _IRPrinter(Printer):
    def __init__(self, text: StringIO, *, generic: bool, locations: bool):
        super().__init__(text, print_generic_format=generic)
        self._write = text.write
        self._prints_locations = locations
        self._files: dict[str, str] = {}
        """The text of a location before its line, by file."""

    def print_string(self, text: str, *, indent: int | None = None) -> None:
        if "\n" in text:
            super().print_string(text, indent=indent)
            return
        self._current_column += len(text)
        self._write(text)

    def _print_new_line(self, indent: int | None = None, print_message: bool = True) -> None:
        if self._next_line_callback:
            super()._print_new_line(indent, print_message)
            return
        spaces = (self._indent if indent is None else indent) * self.indent_num_spaces
        self._write("\n" + " " * spaces)
        self._current_line += 1
        self._current_column = spaces

    def print_op(self, op: Operation) -> None:
        super().print_op(op)
        if self._prints_locations:
            location = op.location
            if location.__class__ is not UnknownLoc:
                self._print_location(location)

    def _print_location(self, location: LocationAttr) -> None:
        if location.__class__ is not FileLineColLoc:
            self.print_string(" ")
            self.print_attribute(location)
            return
        place = cast(FileLineColLoc, location)
        name = place.filename.data
        start = self._files.get(name)
        if start is None:
            whole = StringIO()
            Printer(whole).print_attribute(FileLineColLoc.new([place.filename, _ZERO, _ZERO]))
            start = self._files[name] = f" {whole.getvalue().removesuffix('0:0)')}"
        self.print_string(f"{start}{place.line.data}:{place.column.data})")
