"""Control operations of wasmir: branches between blocks, calls, tail calls, `select`, `unreachable`.

Structured control is gone: `br_if` and `if` both became a two-way branch. Branches carry the values
of the target's block arguments, which are Wasm block results and the locals that differ.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import (
    FlatSymbolRefAttr,
    FunctionType,
    IntegerType,
    SymbolRefAttr,
    UnitAttr,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    successor_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.control_transfer import Branches, CallsCode, LeavesFunction
from wasmdialect.dialects.successors import CaseBranchOp
from wasmdialect.dialects.wasmir.base import CallLike, MayTrap, WasmOp, take_rows
from wasmdialect.dialects.wasmir.effects import CallEffects
from wasmdialect.dialects.wasmir.types import RefType, may_be


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
    """`select`: the first value if the condition is not zero, else the second. The type is printed once
    if all three are the same; the values may be of subtypes of the result's."""

    name = "wasmir.select"
    condition = operand_def(eq(i32))
    true_value = operand_def()
    false_value = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    def __init__(
        self,
        condition: SSAValue | Operation,
        true_value: SSAValue | Operation,
        false_value: SSAValue | Operation,
        result_type: Attribute | None = None,
    ):
        """`result_type` is that of the first value if it is not given."""
        true_value = SSAValue.get(true_value)
        super().__init__(
            operands=[condition, true_value, false_value],
            result_types=[result_type or true_value.type],
        )

    def verify_(self) -> None:
        for value in (self.true_value, self.false_value):
            if not may_be(value.type, self.result.type):
                raise VerifyException(f"a value of {value.type} is not one of {self.result.type}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        types, result = [self.true_value.type, self.false_value.type], self.result.type
        is_one = types == [result, result]
        printer.print_attribute(result if is_one else FunctionType.from_lists(types, [result]))

    @classmethod
    def parse(cls, parser: Parser) -> SelectOp:
        position = parser.pos
        unresolved = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        t = parser.parse_type()
        types = [*t.inputs, *t.outputs] if isinstance(t, FunctionType) else [t, t, t]
        if len(types) != 3:
            parser.raise_error("expected the types of two values and of the result", position)
        operands = parser.resolve_operands(unresolved, [i32, *types[:2]], position)
        return cls.create(operands=operands, result_types=types[2:], attributes=attributes)


@irdl_op_definition
class CallOp(WasmOp, CallLike):
    """Call a function by its symbol."""

    name = "wasmir.call"
    callee = prop_def(FlatSymbolRefAttr)
    arguments = var_operand_def()
    returned = var_result_def()
    in_try = opt_prop_def(UnitAttr)
    """Whether `wasmir.threw` comes after it. An exception ends the function else."""
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$callee `(` $arguments `)` (`in_try` $in_try^)? attr-dict"
        " `:` functional-type($arguments, $returned)"
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
    in_try = opt_prop_def(UnitAttr)
    """Whether `wasmir.threw` comes after it. An exception ends the function else."""
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$table `[` $index `:` type($index) `]` $signature `(` $arguments `)`"
        " (`in_try` $in_try^)? attr-dict `:` functional-type($arguments, $returned)"
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
    in_try = opt_prop_def(UnitAttr)
    """Whether `wasmir.threw` comes after it. An exception ends the function else."""
    traits = traits_def(CallEffects(), CallsCode())
    assembly_format = (
        "$reference `:` type($reference) $signature `(` $arguments `)` (`in_try` $in_try^)? attr-dict"
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
