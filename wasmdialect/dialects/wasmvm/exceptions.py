"""Exceptions at the level of the runtime: their memory, and leaving functions that do not catch them
(docs/abi.md, "Exceptions")."""

from __future__ import annotations

from xdsl.dialects.builtin import I64, IntegerAttr, i32
from xdsl.irdl import (
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import IsTerminator, Pure

from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction, RunsInPlace
from wasmdialect.dialects.wasmvm.types import PTR


@irdl_op_definition
class NewExceptionOp(IRDLOperation):
    """Memory of `size` bytes for an exception, from the store."""

    name = "wasmvm.new_exception"
    vmctx = operand_def(eq(PTR))
    size = prop_def(IntegerAttr[I64])
    result = result_def()
    traits = traits_def(CallsCode())
    assembly_format = "$vmctx $size attr-dict `:` type($result)"


@irdl_op_definition
class ExceptionSlotsOp(IRDLOperation):
    """The value slots of an exception."""

    name = "wasmvm.exception_slots"
    exception = operand_def()
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "$exception attr-dict `:` type($exception)"


@irdl_op_definition
class ThrownOp(IRDLOperation):
    """1 if an exception has been thrown and not caught, else 0."""

    name = "wasmvm.thrown"
    vmctx = operand_def(eq(PTR))
    result = result_def(eq(i32))
    traits = traits_def(RunsInPlace())
    assembly_format = "$vmctx attr-dict"


@irdl_op_definition
class UnwindIfThrownOp(IRDLOperation):
    """Leave the function if a callee threw an exception. A trampoline leaves compiled code, up to the
    host's last call."""

    name = "wasmvm.unwind_if_thrown"
    vmctx = operand_def(eq(PTR))
    traits = traits_def(RunsInPlace())
    assembly_format = "$vmctx attr-dict"


@irdl_op_definition
class UnwindOp(IRDLOperation):
    """Leave the function with the exception in `limits.exception`."""

    name = "wasmvm.unwind"
    vmctx = operand_def(eq(PTR))
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = "$vmctx attr-dict"


@irdl_op_definition
class ExceptionBarrierOp(IRDLOperation):
    """A function to call instead of a referenced one: the same, unless its module does not test for
    exceptions. Then what it lets through is stopped before its frames, and thrown again."""

    name = "wasmvm.exception_barrier"
    vmctx = operand_def(eq(PTR))
    function = operand_def()
    result = result_def()
    traits = traits_def(CallsCode())
    assembly_format = "$vmctx `,` $function attr-dict `:` type($function) `->` type($result)"
