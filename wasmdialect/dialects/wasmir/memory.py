"""Linear memory operations of wasmir; loads and stores are generated from the instruction table. A
load prints as `wasmir.i32.load @memory[%address + 16]`, followed by `align 1` where the module
promises less than natural alignment and `inbounds` where an analysis has proved that it cannot
trap; `plain` where nothing else between two `wasmir.trap_fence` can either (docs/loops.md). Loads and
stores of one lane of a vector print as
`wasmir.v128.load8_lane @memory[%address + 16], %vector[3]`.
"""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttr,
    IntegerAttr,
    IntegerType,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    VarConstraint,
    base,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.wasmir.base import (
    LoadLike,
    MayTrap,
    MemoryAccess,
    StoreLike,
    WasmOp,
    define,
    take_rows,
)
from wasmdialect.dialects.wasmir.types import V128, value_type
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction

AddressType = IntegerType
"""i32, or i64 for a 64-bit memory."""


class PlacedAccess(MemoryAccess, ABC):
    """Shared by loads and stores: the memory, the constant offset, alignment, proof of bounds."""

    if TYPE_CHECKING:  # properties of the immediate
        memory: FlatSymbolRefAttr
        offset: IntegerAttr[I64]
        align: IntegerAttr[I64] | None
        """Bytes, where the module promises less than the access's width."""
    in_bounds = opt_prop_def(UnitAttr)
    plain = opt_prop_def(UnitAttr)
    """It cannot trap, and is in a region in which nothing can, with fences at its borders: its order
    with traps does not matter. Its address may be an i64 in a memory whose addresses are i32."""

    @property
    def static_offset(self) -> int:
        # By name: IRDL's accessors run Python code, and every access is queried several times.
        offset: Any = self.properties["offset"]
        return offset.value.data & 0xFFFF_FFFF_FFFF_FFFF

    @property
    def memory_symbol(self) -> FlatSymbolRefAttr:
        symbol: Any = self.properties["memory"]
        return symbol

    @property
    def known_in_bounds(self) -> bool:
        return "in_bounds" in self.properties or "plain" in self.properties

    def _print_access(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.memory)
        with printer.in_square_brackets():
            printer.print_ssa_value(self.address_operand)
            if self.address_operand.type == i64:
                printer.print_string(" : i64")
            if self.static_offset:
                printer.print_string(f" + {self.static_offset}")

    def _print_flags(self, printer: Printer) -> None:
        align = cast("IntegerAttr[I64] | None", self.properties.get("align"))
        if align is not None:
            printer.print_string(f" align {align.value.data}")
        if self.in_bounds is not None:
            printer.print_string(" inbounds")
        if self.plain is not None:
            printer.print_string(" plain")
        printer.print_op_attributes(self.attributes)

    @staticmethod
    def _parse_access(parser: Parser) -> tuple[SSAValue, dict[str, Attribute]]:
        memory = SymbolRefAttr(parser.parse_symbol_name())
        with parser.in_square_brackets():
            unresolved = parser.parse_unresolved_operand()
            address_type = parser.parse_type() if parser.parse_optional_punctuation(":") else i32
            offset = 0
            if parser.parse_optional_punctuation("+"):
                offset = parser.parse_integer(allow_boolean=False, allow_negative=False)
        address = parser.resolve_operand(unresolved, address_type)
        return address, {"memory": memory, "offset": IntegerAttr(offset, i64)}

    @staticmethod
    def _parse_flags(parser: Parser, properties: dict[str, Attribute]) -> dict[str, Attribute]:
        """Fills `properties`; returns the discardable attributes."""
        if parser.parse_optional_keyword("align"):
            properties["align"] = IntegerAttr(parser.parse_integer(), i64)
        if parser.parse_optional_keyword("inbounds"):
            properties["in_bounds"] = UnitAttr()
        if parser.parse_optional_keyword("plain"):
            properties["plain"] = UnitAttr()
        return parser.parse_optional_attr_dict()


class LoadOp(PlacedAccess, LoadLike, ABC):
    """A load instruction."""

    RESULT_TYPE: ClassVar[Attribute]

    @property
    def result(self) -> SSAValue:
        """The loaded value, extended to its type."""
        return self.results[0]

    def print(self, printer: Printer) -> None:
        self._print_access(printer)
        self._print_flags(printer)

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        address, properties = cls._parse_access(parser)
        attributes = cls._parse_flags(parser, properties)
        return cls.create(
            operands=[address],
            result_types=[cls.RESULT_TYPE],
            properties=properties,
            attributes=attributes,
        )


