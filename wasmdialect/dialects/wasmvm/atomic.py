"""Steps of atomic accesses of linear memory that read and write at once, and the fence. All are
sequentially consistent and happen in order with every volatile access; the address has been checked to
be aligned to the width. Atomic loads and stores are those of `memory.py`, with `atomic`.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import I64, IntegerAttr, IntegerType, StringAttr, UnitAttr, i32, i64
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
    base,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.dialects.wasmvm.types import PTR

_PLACE = "(`may_fault` $may_fault^)? $base `[` $address `:` type($address) `+` $offset `]`"
_VALUE = base(IntegerType)
_WIDTHS: dict[Attribute, tuple[int, ...]] = {i32: (1, 2, 4), i64: (1, 2, 4, 8)}


class AtomicAccessOp(IRDLOperation, ABC):
    """An atomic access of `bytes` bytes at `memory base + zero-extended address + offset`.

    `may_fault` as for a plain access. Operands that are wider than the access are narrowed, and the
    result is zero-extended.
    """

    offset = prop_def(IntegerAttr[I64])
    bytes = prop_def(IntegerAttr[I64])
    may_fault = opt_prop_def(UnitAttr)

    def accessed_type(self) -> Attribute:
        """Type of the value read or written."""
        raise NotImplementedError

    def verify_(self) -> None:
        t, width = self.accessed_type(), self.bytes.value.data
        if width not in _WIDTHS.get(t, ()):
            raise VerifyException(f"no atomic access of {width} bytes has type {t}")


RMW_OPERATIONS = ("add", "sub", "and", "or", "xor", "xchg")
"""What a read-modify-write can do with the old value and the operand."""


@irdl_op_definition
class AtomicRMWOp(AtomicAccessOp):
    """Replace the value by the result of `operation` on it and the operand; gives the old one."""

    name = "wasmvm.atomic_rmw"
    traits = traits_def(RunsInPlace())
    T: ClassVar = VarConstraint("T", _VALUE)
    operation = prop_def(StringAttr)
    base = operand_def(eq(PTR))
    address = operand_def()
    value = operand_def(T)
    result = result_def(T)
    assembly_format = f"$operation {_PLACE} `,` $value `bytes` $bytes attr-dict `:` type($value)"

    def accessed_type(self) -> Attribute:
        return self.value.type

    def verify_(self) -> None:
        super().verify_()
        if self.operation.data not in RMW_OPERATIONS:
            raise VerifyException(f"{self.operation} is not one of {', '.join(RMW_OPERATIONS)}")


@irdl_op_definition
class AtomicCompareExchangeOp(AtomicAccessOp):
    """Replace the value if it is the expected one; gives the old value."""

    name = "wasmvm.atomic_cmpxchg"
    traits = traits_def(RunsInPlace())
    T: ClassVar = VarConstraint("T", _VALUE)
    base = operand_def(eq(PTR))
    address = operand_def()
    expected = operand_def(T)
    replacement = operand_def(T)
    result = result_def(T)
    assembly_format = (
        f"{_PLACE} `,` $expected `,` $replacement `bytes` $bytes attr-dict `:` type($expected)"
    )

    def accessed_type(self) -> Attribute:
        return self.expected.type


@irdl_op_definition
class FenceOp(IRDLOperation):
    """All threads see what is before it before what is after it."""

    name = "wasmvm.fence"
    traits = traits_def(RunsInPlace())
    assembly_format = "attr-dict"
