"""Control operations of wasmir: branches between blocks, calls, tail calls, `select`, `unreachable`.

Structured control is gone: `br_if` and `if` both became a two-way branch. Branches carry the values
of the target's block arguments, which are Wasm block results and the locals that differ.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    FlatSymbolRefAttr,
    FunctionType,
    IntegerType,
    SymbolRefAttr,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    VarConstraint,
    eq,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    successor_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator, Pure

from wasmdialect.dialects.control_transfer import Branches, CallsCode, LeavesFunction
from wasmdialect.dialects.successors import CaseBranchOp
from wasmdialect.dialects.wasmir.base import CallLike, MayTrap, WasmOp, take_rows
from wasmdialect.dialects.wasmir.effects import CallEffects
from wasmdialect.dialects.wasmir.types import RefType


@irdl_op_definition
class BrOp(WasmOp):
    """Jump to a block."""

    name = "wasmir.br"
    arguments = var_operand_def()
    target = successor_def()
    traits = traits_def(IsTerminator(), Branches())
    assembly_format = "$target (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"

    def __init__(self, target: Block, *arguments: SSAValue | Operation):
        super().__init__(operands=[arguments], successors=[target])


@irdl_op_definition
class BrIfOp(WasmOp):
    """Jump to `then_block` if the condition is not zero, else to `else_block`."""

    name = "wasmir.br_if"
    condition = operand_def(eq(i32))
    then_arguments = var_operand_def()
    else_arguments = var_operand_def()
    then_block = successor_def()
    else_block = successor_def()
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(IsTerminator(), Branches())
    assembly_format = (
        "$condition `,` $then_block (`(` $then_arguments^ `:` type($then_arguments) `)`)?"
        " `,` $else_block (`(` $else_arguments^ `:` type($else_arguments) `)`)? attr-dict"
    )


@irdl_op_definition
class BrTableOp(CaseBranchOp, WasmOp):
    """`br_table`."""

    name = "wasmir.br_table"
    traits = traits_def(IsTerminator(), Branches())


@irdl_op_definition
class ReturnOp(WasmOp):
    """Return from the function, or give the values of a constant expression."""

    name = "wasmir.return"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = "($values^ `:` type($values))? attr-dict"

    def __init__(self, *values: SSAValue | Operation):
        super().__init__(operands=[values])


@irdl_op_definition
class UnreachableOp(WasmOp, MayTrap):
    """Trap."""

    name = "wasmir.unreachable"
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = "attr-dict"


@irdl_op_definition
class SelectOp(WasmOp):
    """`select`: the first value if the condition is not zero, else the second."""

    name = "wasmir.select"
    T: ClassVar = VarConstraint("T", AnyAttr())
    condition = operand_def(eq(i32))
    true_value = operand_def(T)
    false_value = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$condition `,` $true_value `,` $false_value attr-dict `:` type($result)"

    def __init__(
        self,
        condition: SSAValue | Operation,
        true_value: SSAValue | Operation,
        false_value: SSAValue | Operation,
    ):
        true_value = SSAValue.get(true_value)
        super().__init__(
            operands=[condition, true_value, false_value], result_types=[true_value.type]
        )


@irdl_op_definition
class CallOp(WasmOp, CallLike):
    """Call a function by its symbol."""

    name = "wasmir.call"
    callee = prop_def(FlatSymbolRefAttr)
    arguments = var_operand_def()
    returned = var_result_def()
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$callee `(` $arguments `)` attr-dict `:` functional-type($arguments, $returned)"
    )

    def __init__(
        self,
        callee: str | SymbolRefAttr,
        arguments: Sequence[SSAValue | Operation],
        result_types: Sequence[Attribute],
    ):
        if isinstance(callee, str):
            callee = SymbolRefAttr(callee)
        super().__init__(
            operands=[arguments], result_types=[result_types], properties={"callee": callee}
        )

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> SymbolRefAttr:
        return self.callee


@irdl_op_definition
class CallIndirectOp(WasmOp, CallLike):
    """Call the function at `index` of a table; traps unless it has type `signature`."""

    name = "wasmir.call_indirect"
    table = prop_def(FlatSymbolRefAttr)
    signature = prop_def(FlatSymbolRefAttr)
    """The symbol of a `wasmir.type`."""
    index = operand_def(IntegerType)
    arguments = var_operand_def()
    returned = var_result_def()
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$table `[` $index `:` type($index) `]` $signature `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> None:
        return None

    @property
    def function_type(self) -> FunctionType:
        """The type it expects the callee to have."""
        return FunctionType.from_lists(
            [a.type for a in self.arguments], [r.type for r in self.returned]
        )


@irdl_op_definition
class CallRefOp(WasmOp, CallLike, MayTrap):
    """Call the function that a reference of type `signature` refers to; traps if it is null."""

    name = "wasmir.call_ref"
    signature = prop_def(FlatSymbolRefAttr)
    """The symbol of a `wasmir.type`."""
    reference = operand_def(RefType)
    arguments = var_operand_def()
    returned = var_result_def()
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$reference `:` type($reference) $signature `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> None:
        return None


class TailCallOp(WasmOp, CallLike, ABC):
    """A call whose results are those of the running function: its frame is gone when the callee runs.
    It ends its block."""

    traits = traits_def(IsTerminator(), LeavesFunction(), CallEffects())


@irdl_op_definition
class ReturnCallOp(TailCallOp):
    """`return_call`: call a function by its symbol and return its results."""

    name = "wasmir.return_call"
    callee = prop_def(FlatSymbolRefAttr)
    arguments = var_operand_def()
    assembly_format = "$callee (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> SymbolRefAttr:
        return self.callee


@irdl_op_definition
class ReturnCallIndirectOp(TailCallOp):
    """`return_call_indirect`: call the function at `index` of a table and return its results; traps
    unless it has type `signature`."""

    name = "wasmir.return_call_indirect"
    table = prop_def(FlatSymbolRefAttr)
    signature = prop_def(FlatSymbolRefAttr)
    """The symbol of a `wasmir.type`."""
    index = operand_def(IntegerType)
    arguments = var_operand_def()
    assembly_format = (
        "$table `[` $index `:` type($index) `]` $signature"
        " (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"
    )

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> None:
        return None


@irdl_op_definition
class ReturnCallRefOp(TailCallOp):
    """`return_call_ref`: call the function that a reference of type `signature` refers to and return
    its results; traps if it is null."""

    name = "wasmir.return_call_ref"
    signature = prop_def(FlatSymbolRefAttr)
    """The symbol of a `wasmir.type`."""
    reference = operand_def(RefType)
    arguments = var_operand_def()
    assembly_format = (
        "$reference `:` type($reference) $signature"
        " (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"
    )

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        return self.arguments

    @property
    def called_symbol(self) -> None:
        return None


CONTROL_OPS: tuple[type[WasmOp], ...] = (
    BrOp,
    BrIfOp,
    BrTableOp,
    ReturnOp,
    UnreachableOp,
    SelectOp,
    CallOp,
    CallIndirectOp,
    CallRefOp,
    ReturnCallOp,
    ReturnCallIndirectOp,
    ReturnCallRefOp,
)
take_rows(CONTROL_OPS)
