"""The side effects of an operation, with one interface for every dialect."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.traits import (
    EffectInstance,
    IsTerminator,
    MemoryEffectKind,
    SymbolOpInterface,
    get_effects,
)


def effects_of(op: Operation) -> frozenset[EffectInstance] | None:
    """All effects of an operation; None if they are not known."""
    effects = get_effects(op)
    return None if effects is None else frozenset(effects)


def is_removable(op: Operation) -> bool:
    """Whether an operation can be removed if its results are unused: it writes nothing and cannot
    trap."""
    if op.has_trait(IsTerminator) or op.has_trait(SymbolOpInterface) or op.regions:
        return False
    effects = effects_of(op)
    return effects is not None and all(e.kind is MemoryEffectKind.READ for e in effects)
