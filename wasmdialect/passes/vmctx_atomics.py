"""The steps of atomic accesses, waits and notifications. The alignment is checked before the bounds, as
in Wasmtime. After an access of a shared memory this thread may see what others did before: growth, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir
from wasmdialect.passes.vmctx_steps import VMContextSteps


def _check_aligned(r: VMContextSteps, op: wasmir.AtomicAccess) -> None:
    """Trap unless an address is a multiple of the width of its access."""
    misalignment, address = op.static_offset % op.bytes, op.address_operand
    constant = wasmir.constant_bits(address)
    if op.bytes == 1 or (constant is not None and (constant + misalignment) % op.bytes == 0):
        return
    if address.type == i64:
        address = r.numeric("i32.wrap_i64", address)
    if misalignment:
        address = r.numeric("i32.add", address, r.i32_const(misalignment))
    low = r.numeric("i32.and", address, r.i32_const(op.bytes - 1))
    r.trap_if(low, TrapCode.HEAP_MISALIGNED)


def _atomic_place(r: VMContextSteps, op: wasmir.AtomicAccess) -> tuple[SSAValue, bool]:
    """The base of the memory of a checked access, and whether the access may fault."""
    _check_aligned(r, op)
    place = r.access(op)
    if r.memory(op.memory_symbol).shared is not None:
        r.forget_fields()
    return place


def _atomic_load(r: VMContextSteps, op: wasmir.AtomicLoadOp) -> None:
    base, may_fault = _atomic_place(r, op)
    r.linear_load(
        *(base, op.address_operand, op.RESULT_TYPES[0]),
        offset=op.static_offset,
        bytes=op.bytes,
        align=op.bytes,
        may_fault=may_fault,
        volatile=True,
        atomic=True,
    )
    r.give_place(op)


def _atomic_store(r: VMContextSteps, op: wasmir.AtomicStoreOp) -> None:
    base, may_fault = _atomic_place(r, op)
    (value,) = op.value_operands
    r.linear_store(
        *(base, op.address_operand, value),
        offset=op.static_offset,
        bytes=op.bytes,
        align=op.bytes,
        may_fault=may_fault,
        volatile=True,
        atomic=True,
    )
    r.drop(op)


def _atomic_rmw(r: VMContextSteps, op: wasmir.AtomicRMWOp) -> None:
    base, may_fault = _atomic_place(r, op)
    (value,) = op.value_operands
    r.atomic_rmw(
        *(op.operation, base, op.address_operand, value),
        bytes=op.bytes,
        offset=op.static_offset,
        may_fault=may_fault,
    )
    r.give_place(op)


def _atomic_compare_exchange(r: VMContextSteps, op: wasmir.AtomicCompareExchangeOp) -> None:
    base, may_fault = _atomic_place(r, op)
    expected, replacement = op.value_operands
    r.atomic_compare_exchange(
        *(base, op.address_operand, expected, replacement),
        bytes=op.bytes,
        offset=op.static_offset,
        may_fault=may_fault,
    )
    r.give_place(op)


def _atomic_fence(r: VMContextSteps, op: wasmir.AtomicFenceOp) -> None:
    r.fence()
    r.forget_fields()
    r.drop(op)


def _checked_address(r: VMContextSteps, op: wasmir.AtomicAccess) -> SSAValue:
    """The address of a wait or a notification in its memory as an i64, checked.

    The specification leaves open which trap comes first where several apply. As in Wasmtime, a sum
    of address and offset that overflows is out of bounds before it is unaligned, but only here:
    other atomic accesses check the alignment of the wrapped sum first.
    """
    if op.static_offset:
        last = r.i64_const(0xFFFF_FFFF if op.address_operand.type == i32 else -1)
        r.bounds_check(op.address_operand, op.static_offset, last)
    _check_aligned(r, op)
    end = min(op.static_offset + op.bytes, (1 << 64) - 1)
    memory = r.memory(op.memory_symbol)
    r.bounds_check(op.address_operand, end, r.memory_length(memory))
    address = r.extend(op.address_operand)
    if not op.static_offset:
        return address
    return r.numeric("i64.add", address, r.i64_const(op.static_offset))


def _atomic_wait(r: VMContextSteps, op: wasmir.AtomicWaitOp) -> None:
    memory, address = r.memory(op.memory_symbol), _checked_address(r, op)
    if memory.shared is None:
        r.trap_if(r.i32_const(1), TrapCode.ATOMIC_WAIT_NON_SHARED_MEMORY)
        r.give_values(op, [r.i32_const(0)])
        return
    name = "memory_atomic_wait32" if op.bytes == 4 else "memory_atomic_wait64"
    index = r.i32_const(memory.index_value)
    r.give_values(op, [r.builtin_value(name, i32, index, address, *op.value_operands)])


def _atomic_notify(r: VMContextSteps, op: wasmir.AtomicNotifyOp) -> None:
    memory, address = r.memory(op.memory_symbol), _checked_address(r, op)
    if memory.shared is None:  # no thread can wait
        r.give_values(op, [r.i32_const(0)])
        return
    arguments = (r.i32_const(memory.index_value), address, *op.value_operands)
    r.give_values(op, [r.builtin_value("memory_atomic_notify", i32, *arguments)])


_ATOMIC: dict[type[Operation], Callable[[VMContextSteps, Any], None]] = {
    wasmir.AtomicLoadOp: _atomic_load,
    wasmir.AtomicStoreOp: _atomic_store,
    wasmir.AtomicRMWOp: _atomic_rmw,
    wasmir.AtomicCompareExchangeOp: _atomic_compare_exchange,
    wasmir.AtomicWaitOp: _atomic_wait,
    wasmir.AtomicNotifyOp: _atomic_notify,
}
"""By group."""

HANDLERS: dict[type[Operation], Callable[[VMContextSteps, Any], None]] = {
    **{cls: _ATOMIC[cls.__bases__[0]] for cls in wasmir.ATOMIC_ACCESS_OPS.values()},
    wasmir.AtomicFenceOp: _atomic_fence,
}
"""What replaces each operation."""
