"""The defined types of a module of wasmir: what each `wasmir.type` is in `wasmdialect.types`.

Symbols are names for one module. Two modules agree on the types of WebAssembly: canonical objects that
artifacts describe and the runtime compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr, UnitAttr, i8, i16
from xdsl.ir import Attribute

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.wasm.declared import DeclarationError

Symbols = Callable[[SymbolRefAttr], wt.TypeRef]
_PACKED: dict[Attribute, wt.PackedType] = {i8: wt.I8, i16: wt.I16}


class DefinedTypes:
    """The defined types of a whole module."""

    def __init__(self, ops: Sequence[wasmir.TypeOp]):
        """`ops` are the module's, by index. Raises DeclarationError."""
        self.types: list[wt.DefType] = []
        """By index."""
        self._plain: dict[int, tuple[FunctionType, wt.DefType]] = {}
        """By the identity of the attribute, which most functions of a type share."""
        self._indices = {op.sym_name.data: index for index, op in enumerate(ops)}
        for _, group in groupby(enumerate(ops), _group_of):
            self._define([op for _, op in group])

    def _define(self, group: list[wasmir.TypeOp]) -> None:
        resolve = wt.resolver(self.types, len(group))
        try:
            entries = [wt.map_sub_type(self._entry(op), resolve) for op in group]
        except wt.UnknownTypeError as error:
            raise DeclarationError(
                f"@{group[0].sym_name.data} refers to a type that is declared after it: {error}"
            ) from None
        defined = wt.define_rec_group(entries)
        for op, t in zip(group, defined, strict=True):
            for sup in t.supers:
                if sup.final or not wt.composite_matches(t.composite, sup.composite):
                    raise DeclarationError(f"@{op.sym_name.data} does not match its supertype")
        self.types += defined

    def _entry(self, op: wasmir.TypeOp) -> wt.SubType:
        supers = () if op.supertype is None else (self._index(op.supertype),)
        own = self._indices[op.sym_name.data]
        if any(sup.index >= own for sup in supers):
            raise DeclarationError(f"@{op.sym_name.data} has a supertype that is not before it")
        return wt.SubType(_composite(op.composite, self._index), supers, op.open is None)

    def _index(self, symbol: SymbolRefAttr) -> wt.TypeIndex:
        name = symbol.root_reference.data
        if name not in self._indices:
            raise DeclarationError(f"@{name} is not declared as wasmir.type")
        return wt.TypeIndex(self._indices[name])

    def _defined(self, symbol: SymbolRefAttr) -> wt.TypeRef:
        return self.named(symbol)

    def named(self, symbol: SymbolRefAttr) -> wt.DefType:
        """The type that a symbol names. Raises DeclarationError."""
        return self.types[self._index(symbol).index]

    def value(self, t: Attribute) -> wt.ValType:
        """A value type. Raises DeclarationError if it is not one of WebAssembly."""
        return _value(t, self._defined)

    def function(self, op: wasmir.FuncOp | wasmir.TagOp) -> wt.DefType:
        """The type of a function or tag. Raises DeclarationError."""
        return self.plain(op.function_type) if op.type is None else self.named(op.type)

    def plain(self, t: FunctionType) -> wt.DefType:
        """The function type without relatives that has these parameters and results."""
        known = self._plain.get(id(t))
        if known is None:
            params, results = [*map(self.value, t.inputs)], [*map(self.value, t.outputs)]
            known = self._plain[id(t)] = t, wt.func_def_type(params, results)
        return known[1]


def _group_of(item: tuple[int, wasmir.TypeOp]) -> tuple[str, int]:
    index, op = item
    return ("alone", index) if op.group is None else ("group", op.group.value.data)


def _composite(t: Attribute, symbols: Symbols) -> wt.CompositeType:
    match t:
        case FunctionType():
            return wt.FuncType(
                tuple(_value(p, symbols) for p in t.inputs),
                tuple(_value(r, symbols) for r in t.outputs),
            )
        case wasmir.StructType():
            return wt.StructType(tuple(_field(f, symbols) for f in t.fields))
        case wasmir.ArrayType():
            return wt.ArrayType(_field(t.element, symbols))
        case _:
            raise DeclarationError(f"{t} is not the structure of a type")


def _field(f: wasmir.FieldType, symbols: Symbols) -> wt.FieldType:
    storage = _PACKED.get(f.storage) or _value(f.storage, symbols)
    return wt.FieldType(storage, isinstance(f.mutable, UnitAttr))


def _value(t: Attribute, symbols: Symbols) -> wt.ValType:
    if isinstance(t, wasmir.RefType) and isinstance(t.heap, SymbolRefAttr):
        return wt.ref_type(t.is_nullable, symbols(t.heap))
    try:
        return wasmir.wasm_type(t)
    except KeyError:
        raise DeclarationError(f"{t} is not a type of WebAssembly") from None
