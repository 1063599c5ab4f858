"""Branches to one of many blocks, and the text form of a branch target: `^block(%a : i32)`."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    eq,
    operand_def,
    prop_def,
    successor_def,
    var_operand_def,
    var_successor_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException


class CaseBranchOp(IRDLOperation, ABC):
    """Jump to case number `index` (unsigned), to the default if there is no such case.

    `case_arguments` holds the arguments of all cases one after the other; `case_sizes` says how
    many each one has. Printed `%index, [^a(%x : i32), ^b], ^default`.
    """

    index = operand_def(eq(i32))
    default_arguments = var_operand_def()
    case_arguments = var_operand_def()
    case_sizes = prop_def(DenseArrayBase.constr(i32))
    default_block = successor_def()
    case_blocks = var_successor_def()
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def cases(self) -> list[tuple[Block, Sequence[SSAValue]]]:
        """Block and arguments of each case, without the default."""
        cases: list[tuple[Block, Sequence[SSAValue]]] = []
        start = 0
        # Asked for once: xDSL computes them anew each time, and there may be 50,000 cases.
        arguments, sizes = self.case_arguments, self.case_sizes.get_values()
        for block, size in zip(self.case_blocks, sizes, strict=True):
            cases.append((block, arguments[start : start + size] if size else ()))
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
    def parse(cls, parser: Parser) -> CaseBranchOp:
        index = parser.resolve_operand(parser.parse_unresolved_operand(), i32)
        parser.parse_punctuation(",")
        cases = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: _parse_target(parser)
        )
        parser.parse_punctuation(",")
        default = _parse_target(parser)
        attributes = parser.parse_optional_attr_dict()
        sizes = [len(case[1]) for case in cases]
        return cls(
            operands=[index, default[1], [value for case in cases for value in case[1]]],
            successors=[default[0], [case[0] for case in cases]],
            properties={"case_sizes": DenseArrayBase.from_list(i32, sizes)},
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
    types: list[Attribute] = [
        *parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
    ]
    parser.parse_punctuation(")")
    return block, parser.resolve_operands(unresolved, types, parser.pos)
