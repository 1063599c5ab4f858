"""Removing what nothing in a module refers to, with new numbers for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from wasmdialect import types as wt
from wasmdialect.reduce.body import EMPTY, Body
from wasmdialect.reduce.references import (
    SPACE_OF_KIND,
    Change,
    change_expression,
    change_type,
    change_value_type,
)
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.module import (
    ConstExpr,
    DataSegment,
    ElementSegment,
    ExternKind,
    Function,
    Global,
    Module,
    SegmentMode,
    Table,
)


class _Marker:
    """Finds everything that can be reached from exports, the start function and active segments."""

    def __init__(self, module: Module):
        self.module = module
        self.reached: dict[str, set[int]] = {
            space: set()
            for space in ("func", "table", "memory", "global", "tag", "type", "elem", "data")
        }
        self._work: list[tuple[str, int]] = []

    def mark(self, space: str, index: int) -> int:
        """Reach an entity."""
        if index not in self.reached[space]:
            self.reached[space].add(index)
            self._work.append((space, index))
        return index

    def run(self) -> dict[str, set[int]]:
        """Everything that is reached."""
        module = self.module
        for export in module.exports:
            self.mark(SPACE_OF_KIND[export.kind], export.index)
        if module.start is not None:
            self.mark("func", module.start)
        for segment in module.elements:
            if segment.mode is not SegmentMode.PASSIVE:
                self.mark("elem", segment.index)
        for segment in module.data:
            if segment.mode is SegmentMode.ACTIVE:
                self.mark("data", segment.index)
        while self._work:
            space, index = self._work.pop()
            getattr(self, f"_{space}")(index)
        return self.reached

    def _func(self, index: int) -> None:
        function = self.module.functions[index]
        self.mark("type", function.type_index)
        if function.code is not None:
            Body.of(function, self.module.features).renumbered(self.mark)

    def _table(self, index: int) -> None:
        table = self.module.tables[index]
        change_value_type(table.written.element, self.mark)
        if table.init is not None:
            change_expression(table.init, self.mark)

    def _memory(self, index: int) -> None:
        """It refers to nothing."""

    def _global(self, index: int) -> None:
        variable = self.module.globals[index]
        change_value_type(variable.written.value, self.mark)
        if variable.init is not None:
            change_expression(variable.init, self.mark)

    def _tag(self, index: int) -> None:
        self.mark("type", self.module.tags[index].type_index)

    def _type(self, index: int) -> None:
        for member in _group_of(self.module, index):
            self.mark("type", member)
            t = self.module.written_types[member]
            wt.map_sub_type(t, lambda heap: change_type(heap, self.mark))

    def _elem(self, index: int) -> None:
        segment = self.module.elements[index]
        if segment.mode is SegmentMode.ACTIVE:
            self.mark("table", segment.table)
        _change_element(segment, self.mark)

    def _data(self, index: int) -> None:
        segment = self.module.data[index]
        if segment.mode is SegmentMode.ACTIVE:
            self.mark("memory", segment.memory)
            assert segment.offset is not None
            change_expression(segment.offset, self.mark)


def _group_of(module: Module, index: int) -> range:
    """The members of the recursion group of a type."""
    start = 0
    for size in module.rec_groups:
        count = 1 if size is None else size
        if index < start + count:
            return range(start, start + count)
        start += count
    raise IndexError(index)


def _change_element(segment: ElementSegment, change: Change) -> ElementSegment:
    offset = segment.offset and change_expression(segment.offset, change)
    functions, expressions = segment.functions, segment.expressions
    return replace(
        segment,
        written=change_value_type(segment.written, change),
        offset=offset,
        table=change("table", segment.table) if segment.mode is SegmentMode.ACTIVE else 0,
        functions=functions and tuple(change("func", f) for f in functions),
        expressions=expressions and tuple(change_expression(e, change) for e in expressions),
    )


def prune(module: Module, functions: Iterable[int] = ()) -> bytes:
    """The module without what is not reached, from these functions either, in the binary format."""
    marker = _Marker(module)
    for index in functions:
        marker.mark("func", index)
    return renumber(module, marker.run())


def unreached_functions(module: Module) -> list[int]:
    """The functions that `prune` removes."""
    reached = _Marker(module).run()["func"]
    return [f.index for f in module.functions if f.index not in reached]


def renumber(module: Module, kept: dict[str, set[int]]) -> bytes:
    """The module with only some entities of each space, which refer to no others. Functions that are
    defined come after those that are imported."""
    order = {space: sorted(indices) for space, indices in kept.items()}
    functions = module.functions
    order["func"].sort(key=lambda i: functions[i].imported is None)  # one may have become defined
    new = {space: {old: at for at, old in enumerate(row)} for space, row in order.items()}

    def change(space: str, index: int) -> int:
        return new[space][index]

    def expression(e: ConstExpr | None) -> ConstExpr | None:
        return e and change_expression(e, change)

    def table(t: Table) -> Table:
        written = _table_type(t.written, change)
        return replace(t, written=written, init=expression(t.init))

    def variable(g: Global) -> Global:
        written = wt.GlobalType(change_value_type(g.written.value, change), g.written.mutable)
        return replace(g, written=written, init=expression(g.init))

    def function(f: Function) -> Function:
        code = f.code
        if code is not None and bytes(code.bytes) != EMPTY:
            body = Body.of(f, module.features).renumbered(change)
            code = replace(code, bytes=memoryview(body.encode()))
        return replace(f, type_index=change("type", f.type_index), code=code)

    def data(s: DataSegment) -> DataSegment:
        if s.mode is not SegmentMode.ACTIVE:
            return s
        return replace(s, memory=change("memory", s.memory), offset=expression(s.offset))

    spaces = {
        space: [_space(module, space)[index] for index in row] for space, row in order.items()
    }
    imports = [
        (kind, change(SPACE_OF_KIND[kind], index))
        for kind, index in module.import_order
        if index in kept[SPACE_OF_KIND[kind]]
        and module.index_space(kind)[index].imported is not None
    ]
    out = replace(
        module,
        written_types=[
            wt.map_sub_type(module.written_types[i], lambda heap: change_type(heap, change))
            for i in order["type"]
        ],
        rec_groups=_kept_groups(module, kept["type"]),
        functions=[*map(function, spaces["func"])],
        tables=[*map(table, spaces["table"])],
        memories=spaces["memory"],
        globals=[*map(variable, spaces["global"])],
        tags=[replace(t, type_index=change("type", t.type_index)) for t in spaces["tag"]],
        import_order=imports,
        exports=[replace(e, index=change(SPACE_OF_KIND[e.kind], e.index)) for e in module.exports],
        start=None if module.start is None else change("func", module.start),
        elements=[_change_element(s, change) for s in spaces["elem"]],
        data=[*map(data, spaces["data"])],
        data_count=None if module.data_count is None else len(spaces["data"]),
        sections=[],
    )
    return encode_module(out)


def _space(module: Module, space: str) -> list[Any]:
    """The entities of a space."""
    return {
        **{kind.word: module.index_space(kind) for kind in ExternKind},
        "type": module.written_types,
        "elem": module.elements,
        "data": module.data,
    }[space]


def _table_type(t: wt.TableType, change: Change) -> wt.TableType:
    """A table type with other indices."""
    element = change_value_type(t.element, change)
    assert isinstance(element, wt.RefType)
    return wt.TableType(element, t.limits, t.address)


def _kept_groups(module: Module, kept: Iterable[int]) -> list[int | None]:
    """The recursion groups of which the members are kept."""
    indices = set(kept)
    groups: list[int | None] = []
    start = 0
    for size in module.rec_groups:
        if start in indices:
            groups.append(size)
        start += 1 if size is None else size
    return groups
