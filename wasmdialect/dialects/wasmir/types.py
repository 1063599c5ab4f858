"""Types of wasmir: the builtin integers, floats and `vector<16xi8>`, `!wasmir.ref` for references, and
the structures of defined types that are not functions. A reference to a defined type names the
`wasmir.type` that declares it; of equal types it names the first, so equal value types are equal
attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import (
    ArrayAttr,
    Float32Type,
    Float64Type,
    IntegerType,
    NoneAttr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    VectorType,
    f32,
    f64,
    i8,
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

    @staticmethod
    def of(nullable: bool, heap: str | SymbolRefAttr) -> RefType:
        """The type of references to a heap type: a word, or the symbol of a `wasmir.type`."""
        key = nullable, heap
        known = _REF_TYPES.get(key)
        if known is None:
            attr = StringAttr(heap) if isinstance(heap, str) else heap
            known = _REF_TYPES[key] = RefType(UnitAttr() if nullable else NoneAttr(), attr)
        return known

    @property
    def is_nullable(self) -> bool:
        """Whether null is one of its values."""
        return isinstance(self.nullable, UnitAttr)

    @property
    def is_function(self) -> bool:
        """Whether its values are functions. Defined types are function types here: there are no values
        of structs and arrays yet."""
        return isinstance(self.heap, SymbolRefAttr) or self.heap.data in ("func", "nofunc")

    def as_non_null(self) -> RefType:
        """The type of its values without null."""
        return RefType.of(False, self._heap_key)

    def as_nullable(self) -> RefType:
        """The type of its values and null."""
        return RefType.of(True, self._heap_key)

    @property
    def _heap_key(self) -> str | SymbolRefAttr:
        return self.heap.data if isinstance(self.heap, StringAttr) else self.heap


_REF_TYPES: dict[tuple[bool, str | SymbolRefAttr], RefType] = {}


@irdl_attr_definition
class FieldType(ParametrizedAttribute):
    """A field of a struct or the element of an array: `#wasmir.field<mut i8>`."""

    name = "wasmir.field"
    mutable: UnitAttr | NoneAttr
    storage: Attribute
    """A value type, `i8` or `i16`."""

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if isinstance(self.mutable, UnitAttr):
                printer.print_string("mut ")
            printer.print_attribute(self.storage)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            mutable = parser.parse_optional_keyword("mut") is not None
            return (UnitAttr() if mutable else NoneAttr(), parser.parse_type())


@irdl_attr_definition
class StructType(ParametrizedAttribute, TypeAttribute):
    """The structure of a struct type: `!wasmir.struct<[#wasmir.field<i32>]>`."""

    name = "wasmir.struct"
    fields: ArrayAttr[FieldType]


@irdl_attr_definition
class ArrayType(ParametrizedAttribute, TypeAttribute):
    """The structure of an array type: `!wasmir.array<#wasmir.field<mut i8>>`."""

    name = "wasmir.array"
    element: FieldType


FUNCREF = RefType.of(True, "func")
EXTERNREF = RefType.of(True, "extern")
EXNREF = RefType.of(True, "exn")
EXN = RefType.of(False, "exn")
"""An exception."""

V128 = VectorType(i8, [16])
"""A vector, in whatever shape its lanes are read (docs/dialects/wasmir.md)."""

ValueType: TypeAlias = IntegerType | Float32Type | Float64Type | VectorType[IntegerType] | RefType

_NUM_TYPES: dict[wt.ValType, ValueType] = {
    wt.I32: i32,
    wt.I64: i64,
    wt.F32: f32,
    wt.F64: f64,
    wt.V128: V128,
    **{
        wt.ref_type(nullable, heap): RefType.of(nullable, heap.name)
        for heap in (wt.FUNC, wt.NOFUNC, wt.EXTERN, wt.NOEXTERN, wt.EXN, wt.NOEXN)
        for nullable in (False, True)
    },
}


def value_type(t: wt.ValType) -> ValueType:
    """The IR type of a Wasm value type that refers to no other type; KeyError for those that have none
    yet."""
    return _NUM_TYPES[t]


def wasm_type(t: Attribute) -> wt.ValType:
    """The Wasm value type of an IR type that names no `wasmir.type`; KeyError if it does not have
    one."""
    return _WASM_TYPES[t]


def is_value_type(t: Attribute) -> bool:
    """Whether a type is one of those that parameters can have."""
    return t in _WASM_TYPES or isinstance(t, RefType)


def names(t: Attribute, symbol: SymbolRefAttr) -> bool:
    """Whether a value type is of references to the defined type with a symbol."""
    return isinstance(t, RefType) and t.heap == symbol


def may_be(found: Attribute, expected: Attribute) -> bool:
    """Whether a value of one type can be where another is expected, as far as that can be said without
    the declarations of types, which `wasmir-verify-symbols` looks at."""
    if found is expected or found == expected:  # comparing runs Python code
        return True
    if not (isinstance(found, RefType) and isinstance(expected, RefType)):
        return False
    if found.is_nullable and not expected.is_nullable:
        return False
    if isinstance(found.heap, SymbolRefAttr) or isinstance(expected.heap, SymbolRefAttr):
        return found.is_function and expected.is_function
    return wt.matches(wasm_type(found), wasm_type(expected))


def all_may_be(found: Sequence[Attribute], expected: Sequence[Attribute]) -> bool:
    """`may_be` for a list of values."""
    return len(found) == len(expected) and all(map(may_be, found, expected))


_WASM_TYPES: dict[Attribute, wt.ValType] = {ir: wasm for wasm, ir in _NUM_TYPES.items()}
