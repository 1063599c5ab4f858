"""Additions of passes to the VMContext: fields, and counters, which are fields that only count."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import (
    I64,
    BytesAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
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
from xdsl.utils.exceptions import VerifyException

from wasmdialect.abi.layout import COUNTER_SIZE, FIELD_ALIGNMENTS
from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.dialects.wasmir.declarations import name_text


@irdl_op_definition
class DeclareFieldOp(IRDLOperation):
    """Declare a field of the VMContext: `size` bytes, zero at instantiation, which `extra.name` reads
    and writes. `add_field` and `add_counter` add these."""

    name = "wasmvm.declare_field"
    field_name = prop_def(StringAttr | BytesAttr)
    size = prop_def(IntegerAttr[I64])
    alignment = prop_def(IntegerAttr[I64])
    counter = opt_prop_def(UnitAttr)
    """Whether it is a counter: 8 bytes that `wasmvm.count` adds to."""
    assembly_format = "$field_name `size` $size `align` $alignment (`counter` $counter^)? attr-dict"

    def __init__(self, name: str, size: int, alignment: int, *, counter: bool = False):
        properties: dict[str, Attribute] = {
            "field_name": StringAttr(name),
            "size": IntegerAttr(size, i64),
            "alignment": IntegerAttr(alignment, i64),
        }
        if counter:
            properties["counter"] = UnitAttr()
        super().__init__(properties=properties)

    @property
    def row(self) -> tuple[str, int, int]:
        """Name, size and alignment."""
        return name_text(self.field_name), self.size.value.data, self.alignment.value.data

    def verify_(self) -> None:
        _, size, alignment = self.row
        if size <= 0 or alignment not in FIELD_ALIGNMENTS:
            raise VerifyException(f"a field cannot have size {size} and alignment {alignment}")
        if self.counter is not None and (size, alignment) != (COUNTER_SIZE, COUNTER_SIZE):
            raise VerifyException(f"a counter has {COUNTER_SIZE} bytes")


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
    traits = traits_def(_CountEffects(), RunsInPlace())
    assembly_format = "$counter (`by` $amount^)? attr-dict"

    def __init__(self, counter: str, amount: int = 1):
        properties: dict[str, Attribute] = {"counter": StringAttr(counter)}
        if amount != 1:
            properties["amount"] = IntegerAttr(amount, i64)
        super().__init__(properties=properties)

    @property
    def amount_value(self) -> int:
        """The increment."""
        return 1 if self.amount is None else self.amount.value.data
