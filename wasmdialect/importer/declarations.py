"""The declarations of a Wasm module as wasmir: everything but the bodies of functions. A module may
have a hundred thousand, of which a unit needs some, so each is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    IntegerType,
    ModuleOp,
    NoneAttr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import EXCEPTIONS, IMPORTABLE, MODULE_NAME
from wasmdialect.dialects.fast import LocationAttr, integer_attr
from wasmdialect.dialects.wasmir.types import ValueType
from wasmdialect.importer.body import import_constant
from wasmdialect.importer.context import ImportContext
from wasmdialect.importer.numbers import ModuleNumbers
from wasmdialect.importer.symbols import SymbolNames
from wasmdialect.wasm.module import (
    ConstExpr,
    DataSegment,
    ElementSegment,
    ExternKind,
    Function,
    Global,
    ImportName,
    Memory,
    Module,
    SegmentMode,
    Table,
    Tag,
)

_DEFINITION_ORDER = (
    ExternKind.MEMORY,
    ExternKind.TABLE,
    ExternKind.TAG,
    ExternKind.FUNC,
    ExternKind.GLOBAL,
)
_IMPORTABLE_WORDS = frozenset(cls.WORD for cls in IMPORTABLE)


def import_declarations(wasm: Module, file: str) -> ModuleOp:
    """A module with all declarations, numbered: types, imports in their order, then the definitions,
    kind by kind. Raises UnsupportedError."""
    return WasmDeclarations(wasm, file, ModuleNumbers(wasm)).everything()


class WasmDeclarations(ImportContext):
    """The declarations of a module, with the numbers that `dialects.declared` would give them."""

    def __init__(self, wasm: Module, file: str, numbers: ModuleNumbers):
        super().__init__(wasm, file)
        self.numbers = numbers
        self._names = SymbolNames(wasm)
        self._types_of: dict[int, dict[str, Attribute]] = {}
        """By type index, which many functions share."""
        self._made: dict[tuple[str, int], wasmir.DeclarationOp] = {}
        self._make: dict[str, tuple[Sequence[Any], Callable[[Any], wasmir.DeclarationOp]]] = {
            "func": (wasm.functions, self._function),
            "table": (wasm.tables, self._table),
            "memory": (wasm.memories, self._memory),
            "global": (wasm.globals, self._global),
            "tag": (wasm.tags, self._tag),
            "data": (wasm.data, self._data),
            "elem": (wasm.elements, self._element),
            "type": (range(len(wasm.types)), self._type),
        }

    def ref(self, word: str, index: int) -> SymbolRefAttr:
        return SymbolRefAttr(self._names.spaces[word][index])

    # --- as `dialects.declared.ModuleDeclarations` ---

    def op(self, word: str, index: int) -> wasmir.DeclarationOp:
        """A declaration by the keyword of its kind and its index. Raises UnsupportedError."""
        made = self._made.get((word, index))
        if made is None:
            space, make = self._make[word]
            made = self._made[word, index] = make(space[index])
        return made

    def find(self, symbol: str) -> wasmir.DeclarationOp | None:
        """A declaration by its symbol."""
        place = self._places.get(symbol)
        return None if place is None else self.op(*place)

    def signature_op(self, number: int) -> wasmir.TypeOp:
        """The function type with this number."""
        op = self.op("type", self.numbers.signatures[number])
        assert isinstance(op, wasmir.TypeOp)
        return op

    @cached_property
    def _places(self) -> dict[str, tuple[str, int]]:
        return {
            symbol: (word, index)
            for word, symbols in self._names.spaces.items()
            for index, symbol in enumerate(symbols)
        }

    def name_of(self, word: str, index: int) -> str:
        """The symbol of a declaration."""
        return self._names.spaces[word][index]

    # --- everything ---

    def everything(self) -> ModuleOp:
        """A module that has all declarations, which are made anew."""
        wasm = self.wasm
        block = Block()
        self._made.clear()
        for index in range(len(wasm.types)):
            block.add_op(self.op("type", index))
        for kind, index in wasm.import_order:
            block.add_op(self.op(kind.word, index))
        for kind in _DEFINITION_ORDER:
            for entity in wasm.index_space(kind):
                if entity.imported is None:
                    block.add_op(self.op(kind.word, entity.index))
        for word, segments in (("data", wasm.data), ("elem", wasm.elements)):
            for segment in segments:
                block.add_op(self.op(word, segment.index))
        for export in wasm.exports:
            target = self.ref(export.kind.word, export.index)
            name = StringAttr(export.name)
            block.add_op(wasmir.ExportOp.create(properties={"export_name": name, "target": target}))
        if wasm.start is not None:
            function = self.ref("func", wasm.start)
            block.add_op(wasmir.StartOp.create(properties={"function": function}))
        self._made.clear()
        module = ModuleOp(Region(block))
        if wasm.names.module:
            module.attributes[MODULE_NAME] = StringAttr(wasm.names.module)
        if self.numbers.catches_without_tags:
            module.attributes[EXCEPTIONS] = UnitAttr()
        return module

    # --- types ---

    @cached_property
    def _entries(self) -> list[wt.SubType]:
        """The types as written, with indices: a group that equals an earlier one refers to itself all
        the same."""
        return [entry for group in wt.written_groups(self.wasm.types) for entry in group]

    def _type(self, index: int) -> wasmir.DeclarationOp:
        t, entry = self.wasm.types[index], self._entries[index]
        properties: dict[str, Attribute] = {"composite": self._composite(entry.composite)}
        for sup in entry.supers:
            properties["supertype"] = self._symbol(sup)
        if not t.final:
            properties["open"] = UnitAttr()
        if len(t.group) > 1:
            properties["group"] = integer_attr(index - t.index, 64)
        return self._declare(wasmir.TypeOp, "type", index, properties)

    def _symbol(self, t: wt.HeapType) -> SymbolRefAttr:
        assert isinstance(t, wt.TypeIndex)
        return self.ref("type", t.index)

    def _composite(self, t: wt.CompositeType) -> Attribute:
        match t:
            case wt.FuncType():
                return self.function_type(t)
            case wt.StructType(fields):
                return wasmir.StructType(ArrayAttr([self._field(f) for f in fields]))
            case wt.ArrayType(element):
                return wasmir.ArrayType(self._field(element))

    def _field(self, f: wt.FieldType) -> wasmir.FieldType:
        storage = f.storage
        if isinstance(storage, wt.PackedType):
            attr: Attribute = IntegerType(8 * storage.size)
        else:
            attr = self.value_type(storage)
        return wasmir.FieldType(UnitAttr() if f.mutable else NoneAttr(), attr)

    def value_type(self, t: wt.ValType, offset: int = 0) -> ValueType:
        if isinstance(t, wt.RefType) and isinstance(t.heap, wt.TypeIndex):
            return wasmir.RefType.of(t.nullable, self._symbol(t.heap))
        return super().value_type(t, offset)

    # --- one declaration ---

    def _declare(
        self,
        cls: type[wasmir.DeclarationOp],
        word: str,
        index: int,
        properties: dict[str, Attribute],
        regions: Sequence[Region] = (),
        location: LocationAttr | None = None,
    ) -> wasmir.DeclarationOp:
        symbol = StringAttr(self._names.spaces[word][index])
        properties = {"sym_name": symbol, **properties, "index": integer_attr(index, 64)}
        numbers = self.numbers
        if word in _IMPORTABLE_WORDS:
            properties["slot"] = integer_attr(numbers.slot(word, index), 64)
        if word == "func" and index in numbers.func_refs:
            properties["func_ref"] = integer_attr(numbers.func_refs[index], 64)
        if word == "type" and index in numbers.signature_of:
            properties["signature"] = integer_attr(numbers.signature_of[index], 64)
        return cls.create(properties=properties, regions=regions, location=location)

    def _function(self, function: Function) -> wasmir.DeclarationOp:
        code, index = function.code, function.index
        offset = 0 if code is None else code.offset
        properties: dict[str, Attribute] = {
            "function_type": self.function_type(function.signature, offset),
            **self._type_of(function.type_index),
            **self._names_of("func", index, self.wasm.names.functions, function.imported),
        }
        location = None
        if code is not None:
            location = self.locations.at(offset)
            properties["code_size"] = integer_attr(len(code.bytes), 64)
        return self._declare(wasmir.FuncOp, "func", index, properties, (Region(),), location)

    def _type_of(self, index: int) -> dict[str, Attribute]:
        """The defined type of a function or tag, if parameters and results do not say which it is."""
        known = self._types_of.get(index)
        if known is None:
            t = self.wasm.types[index]
            assert isinstance(t.composite, wt.FuncType)
            is_plain = t is wt.func_def_type(t.composite.params, t.composite.results)
            known = self._types_of[index] = {} if is_plain else {"type": self.ref("type", index)}
        return known

    def _tag(self, tag: Tag) -> wasmir.DeclarationOp:
        composite = tag.type.type.composite
        assert isinstance(composite, wt.FuncType)
        properties: dict[str, Attribute] = {
            "function_type": self.function_type(composite),
            **self._type_of(tag.type_index),
            **self._names_of("tag", tag.index, self.wasm.names.tags, tag.imported),
        }
        return self._declare(wasmir.TagOp, "tag", tag.index, properties)

    def _memory(self, memory: Memory) -> wasmir.DeclarationOp:
        t = memory.type
        properties: dict[str, Attribute] = {
            "address_type": i64 if t.address is wt.I64 else i32,
            "page_size_log2": integer_attr(t.page_size_log2, 64),
            **_limits_properties(t.limits),
            **self._names_of("memory", memory.index, self.wasm.names.memories, memory.imported),
        }
        if t.shared:
            properties["shared"] = UnitAttr()
        return self._declare(wasmir.MemoryOp, "memory", memory.index, properties)

    def _table(self, table: Table) -> wasmir.DeclarationOp:
        t = table.type
        properties: dict[str, Attribute] = {
            "element_type": self.value_type(t.element),
            "address_type": i64 if t.address is wt.I64 else i32,
            **_limits_properties(t.limits),
            **self._names_of("table", table.index, self.wasm.names.tables, table.imported),
        }
        regions = [] if table.init is None else [self._constant([table.init])]
        return self._declare(wasmir.TableOp, "table", table.index, properties, regions)

    def _global(self, variable: Global) -> wasmir.DeclarationOp:
        names = self.wasm.names.globals
        properties: dict[str, Attribute] = {
            "value_type": self.value_type(variable.type.value),
            **self._names_of("global", variable.index, names, variable.imported),
        }
        if variable.type.mutable:
            properties["mutable"] = UnitAttr()
        regions = [] if variable.init is None else [self._constant([variable.init])]
        return self._declare(wasmir.GlobalOp, "global", variable.index, properties, regions)

    def _names_of(
        self, word: str, index: int, names: dict[int, str], imported: ImportName | None
    ) -> dict[str, Attribute]:
        """The source of an import, and its name if the symbol does not express it."""
        properties: dict[str, Attribute] = {}
        if imported is not None:
            properties["import_module"] = StringAttr(imported.module)
            properties["import_name"] = StringAttr(imported.name)
        symbol, name = self._names.spaces[word][index], names.get(index) or ""
        told = "" if symbol == f"{word}{index}" else symbol
        if name != told:
            properties["wasm_name"] = StringAttr(name)
        return properties

    def _data(self, segment: DataSegment) -> wasmir.DeclarationOp:
        properties: dict[str, Attribute] = {"content": BytesAttr(bytes(segment.bytes))}
        regions: list[Region] = []
        if segment.mode is SegmentMode.ACTIVE:
            assert segment.offset is not None
            properties["memory"] = self.ref("memory", segment.memory)
            regions.append(self._constant([segment.offset]))
        return self._declare(wasmir.DataOp, "data", segment.index, properties, regions)

    def _element(self, segment: ElementSegment) -> wasmir.DeclarationOp:
        properties: dict[str, Attribute] = {}
        place, items = Region(), Region()
        if segment.functions is not None:
            # Listed functions are never null (`(ref func)`), which no operation depends on.
            properties["element_type"] = wasmir.FUNCREF
            functions = [self.ref("func", f) for f in segment.functions]
            properties["functions"] = ArrayAttr(functions)
        else:
            properties["element_type"] = self.value_type(segment.type)
            if segment.expressions:
                items = self._constant(segment.expressions)
        if segment.mode is SegmentMode.ACTIVE:
            assert segment.offset is not None
            properties["table"] = self.ref("table", segment.table)
            place = self._constant([segment.offset])
        elif segment.mode is SegmentMode.DECLARATIVE:
            properties["declarative"] = UnitAttr()
        return self._declare(wasmir.ElemOp, "elem", segment.index, properties, (place, items))

    def _constant(self, expressions: Sequence[ConstExpr]) -> Region:
        """A region that returns the value of each expression."""
        block = Block()
        values = [import_constant(self, block, expression) for expression in expressions]
        block.add_op(wasmir.ReturnOp(*values))
        return Region(block)


def _limits_properties(limits: wt.Limits) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {"minimum": integer_attr(limits.minimum, 64)}
    if limits.maximum is not None:
        properties["maximum"] = integer_attr(limits.maximum, 64)
    return properties
