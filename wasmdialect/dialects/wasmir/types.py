"""Value types of wasmir: the builtin integers and floats, and `!wasmir.ref` for references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    FunctionType,
    IntegerType,
    NoneAttr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from wasmdialect import types as wt


@irdl_attr_definition
class RefType(ParametrizedAttribute, TypeAttribute):
    """A reference: `!wasmir.ref<null func>`, `!wasmir.ref<extern>`, `!wasmir.ref<null @type3>`."""

    name = "wasmir.ref"
    nullable: UnitAttr | NoneAttr
    heap: StringAttr | SymbolRefAttr
    """A word of the language, or the symbol of a `wasmir.type`."""

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if isinstance(self.nullable, UnitAttr):
                printer.print_string("null ")
            if isinstance(self.heap, StringAttr):
                printer.print_string(self.heap.data)
            else:
                printer.print_attribute(self.heap)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            nullable = parser.parse_optional_keyword("null") is not None
            symbol = parser.parse_optional_symbol_name()
            heap = (
                SymbolRefAttr(symbol)
                if symbol is not None
                else StringAttr(parser.parse_identifier("heap type"))
            )
        return (UnitAttr() if nullable else NoneAttr(), heap)


FUNCREF = RefType(UnitAttr(), StringAttr("func"))
EXTERNREF = RefType(UnitAttr(), StringAttr("extern"))

ValueType: TypeAlias = IntegerType | Float32Type | Float64Type | RefType

_NUM_TYPES: dict[wt.ValType, ValueType] = {
    wt.I32: i32,
    wt.I64: i64,
    wt.F32: f32,
    wt.F64: f64,
    wt.FUNCREF: FUNCREF,
    wt.EXTERNREF: EXTERNREF,
}


def value_type(t: wt.ValType) -> ValueType:
    """The IR type of a Wasm value type; KeyError for those that have none yet."""
    return _NUM_TYPES[t]


def wasm_type(t: Attribute) -> wt.ValType:
    """The Wasm value type of an IR type; KeyError if it does not have one."""
    return _WASM_TYPES[t]


_WASM_TYPES: dict[Attribute, wt.ValType] = {ir: wasm for wasm, ir in _NUM_TYPES.items()}


def function_type(t: wt.FuncType) -> FunctionType:
    """The IR type of a Wasm function type."""
    return FunctionType.from_lists(
        [value_type(p) for p in t.params], [value_type(r) for r in t.results]
    )
