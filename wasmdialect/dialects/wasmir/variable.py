"""Variable operations of wasmir: globals. Locals are SSA values."""

from __future__ import annotations

from xdsl.dialects.builtin import FlatSymbolRefAttr
from xdsl.irdl import (
    AnyAttr,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
)

from wasmdialect.dialects.wasmir.base import WasmOp, take_rows


@irdl_op_definition
class GlobalGetOp(WasmOp):
    """`global.get`."""

    name = "wasmir.global.get"
    variable = prop_def(FlatSymbolRefAttr)
    result = result_def(AnyAttr())
    assembly_format = "$variable attr-dict `:` type($result)"


@irdl_op_definition
class GlobalSetOp(WasmOp):
    """`global.set`."""

    name = "wasmir.global.set"
    variable = prop_def(FlatSymbolRefAttr)
    value = operand_def(AnyAttr())
    assembly_format = "$variable `,` $value attr-dict `:` type($value)"


VARIABLE_OPS: tuple[type[WasmOp], ...] = (
    GlobalGetOp,
    GlobalSetOp,
)
take_rows(VARIABLE_OPS)
