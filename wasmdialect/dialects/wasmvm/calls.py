"""Calls, the machine state and value arrays of trampolines, and functions with a convention."""

from __future__ import annotations

from abc import ABC

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.dialects.utils import parse_func_op_like, print_func_op_like
from xdsl.ir import Block, Region
from xdsl.irdl import (
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    opt_result_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.conventions import Convention
from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction, RunsInPlace
from wasmdialect.dialects.wasmvm.types import PTR


class _CallOp(IRDLOperation, ABC):
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    returned = var_result_def()


@irdl_op_definition
class CallOp(_CallOp):
    """Call a function of this module in the wasm convention."""

    name = "wasmvm.call"
    traits = traits_def(CallsCode())
    callee = prop_def(FlatSymbolRefAttr)
    assembly_format = (
        "$callee `[` $callee_vmctx `,` $caller_vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )


@irdl_op_definition
class CallPointerOp(IRDLOperation):
    """Call code at an address, in the given convention."""

    name = "wasmvm.call_pointer"
    traits = traits_def(CallsCode())
    code = operand_def(eq(PTR))
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    returned = var_result_def()
    convention = prop_def(StringAttr)
    assembly_format = (
        "$convention $code `[` $callee_vmctx `,` $caller_vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )

    def verify_(self) -> None:
        if self.convention.data not in {c.value for c in Convention}:
            raise VerifyException(f"unknown calling convention {self.convention.data!r}")


@irdl_op_definition
class ReturnCallOp(IRDLOperation):
    """Call a function of this module in the wasm convention, and return its results: the frame of the
    running function is gone when the callee runs."""

    name = "wasmvm.return_call"
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    callee = prop_def(FlatSymbolRefAttr)
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = (
        "$callee `[` $callee_vmctx `,` $caller_vmctx `]`"
        " (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"
    )


@irdl_op_definition
class ReturnCallPointerOp(IRDLOperation):
    """Call code at an address in the wasm convention, and return its results: the frame of the running
    function is gone when the callee runs."""

    name = "wasmvm.return_call_pointer"
    code = operand_def(eq(PTR))
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = (
        "$code `[` $callee_vmctx `,` $caller_vmctx `]`"
        " (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"
    )


TAIL_CALLS = (ReturnCallOp, ReturnCallPointerOp)
"""Calls that end a block; only Wasm functions have them."""


@irdl_op_definition
class CallBuiltinOp(IRDLOperation):
    """Call a runtime function of `wasmdialect.abi.builtins`; the VMContext is its first argument."""

    name = "wasmvm.call_builtin"
    traits = traits_def(CallsCode())
    builtin = prop_def(StringAttr)
    vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    result = opt_result_def()
    assembly_format = (
        "$builtin `[` $vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $result)"
    )

    def verify_(self) -> None:
        row = BUILTINS.get(self.builtin.data)
        if row is None:
            return  # declared by a pass: checked when it is bound
        if len(self.arguments) != len(row.params):
            raise VerifyException(f"builtin {row.name} takes {len(row.params)} arguments")


class _MachineStateOp(IRDLOperation, ABC):
    result = result_def()


@irdl_op_definition
class StackPointerOp(_MachineStateOp):
    """The stack pointer of the running function."""

    name = "wasmvm.stack_pointer"
    traits = traits_def(RunsInPlace())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class ParentFramePointerOp(_MachineStateOp):
    """The frame pointer of the frame that called the running function."""

    name = "wasmvm.parent_frame_pointer"
    traits = traits_def(RunsInPlace())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class ReturnAddressOp(_MachineStateOp):
    """The return address of the running function."""

    name = "wasmvm.return_address"
    traits = traits_def(RunsInPlace())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class StackCheckOp(IRDLOperation):
    """Trap with a stack overflow if the stack pointer is below `limit`."""

    name = "wasmvm.stack_check"
    traits = traits_def(RunsInPlace())
    limit = operand_def(eq(i64))
    assembly_format = "$limit attr-dict"


@irdl_op_definition
class CheckPendingOp(IRDLOperation):
    """Raise the error that a host call left in the limits of `vmctx`, if there is one."""

    name = "wasmvm.check_pending"
    traits = traits_def(RunsInPlace())
    vmctx = operand_def(eq(PTR))
    assembly_format = "$vmctx attr-dict"


@irdl_op_definition
class StackSlotsOp(IRDLOperation):
    """`count` value slots of 16 bytes in the running function's frame."""

    name = "wasmvm.stack_slots"
    traits = traits_def(RunsInPlace())
    count = prop_def(IntegerAttr[I64])
    result = result_def(eq(PTR))
    assembly_format = "$count attr-dict"


@irdl_op_definition
class LoadSlotOp(IRDLOperation):
    """Read value slot `slot`."""

    name = "wasmvm.load_slot"
    traits = traits_def(RunsInPlace())
    slots = operand_def(eq(PTR))
    slot = prop_def(IntegerAttr[I64])
    result = result_def()
    assembly_format = "$slots `[` $slot `]` attr-dict `:` type($result)"


@irdl_op_definition
class StoreSlotOp(IRDLOperation):
    """Write value slot `slot`, as wide as the value."""

    name = "wasmvm.store_slot"
    traits = traits_def(RunsInPlace())
    slots = operand_def(eq(PTR))
    slot = prop_def(IntegerAttr[I64])
    value = operand_def()
    assembly_format = "$slots `[` $slot `]` `,` $value attr-dict `:` type($value)"


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A function that is not a Wasm function: a trampoline.

    Its entry block takes the Wasm parameters, or (array convention) the slots and their number; the
    two VMContexts are `wasmvm.vmctx` and `wasmvm.caller_vmctx`.
    """

    name = "wasmvm.func"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    convention = prop_def(StringAttr)
    body = region_def()
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(self, symbol: str, function_type: FunctionType, convention: str, body: Region):
        super().__init__(
            properties={
                "sym_name": StringAttr(symbol),
                "function_type": function_type,
                "convention": StringAttr(convention),
            },
            regions=[body],
        )

    @property
    def entry(self) -> Block:
        """The first block."""
        block = self.body.first_block
        assert block is not None
        return block

    @property
    def symbol(self) -> SymbolRefAttr:
        """A reference to it."""
        return SymbolRefAttr(self.sym_name)

    def verify_(self) -> None:
        if self.convention.data not in {c.value for c in Convention}:
            raise VerifyException(f"unknown calling convention {self.convention.data!r}")

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.convention.data}")
        print_func_op_like(
            printer,
            self.sym_name,
            self.function_type,
            self.body,
            self.attributes,
            reserved_attr_names=(),
        )

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        convention = parser.parse_identifier("calling convention")
        name, inputs, outputs, region, extra, _, _ = parse_func_op_like(
            parser, reserved_attr_names=()
        )
        op = cls(name, FunctionType.from_lists(inputs, outputs), convention, region)
        if extra is not None:
            op.attributes |= extra.data
        return op
