"""Decoding and checking a body or constant expression in one pass over its bytes.

Every instruction has a rule in `rules/`. The loop handles the most frequent ones inline, as long as
the operands are exactly as expected; otherwise it calls the rule, which finds the error message.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from wasmdialect.types import I32, ValType
from wasmdialect.wasm.body import (
    PREFIXES,
    Instruction,
    decode_instructions,
    illegal_opcode,
    instruction_readers,
    read_opcode,
)
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate
from wasmdialect.wasm.instructions.opcodes import I32_CONST, LOCAL_GET, LOCAL_SET, LOCAL_TEE
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.rules import RULES, typed

_TYPED = {
    i.opcode: (i.params, i.results)
    for i in INSTRUCTIONS
    if i.opcode not in RULES and i.params is not None and i.results is not None
}
"""Instructions typed by the table alone: parameters and results."""

for _opcode, (_params, _results) in _TYPED.items():
    RULES[_opcode] = typed(_params, _results)


class _Frequent(NamedTuple):
    """Instructions handled inline, by the opcode's byte; None for all others."""

    unary: list[tuple[ValType, ValType] | None]
    """Operand and result."""
    binary: list[tuple[ValType, ValType, ValType] | None]
    """Operands and result."""
    load: list[tuple[int, ValType] | None]
    """Natural alignment (log2) and result."""
    store: list[tuple[int, ValType] | None]
    """Natural alignment (log2) and the operand that is stored."""


@cache
def _frequent(features: frozenset[Feature]) -> _Frequent:
    out = _Frequent([None] * 256, [None] * 256, [None] * 256, [None] * 256)
    for i in INSTRUCTIONS:
        if i.opcode > 0xFF or i.feature not in features or i.params is None or i.results is None:
            continue
        if i.opcode in _TYPED and not i.immediates and len(i.results) == 1:
            if len(i.params) == 1:
                out.unary[i.opcode] = (i.params[0], i.results[0])
            elif len(i.params) == 2:
                out.binary[i.opcode] = (i.params[0], i.params[1], i.results[0])
        elif i.immediates == (Immediate.MEMARG,) and i.access is not None:
            natural = i.access.bytes.bit_length() - 1
            if i.results:
                out.load[i.opcode] = (natural, i.results[0])
            else:
                out.store[i.opcode] = (natural, i.params[1])
    return out


def check_instructions(
    s: OperandStack, r: Reader, end: int, out: list[Instruction] | None = None
) -> None:
    """Decode and check the instructions from the reader's position to `end`, where the one must be
    that closes the outermost frame. They are appended to `out`: dead ones, `else` and `end` too.

    Raises DecodeError and ValidationError.
    """
    data = r.data
    start = pos = r.pos
    readers = instruction_readers(r.features)
    unary, binary, load, store = _frequent(r.features)
    operands, frames, locals_ = s.operands, s.frames, s.locals
    # Locals whose index is one byte, and which need not be checked for being set.
    few_locals = 0 if s.unset else min(len(locals_), 0x80)
    memories = s.module.memories
    memory_is_32 = bool(memories) and memories[0].type.address is I32
    height = s.height
    at = pos
    try:
        while pos < end:
            at = pos
            opcode = data[pos]
            pos += 1
            if opcode == LOCAL_GET:
                index = data[pos]
                if index < few_locals:
                    pos += 1
                    operands.append(locals_[index])
                    if out is not None:
                        out.append((opcode, index, at))
                    continue
            elif (two := binary[opcode]) is not None:
                first, second, result = two
                if len(operands) > height + 1 and operands[-1] is second and operands[-2] is first:
                    operands.pop()
                    operands[-1] = result
                    if out is not None:
                        out.append((opcode, None, at))
                    continue
            elif (one := unary[opcode]) is not None:
                if len(operands) > height and operands[-1] is one[0]:
                    operands[-1] = one[1]
                    if out is not None:
                        out.append((opcode, None, at))
                    continue
            elif opcode == I32_CONST:
                value = data[pos]
                if value < 0x80:
                    pos += 1
                    operands.append(I32)
                    if out is not None:
                        out.append((opcode, value if value < 0x40 else value + 0xFFFF_FF80, at))
                    continue
            elif opcode == LOCAL_SET:
                index = data[pos]
                if index < few_locals and len(operands) > height and operands[-1] is locals_[index]:
                    pos += 1
                    operands.pop()
                    if out is not None:
                        out.append((opcode, index, at))
                    continue
            elif opcode == LOCAL_TEE:
                index = data[pos]
                if index < few_locals and len(operands) > height and operands[-1] is locals_[index]:
                    pos += 1
                    if out is not None:
                        out.append((opcode, index, at))
                    continue
            elif (loaded := load[opcode]) is not None:
                if (
                    memory_is_32
                    and data[pos] <= loaded[0]
                    and data[pos + 1] < 0x80
                    and len(operands) > height
                    and operands[-1] is I32
                ):
                    operands[-1] = loaded[1]
                    if out is not None:
                        out.append((opcode, (data[pos], data[pos + 1], 0), at))
                    pos += 2
                    continue
            elif (
                (stored := store[opcode]) is not None
                and memory_is_32
                and data[pos] <= stored[0]
                and data[pos + 1] < 0x80
                and len(operands) > height + 1
                and operands[-1] is stored[1]
                and operands[-2] is I32
            ):
                operands.pop()
                operands.pop()
                if out is not None:
                    out.append((opcode, (data[pos], data[pos + 1], 0), at))
                pos += 2
                continue

            if opcode in PREFIXES:
                r.pos = pos
                opcode = read_opcode(r, opcode)
                pos = r.pos
            if opcode not in readers:
                raise illegal_opcode(data, at, opcode)
            read = readers[opcode]
            if read is None:
                immediate = None
            else:
                r.pos = pos
                immediate = read(r)
                pos = r.pos
            RULES[opcode](s, immediate)
            height = s.height
            if out is not None:
                out.append((opcode, immediate, at))
            if not frames:
                break
    except IndexError:
        raise r.end_error() from None
    except WasmError as error:
        if error.offset is None:
            error.offset = at
        raise
    if frames or pos != end:
        r.pos = start
        decode_instructions(r, end)  # raises: it reads on, with the tests' message
    r.pos = pos
