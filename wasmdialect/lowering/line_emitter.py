"""Writing operations one by one, as they are made: the lines of a block, and the locations of loads,
which go to their users when all uses are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, NoReturn, cast

from xdsl.dialects.builtin import VectorType
from xdsl.ir import Attribute, Block, Operation

from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.fast import operands_of
from wasmdialect.lowering.emit_function import Emitter, FunctionEmitter, Text, type_text


class WrittenValue:
    """A value that lines refer to."""

    __slots__ = ("location", "text", "type", "type_text", "uses")

    owner = None
    """What made it is not kept."""

    def __init__(self, type: Attribute, type_text: str, text: str):
        self.type = type
        self.type_text = type_text
        self.text = text
        """Its number, name or constant."""
        self.uses = 0
        self.location = ""
        """The `!dbg` of a load that may become a part of its only user."""

    def add_use(self, use: object) -> NoReturn:
        """Called by the constructors of operations, which would need a graph. Raises TypeError."""
        raise TypeError(
            "`to_llvm` makes no operations: they are built with the methods of its builder, as in"
            " b.value(llvm.AddOp, (x, y), i32)"
        )

    def __iter__(self) -> NoReturn:
        """The same."""
        self.add_use(None)


class WrittenConstant(WrittenValue):
    """The value of an `llvm.mlir.constant`: a cast of it is a constant too."""

    __slots__ = ()


class WrittenBlock(Block):
    """A block of lines."""

    __hash__ = object.__hash__

    def __init__(self, argument_types: Sequence[Attribute], sign: str):
        self.lines: list[str] = []
        self.sign = sign
        """What precedes the number of a value in a name: `%` in blocks that follow each other."""
        self._args = cast(Any, tuple([WrittenValue(t, type_text(t), "") for t in argument_types]))


class User(NamedTuple):
    """A line that a load among its operands may become a part of."""

    lines: list[str]
    position: int
    operands: Sequence[Any]
    result: Any
    """Its result, if that is a vector, which passes the location on."""
    otherwise: str
    """The `!dbg` it has if there is no such load."""


class _Names:
    """The notation of a value at its uses, as the emitters look it up."""

    def __getitem__(self, value: Any) -> str:
        return value.text


class LineEmitter(FunctionEmitter):
    """Writes operations one by one, whose results may still get uses."""

    names: Any

    def __init__(self, text: Text, scope: int, overrides: Mapping[type[Operation], Emitter]):
        super().__init__(text, scope, overrides)
        self.names = _Names()
        self.folded = cast(Any, True)  # ask which
        self.number = count().__next__
        self.users: list[User] = []
        self.extensions: dict[Any, tuple[Any, list[str], int]] = {}
        """The operand of an extended small integer, and its line, which is empty if it is taken
        back."""
        self.has_own_accesses = llvm_ext.LoadOp in overrides
        """Whether accesses are written differently for the target."""

    def note_load(self, result: Any, location: str) -> None:
        result.location = location

    def unique_name(self) -> str:
        return f"line{self.number()}"

    def location_of_user(self, operands: Any) -> str:
        self.note_user(len(self.lines), operands)
        return ""

    def note_user(
        self, position: int, operands: Sequence[Any], result: Any = None, otherwise: str = ""
    ) -> bool:
        """The line at this position gets the location of a load among these operands."""
        for operand in operands:
            if operand.location:
                self.users.append(User(self.lines, position, operands, result, otherwise))
                return True
        return False

    def define(self, op: Operation, text: str) -> None:
        result: Any = op.results[0]
        if "!dbg" not in text:
            passes_on = isinstance(result.type, VectorType)
            position = len(self.lines)
            if (
                self.note_user(position, operands_of(op), result if passes_on else None)
                and passes_on
            ):
                result.location = UNDECIDED
        self.lines.append(f"  {result.text} = {text}\n")

    def order_edges(self, blocks: Sequence[Block]) -> None:
        """Order the edges into each block by the place of the blocks that they come from."""
        places = {self.labels[block]: place for place, block in enumerate(blocks)}
        for edges in self.incoming.values():
            edges.sort(key=lambda edge: places[edge[0].partition(".")[0]])

    def decide_locations(self) -> None:
        """All uses are known: give each user the location of the first load that may become a part of
        it."""
        passed_on: set[Any] = {user.result for user in self.users}
        for lines, position, operands, result, otherwise in self.users:
            location = otherwise
            for operand in operands:
                if operand.location and (operand.uses == 1 or operand in passed_on):
                    location = operand.location
                    break
            line = lines[position]
            if "!dbg" in line:
                location = ""
            elif location and line:
                lines[position] = f"{line[:-1]}{location}\n"
            if result is not None:
                result.location = location
        self.users.clear()


UNDECIDED = "?"
"""The location of a vector whose operand may be a load."""
