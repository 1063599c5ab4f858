"""THE instruction table: every instruction of WebAssembly 3.0 and of the supported proposals, once.

The decoder, validator, text parser and printer, encoder, importer, op classes, constant folding and
the generated documentation all read it. To add an instruction, add one row here and, if it is not a
plain numeric one, its rule in the validator and its import and lowering (docs/instructions.md).
"""

from __future__ import annotations

from wasmdialect.wasm.instructions import (
    atomics,
    control,
    gc,
    memory,
    numeric,
    reference,
    simd,
)
from wasmdialect.wasm.instructions.model import Access, Immediate, Instruction, State

__all__ = [
    "BY_MNEMONIC",
    "BY_OPCODE",
    "INSTRUCTIONS",
    "Access",
    "Immediate",
    "Instruction",
    "State",
]

INSTRUCTIONS: tuple[Instruction, ...] = (
    *control.ROWS,
    *reference.ROWS,
    *memory.ROWS,
    *numeric.ROWS,
    *gc.ROWS,
    *simd.ROWS,
    *atomics.ROWS,
)

BY_OPCODE: dict[int, Instruction] = {i.opcode: i for i in INSTRUCTIONS}
"""By opcode: the byte itself, or `prefix << 12 | code`."""

BY_MNEMONIC: dict[str, tuple[Instruction, ...]] = {}
"""By text mnemonic. Several opcodes share one where an operand decides (`select`, `ref.cast`)."""
for _instruction in INSTRUCTIONS:
    _same = BY_MNEMONIC.get(_instruction.mnemonic, ())
    BY_MNEMONIC[_instruction.mnemonic] = (*_same, _instruction)
