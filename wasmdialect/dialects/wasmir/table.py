"""Table operations of wasmir."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import I64, FlatSymbolRefAttr, IntegerAttr, IntegerType, i32
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

from wasmdialect.dialects.wasmir.base import MayTrap, WasmOp, take_rows
from wasmdialect.dialects.wasmir.types import RefType


@irdl_op_definition
class TableGetOp(WasmOp, MayTrap):
    """`table.get`."""

    name = "wasmir.table.get"
    table = prop_def(FlatSymbolRefAttr)
    index = operand_def(IntegerType)
    result = result_def(RefType)
    assembly_format = "$table `[` $index `:` type($index) `]` attr-dict `:` type($result)"


@irdl_op_definition
class TableSetOp(WasmOp, MayTrap):
    """`table.set`."""

    name = "wasmir.table.set"
    table = prop_def(FlatSymbolRefAttr)
    index = operand_def(IntegerType)
    value = operand_def(RefType)
    assembly_format = "$table `[` $index `:` type($index) `]` `,` $value attr-dict `:` type($value)"


@irdl_op_definition
class TableSizeOp(WasmOp):
    """`table.size`: the number of elements."""

    name = "wasmir.table.size"
    table = prop_def(FlatSymbolRefAttr)
    result = result_def(IntegerType)
    assembly_format = "$table attr-dict `:` type($result)"


@irdl_op_definition
class TableGrowOp(WasmOp):
    """`table.grow`: the old number of elements, or -1."""

    name = "wasmir.table.grow"
    table = prop_def(FlatSymbolRefAttr)
    T: ClassVar = VarConstraint("T", base(IntegerType))
    value = operand_def(RefType)
    delta = operand_def(T)
    result = result_def(T)
    assembly_format = (
        "$table `,` $value `,` $delta attr-dict"
        " `:` type($value) `,` type($delta) `->` type($result)"
    )


@irdl_op_definition
class TableFillOp(WasmOp, MayTrap):
    """`table.fill`: set `length` elements from `start`."""

    name = "wasmir.table.fill"
    table = prop_def(FlatSymbolRefAttr)
    start = operand_def(IntegerType)
    value = operand_def(RefType)
    length = operand_def(IntegerType)
    assembly_format = (
        "$table `[` $start `,` $length `]` `,` $value attr-dict"
        " `:` type($start) `,` type($length) `,` type($value)"
    )


@irdl_op_definition
class TableCopyOp(WasmOp, MayTrap):
    """`table.copy`: `length` elements, the ranges may overlap."""

    name = "wasmir.table.copy"
    table = prop_def(FlatSymbolRefAttr)
    source_table = prop_def(FlatSymbolRefAttr)
    destination = operand_def(IntegerType)
    source = operand_def(IntegerType)
    length = operand_def(IntegerType)
    assembly_format = (
        "$table `[` $destination `]` `,` $source_table `[` $source `]` `,` $length attr-dict"
        " `:` type($destination) `,` type($source) `,` type($length)"
    )


@irdl_op_definition
class TableInitOp(WasmOp, MayTrap):
    """`table.init`: `length` elements from `source` of an element segment."""

    name = "wasmir.table.init"
    table = prop_def(FlatSymbolRefAttr)
    segment = prop_def(FlatSymbolRefAttr)
    segment_index = opt_prop_def(IntegerAttr[I64])
    destination = operand_def(IntegerType)
    source = operand_def(eq(i32))
    length = operand_def(eq(i32))
    assembly_format = (
        "$table `[` $destination `]` `,` $segment (`index` $segment_index^)? `[` $source `]` `,`"
        " $length attr-dict"
        " `:` type($destination)"
    )


@irdl_op_definition
class ElemDropOp(WasmOp):
    """`elem.drop`: the segment is empty from now on."""

    name = "wasmir.elem.drop"
    segment = prop_def(FlatSymbolRefAttr)
    segment_index = opt_prop_def(IntegerAttr[I64])
    assembly_format = "$segment (`index` $segment_index^)? attr-dict"


TABLE_OPS: tuple[type[WasmOp], ...] = (
    TableGetOp,
    TableSetOp,
    TableSizeOp,
    TableGrowOp,
    TableFillOp,
    TableCopyOp,
    TableInitOp,
    ElemDropOp,
)
take_rows(TABLE_OPS)
