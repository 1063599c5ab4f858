"""Control operations of wasmir: branches between blocks, calls, `select`, `unreachable`.

Structured control is gone: `br_if` and `if` both became a two-way branch. Branches carry the values
of the target's block arguments, which are Wasm block results and the locals that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    DenseArrayBase,
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
    var_successor_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.wasmir.base import CallLike, MayTrap, WasmOp
from wasmdialect.dialects.wasmir.effects import CallEffects
from wasmdialect.wasm.instructions import BY_MNEMONIC


@irdl_op_definition
class BrOp(WasmOp):
    """Jump to a block."""

    name = "wasmir.br"
    arguments = var_operand_def()
    target = successor_def()
    traits = traits_def(IsTerminator())
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
    traits = traits_def(IsTerminator())
    assembly_format = (
        "$condition `,` $then_block (`(` $then_arguments^ `:` type($then_arguments) `)`)?"
        " `,` $else_block (`(` $else_arguments^ `:` type($else_arguments) `)`)? attr-dict"
    )


@irdl_op_definition
class BrTableOp(WasmOp):
    """Jump to case number `index`, to the default if there is no such case.

    `case_arguments` holds the arguments of all cases one after the other; `case_sizes` says how many
    each one has.
    """

    name = "wasmir.br_table"
    index = operand_def(eq(i32))
    default_arguments = var_operand_def()
    case_arguments = var_operand_def()
    case_sizes = prop_def(DenseArrayBase.constr(i32))
    default_block = successor_def()
    case_blocks = var_successor_def()
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(IsTerminator())

    def cases(self) -> list[tuple[Block, Sequence[SSAValue]]]:
        """Block and arguments of each case, without the default."""
        cases: list[tuple[Block, Sequence[SSAValue]]] = []
        start = 0
        sizes = self.case_sizes.get_values()
        for block, size in zip(self.case_blocks, sizes, strict=True):
            cases.append((block, self.case_arguments[start : start + size]))
            start += size
        return cases

    def verify_(self) -> None:
        sizes = self.case_sizes.get_values()
        if len(sizes) != len(self.case_blocks) or sum(sizes) != len(self.case_arguments):
            raise VerifyException("case_sizes do not agree with the cases and their arguments")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.index)
        printer.print_string(", ")
        with printer.in_square_brackets():
            printer.print_list(self.cases(), lambda case: _print_target(printer, *case))
        printer.print_string(", ")
        _print_target(printer, self.default_block, self.default_arguments)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> BrTableOp:
        index = parser.resolve_operand(parser.parse_unresolved_operand(), i32)
        parser.parse_punctuation(",")
        cases = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: _parse_target(parser)
        )
        parser.parse_punctuation(",")
        default = _parse_target(parser)
        attributes = parser.parse_optional_attr_dict()
        return cls(
            operands=[index, default[1], [value for case in cases for value in case[1]]],
            successors=[default[0], [case[0] for case in cases]],
            properties={
                "case_sizes": DenseArrayBase.from_list(i32, [len(case[1]) for case in cases])
            },
            attributes=attributes,
        )


def _print_target(printer: Printer, block: Block, arguments: Sequence[SSAValue]) -> None:
    printer.print_block_name(block)
    if arguments:
        with printer.in_parens():
            printer.print_list(arguments, printer.print_ssa_value)
            printer.print_string(" : ")
            printer.print_list([a.type for a in arguments], printer.print_attribute)


def _parse_target(parser: Parser) -> tuple[Block, Sequence[SSAValue]]:
    block = parser.parse_successor()
    if parser.parse_optional_punctuation("(") is None:
        return block, ()
    unresolved: list[UnresolvedOperand] = parser.parse_comma_separated_list(
        parser.Delimiter.NONE, parser.parse_unresolved_operand
    )
    parser.parse_punctuation(":")
    types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
    parser.parse_punctuation(")")
    return block, parser.resolve_operands(unresolved, types, parser.pos)


@irdl_op_definition
class ReturnOp(WasmOp):
    """Return from the function, or give the values of a constant expression."""

    name = "wasmir.return"
    values = var_operand_def()
    traits = traits_def(IsTerminator())
    assembly_format = "($values^ `:` type($values))? attr-dict"

    def __init__(self, *values: SSAValue | Operation):
        super().__init__(operands=[values])


@irdl_op_definition
class UnreachableOp(WasmOp, MayTrap):
    """Trap."""

    name = "wasmir.unreachable"
    traits = traits_def(IsTerminator())
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
    traits = traits_def(CallEffects())
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
    traits = traits_def(CallEffects())
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


CONTROL_OPS: tuple[type[WasmOp], ...] = (
    BrOp,
    BrIfOp,
    BrTableOp,
    ReturnOp,
    UnreachableOp,
    SelectOp,
    CallOp,
    CallIndirectOp,
)
for _op in CONTROL_OPS:
    _op.INSTRUCTION = BY_MNEMONIC[_op.name.removeprefix("wasmir.")][0]
