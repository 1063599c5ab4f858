"""Numeric and vector operations of wasmir: one class for each row of the instruction table that has
semantics. (Those with lane indices are in `vector.py`.)

The classes are generated from the table: `i32.add` becomes `I32AddOp`, printed `wasmir.i32.add %a,
%b`. Operand and result types follow from the name, so the text form does not repeat them.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from xdsl.dialects.builtin import IntegerAttr, IntegerType, i32, i64
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import eq, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure

from wasmdialect.dialects.wasmir.base import MayTrap, WasmOp, define
from wasmdialect.dialects.wasmir.types import V128, value_type
from wasmdialect.types import F32, F64
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.float_text import format_float, parse_float
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.numerics import NumericTrap, is_nan
from wasmdialect.wasm.shapes import SHAPES, VECTOR_BITS


class NumericOp(WasmOp, HasFolderInterface, ABC):
    """An operation that computes its one result from its operands alone."""

    SHAPE: ClassVar[str]
    """The number type or lane shape in its mnemonic."""
    OPERAND_TYPES: ClassVar[tuple[Attribute, ...]]
    RESULT_TYPE: ClassVar[Attribute]

    def __init__(self, *operands: SSAValue | Operation):
        super().__init__(operands=operands, result_types=[self.RESULT_TYPE])

    @property
    def result(self) -> SSAValue:
        """The value it computes."""
        return self.results[0]

    def immediates(self) -> tuple[object, ...]:
        """The immediates that its semantics takes after the operands."""
        return ()

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        """The constant it computes if every operand is constant. Operations that would trap are not
        folded, nor are those that give a NaN: the machine chooses which NaN. Nor are relaxed ones:
        their result is a choice of the machine, too."""
        bits = [constant_bits(operand) for operand in self.operands]
        if any(b is None for b in bits) or self.INSTRUCTION.feature is Feature.RELAXED_SIMD:
            return None
        semantics = self.INSTRUCTION.semantics
        assert semantics is not None
        try:
            value = semantics(*bits, *self.immediates())
        except NumericTrap:
            return None
        assert isinstance(value, int)
        if _has_nan(value, self.RESULT_TYPE, self.SHAPE):
            return None
        return (bits_attr(value, self.RESULT_TYPE),)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> NumericOp:
        unresolved = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        operands = parser.resolve_operands(unresolved, cls.OPERAND_TYPES, parser.pos)
        attributes = parser.parse_optional_attr_dict()
        return cls.create(operands=operands, result_types=[cls.RESULT_TYPE], attributes=attributes)


class UnaryOp(NumericOp, ABC):
    """An operation with one operand."""


class BinaryOp(NumericOp, ABC):
    """An operation with two operands."""


class TernaryOp(NumericOp, ABC):
    """An operation with three operands."""


class TrappingUnaryOp(UnaryOp, MayTrap, ABC):
    """A conversion that traps on values it cannot represent."""


class TrappingBinaryOp(BinaryOp, MayTrap, ABC):
    """A division or remainder."""


class ConstOp(WasmOp, HasFolderInterface, ABC):
    """A constant. `value` holds its bits, as an integer of its width: FloatAttr would quiet f32
    signalling NaNs."""

    SHAPE: ClassVar[str]
    """The type in its mnemonic."""
    RESULT_TYPE: ClassVar[Attribute]
    if TYPE_CHECKING:  # a property of the immediate
        value: IntegerAttr[IntegerType]

    traits = traits_def(Pure(), ConstantLike())

    def __init__(self, bits: int):
        super().__init__(
            result_types=[self.RESULT_TYPE],
            properties={"value": bits_attr(bits, self.RESULT_TYPE)},
        )

    @property
    def result(self) -> SSAValue:
        """The constant."""
        return self.results[0]

    @property
    def bits(self) -> int:
        """The constant as an unsigned bit pattern."""
        value: Any = self.properties["value"]
        return value.value.data & ((1 << value.type.width.data) - 1)

    def fold(self) -> Sequence[SSAValue | Attribute]:
        return (self.value,)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        if self.RESULT_TYPE in (i32, i64):
            printer.print_string(str(self.value.value.data))
        elif self.RESULT_TYPE == V128:
            printer.print_string(f"0x{self.bits:032x}")
        else:
            printer.print_string_literal(format_float(self.bits, _float_width(self.RESULT_TYPE)))
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> ConstOp:
        if cls.RESULT_TYPE in (i32, i64, V128):
            bits = parser.parse_integer(allow_boolean=False)
        else:
            text = parser.parse_str_literal("float literal of the Wasm text format")
            try:
                bits = parse_float(text, _float_width(cls.RESULT_TYPE))
            except ValueError as error:
                parser.raise_error(str(error))
        op = cls(bits)
        op.attributes |= parser.parse_optional_attr_dict()
        return op


def _float_width(type_attr: Attribute) -> int:
    return 32 if type_attr == value_type(F32) else 64


def _has_nan(bits: int, type_attr: Attribute, shape_name: str) -> bool:
    """Whether a result is a NaN, or has a lane that is one."""
    if type_attr in (value_type(F32), value_type(F64)):
        return is_nan(bits, _float_width(type_attr))
    shape = SHAPES.get(shape_name)
    if type_attr != V128 or shape is None or not shape.is_float:
        return False
    return any(is_nan(lane, shape.lane_bits) for lane in shape.split(bits))


def bits_attr(bits: int, type_attr: Attribute) -> IntegerAttr[IntegerType]:
    """A bit pattern as the attribute that a constant of type `type_attr` carries."""
    if type_attr in (i32, i64):
        return IntegerAttr(bits, i32 if type_attr == i32 else i64)
    width = VECTOR_BITS if type_attr == V128 else _float_width(type_attr)
    return IntegerAttr(bits, IntegerType(width))


def constant_bits(value: SSAValue) -> int | None:
    """The bits of a value that is a constant, else None."""
    owner = value.owner
    # By class: an abstract class is slow to ask about the instances of others.
    if owner.__class__ not in _CONST_CLASSES:
        return None
    return cast(ConstOp, owner).bits


_OPERAND_NAMES = {1: ("operand",), 2: ("lhs", "rhs"), 3: ("first", "second", "third")}
_BASES: dict[tuple[int, bool], type[NumericOp]] = {
    (1, False): UnaryOp,
    (2, False): BinaryOp,
    (3, False): TernaryOp,
    (1, True): TrappingUnaryOp,
    (2, True): TrappingBinaryOp,
}
"""The base class by number of operands and whether it may trap."""


def _numeric_class(row: Instruction) -> type[NumericOp]:
    assert row.params is not None
    assert row.results is not None
    operand_types = tuple(value_type(t) for t in row.params)
    fields: dict[str, object] = {
        name: operand_def(eq(t))
        for name, t in zip(_OPERAND_NAMES[len(operand_types)], operand_types, strict=True)
    }
    fields["result"] = result_def(eq(value_type(row.results[0])))
    if not row.traps:
        fields["traits"] = traits_def(Pure())
    cls = define(row, _BASES[len(operand_types), bool(row.traps)], fields)
    cls.OPERAND_TYPES = operand_types
    assert row.shape is not None
    cls.SHAPE = row.shape
    cls.RESULT_TYPE = value_type(row.results[0])
    return cls


def _const_class(row: Instruction) -> type[ConstOp]:
    assert row.results is not None
    result_type = value_type(row.results[0])
    cls = define(row, ConstOp, {"result": result_def(eq(result_type))})
    assert row.shape is not None
    cls.SHAPE = row.shape
    cls.RESULT_TYPE = result_type
    return cls


_CONSTANTS = (Immediate.I32, Immediate.I64, Immediate.F32, Immediate.F64, Immediate.V128)

CONST_OPS: dict[str, type[ConstOp]] = {
    row.mnemonic: _const_class(row)
    for row in INSTRUCTIONS
    if len(row.immediates) == 1 and row.immediates[0] in _CONSTANTS
}
"""The constants by mnemonic."""

NUMERIC_OPS: dict[str, type[NumericOp]] = {
    row.mnemonic: _numeric_class(row)
    for row in INSTRUCTIONS
    if row.semantics is not None
    and not row.immediates
    and row.feature is not Feature.WIDE_ARITHMETIC
}
"""The other numeric operations by mnemonic."""

_CONST_CLASSES = frozenset(CONST_OPS.values())
_CONST_BY_TYPE = {cls.RESULT_TYPE: cls for cls in CONST_OPS.values()}


def constant(attr: Attribute, type_attr: Attribute) -> ConstOp | None:
    """A constant operation of a type from the attribute that folding returns, if there is one."""
    cls = _CONST_BY_TYPE.get(type_attr)
    if cls is None or not isinstance(attr, IntegerAttr):
        return None
    return cls(attr.value.data)


CLASSES = {cls.__name__: cls for cls in (*CONST_OPS.values(), *NUMERIC_OPS.values())}
"""Every class generated from the table in this module, by class name."""
