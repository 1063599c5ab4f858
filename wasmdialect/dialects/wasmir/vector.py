"""Vector operations of wasmir with lane indices, generated from the instruction table. They print as
`wasmir.i8x16.extract_lane_s %vector[3]`, `wasmir.f32x4.replace_lane %vector[0], %value` and
`wasmir.i8x16.shuffle %lhs, %rhs [0, 16, ...]`, which takes lanes 0 to 15 from the first vector and
16 to 31 from the second.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import TypeVar, cast

from xdsl.dialects.builtin import I64, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import eq, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.fast import integer_attr
from wasmdialect.dialects.wasmir.base import define
from wasmdialect.dialects.wasmir.immediates import pack_lanes, unpack_lanes
from wasmdialect.dialects.wasmir.numeric import NumericOp
from wasmdialect.dialects.wasmir.types import value_type
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.shapes import SHAPES, VECTOR_BITS


class LaneOp(NumericOp, ABC):
    """An operation on one lane of its first operand."""

    def __init__(self, *operands: SSAValue | Operation, lane: int):
        super(NumericOp, self).__init__(
            operands=operands,
            result_types=[self.RESULT_TYPE],
            properties={"lane": integer_attr(lane, 64)},
        )

    @property
    def lane_index(self) -> int:
        """Which lane."""
        return cast("IntegerAttr[I64]", self.properties["lane"]).value.data

    def immediates(self) -> tuple[object, ...]:
        return (self.lane_index,)

    def verify_(self) -> None:
        lanes = SHAPES[self.SHAPE].lanes
        if not 0 <= self.lane_index < lanes:
            raise VerifyException(f"lane {self.lane_index} of {lanes}")

    def print(self, printer: Printer) -> None:
        vector, *rest = self.operands
        printer.print_string(" ")
        printer.print_ssa_value(vector)
        printer.print_string(f"[{self.lane_index}]")
        for operand in rest:
            printer.print_string(", ")
            printer.print_ssa_value(operand)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> LaneOp:
        unresolved = [parser.parse_unresolved_operand()]
        with parser.in_square_brackets():
            lane = parser.parse_integer(allow_boolean=False, allow_negative=False)
        while parser.parse_optional_punctuation(","):
            unresolved.append(parser.parse_unresolved_operand())
        operands = parser.resolve_operands(unresolved, cls.OPERAND_TYPES, parser.pos)
        op = cls(*operands, lane=lane)
        op.attributes |= parser.parse_optional_attr_dict()
        return op


_ALL_ONES = (1 << VECTOR_BITS) - 1


class ExtractLaneOp(LaneOp, ABC):
    """A lane as a number."""


class ReplaceLaneOp(LaneOp, ABC):
    """The vector with another number in one lane."""


class ShuffleOp(NumericOp, ABC):
    """Bytes of two vectors, chosen by constants."""

    def __init__(self, lhs: SSAValue | Operation, rhs: SSAValue | Operation, lanes: Sequence[int]):
        super(NumericOp, self).__init__(
            operands=[lhs, rhs],
            result_types=[self.RESULT_TYPE],
            properties={"lanes": integer_attr(pack_lanes(lanes), 128)},
        )

    @property
    def lane_indices(self) -> tuple[int, ...]:
        """Which byte of the two vectors goes into each lane."""
        packed = cast("IntegerAttr[IntegerType]", self.properties["lanes"]).value.data
        return unpack_lanes(packed & _ALL_ONES)

    def immediates(self) -> tuple[object, ...]:
        return (self.lane_indices,)

    def verify_(self) -> None:
        lanes = self.lane_indices
        if max(lanes) >= 32:
            raise VerifyException("the lane indices of a shuffle are below 32")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(f" {list(self.lane_indices)}")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> ShuffleOp:
        unresolved = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        operands = parser.resolve_operands(unresolved, cls.OPERAND_TYPES, parser.pos)
        lanes = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
        )
        lhs, rhs = operands
        op = cls(lhs, rhs, lanes)
        op.attributes |= parser.parse_optional_attr_dict()
        return op


_OpT = TypeVar("_OpT", bound=NumericOp)


def _class(row: Instruction, base: type[_OpT], names: Sequence[str]) -> type[_OpT]:
    assert row.shape is not None
    assert row.params is not None
    assert row.results is not None
    operand_types: tuple[Attribute, ...] = tuple(value_type(t) for t in row.params)
    result_type = value_type(row.results[0])
    fields = {name: operand_def(eq(t)) for name, t in zip(names, operand_types, strict=True)}
    cls = define(row, base, {**fields, "result": result_def(eq(result_type)), "traits": _PURE})
    cls.SHAPE = row.shape
    cls.OPERAND_TYPES = operand_types
    cls.RESULT_TYPE = result_type
    return cls


_PURE = traits_def(Pure())


def _rows(operation: str, immediate: Immediate) -> list[Instruction]:
    return [
        row for row in INSTRUCTIONS if row.operation == operation and row.immediates == (immediate,)
    ]


EXTRACT_LANE_OPS = {
    row.mnemonic: _class(row, ExtractLaneOp, ("vector",))
    for row in _rows("extract_lane", Immediate.LANE)
}
"""The operations that read a lane, by mnemonic."""
REPLACE_LANE_OPS = {
    row.mnemonic: _class(row, ReplaceLaneOp, ("vector", "value"))
    for row in _rows("replace_lane", Immediate.LANE)
}
"""The operations that replace a lane, by mnemonic."""
LANE_OPS: dict[str, type[LaneOp]] = {**EXTRACT_LANE_OPS, **REPLACE_LANE_OPS}
"""Both by mnemonic."""
SHUFFLE_OPS = {
    row.mnemonic: _class(row, ShuffleOp, ("lhs", "rhs"))
    for row in _rows("shuffle", Immediate.LANES)
}
"""The shuffle by mnemonic."""

CLASSES: dict[str, type[NumericOp]] = {
    cls.__name__: cls for cls in (*LANE_OPS.values(), *SHUFFLE_OPS.values())
}
"""Every class generated from the table in this module, by class name."""
