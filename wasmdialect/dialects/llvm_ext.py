"""llvm_ext: operations of LLVM IR that xDSL's `llvm` dialect lacks.

They have the names, operands and attributes of MLIR's LLVM dialect under another prefix: operations
called `llvm.x` from here would not parse in plain xdsl-opt and would clash the day xDSL adds them.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import (
    I1,
    I64,
    Float32Type,
    Float64Type,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    VectorType,
)
from xdsl.dialects.llvm import LLVMPointerType, LLVMStructType
from xdsl.ir import Dialect
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
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

from wasmdialect.dialects.control_transfer import Branches, RunsInPlace
from wasmdialect.dialects.successors import CaseBranchOp


@irdl_op_definition
class LoadOp(IRDLOperation):
    """`load`, with properties that xDSL's lacks. `alias` names a class of memory of
    `wasmdialect.abi.layout.Alias`, which becomes `!tbaa`; an access that `may_fault` is in the trap
    table, and so is one whose address is that of a field of null, if it has a code as `null_trap`. One
    with an `ordering`, LLVM's word, is atomic."""

    name = "llvm_ext.load"
    traits = traits_def(RunsInPlace())
    ptr = operand_def(base(LLVMPointerType))
    alignment = prop_def(IntegerAttr[I64])
    volatile_ = opt_prop_def(UnitAttr)
    invariant = opt_prop_def(UnitAttr)
    may_fault = opt_prop_def(UnitAttr)
    null_trap = opt_prop_def(IntegerAttr[I64])
    alias = opt_prop_def(StringAttr)
    ordering = opt_prop_def(StringAttr)
    result = result_def()
    assembly_format = (
        "(`atomic` $ordering^)? (`volatile` $volatile_^)? (`may_fault` $may_fault^)? $ptr"
        " (`invariant` $invariant^)? `align` $alignment (`alias` $alias^)? (`else` $null_trap^)?"
        " attr-dict `:` type($ptr) `->` type($result)"
    )


@irdl_op_definition
class StoreOp(IRDLOperation):
    """`store`, with alias class and ordering as for `load`."""

    name = "llvm_ext.store"
    traits = traits_def(RunsInPlace())
    value = operand_def()
    ptr = operand_def(base(LLVMPointerType))
    alignment = prop_def(IntegerAttr[I64])
    volatile_ = opt_prop_def(UnitAttr)
    may_fault = opt_prop_def(UnitAttr)
    alias = opt_prop_def(StringAttr)
    ordering = opt_prop_def(StringAttr)
    assembly_format = (
        "(`atomic` $ordering^)? (`volatile` $volatile_^)? (`may_fault` $may_fault^)? $value `,`"
        " $ptr `align` $alignment (`alias` $alias^)? attr-dict `:` type($value) `,` type($ptr)"
    )


@irdl_op_definition
class StoreProbeOp(IRDLOperation):
    """Fault if a store of `bytes` bytes to linear memory would, before it writes any. It becomes a load
    of the last byte where a store that faults may write its other bytes; on other machines, nothing.
    """

    name = "llvm_ext.store_probe"
    traits = traits_def(RunsInPlace())
    ptr = operand_def(base(LLVMPointerType))
    bytes = prop_def(IntegerAttr[I64])
    assembly_format = "$ptr `bytes` $bytes attr-dict `:` type($ptr)"


@irdl_op_definition
class AtomicRMWOp(IRDLOperation):
    """`atomicrmw`, sequentially consistent and volatile; `bin_op` is LLVM's word."""

    name = "llvm_ext.atomicrmw"
    traits = traits_def(RunsInPlace())
    T: ClassVar = VarConstraint("T", base(IntegerType))
    bin_op = prop_def(StringAttr)
    ptr = operand_def(base(LLVMPointerType))
    val = operand_def(T)
    may_fault = opt_prop_def(UnitAttr)
    alias = opt_prop_def(StringAttr)
    result = result_def(T)
    assembly_format = (
        "$bin_op (`may_fault` $may_fault^)? $ptr `,` $val (`alias` $alias^)? attr-dict"
        " `:` type($ptr) `,` type($val)"
    )


