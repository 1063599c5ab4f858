"""wasmir-gvn: replace an operation by an equal one that dominates it.

Pure operations are equal if class, properties and operands are; the order of the operands does not
count if the operation is commutative. One that may trap is redundant after an equal one that did not
trap. One that reads state is redundant as long as nothing has written that kind of state since; a
block with several predecessors starts with all state unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter
from xdsl.traits import EffectInstance, IsTerminator, MemoryEffectKind

from wasmdialect.analyses import ControlFlow, Dominators, analysis
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.wasmir.effects import TRAPS, StateResource
from wasmdialect.passes.base import FunctionPass
from wasmdialect.wasm.instructions import State

_Key = tuple[Any, ...]


@dataclass(frozen=True)
class WasmIRGVN(FunctionPass):
    """Reuse the results of dominating equal operations."""

    name = "wasmir-gvn"
    preserves = (ControlFlow, Dominators)  # it changes no branch

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        _Numbering(function).run()


class _Numbering:
    def __init__(self, function: wasmir.FuncOp):
        self.graph = analysis(ControlFlow, function)
        self.dominators = analysis(Dominators, function)
        self.available: dict[_Key, Operation] = {}
        self.versions: dict[State, int] = {}
        """Which contents each kind of state has: a fresh number after every possible write."""
        self.last_version = 0

    def run(self) -> None:
        """Walk the dominator tree; what a block makes available holds in the blocks it dominates."""
        # An entry is a block to visit with the state versions at its dominator's end, or (None) the
        # keys to withdraw when a subtree is done.
        work: list[tuple[Block, dict[State, int]] | list[_Key]] = [(self.graph.order[0], {})]
        while work:
            item = work.pop()
            if isinstance(item, list):
                for key in item:
                    del self.available[key]
                continue
            block, versions = item
            single = len(self.graph.predecessors[self.graph.number[block]]) == 1
            self.versions = dict(versions) if single else {}
            if not single:
                self.write_everything()
            added = self.visit(block)
            work.append(added)
            end = dict(self.versions)
            work.extend((child, end) for child in reversed(self.dominators.children(block)))

    def write_everything(self) -> None:
        """Forget all state."""
        for state in State:
            self.write(state)

    def write(self, state: State) -> None:
        """A kind of state may have new contents."""
        self.last_version += 1
        self.versions[state] = self.last_version

    def visit(self, block: Block) -> list[_Key]:
        """Replace redundant operations; returns the keys that this block makes available."""
        added: list[_Key] = []
        for op in [*block.ops]:
            if isinstance(op, wasmir.WasmOp) and op.has_trait(IsTerminator):
                continue  # its target changes no state
            effects = effects_of(op)
            if effects is None or op.has_trait(IsTerminator):
                self.write_everything()
                continue
            if op.results and not op.regions and _is_repeatable(effects):
                key = self.key(op, effects)
                known = self.available.get(key)
                if known is not None:
                    _replace(op, known)
                    continue
                self.available[key] = op
                added.append(key)
            for effect in effects:
                if effect.kind is MemoryEffectKind.WRITE:
                    if isinstance(effect.resource, StateResource):
                        self.write(effect.resource.state)
                    elif effect is not TRAPS:
                        self.write_everything()
        return added

    def key(self, op: Operation, effects: frozenset[EffectInstance]) -> _Key:
        """The key on which two operations are equal."""
        read = tuple(
            sorted(
                (effect.resource.state.value, self.versions.get(effect.resource.state, 0))
                for effect in effects
                if isinstance(effect.resource, StateResource)
            )
        )
        return (type(op), _frozen(op.properties), _operands(op), tuple(op.result_types), read)


def _operands(op: Operation) -> tuple[SSAValue, ...]:
    operands = tuple(op.operands)
    if isinstance(op, wasmir.BinaryOp) and op.INSTRUCTION.commutative:
        return tuple(sorted(operands, key=id))
    return operands


def _frozen(properties: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(properties.items()))


def _is_repeatable(effects: frozenset[EffectInstance]) -> bool:
    """Whether repeating it gives the same result: only reads, and perhaps a trap."""
    return all(e.kind is MemoryEffectKind.READ or e == TRAPS for e in effects)


def _replace(op: Operation, known: Operation) -> None:
    for old, new in zip(op.results, known.results, strict=True):
        old.replace_all_uses_with(new)
    Rewriter.erase_op(op)
