"""A whole module of wasmir to a module of WebAssembly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, cast

from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr, i64
from xdsl.ir import Operation

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations, extend_numbers
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.dialects.wasmir.declarations import LimitedOp
from wasmdialect.exporter.constants import constant_expressions
from wasmdialect.exporter.custom import custom_sections
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.errors import ExportError
from wasmdialect.exporter.fields import Fields
from wasmdialect.exporter.function import export_body
from wasmdialect.exporter.operators import Encoder
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.module import (
    Code,
    DataSegment,
    ElementSegment,
    Export,
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

_OpT = TypeVar("_OpT", bound=Operation)

_KINDS: Mapping[type, ExternKind] = {
    wasmir.FuncOp: ExternKind.FUNC,
    wasmir.TableOp: ExternKind.TABLE,
    wasmir.MemoryOp: ExternKind.MEMORY,
    wasmir.GlobalOp: ExternKind.GLOBAL,
    wasmir.TagOp: ExternKind.TAG,
}
_USUAL_PAGE = 16
_UNRESOLVED = wt.func_def_type((), ())
"""Stands for each type: only types as written are encoded, and decoding resolves them."""


def export_module(
    module: ModuleOp,
    source: Module | None = None,
    features: frozenset[Feature] = WASM_3_0,
) -> Module:
    """The WebAssembly of a whole module. Of `source`, which it was imported from, custom sections are
    kept that do not refer to places in the code. A counter of a pass is an exported global, `counter.`
    and its name; other fields are exported memories, `counters.` or `bytes.` and the name. Raises
    ExportError, DeclarationError."""
    lowered = lowered_by(module)
    if lowered:
        raise ExportError(
            f"the module was lowered from wasmir by {', '.join(lowered)}: there is no way back to"
            " WebAssembly"
        )
    extend_numbers(module)
    declared = ModuleDeclarations(module)
    binary = encode_module(_ModuleExporter(declared, source).run())
    return decode_module(binary, features)


class _ModuleExporter:
    def __init__(self, declared: ModuleDeclarations, source: Module | None):
        self.declared = declared
        self.source = source
        self.entities = Entities(declared)
        self.encoder = Encoder(self.entities)
        self.fields = Fields(declared)

    def run(self) -> Module:
        """The module, with types as written only."""
        out = Module()
        out.functions += map(self._function, self._space(wasmir.FuncOp))
        in_bodies = self.encoder.take_referenced()
        out.tables += map(self._table, self._space(wasmir.TableOp))
        out.memories += map(self._memory, self._space(wasmir.MemoryOp))
        out.memories += self.fields.memories()
        out.tags += map(self._tag, self._space(wasmir.TagOp))
        out.globals += map(self._global, self._space(wasmir.GlobalOp))
        out.globals += self.fields.globals()
        out.data += map(self._data, self._space(wasmir.DataOp))
        out.elements += map(self._elements, self._space(wasmir.ElemOp))
        out.exports += self._exports()
        out.import_order += [
            (_KINDS[type(op)], self._index(op.symbol)) for op in self.declared.imports
        ]
        if len(self.declared.starts) > 1:
            raise ExportError("a module has only one start function")
        for start in self.declared.starts:
            out.start = self._index(start.function)
        if self.encoder.uses_data:
            out.data_count = len(out.data)
        missing = in_bodies - self.encoder.take_referenced() - out.declared_functions()
        if missing:
            out.elements.append(_declaring(len(out.elements), sorted(missing)))
        self._types(out)
        out.custom_sections += custom_sections(self.entities, self.fields, self.source)
        return out

    def _space(self, cls: type[_OpT]) -> list[_OpT]:
        return cast("list[_OpT]", self.entities.order[cls])  # pyright: ignore[reportArgumentType]

    def _index(self, symbol: SymbolRefAttr) -> int:
        return self.entities.index_of(symbol)

    def _types(self, out: Module) -> None:
        types = self._space(wasmir.TypeOp)
        for op in types:
            supers = () if op.supertype is None else (wt.TypeIndex(self._index(op.supertype)),)
            composite = self.entities.composite(op.composite)
            out.written_types.append(wt.SubType(composite, supers, op.open is None))
        out.written_types += map(wt.SubType, self.entities.new_types)
        out.rec_groups += _groups(types)
        out.rec_groups += [None] * len(self.entities.new_types)

    def _function(self, op: wasmir.FuncOp) -> Function:
        index, code = self._index(op.symbol), None
        if not op.is_import:
            try:
                if op.is_declaration:
                    raise ExportError("it has no body, and is not imported")
                code = Code(0, memoryview(export_body(op, self.encoder, self.fields)))
            except ExportError as error:
                error.function, error.function_name = index, op.debug_name
                raise
        return Function(index, self.entities.type_of(op), _UNRESOLVED, _imported(op), code)

    def _table(self, op: wasmir.TableOp) -> Table:
        element = self._reference(op)
        t = wt.TableType(element, _limits(op), _address(op))
        init = None
        if op.init is not None:
            (init,) = constant_expressions(op.init, self.encoder)
        return Table(self._index(op.symbol), t, t, _imported(op), init)

    def _reference(self, op: wasmir.TableOp | wasmir.ElemOp) -> wt.RefType:
        t = self.entities.value_type(op.element_type)
        if not isinstance(t, wt.RefType):
            raise ExportError(f"@{op.sym_name.data} has elements that are not references")
        return t

    def _memory(self, op: wasmir.MemoryOp) -> Memory:
        page = op.page_size_log2.value.data
        shared = op.shared is not None
        t = wt.MemoryType(_limits(op), _address(op), shared, page, page != _USUAL_PAGE)
        return Memory(self._index(op.symbol), t, _imported(op))

    def _tag(self, op: wasmir.TagOp) -> Tag:
        t = wt.TagType(_UNRESOLVED)
        return Tag(self._index(op.symbol), self.entities.type_of(op), t, _imported(op))

    def _global(self, op: wasmir.GlobalOp) -> Global:
        t = wt.GlobalType(self.entities.value_type(op.value_type), op.mutable is not None)
        init = None
        if op.init is not None:
            (init,) = constant_expressions(op.init, self.encoder)
        return Global(self._index(op.symbol), t, t, _imported(op), init)

    def _data(self, op: wasmir.DataOp) -> DataSegment:
        content = memoryview(op.content_bytes)
        index = self._index(op.symbol)
        if op.memory is None or op.place is None:
            return DataSegment(index, SegmentMode.PASSIVE, content, flags=1)
        memory = self._index(op.memory)
        (offset,) = constant_expressions(op.place, self.encoder)
        flags = 2 if memory else 0
        return DataSegment(index, SegmentMode.ACTIVE, content, memory, offset, flags)

    def _elements(self, op: wasmir.ElemOp) -> ElementSegment:
        t = self._reference(op)
        segment = ElementSegment(self._index(op.symbol), SegmentMode.PASSIVE, t, t, None, None)
        if op.functions is not None:
            segment.functions = tuple(self._index(symbol) for symbol in op.functions)
        else:
            segment.flags = 4
            items = op.items.first_block
            segment.expressions = (
                () if items is None else constant_expressions(op.items, self.encoder)
            )
        if op.table is not None:
            segment.mode = SegmentMode.ACTIVE
            segment.table = self._index(op.table)
            (segment.offset,) = constant_expressions(op.place, self.encoder)
            if segment.table or (segment.flags and t is not wt.FUNCREF):
                segment.flags |= 2
        else:
            segment.flags |= 1 if op.declarative is None else 3
            if op.declarative is not None:
                segment.mode = SegmentMode.DECLARATIVE
        return segment

    def _exports(self) -> Iterator[Export]:
        taken: set[str] = set()
        for op in self.declared.exports:
            target = self.declared.symbols.get(op.target.root_reference.data)
            kind = _KINDS.get(type(target))
            if kind is None:
                raise ExportError(f"{op.name_text!r} is the export of nothing that can be exported")
            taken.add(op.name_text)
            yield Export(op.name_text, kind, self._index(op.target))
        yield from self.fields.exports(taken)


def _imported(op: wasmir.ImportableOp) -> ImportName | None:
    return None if op.imported is None else ImportName(*op.imported)


def _limits(op: LimitedOp) -> wt.Limits:
    return wt.Limits(*op.limits)


def _address(op: wasmir.MemoryOp | wasmir.TableOp) -> wt.NumType:
    return wt.I64 if op.address_type == i64 else wt.I32


def _declaring(index: int, functions: Sequence[int]) -> ElementSegment:
    """A segment for functions that only bodies refer to, which is not valid otherwise."""
    return ElementSegment(
        index,
        SegmentMode.DECLARATIVE,
        wt.FUNCREF,
        wt.FUNCREF,
        tuple(functions),
        None,
        flags=3,
    )


def _groups(types: Sequence[wasmir.TypeOp]) -> Iterator[int | None]:
    """The entries of the type section: the size of each group with a number, None for a single type."""
    position = 0
    while position < len(types):
        group = types[position].group
        end = position + 1
        if group is None:
            yield None
        else:
            while end < len(types) and types[end].group == group:
                end += 1
            yield end - position
        position = end
