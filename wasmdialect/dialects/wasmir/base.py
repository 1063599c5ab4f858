"""Base classes of wasmir operations, with which passes select groups of instructions."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import FlatSymbolRefAttr, SymbolRefAttr
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import IRDLOperation, traits_def
from xdsl.traits import EffectInstance

from wasmdialect.dialects.fast import operands_of
from wasmdialect.dialects.wasmir.effects import TRAPS, InstructionEffects, effects_of
from wasmdialect.wasm.instructions import Instruction


class WasmOp(IRDLOperation, ABC):
    """An operator of WebAssembly. (IRDL wants class constants in capitals.)"""

    INSTRUCTION: ClassVar[Instruction]
    """Its row in the instruction table."""

    traits = traits_def(InstructionEffects())

    def effects(self) -> frozenset[EffectInstance]:
        """Reads and writes of Wasm state, and whether it may trap."""
        return effects_of(self.INSTRUCTION)


class MayTrap(Operation, ABC):
    """An operation that can stop execution with a trap."""


class MemoryAccess(WasmOp, MayTrap, ABC):
    """A load or store: `address` (an index into linear memory), constant `offset`, width `bytes`."""

    @property
    def address_operand(self) -> SSAValue:
        """The dynamic part of the address, unsigned."""
        return operands_of(self)[0]

    @property
    def static_offset(self) -> int:
        """The constant part of the address, unsigned."""
        raise NotImplementedError

    @property
    def bytes(self) -> int:
        """The number of bytes accessed."""
        access = self.INSTRUCTION.access
        assert access is not None
        return access.bytes

    @property
    def memory_symbol(self) -> FlatSymbolRefAttr:
        """The memory it accesses."""
        raise NotImplementedError

    @property
    def known_in_bounds(self) -> bool:
        """Whether an analysis has proved that it cannot trap."""
        raise NotImplementedError

    def effects(self) -> frozenset[EffectInstance]:
        effects = effects_of(self.INSTRUCTION)
        return effects - {TRAPS} if self.known_in_bounds else effects


class LoadLike(MemoryAccess, ABC):
    """A load from linear memory; the only result is the value."""


class StoreLike(MemoryAccess, ABC):
    """A store to linear memory; the second operand is the value."""

    @property
    def stored_value(self) -> SSAValue:
        """The value before it is narrowed to `bytes`."""
        return operands_of(self)[1]


class CallLike(MayTrap, ABC):
    """A call of a Wasm function, direct or not."""

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        """The Wasm arguments."""
        raise NotImplementedError

    @property
    def called_symbol(self) -> SymbolRefAttr | None:
        """The function, if it is known statically."""
        raise NotImplementedError