@irdl_op_definition
class CmpXchgOp(IRDLOperation):
    """`cmpxchg`, sequentially consistent and volatile. The result is a structure: the old value, and
    whether it was the expected one."""

    name = "llvm_ext.cmpxchg"
    traits = traits_def(RunsInPlace())
    T: ClassVar = VarConstraint("T", base(IntegerType))
    ptr = operand_def(base(LLVMPointerType))
    cmp = operand_def(T)
    val = operand_def(T)
    may_fault = opt_prop_def(UnitAttr)
    alias = opt_prop_def(StringAttr)
    result = result_def(base(LLVMStructType))
    assembly_format = (
        "(`may_fault` $may_fault^)? $ptr `,` $cmp `,` $val (`alias` $alias^)? attr-dict"
        " `:` type($ptr) `,` type($val) `->` type($result)"
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


class RelaxedOp(IRDLOperation, ABC):
    """An operation that processors have different instructions for. `relaxed` says that the one which
    is best on the target may be used; without it, the result is the same on all."""

    relaxed = opt_prop_def(UnitAttr)


_VECTOR = base(VectorType)


@irdl_op_definition
class SwizzleOp(RelaxedOp):
    """The bytes of a vector that another one selects. An index that is too large selects 0; relaxed,
    one below 128 may count modulo 16."""

    name = "llvm_ext.swizzle"
    bytes = operand_def(_VECTOR)
    selectors = operand_def(_VECTOR)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = (
        "(`relaxed` $relaxed^)? $bytes `,` $selectors attr-dict `:` type($bytes) `,`"
        " type($selectors) `->` type($result)"
    )


@irdl_op_definition
class MultiplyAddOp(RelaxedOp):
    """`x * y + z` lane by lane, rounded twice; relaxed, it may be rounded once."""

    name = "llvm_ext.multiply_add"
    T: ClassVar = VarConstraint("T", _VECTOR)
    x = operand_def(T)
    y = operand_def(T)
    z = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "(`relaxed` $relaxed^)? $x `,` $y `,` $z attr-dict `:` type($result)"


@irdl_op_definition
class TruncateOp(RelaxedOp):
    """Floats to integers of 32 bits, saturating; relaxed, a lane that does not fit may have only its
    top bit set. If there are fewer floats than integers, the others are 0."""

    name = "llvm_ext.truncate"
    signed = opt_prop_def(UnitAttr)
    arg = operand_def(_VECTOR)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = (
        "(`relaxed` $relaxed^)? (`signed` $signed^)? $arg attr-dict `:` type($arg) `->`"
        " type($result)"
    )


@irdl_op_definition
class BitSelectOp(RelaxedOp):
    """The bits of the first vector where the mask has ones, else those of the second; relaxed, the top
    bit of a lane of the mask may stand for all of its bits."""

    name = "llvm_ext.bitselect"
    T: ClassVar = VarConstraint("T", _VECTOR)
    ones = operand_def(T)
    zeros = operand_def(T)
    mask = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = (
        "(`relaxed` $relaxed^)? $ones `,` $zeros `,` $mask attr-dict `:` type($result)"
    )


@irdl_op_definition
class FractionMultiplyOp(RelaxedOp):
    """The rounded products of signed fractions with 15 bits after the point; the one product that is
    too large saturates; relaxed, it may wrap around."""

    name = "llvm_ext.fraction_multiply"
    T: ClassVar = VarConstraint("T", _VECTOR)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "(`relaxed` $relaxed^)? $lhs `,` $rhs attr-dict `:` type($result)"


@irdl_op_definition
class NarrowOp(IRDLOperation):
    """Two vectors of signed integers as one with lanes of half the width, saturated to signed or
    unsigned ones."""

    name = "llvm_ext.narrow"
    signed = opt_prop_def(UnitAttr)
    T: ClassVar = VarConstraint("T", _VECTOR)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = (
        "(`signed` $signed^)? $lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)"
    )


@irdl_op_definition
class AddPairsOp(IRDLOperation):
    """The sums of two neighbouring lanes, extended to twice the width."""

    name = "llvm_ext.add_pairs"
    signed = opt_prop_def(UnitAttr)
    arg = operand_def(_VECTOR)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = "(`signed` $signed^)? $arg attr-dict `:` type($arg) `->` type($result)"


@irdl_op_definition
class DotOp(RelaxedOp):
    """The sums of the products of two neighbouring signed bytes; relaxed, the second byte may be
    unsigned and the sum saturate."""

    name = "llvm_ext.dot"
    lhs = operand_def(_VECTOR)
    rhs = operand_def(_VECTOR)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = (
        "(`relaxed` $relaxed^)? $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->`"
        " type($result)"
    )


@irdl_op_definition
class FCmpOp(IRDLOperation):
    """`fcmp` lane by lane; `predicate` is LLVM's word."""

    name = "llvm_ext.fcmp"
    T: ClassVar = VarConstraint("T", _VECTOR)
    predicate = prop_def(StringAttr)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(_VECTOR)
    traits = traits_def(Pure())
    assembly_format = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)"


