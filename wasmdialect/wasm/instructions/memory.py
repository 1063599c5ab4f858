"""Linear memory instructions: loads, stores, size, grow, bulk operations (0x28-0x40, 0xFC 8-11).

Addresses, sizes and lengths are i64 instead of i32 for 64-bit memories, so the validator types them
from the memory; the signatures here are those of an i32 memory.
"""

from __future__ import annotations

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.model import Access, State, row
from wasmdialect.wasm.instructions.model import Immediate as Im

_BULK = Feature.BULK_MEMORY
_OUT_OF_BOUNDS = (TrapCode.MEMORY_OUT_OF_BOUNDS,)


def _load(mnemonic: str, opcode: int, result: str, size: int, signed: bool = False):
    return row(
        mnemonic, opcode, f"i32 -> {result}", Im.MEMARG,
        traps=_OUT_OF_BOUNDS, reads=State.MEMORY, access=Access(size, signed),
    )  # fmt: skip


def _store(mnemonic: str, opcode: int, value: str, size: int):
    return row(
        mnemonic, opcode, f"i32 {value} ->", Im.MEMARG,
        traps=_OUT_OF_BOUNDS, writes=State.MEMORY, access=Access(size),
    )  # fmt: skip


# fmt: off
ROWS = (
    _load("i32.load", 0x28, "i32", 4),
    _load("i64.load", 0x29, "i64", 8),
    _load("f32.load", 0x2A, "f32", 4),
    _load("f64.load", 0x2B, "f64", 8),
    _load("i32.load8_s", 0x2C, "i32", 1, signed=True),
    _load("i32.load8_u", 0x2D, "i32", 1),
    _load("i32.load16_s", 0x2E, "i32", 2, signed=True),
    _load("i32.load16_u", 0x2F, "i32", 2),
    _load("i64.load8_s", 0x30, "i64", 1, signed=True),
    _load("i64.load8_u", 0x31, "i64", 1),
    _load("i64.load16_s", 0x32, "i64", 2, signed=True),
    _load("i64.load16_u", 0x33, "i64", 2),
    _load("i64.load32_s", 0x34, "i64", 4, signed=True),
    _load("i64.load32_u", 0x35, "i64", 4),
    _store("i32.store", 0x36, "i32", 4),
    _store("i64.store", 0x37, "i64", 8),
    _store("f32.store", 0x38, "f32", 4),
    _store("f64.store", 0x39, "f64", 8),
    _store("i32.store8", 0x3A, "i32", 1),
    _store("i32.store16", 0x3B, "i32", 2),
    _store("i64.store8", 0x3C, "i64", 1),
    _store("i64.store16", 0x3D, "i64", 2),
    _store("i64.store32", 0x3E, "i64", 4),
    row("memory.size", 0x3F, "-> i32", Im.MEMORY, reads=State.MEMORY),
    row("memory.grow", 0x40, "i32 -> i32", Im.MEMORY, reads=State.MEMORY, writes=State.MEMORY),
    row("memory.init", 0xFC008, "i32 i32 i32 ->", Im.DATA, Im.MEMORY, feature=_BULK, traps=_OUT_OF_BOUNDS, reads=State.SEGMENT, writes=State.MEMORY),
    row("data.drop", 0xFC009, "->", Im.DATA, feature=_BULK, writes=State.SEGMENT),
    row("memory.copy", 0xFC00A, "i32 i32 i32 ->", Im.MEMORY, Im.MEMORY, feature=_BULK, traps=_OUT_OF_BOUNDS, reads=State.MEMORY, writes=State.MEMORY),
    row("memory.fill", 0xFC00B, "i32 i32 i32 ->", Im.MEMORY, feature=_BULK, traps=_OUT_OF_BOUNDS, writes=State.MEMORY),
)
# fmt: on
