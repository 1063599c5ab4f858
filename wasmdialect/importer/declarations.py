"""The declarations of a Wasm module as wasmir: everything but the bodies of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from xdsl.ir import Attribute, Block, Operation, Region

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import EXCEPTIONS, MODULE_NAME, extend_numbers
from wasmdialect.dialects.fast import LocationAttr, integer_attr
from wasmdialect.dialects.wasmir.types import ValueType
from wasmdialect.importer.body import import_constant
from wasmdialect.importer.context import ImportContext
from wasmdialect.importer.symbols import SymbolNames
from wasmdialect.importer.tagless import catches_without_tags
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


def import_declarations(wasm: Module, file: str) -> ModuleOp:
    """A module with all declarations, numbered: types, imports in their order, then the definitions,
    kind by kind. Raises UnsupportedError."""
    return _DeclarationImporter(wasm, file).run()


class _DeclarationImporter(ImportContext):
    def __init__(self, wasm: Module, file: str):
        super().__init__(wasm, file)
        self._names = SymbolNames(wasm)
        self._types_of: dict[int, dict[str, Attribute]] = {}
        """By type index, which many functions share."""
        self._block = Block()

    def ref(self, word: str, index: int) -> SymbolRefAttr:
        return SymbolRefAttr(self._names.spaces[word][index])

    def run(self) -> ModuleOp:
        """Declare everything."""
        wasm = self.wasm
        for index, (t, entry) in enumerate(zip(wasm.types, _entries(wasm.types), strict=True)):
            self._type(index, t, entry)
        declare: dict[ExternKind, Callable[[Any], None]] = {
            ExternKind.FUNC: self._function,
            ExternKind.TABLE: self._table,
            ExternKind.MEMORY: self._memory,
            ExternKind.GLOBAL: self._global,
            ExternKind.TAG: self._tag,
        }
        for kind, index in wasm.import_order:
            declare[kind](wasm.declaration(kind, index))
        for kind in _DEFINITION_ORDER:
            for entity in wasm.index_space(kind):
                if entity.imported is None:
                    declare[kind](entity)
        for segment in wasm.data:
            self._data(segment)
        for element in wasm.elements:
            self._element(element)
        for export in wasm.exports:
            target = self.ref(export.kind.word, export.index)
            name = StringAttr(export.name)
            self._add_op(wasmir.ExportOp, {"export_name": name, "target": target})
        if wasm.start is not None:
            self._add_op(wasmir.StartOp, {"function": self.ref("func", wasm.start)})
        module = ModuleOp(Region(self._block))
        if wasm.names.module:
            module.attributes[MODULE_NAME] = StringAttr(wasm.names.module)
        if not wasm.tags and catches_without_tags(wasm):
            module.attributes[EXCEPTIONS] = UnitAttr()
        extend_numbers(module)  # all of them: none has a number yet
        return module

    # --- types ---

    def _type(self, index: int, t: wt.DefType, entry: wt.SubType) -> None:
        """A type; `entry` is it as written, with indices. So a group that equals an earlier one refers
        to itself all the same."""
        properties: dict[str, Attribute] = {"composite": self._composite(entry.composite)}
        for sup in entry.supers:
            properties["supertype"] = self._symbol(sup)
        if not t.final:
            properties["open"] = UnitAttr()
        if len(t.group) > 1:
            properties["group"] = integer_attr(index - t.index, 64)
        self._add(wasmir.TypeOp, "type", index, properties)

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

    def _add(
        self,
        cls: type[wasmir.DeclarationOp],
        word: str,
        index: int,
        properties: dict[str, Attribute],
        regions: Sequence[Region] = (),
        location: LocationAttr | None = None,
    ) -> None:
        symbol = StringAttr(self._names.spaces[word][index])
        op = cls.create(
            properties={"sym_name": symbol, **properties}, regions=regions, location=location
        )
        self._block.add_op(op)

    def _add_op(self, cls: type[Operation], properties: dict[str, Attribute]) -> None:
        self._block.add_op(cls.create(properties=properties))

    def _function(self, function: Function) -> None:
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
        self._add(wasmir.FuncOp, "func", index, properties, (Region(),), location)

    def _type_of(self, index: int) -> dict[str, Attribute]:
        """The defined type of a function or tag, if parameters and results do not say which it is."""
        known = self._types_of.get(index)
        if known is None:
            t = self.wasm.types[index]
            assert isinstance(t.composite, wt.FuncType)
            is_plain = t is wt.func_def_type(t.composite.params, t.composite.results)
            known = self._types_of[index] = {} if is_plain else {"type": self.ref("type", index)}
        return known

    def _tag(self, tag: Tag) -> None:
        composite = tag.type.type.composite
        assert isinstance(composite, wt.FuncType)
        properties: dict[str, Attribute] = {
            "function_type": self.function_type(composite),
            **self._type_of(tag.type_index),
            **self._names_of("tag", tag.index, self.wasm.names.tags, tag.imported),
        }
        self._add(wasmir.TagOp, "tag", tag.index, properties)

    def _memory(self, memory: Memory) -> None:
        t = memory.type
        properties: dict[str, Attribute] = {
            "address_type": i64 if t.address is wt.I64 else i32,
            "page_size_log2": integer_attr(t.page_size_log2, 64),
            **_limits_properties(t.limits),
            **self._names_of("memory", memory.index, self.wasm.names.memories, memory.imported),
        }
        if t.shared:
            properties["shared"] = UnitAttr()
        self._add(wasmir.MemoryOp, "memory", memory.index, properties)

    def _table(self, table: Table) -> None:
        t = table.type
        properties: dict[str, Attribute] = {
            "element_type": self.value_type(t.element),
            "address_type": i64 if t.address is wt.I64 else i32,
            **_limits_properties(t.limits),
            **self._names_of("table", table.index, self.wasm.names.tables, table.imported),
        }
        regions = [] if table.init is None else [self._constant([table.init])]
        self._add(wasmir.TableOp, "table", table.index, properties, regions)

    def _global(self, variable: Global) -> None:
        names = self.wasm.names.globals
        properties: dict[str, Attribute] = {
            "value_type": self.value_type(variable.type.value),
            **self._names_of("global", variable.index, names, variable.imported),
        }
        if variable.type.mutable:
            properties["mutable"] = UnitAttr()
        regions = [] if variable.init is None else [self._constant([variable.init])]
        self._add(wasmir.GlobalOp, "global", variable.index, properties, regions)

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

    def _data(self, segment: DataSegment) -> None:
        properties: dict[str, Attribute] = {"content": BytesAttr(bytes(segment.bytes))}
        regions: list[Region] = []
        if segment.mode is SegmentMode.ACTIVE:
            assert segment.offset is not None
            properties["memory"] = self.ref("memory", segment.memory)
            regions.append(self._constant([segment.offset]))
        self._add(wasmir.DataOp, "data", segment.index, properties, regions)

    def _element(self, segment: ElementSegment) -> None:
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
        self._add(wasmir.ElemOp, "elem", segment.index, properties, (place, items))

    def _constant(self, expressions: Sequence[ConstExpr]) -> Region:
        """A region that returns the value of each expression."""
        block = Block()
        values = [import_constant(self, block, expression) for expression in expressions]
        block.add_op(wasmir.ReturnOp(*values))
        return Region(block)


def _entries(types: Sequence[wt.DefType]) -> Iterator[wt.SubType]:
    for group in wt.written_groups(types):
        yield from group


def _limits_properties(limits: wt.Limits) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {"minimum": integer_attr(limits.minimum, 64)}
    if limits.maximum is not None:
        properties["maximum"] = integer_attr(limits.maximum, 64)
    return properties