@irdl_op_definition
class SelectOp(IRDLOperation):
    """`select` lane by lane."""

    name = "llvm_ext.select"
    T: ClassVar = VarConstraint("T", _VECTOR)
    mask = operand_def(_VECTOR)
    true_value = operand_def(T)
    false_value = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = (
        "$mask `,` $true_value `,` $false_value attr-dict `:` type($mask) `,` type($result)"
    )


@irdl_op_definition
class ChoiceOp(IRDLOperation):
    """A `select` between floats by a condition that something else needs too; `opposite` is its
    opposite, computed for this choice alone, which decides where that is better."""

    name = "llvm_ext.choice"
    T: ClassVar = VarConstraint("T", base(Float32Type) | base(Float64Type))
    condition = operand_def(I1)
    opposite = operand_def(I1)
    true_value = operand_def(T)
    false_value = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = (
        "$condition `or` `not` $opposite `,` $true_value `,` $false_value attr-dict"
        " `:` type($result)"
    )


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
    """`fence syncscope("singlethread") seq_cst`: stores before it are not deleted; costs no code.
    `system` is for all threads: `fence seq_cst`."""

    name = "llvm_ext.fence"
    traits = traits_def(RunsInPlace())
    system = opt_prop_def(UnitAttr)
    assembly_format = "(`system` $system^)? attr-dict"


@irdl_op_definition
class UBSanTrapOp(IRDLOperation):
    """`llvm.ubsantrap(code)`, never merged with another one, so that each has its own address."""

    name = "llvm_ext.ubsantrap"
    traits = traits_def(RunsInPlace())
    code = prop_def(IntegerAttr[I64])
    assembly_format = "$code attr-dict"

    def verify_(self) -> None:
        if not 0 <= self.code.value.data <= 0xFF:
            raise VerifyException("a trap code is one byte")


@irdl_op_definition
class SwitchOp(CaseBranchOp):
    """`switch` on an i32 from 0 upwards: value i goes to case number i."""

    name = "llvm_ext.switch"
    traits = traits_def(IsTerminator(), Branches())


LLVM_EXT = Dialect(
    "llvm_ext",
    [
        LoadOp,
        StoreOp,
        StoreProbeOp,
        AtomicRMWOp,
        CmpXchgOp,
        FPToSIOp,
        FPToUIOp,
        UIToFPOp,
        SwizzleOp,
        MultiplyAddOp,
        TruncateOp,
        BitSelectOp,
        FractionMultiplyOp,
        NarrowOp,
        AddPairsOp,
        DotOp,
        ExtractElementOp,
        FCmpOp,
        SelectOp,
        ChoiceOp,
        FenceOp,
        UBSanTrapOp,
        SwitchOp,
    ],
    [],
)
