"""A function body as locals and instructions, and the ways to make it smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from wasmdialect import types as wt
from wasmdialect.reduce.references import (
    Change,
    change_instructions,
    change_value_type,
    encode_instructions,
)
from wasmdialect.wasm.body import Instruction, decode_instructions, decode_locals
from wasmdialect.wasm.encode import encode_value_type, vector
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_MNEMONIC, BY_OPCODE, Immediate
from wasmdialect.wasm.instructions.opcodes import (
    ARMS,
    BLOCK,
    CLOSERS,
    END,
    IF,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    LOOP,
    OPENERS,
)
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import Function
from wasmdialect.wasm.reader import Reader

UNREACHABLE = BY_MNEMONIC["unreachable"][0].opcode
DROP = BY_MNEMONIC["drop"][0].opcode
_CONSTANTS = [BY_MNEMONIC[f"{t}.const"][0].opcode for t in ("i32", "i64", "f32", "f64", "v128")]
_LOCALS = (LOCAL_GET, LOCAL_SET, LOCAL_TEE)
_LABEL_KINDS = (Immediate.LABEL, Immediate.LABELS, Immediate.CATCHES, Immediate.CAST_FLAGS)

EMPTY = bytes([0, UNREACHABLE, END])
"""A body that only traps: valid for every type."""


@dataclass(frozen=True)
class Body:
    """Locals without parameters, and instructions without the last `end`."""

    locals: tuple[wt.ValType, ...]
    instructions: tuple[Instruction, ...]

    @staticmethod
    def of(function: Function, features: frozenset[Feature]) -> Body:
        """The body of a defined function."""
        assert function.code is not None
        reader = Reader(function.code.bytes, 0, features)
        found = decode_locals(reader)
        instructions = decode_instructions(reader, len(function.code.bytes))
        return Body(tuple(found), tuple(instructions[:-1]))

    def encode(self) -> bytes:
        """The body as bytes."""
        runs: list[tuple[int, wt.ValType]] = []
        for t in self.locals:
            if runs and runs[-1][1] is t:
                runs[-1] = (runs[-1][0] + 1, t)
            else:
                runs.append((1, t))
        rows = [encode_unsigned(count) + encode_value_type(t) for count, t in runs]
        return vector(rows) + encode_instructions([*self.instructions, (END, None, 0)])

    def renumbered(self, change: Change) -> Body:
        """With other indices."""
        return Body(
            tuple(change_value_type(t, change) for t in self.locals),
            tuple(change_instructions(self.instructions, change)),
        )

    def with_part(self, start: int, end: int, new: Sequence[Instruction]) -> Body:
        """With other instructions in place of some."""
        instructions = (*self.instructions[:start], *new, *self.instructions[end:])
        return replace(self, instructions=instructions)

    # --- what to try ---

    def with_less(self, start: int, end: int) -> Iterator[Body]:
        """A part, which blocks do not cross, removed or replaced by fewer instructions."""
        for new in _fillers(end - start):
            yield self.with_part(start, end, new)

    def items(self, start: int, end: int) -> list[tuple[int, int]]:
        """Start and end of what stands in a part: single instructions, and whole blocks."""
        found: list[tuple[int, int]] = []
        depth, first = 0, start
        for at in range(start, end):
            opcode = self.instructions[at][0]
            if opcode in OPENERS:
                first = at if depth == 0 else first
                depth += 1
            elif opcode in CLOSERS:
                depth -= 1
                if depth == 0:
                    found.append((first, at + 1))
            elif depth == 0:
                found.append((at, at + 1))
        return found

    def insides(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts inside a block: one, or one for each of its arms."""
        borders = [start]
        depth = 0
        for at in range(start + 1, end - 1):
            opcode = self.instructions[at][0]
            depth += (opcode in OPENERS) - (opcode in CLOSERS)
            if opcode in ARMS and depth == 0:
                borders.append(at)
        return [(a + 1, b) for a, b in pairwise((*borders, end - 1))]

    def without_blocks(self) -> Iterator[Body]:
        """Each block replaced by what is in it."""
        for start, end in _blocks(self.instructions):
            inside = _unwrapped(self.instructions[start:end])
            if inside is not None:
                yield self.with_part(start, end, inside)

    def with_simpler_constants(self) -> Iterator[Body]:
        """Each constant and offset replaced by zero, one, or half of it."""
        for at, (opcode, immediate, _) in enumerate(self.instructions):
            for simpler in _simpler(opcode, immediate):
                yield self.with_part(at, at + 1, [(opcode, simpler, 0)])

    def without_unused_locals(self, parameters: int) -> Body:
        """Only the locals that are named."""
        used = {i for opcode, i, _ in self.instructions if opcode in _LOCALS}
        kept = [i for i in range(len(self.locals)) if parameters + i in used]
        new = {parameters + old: parameters + at for at, old in enumerate(kept)}
        instructions = [
            (opcode, new.get(i, i) if opcode in _LOCALS else i, at)
            for opcode, i, at in self.instructions
        ]
        return Body(tuple(self.locals[i] for i in kept), tuple(instructions))


def _fillers(count: int) -> list[list[Instruction]]:
    """What to put in place of some instructions, and is not more: nothing, a trap, a constant, values
    dropped."""
    drop: Instruction = (DROP, None, 0)
    constants: list[Instruction] = [(opcode, 0, 0) for opcode in _CONSTANTS]
    options: list[list[Instruction]] = [
        *([], [(UNREACHABLE, None, 0)], [drop], [drop, drop]),
        *([constant] for constant in constants),
        *([drop, constant] for constant in constants),
    ]
    return [option for option in options if len(option) <= count]


def _blocks(instructions: Sequence[Instruction]) -> list[tuple[int, int]]:
    """Start and end of each block, the largest first."""
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    for at, (opcode, _, _) in enumerate(instructions):
        if opcode in OPENERS:
            open_.append(at)
        elif opcode in CLOSERS:
            found.append((open_.pop(), at + 1))
    return sorted(found, key=lambda extent: extent[0] - extent[1])


def _unwrapped(block: Sequence[Instruction]) -> list[Instruction] | None:
    """The instructions inside a block, for what is around it; None if a branch leaves the block, or it
    is not a plain one."""
    opcode = block[0][0]
    if opcode not in (BLOCK, LOOP, IF):
        return None
    out: list[Instruction] = [(DROP, None, 0)] if opcode == IF else []
    depth = 0
    for opcode, immediate, at in block[1:-1]:
        if opcode in OPENERS:
            depth += 1
        elif opcode in CLOSERS:
            depth -= 1
        elif opcode in ARMS and depth == 0:
            return out
        kinds = BY_OPCODE[opcode].immediates
        if any(kind in _LABEL_KINDS for kind in kinds):
            if kinds != (Immediate.LABEL,) or immediate == depth:
                return None
            immediate = immediate - 1 if immediate > depth else immediate
        out.append((opcode, immediate, at))
    return out


def _simpler(opcode: int, immediate: Any) -> Iterator[Any]:
    kinds = BY_OPCODE[opcode].immediates
    if opcode in _CONSTANTS:
        for value in (0, 1, immediate >> 1):
            if value < immediate:
                yield value
    elif Immediate.MEMARG in kinds:
        memarg = immediate if len(kinds) == 1 else immediate[0]
        align, offset, memory = memarg
        for smaller in (0, offset >> 1):
            if smaller < offset:
                new = (align, smaller, memory)
                yield new if len(kinds) == 1 else (new, *immediate[1:])
