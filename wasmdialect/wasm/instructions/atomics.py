"""Atomic memory instructions of the threads proposal (0xFE)."""

from __future__ import annotations

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.model import Access, Instruction, State, row
from wasmdialect.wasm.instructions.model import Immediate as Im

_TRAPS = (TrapCode.MEMORY_OUT_OF_BOUNDS, TrapCode.HEAP_MISALIGNED)
_WAIT_TRAPS = (*_TRAPS, TrapCode.ATOMIC_WAIT_NON_SHARED_MEMORY)
_THREADS = Feature.THREADS


def _access(
    mnemonic: str, code: int, signature: str, size: int, traps: tuple[TrapCode, ...] = _TRAPS
) -> Instruction:
    return row(
        mnemonic, 0xFE000 | code, signature, Im.MEMARG, feature=_THREADS, traps=traps,
        reads=State.MEMORY, writes=State.MEMORY, access=Access(size, atomic=True),
    )  # fmt: skip


# fmt: off
ROWS = (
    _access("memory.atomic.notify", 0x00, "i32 i32 -> i32", 4),
    _access("memory.atomic.wait32", 0x01, "i32 i32 i64 -> i32", 4, _WAIT_TRAPS),
    _access("memory.atomic.wait64", 0x02, "i32 i64 i64 -> i32", 8, _WAIT_TRAPS),
    row("atomic.fence", 0xFE003, "->", Im.ZERO, feature=_THREADS, reads=State.MEMORY, writes=State.MEMORY),

    _access("i32.atomic.load", 0x10, "i32 -> i32", 4),
    _access("i64.atomic.load", 0x11, "i32 -> i64", 8),
    _access("i32.atomic.load8_u", 0x12, "i32 -> i32", 1),
    _access("i32.atomic.load16_u", 0x13, "i32 -> i32", 2),
    _access("i64.atomic.load8_u", 0x14, "i32 -> i64", 1),
    _access("i64.atomic.load16_u", 0x15, "i32 -> i64", 2),
    _access("i64.atomic.load32_u", 0x16, "i32 -> i64", 4),
    _access("i32.atomic.store", 0x17, "i32 i32 ->", 4),
    _access("i64.atomic.store", 0x18, "i32 i64 ->", 8),
    _access("i32.atomic.store8", 0x19, "i32 i32 ->", 1),
    _access("i32.atomic.store16", 0x1A, "i32 i32 ->", 2),
    _access("i64.atomic.store8", 0x1B, "i32 i64 ->", 1),
    _access("i64.atomic.store16", 0x1C, "i32 i64 ->", 2),
    _access("i64.atomic.store32", 0x1D, "i32 i64 ->", 4),
    _access("i32.atomic.rmw.add", 0x1E, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.add", 0x1F, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.add_u", 0x20, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.add_u", 0x21, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.add_u", 0x22, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.add_u", 0x23, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.add_u", 0x24, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.sub", 0x25, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.sub", 0x26, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.sub_u", 0x27, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.sub_u", 0x28, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.sub_u", 0x29, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.sub_u", 0x2A, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.sub_u", 0x2B, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.and", 0x2C, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.and", 0x2D, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.and_u", 0x2E, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.and_u", 0x2F, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.and_u", 0x30, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.and_u", 0x31, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.and_u", 0x32, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.or", 0x33, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.or", 0x34, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.or_u", 0x35, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.or_u", 0x36, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.or_u", 0x37, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.or_u", 0x38, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.or_u", 0x39, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.xor", 0x3A, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.xor", 0x3B, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.xor_u", 0x3C, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.xor_u", 0x3D, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.xor_u", 0x3E, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.xor_u", 0x3F, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.xor_u", 0x40, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.xchg", 0x41, "i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.xchg", 0x42, "i32 i64 -> i64", 8),
    _access("i32.atomic.rmw8.xchg_u", 0x43, "i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.xchg_u", 0x44, "i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.xchg_u", 0x45, "i32 i64 -> i64", 1),
    _access("i64.atomic.rmw16.xchg_u", 0x46, "i32 i64 -> i64", 2),
    _access("i64.atomic.rmw32.xchg_u", 0x47, "i32 i64 -> i64", 4),
    _access("i32.atomic.rmw.cmpxchg", 0x48, "i32 i32 i32 -> i32", 4),
    _access("i64.atomic.rmw.cmpxchg", 0x49, "i32 i64 i64 -> i64", 8),
    _access("i32.atomic.rmw8.cmpxchg_u", 0x4A, "i32 i32 i32 -> i32", 1),
    _access("i32.atomic.rmw16.cmpxchg_u", 0x4B, "i32 i32 i32 -> i32", 2),
    _access("i64.atomic.rmw8.cmpxchg_u", 0x4C, "i32 i64 i64 -> i64", 1),
    _access("i64.atomic.rmw16.cmpxchg_u", 0x4D, "i32 i64 i64 -> i64", 2),
    _access("i64.atomic.rmw32.cmpxchg_u", 0x4E, "i32 i64 i64 -> i64", 4),
)
# fmt: on
