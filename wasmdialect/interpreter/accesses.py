"""Steps of loads, stores, lanes, and atomic accesses, from the columns of their rows in the table."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import i32

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter.context import Registers, Step, StepContext
from wasmdialect.interpreter.errors import BrokenPromise, StepLimit, Trapped
from wasmdialect.wasm import numerics as n
from wasmdialect.wasm.instructions import BY_MNEMONIC, Access, Immediate

if TYPE_CHECKING:
    from wasmdialect.interpreter.state import Memory

_WOKEN, _NOT_EQUAL, _TIMED_OUT = 0, 1, 2
"""The results of a wait."""


def _access(op: wasmir.MemoryAccess) -> Access:
    access = op.INSTRUCTION.access
    assert access is not None
    return access


def _out_of_bounds(op: wasmir.MemoryAccess) -> Callable[[], Exception]:
    """What to raise for an address that is not in the memory."""
    if op.known_in_bounds:
        return lambda: BrokenPromise("an access that is marked inbounds is out of bounds")
    return lambda: Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)


def _completion(t: StepContext, op: wasmir.MemoryAccess) -> Callable[..., int] | None:
    """The instruction that makes the vector from what is loaded, or what is stored from the vector."""
    mnemonic = _access(op).completed_by
    return t.semantics(BY_MNEMONIC[mnemonic][0]) if mnemonic else None


def _from_number(t: StepContext, op: wasmir.LoadOp) -> Callable[[int], int] | None:
    """What a load makes of the number that it reads, None if it is that number."""
    complete = _completion(t, op)
    if complete is None:
        return _extension(op)
    if Immediate.LANE in BY_MNEMONIC[_access(op).completed_by][0].immediates:
        return lambda number: complete(0, number, 0)  # lane 0 of a zero vector
    return complete


def load(t: StepContext, op: wasmir.LoadOp) -> Step:
    """A load, extended to its type."""
    memory: Memory = t.named(op.memory_symbol)
    data, offset, size = memory.bytes, op.static_offset, op.bytes
    (address,), to, outside = t.operands(op), t.result(op), _out_of_bounds(op)
    complete = _from_number(t, op)

    def plain(r: Registers) -> None:
        at = r[address] + offset
        if at + size > memory.length:
            raise outside()
        r[to] = int.from_bytes(data[at : at + size], "little")

    if complete is None:
        return plain

    def extended(r: Registers) -> None:
        at = r[address] + offset
        if at + size > memory.length:
            raise outside()
        r[to] = complete(int.from_bytes(data[at : at + size], "little"))

    return extended


def _extension(op: wasmir.MemoryAccess) -> Callable[[int], int] | None:
    """The extension of a narrow signed load; any other is zero-extended as it is."""
    row, access = op.INSTRUCTION, _access(op)
    if not access.signed:
        return None
    assert row.results is not None
    return n.i_extend_s(8 * access.bytes, 8 * row.results[0].size)


def store(t: StepContext, op: wasmir.StoreOp) -> Step:
    """A store of the low bytes."""
    memory: Memory = t.named(op.memory_symbol)
    data, offset, size = memory.bytes, op.static_offset, op.bytes
    (address, value), outside = t.operands(op), _out_of_bounds(op)
    mask = (1 << 8 * size) - 1

    def step(r: Registers) -> None:
        at = r[address] + offset
        if at + size > memory.length:
            raise outside()
        data[at : at + size] = (r[value] & mask).to_bytes(size, "little")

    return step


def load_lane(t: StepContext, op: wasmir.LoadLaneOp) -> Step:
    """A load into one lane of a vector."""
    memory: Memory = t.named(op.memory_symbol)
    data, offset, size, lane = memory.bytes, op.static_offset, op.bytes, op.lane_index
    (address, vector), to, outside = t.operands(op), t.result(op), _out_of_bounds(op)
    replace = _completion(t, op)
    assert replace is not None

    def step(r: Registers) -> None:
        at = r[address] + offset
        if at + size > memory.length:
            raise outside()
        r[to] = replace(r[vector], int.from_bytes(data[at : at + size], "little"), lane)

    return step


def store_lane(t: StepContext, op: wasmir.StoreLaneOp) -> Step:
    """A store of one lane of a vector."""
    memory: Memory = t.named(op.memory_symbol)
    data, offset, size, lane = memory.bytes, op.static_offset, op.bytes, op.lane_index
    (address, vector), outside = t.operands(op), _out_of_bounds(op)
    extract = _completion(t, op)
    assert extract is not None
    mask = (1 << 8 * size) - 1

    def step(r: Registers) -> None:
        at = r[address] + offset
        if at + size > memory.length:
            raise outside()
        data[at : at + size] = (extract(r[vector], lane) & mask).to_bytes(size, "little")

    return step


# --- atomic accesses ---


def _atomic_place(
    t: StepContext, op: wasmir.AtomicAccess, *, overflow_first: bool = False
) -> Callable[[Registers], int]:
    """The checked address. Unaligned comes before out of bounds, as in Wasmtime; for waits and
    notifications an address that overflows comes before both."""
    memory: Memory = t.named(op.memory_symbol)
    offset, size, address = op.static_offset, op.bytes, t.slot(op.address_operand)
    outside = _out_of_bounds(op)
    end = 1 << (32 if op.address_operand.type == i32 else 64)

    def place(r: Registers) -> int:
        at: int = r[address] + offset
        if overflow_first and at >= end:
            raise outside()
        if at % size:
            raise Trapped(TrapCode.HEAP_MISALIGNED)
        if at + size > memory.length:
            raise outside()
        return at

    return place


def _modify(
    t: StepContext, op: wasmir.AtomicAccess, new_value: Callable[[Registers, int], int] | None
) -> Step:
    """Read, and write what the function makes of the old value; the result, if any, is the old one."""
    memory: Memory = t.named(op.memory_symbol)
    data, size, place = memory.bytes, op.bytes, _atomic_place(t, op)
    to = t.result(op) if op.results else t.new_slot()
    mask = (1 << 8 * size) - 1

    def step(r: Registers) -> None:
        with memory.waiting:
            at = place(r)
            old = int.from_bytes(data[at : at + size], "little")
            if new_value is not None:
                data[at : at + size] = (new_value(r, old) & mask).to_bytes(size, "little")
            r[to] = old

    return step


def atomic_load(t: StepContext, op: wasmir.AtomicLoadOp) -> Step:
    """A load, zero-extended."""
    return _modify(t, op, None)


def atomic_store(t: StepContext, op: wasmir.AtomicStoreOp) -> Step:
    """A store of the low bytes."""
    (value,) = map(t.slot, op.value_operands)
    return _modify(t, op, lambda r, _: r[value])


def atomic_rmw(t: StepContext, op: wasmir.AtomicRMWOp) -> Step:
    """A read-modify-write with the semantics of the instruction of that name."""
    (value,) = map(t.slot, op.value_operands)
    if op.operation == "xchg":
        return _modify(t, op, lambda r, _: r[value])
    compute = t.semantics(BY_MNEMONIC[f"i64.{op.operation}"][0])
    return _modify(t, op, lambda r, old: compute(old, r[value]))


def atomic_compare_exchange(t: StepContext, op: wasmir.AtomicCompareExchangeOp) -> Step:
    """Write if memory has the expected value; a wider one is never there."""
    expected, replacement = map(t.slot, op.value_operands)
    return _modify(t, op, lambda r, old: r[replacement] if old == r[expected] else old)


def atomic_fence(t: StepContext, op: wasmir.AtomicFenceOp) -> Step | None:
    """Nothing: steps happen one after the other."""
    return None


def atomic_wait(t: StepContext, op: wasmir.AtomicWaitOp) -> Step:
    """Wait for a notification from another thread."""
    memory: Memory = t.named(op.memory_symbol)
    size, place, to = op.bytes, _atomic_place(t, op, overflow_first=True), t.result(op)
    expected, timeout = map(t.slot, op.value_operands)
    machine = t.instance.machine

    def step(r: Registers) -> None:
        at = place(r)
        if not memory.shared:
            raise Trapped(TrapCode.ATOMIC_WAIT_NON_SHARED_MEMORY)
        nanoseconds = n.signed(r[timeout], 64)
        with memory.waiting:
            if int.from_bytes(memory.bytes[at : at + size], "little") != r[expected]:
                r[to] = _NOT_EQUAL
            elif not machine.threads:
                if nanoseconds < 0:
                    raise StepLimit("it waits for a notification, and there is no other thread")
                r[to] = _TIMED_OUT
            else:
                r[to] = _wait(memory, at, None if nanoseconds < 0 else nanoseconds)

    return step


def _wait(memory: Memory, at: int, nanoseconds: int | None) -> int:
    """Wait in the queue; its lock is held."""
    deadline = None if nanoseconds is None else time.monotonic_ns() + nanoseconds
    ticket = [at]
    memory.waiters.append(ticket)
    while any(waiter is ticket for waiter in memory.waiters):
        left = None if deadline is None else (deadline - time.monotonic_ns()) / 1e9
        if left is not None and left <= 0:
            memory.waiters[:] = [w for w in memory.waiters if w is not ticket]
            return _TIMED_OUT
        memory.waiting.wait(left)
    return _WOKEN


def atomic_notify(t: StepContext, op: wasmir.AtomicNotifyOp) -> Step:
    """Wake those that have waited longest."""
    memory: Memory = t.named(op.memory_symbol)
    place, to = _atomic_place(t, op, overflow_first=True), t.result(op)
    (count,) = map(t.slot, op.value_operands)

    def step(r: Registers) -> None:
        at = place(r)
        with memory.waiting:
            woken = [waiter for waiter in memory.waiters if waiter[0] == at][: r[count]]
            memory.waiters[:] = [w for w in memory.waiters if not any(w is x for x in woken)]
            memory.waiting.notify_all()
        r[to] = len(woken)

    return step
