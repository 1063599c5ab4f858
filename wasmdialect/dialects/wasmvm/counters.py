"""Additions of passes: trap codes, and what they add to the VMContext: fields, counters, which only
count, and areas of bytes or of counters, whose entries have an index."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    I64,
    BytesAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
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
from wasmdialect.abi.trap_table import PASS_TRAPS, PassTrap
from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.dialects.wasmir.declarations import name_text
from wasmdialect.dialects.wasmir.effects import TRAPS


@irdl_op_definition
class DeclareFieldOp(IRDLOperation):
    """Declare a field of the VMContext: `size` bytes, zero at instantiation, which `extra.name` reads
    and writes. `add_field` and `add_counter` add these."""

    name = "wasmvm.declare_field"
    field_name = prop_def(StringAttr | BytesAttr)
    size = prop_def(IntegerAttr[I64])
    alignment = prop_def(IntegerAttr[I64])
    counter = opt_prop_def(UnitAttr)
    """Whether it holds counters, of 8 bytes each, that `wasmvm.count` adds to."""
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
        if self.counter is not None and (size % COUNTER_SIZE or alignment != COUNTER_SIZE):
            raise VerifyException(f"a counter has {COUNTER_SIZE} bytes")


@irdl_op_definition
class DeclareTrapOp(IRDLOperation):
    """Declare a trap code of a pass, with the name and the message that the host shows. `add_trap_code`
    adds these."""

    name = "wasmvm.declare_trap"
    trap_name = prop_def(StringAttr | BytesAttr)
    code = prop_def(IntegerAttr[I64])
    message = prop_def(StringAttr | BytesAttr)
    added_by = prop_def(StringAttr | BytesAttr)
    """The pass."""
    assembly_format = "$trap_name `code` $code $message `by` $added_by attr-dict"

    def __init__(self, trap: PassTrap):
        super().__init__(
            properties={
                "trap_name": StringAttr(trap.name),
                "code": IntegerAttr(trap.code, i64),
                "message": StringAttr(trap.message),
                "added_by": StringAttr(trap.added_by),
            }
        )

    @property
    def trap(self) -> PassTrap:
        """What it declares."""
        texts = map(name_text, (self.trap_name, self.message, self.added_by))
        return PassTrap(self.code.value.data, *texts)

    def verify_(self) -> None:
        first, last = PASS_TRAPS
        if not first <= self.code.value.data <= last:
            raise VerifyException(f"the trap codes of passes are those from {first} to {last}")


class _CountEffects(MemoryEffect):
    """Writes a counter, which nothing else reads or writes while Wasm runs; an index may trap."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        counts = EffectInstance(MemoryEffectKind.WRITE, resource=_CounterResource())
        return {counts, TRAPS} if op.operands else {counts}


@dataclass(frozen=True)
class _CounterResource(Resource):
    def name(self) -> str:
        return "<wasm counter>"


@irdl_op_definition
class CountOp(IRDLOperation):
    """Add `amount` (1 if it is left out) to a 64-bit counter that a pass declared with
    `add_counter`, or to the one with an index of those that it declared with `add_counters`. A pass
    over wasmir may insert it anywhere in a function. Traps if there is no counter with the index."""

    name = "wasmvm.count"
    counter = prop_def(StringAttr)
    index = opt_operand_def(eq(i32))
    amount = opt_prop_def(IntegerAttr[I64])
    volatile = opt_prop_def(UnitAttr)
    """The write must happen, in order with accesses that may fault."""
    traits = traits_def(_CountEffects(), RunsInPlace())
    assembly_format = (
        "$counter (`[` $index^ `]`)? (`by` $amount^)? (`volatile` $volatile^)? attr-dict"
    )

    def __init__(self, counter: str, amount: int = 1, index: SSAValue | Operation | None = None):
        properties: dict[str, Attribute] = {"counter": StringAttr(counter)}
        if amount != 1:
            properties["amount"] = IntegerAttr(amount, i64)
        super().__init__(operands=[index], properties=properties)

    @property
    def amount_value(self) -> int:
        """The increment."""
        return 1 if self.amount is None else self.amount.value.data


# --- bytes ---


class BytesAccessOp(IRDLOperation, ABC):
    """Accesses `bytes` bytes of a field from a byte offset in it, the unsigned i32 `index`. Traps if
    they are not all in the field. (Operands are defined in each operation: IRDL puts those of a
    subclass before its base's.)"""

    area = prop_def(StringAttr)
    """The name of the field, which a pass declared with `add_bytes`, `add_counters` or `add_field`."""
    bytes = prop_def(IntegerAttr[I64])

    @property
    def number_type(self) -> Attribute:
        """The type of the value that is loaded or stored."""
        raise NotImplementedError

    def verify_(self) -> None:
        t = self.number_type
        size = self.bytes.value.data
        if size not in _SIZES.get(t, ()):
            raise VerifyException(f"{size} bytes are not a part of a value of type {t}")


_SIZES: dict[Attribute, Sequence[int]] = {i32: (1, 2, 4), i64: (1, 2, 4, 8)}


@irdl_op_definition
class LoadBytesOp(BytesAccessOp):
    """Load bytes of a field and extend them, with their sign if they are `signed`."""

    name = "wasmvm.load_bytes"
    index = operand_def(eq(i32))
    signed = opt_prop_def(UnitAttr)
    result = result_def(IntegerType)
    traits = traits_def(RunsInPlace())
    assembly_format = (
        "$area `[` $index `]` `bytes` $bytes (`signed` $signed^)? attr-dict `:` type($result)"
    )

    @property
    def number_type(self) -> Attribute:
        return self.result.type


@irdl_op_definition
class StoreBytesOp(BytesAccessOp):
    """Store the low bytes of a value in a field."""

    name = "wasmvm.store_bytes"
    index = operand_def(eq(i32))
    value = operand_def(IntegerType)
    volatile = opt_prop_def(UnitAttr)
    """The write must happen, in order with accesses that may fault."""
    traits = traits_def(RunsInPlace())
    assembly_format = (
        "$area `[` $index `]` `,` $value `bytes` $bytes (`volatile` $volatile^)? attr-dict"
        " `:` type($value)"
    )

    @property
    def number_type(self) -> Attribute:
        return self.value.type
