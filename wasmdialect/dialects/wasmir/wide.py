"""Wide arithmetic of wasmir: operations on 128-bit integers that are pairs of i64, the low half first.

`%low, %high = wasmir.i64.add128 %a_low, %a_high, %b_low, %b_high`: types follow from the name.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import i64
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import eq, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure

from wasmdialect.dialects.wasmir.base import WasmOp, define
from wasmdialect.dialects.wasmir.numeric import bits_attr, constant_bits
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS, Instruction


class WideOp(WasmOp, HasFolderInterface, ABC):
    """An operation that computes the halves of a 128-bit integer from its operands alone."""

    def __init__(self, *operands: SSAValue | Operation):
        super().__init__(operands=operands, result_types=[i64, i64])

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        """The constants it computes if every operand is constant."""
        bits = [constant_bits(operand) for operand in self.operands]
        if any(b is None for b in bits):
            return None
        semantics = self.INSTRUCTION.semantics
        assert semantics is not None
        halves = semantics(*bits)
        assert isinstance(halves, tuple)
        return [bits_attr(half, i64) for half in halves]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> WideOp:
        unresolved = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        types = [i64] * len(cls.get_irdl_definition().operands)
        operands = parser.resolve_operands(unresolved, types, parser.pos)
        attributes = parser.parse_optional_attr_dict()
        return cls.create(operands=operands, result_types=[i64, i64], attributes=attributes)


_OPERANDS = {2: ("lhs", "rhs"), 4: ("lhs_low", "lhs_high", "rhs_low", "rhs_high")}


def _wide_class(row: Instruction) -> type[WideOp]:
    assert row.params is not None
    fields: dict[str, object] = {
        **{name: operand_def(eq(i64)) for name in _OPERANDS[len(row.params)]},
        **{name: result_def(eq(i64)) for name in ("low", "high")},
        "traits": traits_def(Pure()),
    }
    return define(row, WideOp, fields)


WIDE_OPS: dict[str, type[WideOp]] = {
    row.mnemonic: _wide_class(row) for row in INSTRUCTIONS if row.feature is Feature.WIDE_ARITHMETIC
}
"""The operations by mnemonic."""

CLASSES = {cls.__name__: cls for cls in WIDE_OPS.values()}
"""Every class generated from the table in this module, by class name."""
