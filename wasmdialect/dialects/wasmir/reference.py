"""Reference operations of wasmir."""

from __future__ import annotations

from xdsl.dialects.builtin import FlatSymbolRefAttr, UnitAttr, i32
from xdsl.irdl import (
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.wasmir.base import MayTrap, WasmOp, take_rows
from wasmdialect.dialects.wasmir.types import RefType, may_be


@irdl_op_definition
class RefNullOp(WasmOp):
    """`ref.null`."""

    name = "wasmir.ref.null"
    result = result_def(RefType)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class RefIsNullOp(WasmOp):
    """`ref.is_null`: 1 if the reference is null, else 0."""

    name = "wasmir.ref.is_null"
    operand = operand_def(RefType)
    result = result_def(eq(i32))
    traits = traits_def(Pure())
    assembly_format = "$operand attr-dict `:` type($operand)"


@irdl_op_definition
class RefFuncOp(WasmOp):
    """`ref.func`: a reference to a function."""

    name = "wasmir.ref.func"
    function = prop_def(FlatSymbolRefAttr)
    result = result_def(RefType)
    traits = traits_def(Pure())
    assembly_format = "$function attr-dict `:` type($result)"


@irdl_op_definition
class RefAsNonNullOp(WasmOp, MayTrap):
    """`ref.as_non_null`: the reference; traps if it is null."""

    name = "wasmir.ref.as_non_null"
    operand = operand_def(RefType)
    result = result_def(RefType)
    known = opt_prop_def(UnitAttr)
    """Whether it cannot be null here: after a branch on that, or because nothing uses the value."""
    assembly_format = "$operand (`known` $known^)? attr-dict `:` type($operand) `->` type($result)"

    def verify_(self) -> None:
        operand = self.operand.type
        if isinstance(operand, RefType) and not may_be(operand.as_non_null(), self.result.type):
            raise VerifyException(f"{self.result.type} is not {operand} without null")


REFERENCE_OPS: tuple[type[WasmOp], ...] = (
    RefNullOp,
    RefIsNullOp,
    RefFuncOp,
    RefAsNonNullOp,
)
take_rows(REFERENCE_OPS)
