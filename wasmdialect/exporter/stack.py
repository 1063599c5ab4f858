"""The operations of a block as stack code: which values stay on the operand stack, which go into
locals.

Operations stay in their order, so effects and traps do too. A value with one use stays on the stack if
it is on top, in the right place among the operands, when its use comes; statements in between leave it
alone. Otherwise it is spilled: `local.set` after its definition. A value with several uses is in a
local in any case, and also on the stack (`local.tee`) if its first use comes when it is in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.ir import SSAValue

from wasmdialect.exporter.code import Code, Item
from wasmdialect.wasm.instructions.opcodes import LOCAL_GET, LOCAL_SET, LOCAL_TEE


@dataclass(slots=True)
class _Part:
    """Code for consecutive operations of the block."""

    code: Code
    start: int
    """The number of the first operation."""
    value: SSAValue | None
    """What it leaves on the stack; None for statements."""
    place: int = 0
    """Its position among the parts."""


class OperandStack:
    """The code of a block so far, and the values on the operand stack at its end."""

    def __init__(
        self,
        constants: Mapping[SSAValue, bytes],
        shared: AbstractSet[SSAValue],
        used_here: AbstractSet[SSAValue],
    ):
        """`constants` has the values that are made anew at each use, with their code. Values of
        `shared` are in a local in any case; those of `used_here` are read by an operation of the
        block."""
        self.constants = constants
        self._shared = shared
        self._used_here = used_here
        self.in_locals: set[SSAValue] = set()
        """The values that the code sets a local to."""
        self._parts: list[_Part] = []
        self._stack: list[_Part] = []
        """The parts whose values are on the operand stack."""
        self._waiting: set[SSAValue] = set()
        """These values."""
        self._set_at: dict[SSAValue, int] = {}
        """The number of the operation that defines a value of the block."""

    # --- adding code ---

    def add_statement(self, code: Code, start: int) -> None:
        """Add code that leaves nothing on the stack, and begins with the operation `start`."""
        parts = self._parts
        if parts and parts[-1].value is None:
            parts[-1].code.append(code)
        else:
            parts.append(_Part([code], start, None, len(parts)))

    def add_value(self, value: SSAValue, code: Code, start: int, number: int) -> None:
        """Add code that leaves the result of the operation `number` on the stack."""
        self._set_at[value] = number
        part = _Part(code, start, value, len(self._parts))
        if value in self._shared and value not in self._used_here:
            self.in_locals.add(value)
            code.append((LOCAL_SET, value))
            self.add_statement(code, start)
            return
        self._parts.append(part)
        self._stack.append(part)
        self._waiting.add(value)

    def note_local(self, value: SSAValue, number: int) -> None:
        """Say that the code of the operation `number` sets a local to a value."""
        self._set_at[value] = number
        self.in_locals.add(value)

    # --- taking operands ---

    def take(self, operands: Sequence[SSAValue], number: int) -> tuple[Code, int]:
        """Code that pushes operands in order, for the operation `number`, and the number of the
        operation it begins with: parts at the end of the block's code become a part of it."""
        while True:
            taken = self._try(operands, number)
            if taken is not None:
                return taken

    def _try(self, operands: Sequence[SSAValue], number: int) -> tuple[Code, int] | None:
        """Match the operands, from the last one, with the values on the stack; None if one had to be
        spilled."""
        parts, stack = self._parts, self._stack
        end = len(parts)
        height = len(stack)
        pieces: list[Item | Code] = []
        for index in range(len(operands) - 1, -1, -1):
            value = operands[index]
            constant = self.constants.get(value)
            if constant is not None:
                pieces.append(constant)
                continue
            if height and stack[height - 1].value is value and value not in operands[:index]:
                height -= 1
                part = stack[height]
                pieces.extend(p.code for p in reversed(parts[part.place + 1 : end]))
                if value in self._shared:
                    pieces.append((LOCAL_TEE, value))
                pieces.append(part.code)
                end = part.place
                continue
            if value in self._waiting and value not in operands[:index]:
                self._make_way(value, height)
                return None
            if end < len(parts) and self._place_of(value) >= parts[end].start:
                # The local is set only after the place where this operand would be pushed.
                self._spill(height)
                return None
            pieces.append((LOCAL_GET, value))
        start = parts[end].start if end < len(parts) else number
        for part in stack[height:]:
            assert part.value is not None
            self._waiting.discard(part.value)
            if part.value in self._shared:
                self.in_locals.add(part.value)
        del parts[end:]
        del stack[height:]
        pieces.reverse()
        return pieces, start

    def _place_of(self, value: SSAValue) -> int:
        """The number of the operation that sets the local of a value; -1 if it is set before the
        block."""
        return self._set_at.get(value, -1)

    def _make_way(self, value: SSAValue, height: int) -> None:
        """Spill what is above a value; or the value, if that would give locals to others."""
        position = next(p for p, part in enumerate(self._stack) if part.value is value)
        above = self._stack[position + 1 : height]
        if all(part.value in self._shared for part in above):
            for number in range(height - 1, position, -1):
                self._spill(number)
        else:
            self._spill(position)

    def _spill(self, position: int) -> None:
        """Set a local to a value where it is computed, instead of leaving it on the stack."""
        part = self._stack.pop(position)
        assert part.value is not None
        self._waiting.discard(part.value)
        self.in_locals.add(part.value)
        part.code = [part.code, (LOCAL_SET, part.value)]
        part.value = None

    def from_locals(self, operands: Sequence[SSAValue]) -> Code:
        """Code that pushes operands in order, none of which is on the stack before."""
        for value in operands:
            if value in self._waiting:
                position = next(p for p, part in enumerate(self._stack) if part.value is value)
                self._spill(position)
        return [self.constants.get(value) or (LOCAL_GET, value) for value in operands]

    # --- the end of the block ---

    def finish(self) -> tuple[Code, list[SSAValue]]:
        """The code of the block, and the values that it leaves on the stack, the last one on top."""
        for position in range(len(self._stack) - 1, -1, -1):
            if self._stack[position].value in self._shared:
                self._spill(position)
        values = [part.value for part in self._stack if part.value is not None]
        return [part.code for part in self._parts], values
