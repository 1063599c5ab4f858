"""The effects of wasmir operations: reads and writes of Wasm state, and traps.

Each kind of state is its own resource, and so is the trap: an operation that may trap writes the
trap resource, so that xDSL's stock passes never delete or merge it, while passes that know the
resources (`wasmir-gvn`, `wasmir-dce`) can do better.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.ir import Operation
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, Resource

from wasmdialect.wasm.instructions import Instruction, State


@dataclass(frozen=True)
class StateResource(Resource):
    """One kind of mutable Wasm state."""

    state: State

    def name(self) -> str:
        return f"<wasm {str(self.state.name).lower()}>"


@dataclass(frozen=True)
class TrapResource(Resource):
    """Whether execution stops. Order among traps and writes of other state matters."""

    def name(self) -> str:
        return "<wasm trap>"


READS = {
    s: EffectInstance(MemoryEffectKind.READ, resource=StateResource(s)) for s in State if s.value
}
WRITES = {
    s: EffectInstance(MemoryEffectKind.WRITE, resource=StateResource(s)) for s in State if s.value
}
TRAPS = EffectInstance(MemoryEffectKind.WRITE, resource=TrapResource())
EVERYTHING = frozenset({*READS.values(), *WRITES.values(), TRAPS})
"""The effects of a call."""


def effects_of(instruction: Instruction) -> frozenset[EffectInstance]:
    """The effects stated in a row of the instruction table."""
    known = _EFFECTS.get(instruction.opcode)
    if known is not None:
        return known
    effects = {READS[s] for s in State if s.value and s in instruction.reads}
    effects |= {WRITES[s] for s in State if s.value and s in instruction.writes}
    if instruction.traps:
        effects.add(TRAPS)
    return _EFFECTS.setdefault(instruction.opcode, frozenset(effects))


_EFFECTS: dict[int, frozenset[EffectInstance]] = {}


class InstructionEffects(MemoryEffect):
    """The effects of the operation's row in the instruction table, kept in its class."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        from wasmdialect.dialects.wasmir.base import WasmOp

        assert isinstance(op, WasmOp)
        return op.effects()


class CallEffects(MemoryEffect):
    """A call may do anything."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return EVERYTHING