class StoreOp(PlacedAccess, StoreLike, ABC):
    """A store instruction."""

    VALUE_TYPE: ClassVar[Attribute]

    def print(self, printer: Printer) -> None:
        self._print_access(printer)
        printer.print_string(", ")
        printer.print_ssa_value(self.stored_value)
        self._print_flags(printer)

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        address, properties = cls._parse_access(parser)
        parser.parse_punctuation(",")
        value = parser.resolve_operand(parser.parse_unresolved_operand(), cls.VALUE_TYPE)
        attributes = cls._parse_flags(parser, properties)
        return cls.create(operands=[address, value], properties=properties, attributes=attributes)


class _LaneAccess(PlacedAccess, ABC):
    """Shared by loads and stores of one lane."""

    if TYPE_CHECKING:  # a property of the immediate
        lane: IntegerAttr[I64]

    @property
    def vector_operand(self) -> SSAValue:
        """The vector that has the lane."""
        return self.operands[1]

    @property
    def lane_index(self) -> int:
        """Which lane."""
        return self.lane.value.data

    def verify_(self) -> None:
        lanes = 16 // self.bytes
        if not 0 <= self.lane_index < lanes:
            raise VerifyException(f"lane {self.lane_index} of {lanes}")

    def print(self, printer: Printer) -> None:
        self._print_access(printer)
        printer.print_string(", ")
        printer.print_ssa_value(self.vector_operand)
        printer.print_string(f"[{self.lane_index}]")
        self._print_flags(printer)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        address, properties = cls._parse_access(parser)
        parser.parse_punctuation(",")
        vector = parser.resolve_operand(parser.parse_unresolved_operand(), V128)
        with parser.in_square_brackets():
            lane = parser.parse_integer(allow_boolean=False, allow_negative=False)
        properties["lane"] = IntegerAttr(lane, i64)
        attributes = cls._parse_flags(parser, properties)
        return cls.create(
            operands=[address, vector],
            result_types=[V128] if issubclass(cls, LoadLaneOp) else [],
            properties=properties,
            attributes=attributes,
        )


class LoadLaneOp(_LaneAccess, LoadLike, ABC):
    """A load into one lane; the others are those of the vector."""

    @property
    def result(self) -> SSAValue:
        """The vector with the loaded lane."""
        return self.results[0]


class StoreLaneOp(_LaneAccess, StoreLike, ABC):
    """A store of one lane."""


def _load_class(row: Instruction) -> type[LoadOp]:
    assert row.results is not None
    result_type = value_type(row.results[0])
    fields = {"address": operand_def(AddressType), "result": result_def(eq(result_type))}
    cls = define(row, LoadOp, fields)
    cls.RESULT_TYPE = result_type
    return cls


def _store_class(row: Instruction) -> type[StoreOp]:
    assert row.params is not None
    stored_type = value_type(row.params[1])
    fields = {"address": operand_def(AddressType), "value": operand_def(eq(stored_type))}
    cls = define(row, StoreOp, fields)
    cls.VALUE_TYPE = stored_type
    return cls


def _load_lane_class(row: Instruction) -> type[LoadLaneOp]:
    fields = {"address": operand_def(AddressType), "vector": operand_def(eq(V128))}
    return define(row, LoadLaneOp, {**fields, "result": result_def(eq(V128))})


def _store_lane_class(row: Instruction) -> type[StoreLaneOp]:
    fields = {"address": operand_def(AddressType), "vector": operand_def(eq(V128))}
    return define(row, StoreLaneOp, fields)


_ACCESSES = [
    i for i in INSTRUCTIONS if i.access is not None and i.immediates == (Immediate.MEMARG,)
]
_PLAIN_ACCESSES = [i for i in _ACCESSES if i.access is not None and not i.access.atomic]
_LANE_ACCESSES = [i for i in INSTRUCTIONS if i.immediates == (Immediate.MEMARG, Immediate.LANE)]

LOAD_OPS: dict[str, type[LoadOp]] = {
    row.mnemonic: _load_class(row) for row in _PLAIN_ACCESSES if row.results
}
"""The loads by mnemonic."""

STORE_OPS: dict[str, type[StoreOp]] = {
    row.mnemonic: _store_class(row) for row in _PLAIN_ACCESSES if not row.results
}
"""The stores by mnemonic."""

