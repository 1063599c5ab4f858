"""Effects on places: which memory, table, global or segment an operation reads or writes, and where;
whether two operations can touch the same, and whether their order can be observed."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Operation, SSAValue
from xdsl.traits import EffectInstance, IsTerminator, MemoryEffectKind

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.wasmir.effects import TRAPS, StateResource
from wasmdialect.wasm.instructions import State


class Access(NamedTuple):
    """A read or write of a kind of state."""

    state: State
    is_write: bool
    symbol: str | None
    """The memory, table, global or segment; None for state that has no symbol, and for all of a
    kind."""
    base: SSAValue | None = None
    """The address that `offset` is added to, for an access of `size` bytes; None if it is zero."""
    offset: int = 0
    size: int | None = None
    """Bytes; None for any part of it."""
    is_atomic: bool = False
    """Whether other threads see it in order with other accesses."""


_SYMBOLS = {
    (State.MEMORY, False): ("source_memory", "memory"),
    (State.MEMORY, True): ("memory",),
    (State.TABLE, False): ("source_table", "table"),
    (State.TABLE, True): ("table",),
    (State.GLOBAL, False): ("variable",),
    (State.GLOBAL, True): ("variable",),
    (State.SEGMENT, False): ("segment",),
    (State.SEGMENT, True): ("segment",),
}
"""The properties that name what is read or written; the first one that an operation has."""


class Effects:
    """The effects of the operations of a function."""

    def __init__(self, function: wasmir.FuncOp):
        module = function.parent_op()
        self._imported = {
            op.sym_name.data
            for region in (() if module is None else module.regions)
            for op in region.block.ops
            if isinstance(op, wasmir.ImportableOp) and op.is_import
        }
        self._known: dict[Operation, tuple[Access, ...] | None] = {}

    def accesses(self, op: Operation) -> tuple[Access, ...] | None:
        """What an operation reads and writes; None if that is unknown, or everything, as for a call."""
        if op not in self._known:
            self._known[op] = _accesses(op)
        return self._known[op]

    def may_trap(self, op: Operation) -> bool:
        """Whether an operation may trap, or end the function in another way."""
        effects = effects_of(op)
        return effects is None or TRAPS in effects or op.has_trait(LeavesFunction)

    def may_alias(self, first: Access, second: Access) -> bool:
        """Whether two accesses can be to the same place."""
        if first.state is not second.state:
            return False
        if first.symbol is not None and second.symbol is not None:
            # Two imports can be the same memory, table or global.
            known = {first.symbol, second.symbol}
            if len(known) == 2 and not known <= self._imported:
                return False
        if first.size is None or second.size is None or first.base is not second.base:
            return True
        return (
            first.offset < second.offset + second.size and second.offset < first.offset + first.size
        )

    def clobbers(self, op: Operation, access: Operation) -> bool:
        """Whether an operation may change what another one reads or writes: whether the bytes that a
        load or store accessed, for instance, may be others afterwards."""
        changes, places = self.accesses(op), self.accesses(access)
        if changes == () or places == ():
            return False
        if changes is None or places is None:
            return True
        return _orders(changes, places) or any(
            a.is_write and self.may_alias(a, b) for a in changes for b in places
        )

    def interfere(self, first: Operation, second: Operation) -> bool:
        """Whether it could be observed that two operations which do not use each other's results happen
        in the other order: a result, the contents of state after a trap, or which trap it is."""
        if first.has_trait(IsTerminator) or second.has_trait(IsTerminator):
            return True
        ones, others = self.accesses(first), self.accesses(second)
        traps = self.may_trap(first), self.may_trap(second)
        if ones == () and not traps[0]:
            return False
        if others == () and not traps[1]:
            return False
        if ones is None or others is None or all(traps):
            return True
        if (traps[0] and _writes(others)) or (traps[1] and _writes(ones)):
            return True
        return any(
            (a.is_write or b.is_write or (a.is_atomic and b.is_atomic)) and self.may_alias(a, b)
            for a in ones
            for b in others
        ) or _orders(ones, others)


def _writes(accesses: tuple[Access, ...]) -> bool:
    return any(access.is_write for access in accesses)


def _orders(ones: tuple[Access, ...], others: tuple[Access, ...]) -> bool:
    """Whether one is atomic, and both are of memory: other threads may see their order."""
    memory = [
        [access for access in accesses if access.state is State.MEMORY]
        for accesses in (ones, others)
    ]
    return all(memory) and any(access.is_atomic for accesses in memory for access in accesses)


def _accesses(op: Operation) -> tuple[Access, ...] | None:
    effects = effects_of(op)
    if effects is None or op.regions or op.has_trait(CallsCode):
        return None
    found: list[Access] = []
    for effect in effects:
        if effect == TRAPS:
            continue
        if not isinstance(effect.resource, StateResource):
            return None
        found.append(_access(op, effect, effect.resource.state))
    return tuple(sorted(found, key=lambda access: (access.state.value, access.is_write)))


def _access(op: Operation, effect: EffectInstance, state: State) -> Access:
    is_write = effect.kind is not MemoryEffectKind.READ
    if isinstance(op, wasmir.MemoryAccess):
        address = op.address_operand
        constant = wasmir.constant_bits(address)
        return Access(
            state,
            is_write,
            op.memory_symbol.root_reference.data,
            address if constant is None else None,
            op.static_offset + (constant or 0),
            op.bytes,
            isinstance(op, wasmir.AtomicAccess),
        )
    for name in _SYMBOLS.get((state, is_write), ()):
        symbol = op.properties.get(name)
        if isinstance(symbol, SymbolRefAttr):
            return Access(state, is_write, symbol.root_reference.data)
    return Access(state, is_write, None, is_atomic=isinstance(op, wasmir.AtomicFenceOp))
