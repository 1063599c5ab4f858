"""llvm_ext: operations of LLVM IR that xDSL's `llvm` dialect lacks.

They have the names, operands and attributes of MLIR's LLVM dialect under another prefix: operations
called `llvm.x` from here would not parse in plain xdsl-opt and would clash the day xDSL adds them.
"""

from __future__ import annotations

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    VectorType,
)
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Dialect
from xdsl.irdl import (
    IRDLOperation,
    base,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.successors import CaseBranchOp


@irdl_op_definition
class LoadOp(IRDLOperation):
    """`load`, with properties that xDSL's lacks. `alias` names a class of memory of
    `wasmdialect.abi.layout.Alias`, which becomes `!tbaa`; an access that `may_fault` is in the trap
    table."""

    name = "llvm_ext.load"
    ptr = operand_def(base(LLVMPointerType))
    alignment = prop_def(IntegerAttr[I64])
    volatile_ = opt_prop_def(UnitAttr)
    invariant = opt_prop_def(UnitAttr)
    may_fault = opt_prop_def(UnitAttr)
    alias = opt_prop_def(StringAttr)
    result = result_def()
    assembly_format = (
        "(`volatile` $volatile_^)? (`may_fault` $may_fault^)? $ptr (`invariant` $invariant^)?"
        " `align` $alignment (`alias` $alias^)? attr-dict `:` type($ptr) `->` type($result)"
    )


@irdl_op_definition
class StoreOp(IRDLOperation):
    """`store`, with an alias class as for `load`."""

    name = "llvm_ext.store"
    value = operand_def()
    ptr = operand_def(base(LLVMPointerType))
    alignment = prop_def(IntegerAttr[I64])
    volatile_ = opt_prop_def(UnitAttr)
    may_fault = opt_prop_def(UnitAttr)
    alias = opt_prop_def(StringAttr)
    assembly_format = (
        "(`volatile` $volatile_^)? (`may_fault` $may_fault^)? $value `,` $ptr `align` $alignment"
        " (`alias` $alias^)? attr-dict `:` type($value) `,` type($ptr)"
    )


@irdl_op_definition
class FPToSIOp(IRDLOperation):
    """`fptosi`."""

    name = "llvm_ext.fptosi"
    arg = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($result)"


@irdl_op_definition
class FPToUIOp(IRDLOperation):
    """`fptoui`."""

    name = "llvm_ext.fptoui"
    arg = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($result)"


@irdl_op_definition
class UIToFPOp(IRDLOperation):
    """`uitofp`."""

    name = "llvm_ext.uitofp"
    arg = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$arg attr-dict `:` type($arg) `to` type($result)"


@irdl_op_definition
class ExtractElementOp(IRDLOperation):
    """`extractelement`: an element of a vector."""

    name = "llvm_ext.extractelement"
    vector = operand_def(VectorType)
    position = operand_def(IntegerType)
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = (
        "$vector `[` $position `:` type($position) `]` attr-dict"
        " `:` type($vector) `->` type($result)"
    )


@irdl_op_definition
class FenceOp(IRDLOperation):
    """`fence syncscope("singlethread") seq_cst`: stores before it are not deleted; costs no code."""

    name = "llvm_ext.fence"
    assembly_format = "attr-dict"


@irdl_op_definition
class UBSanTrapOp(IRDLOperation):
    """`llvm.ubsantrap(code)`, never merged with another one, so that each has its own address."""

    name = "llvm_ext.ubsantrap"
    code = prop_def(IntegerAttr[I64])
    assembly_format = "$code attr-dict"

    def verify_(self) -> None:
        if not 0 <= self.code.value.data <= 0xFF:
            raise VerifyException("a trap code is one byte")


@irdl_op_definition
class SwitchOp(CaseBranchOp):
    """`switch` on an i32 from 0 upwards: value i goes to case number i."""

    name = "llvm_ext.switch"
    traits = traits_def(IsTerminator())


LLVM_EXT = Dialect(
    "llvm_ext",
    [
        LoadOp,
        StoreOp,
        FPToSIOp,
        FPToUIOp,
        UIToFPOp,
        ExtractElementOp,
        FenceOp,
        UBSanTrapOp,
        SwitchOp,
    ],
    [],
)