LOAD_LANE_OPS: dict[str, type[LoadLaneOp]] = {
    row.mnemonic: _load_lane_class(row) for row in _LANE_ACCESSES if row.results
}
"""The loads of a lane by mnemonic."""

STORE_LANE_OPS: dict[str, type[StoreLaneOp]] = {
    row.mnemonic: _store_lane_class(row) for row in _LANE_ACCESSES if not row.results
}
"""The stores of a lane by mnemonic."""

CLASSES: dict[str, type[MemoryAccess]] = {
    cls.__name__: cls
    for cls in (
        *LOAD_OPS.values(),
        *STORE_OPS.values(),
        *LOAD_LANE_OPS.values(),
        *STORE_LANE_OPS.values(),
    )
}
"""Every class generated from the table in this module, by class name."""


class _MemoryOp(WasmOp, ABC):
    """An operation on one memory as a whole."""

    memory = prop_def(FlatSymbolRefAttr)


@irdl_op_definition
class MemorySizeOp(_MemoryOp):
    """`memory.size`: the size in pages."""

    name = "wasmir.memory.size"
    result = result_def(AddressType)
    assembly_format = "$memory attr-dict `:` type($result)"

    def __init__(self, memory: SymbolRefAttr, result_type: IntegerType = i32):
        super().__init__(properties={"memory": memory}, result_types=[result_type])


@irdl_op_definition
class MemoryGrowOp(_MemoryOp):
    """`memory.grow`: the old size in pages, or -1."""

    name = "wasmir.memory.grow"
    T: ClassVar = VarConstraint("T", base(AddressType))
    delta = operand_def(T)
    result = result_def(T)
    assembly_format = "$memory `,` $delta attr-dict `:` type($delta) `->` type($result)"

    def __init__(self, memory: SymbolRefAttr, delta: SSAValue | Operation):
        delta = SSAValue.get(delta)
        super().__init__(operands=[delta], properties={"memory": memory}, result_types=[delta.type])


@irdl_op_definition
class MemoryFillOp(_MemoryOp, MayTrap):
    """`memory.fill`: set `length` bytes from `start` to the low byte of `value`."""

    name = "wasmir.memory.fill"
    start = operand_def(AddressType)
    value = operand_def(i32)
    length = operand_def(AddressType)
    assembly_format = (
        "$memory `[` $start `,` $length `]` `,` $value attr-dict `:` type($start) `,` type($length)"
    )


@irdl_op_definition
class MemoryCopyOp(WasmOp, MayTrap):
    """`memory.copy`: `length` bytes, the ranges may overlap."""

    name = "wasmir.memory.copy"
    memory = prop_def(FlatSymbolRefAttr)
    source_memory = prop_def(FlatSymbolRefAttr)
    destination = operand_def(AddressType)
    source = operand_def(AddressType)
    length = operand_def(AddressType)
    assembly_format = (
        "$memory `[` $destination `]` `,` $source_memory `[` $source `]` `,` $length attr-dict"
        " `:` type($destination) `,` type($source) `,` type($length)"
    )


@irdl_op_definition
class MemoryInitOp(WasmOp, MayTrap):
    """`memory.init`: `length` bytes from `source` of a data segment."""

    name = "wasmir.memory.init"
    memory = prop_def(FlatSymbolRefAttr)
    segment = prop_def(FlatSymbolRefAttr)
    segment_index = opt_prop_def(IntegerAttr[I64])
    destination = operand_def(AddressType)
    source = operand_def(i32)
    length = operand_def(i32)
    assembly_format = (
        "$memory `[` $destination `]` `,` $segment (`index` $segment_index^)? `[` $source `]` `,`"
        " $length attr-dict"
        " `:` type($destination)"
    )


@irdl_op_definition
class DataDropOp(WasmOp):
    """`data.drop`: the segment is empty from now on."""

    name = "wasmir.data.drop"
    segment = prop_def(FlatSymbolRefAttr)
    segment_index = opt_prop_def(IntegerAttr[I64])
    assembly_format = "$segment (`index` $segment_index^)? attr-dict"


BULK_OPS: tuple[type[WasmOp], ...] = (
    MemorySizeOp,
    MemoryGrowOp,
    MemoryFillOp,
    MemoryCopyOp,
    MemoryInitOp,
    DataDropOp,
)
take_rows(BULK_OPS)
