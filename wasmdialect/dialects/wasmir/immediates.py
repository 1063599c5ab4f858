"""The immediates of instructions as properties of operations: names, and the conversion both ways.

The importer turns immediates into attributes, an exporter turns them back, and the generated
operation classes and constructors have the properties listed here. Labels and block types are edges
of the graph, and locals are values: these immediates are in no property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeAlias, cast

from xdsl.dialects.builtin import I64, FlatSymbolRefAttr, IntegerAttr, IntegerType, SymbolRefAttr
from xdsl.ir import Attribute, Operation
from xdsl.irdl import opt_prop_def, prop_def

from wasmdialect import types as wt
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.dialects.wasmir.types import RefType, wasm_type
from wasmdialect.wasm.instructions import Immediate, Instruction

Attributes: TypeAlias = dict[str, Attribute]


class SymbolOf(Protocol):
    """The symbol of an index; `word` is the keyword of its index space in the text format."""

    def __call__(self, word: str, index: int, /) -> SymbolRefAttr: ...


IndexOf: TypeAlias = Callable[[SymbolRefAttr], int]
"""The index of a symbol, in the index space it belongs to."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that holds an immediate or a part of one: a symbol, or an integer of some width."""

    name: str
    bits: int | None = None
    """The width of the integer; None for a symbol."""
    optional: bool = False
    default: int | None = None
    """The integer that a constructor takes if none is given."""

    @property
    def attribute_type(self) -> Any:
        """The type of its attributes, for IRDL."""
        if self.bits is None:
            return FlatSymbolRefAttr
        return IntegerAttr[I64] if self.bits == 64 else IntegerAttr[IntegerType]

    def definition(self) -> object:
        """Its definition in the class of an operation."""
        return (opt_prop_def if self.optional else prop_def)(self.attribute_type)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How operations hold an immediate of an instruction."""

    properties: tuple[Property, ...]
    attributes: Callable[[Any, SymbolOf], Attributes]
    """The properties, from the immediate as the decoder returns it."""
    immediate: Callable[[Operation, IndexOf], Any]
    """The immediate, from an operation."""


def _index(name: str, word: str) -> Encoding:
    """An index is the symbol of what it names."""
    return Encoding(
        (Property(name),),
        lambda index, symbol_of: {name: symbol_of(word, index)},
        lambda op, index_of: index_of(_symbol(op, name)),
    )


def _segment(word: str) -> Encoding:
    """The index of a segment is kept next to its symbol, since a unit does not declare segments."""
    return Encoding(
        (Property("segment"), Property("segment_index", 64, optional=True)),
        lambda index, symbol_of: {
            "segment": symbol_of(word, index),
            "segment_index": integer_attr(index, 64),
        },
        lambda op, index_of: index_of(_symbol(op, "segment")),
    )


def _bits(width: int) -> Encoding:
    """A constant is an integer of its width, a float too: FloatAttr would quiet signalling NaNs."""
    return Encoding(
        (Property("value", width),),
        lambda value, _: {"value": integer_attr(value, width)},
        lambda op, _: _unsigned(op, "value"),
    )


def _lane() -> Encoding:
    return Encoding(
        (Property("lane", 64),),
        lambda lane, _: {"lane": integer_attr(lane, 64)},
        lambda op, _: _unsigned(op, "lane"),
    )


def pack_lanes(lanes: Iterable[int]) -> int:
    """The lane indices of a shuffle as the integer that its property holds: a byte for each."""
    return int.from_bytes(bytes(lanes), "little")


def unpack_lanes(packed: int) -> tuple[int, ...]:
    """The lane indices of a shuffle."""
    return tuple(packed.to_bytes(16, "little"))


def _lanes() -> Encoding:
    return Encoding(
        (Property("lanes", 128),),
        lambda lanes, _: {"lanes": integer_attr(pack_lanes(lanes), 128)},
        lambda op, _: unpack_lanes(_unsigned(op, "lanes")),
    )


def _memarg(row: Instruction) -> Encoding:
    """The alignment is left out where it is natural; that of an atomic access always is."""
    assert row.access is not None
    natural = row.access.bytes.bit_length() - 1

    def attributes(memarg: tuple[int, int, int], symbol_of: SymbolOf) -> Attributes:
        align_log2, offset, memory = memarg
        properties: Attributes = {
            "memory": symbol_of("memory", memory),
            "offset": integer_attr(offset, 64),
        }
        if align_log2 < natural:
            properties["align"] = integer_attr(1 << align_log2, 64)
        return properties

    def immediate(op: Operation, index_of: IndexOf) -> tuple[int, int, int]:
        align_log2 = natural
        if "align" in op.properties:
            align_log2 = _unsigned(op, "align").bit_length() - 1
        return align_log2, _unsigned(op, "offset"), index_of(_symbol(op, "memory"))

    alignment = () if row.access.atomic else (Property("align", 64, optional=True),)
    return Encoding(
        (Property("memory"), Property("offset", 64, default=0), *alignment),
        attributes,
        immediate,
    )


def _zero() -> Encoding:
    """The reserved byte of `atomic.fence` is in no property."""
    return Encoding((), lambda _, __: {}, lambda _, __: 0)


def _heap_type(op: Operation, index_of: IndexOf) -> object:
    t = _value_type(op, index_of)
    assert isinstance(t, wt.RefType)
    return t.heap


def _value_type(op: Operation, index_of: IndexOf) -> wt.ValType:
    """The type of the result; defined types are type indices."""
    t = op.results[0].type
    if isinstance(t, RefType) and isinstance(t.heap, SymbolRefAttr):
        return wt.ref_type(t.is_nullable, wt.TypeIndex(index_of(t.heap)))
    return wasm_type(t)


def _result_type(immediate: Callable[[Operation, IndexOf], Any]) -> Encoding:
    """A type is in no property: it is that of the result."""
    return Encoding((), lambda _, __: {}, immediate)


_ENCODINGS: Mapping[Immediate, Callable[[Instruction], Encoding]] = {
    Immediate.FUNCTION: lambda _: _index("callee", "func"),
    Immediate.TYPE: lambda _: _index("signature", "type"),
    Immediate.TABLE: lambda _: _index("table", "table"),
    Immediate.MEMORY: lambda _: _index("memory", "memory"),
    Immediate.GLOBAL: lambda _: _index("variable", "global"),
    Immediate.TAG: lambda _: _index("tag", "tag"),
    Immediate.ELEM: lambda _: _segment("elem"),
    Immediate.DATA: lambda _: _segment("data"),
    Immediate.MEMARG: _memarg,
    Immediate.I32: lambda _: _bits(32),
    Immediate.I64: lambda _: _bits(64),
    Immediate.F32: lambda _: _bits(32),
    Immediate.F64: lambda _: _bits(64),
    Immediate.V128: lambda _: _bits(128),
    Immediate.LANE: lambda _: _lane(),
    Immediate.LANES: lambda _: _lanes(),
    Immediate.ZERO: lambda _: _zero(),
    Immediate.HEAP_TYPE: lambda _: _result_type(_heap_type),
    Immediate.VAL_TYPES: lambda _: _result_type(lambda op, index_of: (_value_type(op, index_of),)),
}
"""By kind of immediate."""

_ROLES: Mapping[str, tuple[Encoding, ...]] = {
    "ref.func": (_index("function", "func"),),
    "memory.copy": (_index("memory", "memory"), _index("source_memory", "memory")),
    "table.copy": (_index("table", "table"), _index("source_table", "table")),
}
"""By mnemonic, where the kind alone does not say what the immediate is for."""


@cache
def encodings(row: Instruction) -> tuple[Encoding, ...]:
    """How the operation of an instruction holds each immediate. KeyError if one has no encoding."""
    if row.mnemonic in _ROLES:
        return _ROLES[row.mnemonic]
    return tuple(_ENCODINGS[kind](row) for kind in row.immediates)


def properties_of(row: Instruction) -> tuple[Property, ...]:
    """The properties that hold the immediates of an instruction."""
    return tuple(p for encoding in encodings(row) for p in encoding.properties)


def attributes_of(row: Instruction, immediate: Any, symbol_of: SymbolOf) -> Attributes:
    """The properties of the operation of an instruction, whose immediate is as the decoder returns
    it."""
    parts = encodings(row)
    values = immediate if len(parts) > 1 else (immediate,)
    properties: Attributes = {}
    for part, value in zip(parts, values, strict=False):  # no part for no immediate
        properties |= part.attributes(value, symbol_of)
    return properties


def immediate_of(op: Operation, row: Instruction, index_of: IndexOf) -> Any:
    """The immediate of the instruction `row` that `op` stands for, as the decoder returns it."""
    values = [encoding.immediate(op, index_of) for encoding in encodings(row)]
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)


def _symbol(op: Operation, name: str) -> SymbolRefAttr:
    return cast(SymbolRefAttr, op.properties[name])


def _unsigned(op: Operation, name: str) -> int:
    attr = cast("IntegerAttr[IntegerType]", op.properties[name])
    return attr.value.data & ((1 << attr.type.width.data) - 1)
