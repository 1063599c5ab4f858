"""Counters that passes add."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Operation
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
)
from xdsl.traits import (
    EffectInstance,
    MemoryEffect,
    MemoryEffectKind,
    Resource,
)


class _CountEffects(MemoryEffect):
    """Writes a counter, which nothing else reads or writes while Wasm runs."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.WRITE, resource=_CounterResource())}


@dataclass(frozen=True)
class _CounterResource(Resource):
    def name(self) -> str:
        return "<wasm counter>"


@irdl_op_definition
class CountOp(IRDLOperation):
    """Add `amount` (1 if it is left out) to a 64-bit counter that a pass declared with
    `add_counter`. A pass over wasmir may insert it anywhere in a function."""

    name = "wasmvm.count"
    counter = prop_def(StringAttr)
    amount = opt_prop_def(IntegerAttr[I64])
    traits = traits_def(_CountEffects())
    assembly_format = "$counter (`by` $amount^)? attr-dict"

    def __init__(self, counter: str, amount: int = 1):
        properties: dict[str, Attribute] = {"counter": StringAttr(counter)}
        if amount != 1:
            properties["amount"] = IntegerAttr(amount, i64)
        super().__init__(properties=properties)

    @property
    def amount_value(self) -> int:
        """What is added."""
        return 1 if self.amount is None else self.amount.value.data
