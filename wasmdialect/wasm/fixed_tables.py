"""What indirect calls can reach in tables that nothing writes once their segments have filled them.

It needs no operations, so that the process that hands a module to workers can use it, and
`wasmir-direct-calls` on what it reads from declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from wasmdialect.types import AbstractHeapType, DefType, FuncType, RefType, is_sub_def_type
from wasmdialect.wasm.instructions.opcodes import I32_CONST, I64_CONST, REF_FUNC, REF_NULL
from wasmdialect.wasm.module import ConstExpr, ElementSegment, ExternKind, Module, SegmentMode

MOST = 2
"""The slots of a table that a call may reach, beyond which it is left alone."""

Slots = tuple[tuple[int, int], ...]
"""Slots of a table, each with the function in it."""
Targets = dict[tuple[int, int], Slots]
"""By a table and the index of a type: the slots that calls of this type ask for first."""


class Filling(NamedTuple):
    """An active element segment."""

    table: int
    start: int | None
    """Where it goes, None if that is not constant."""
    functions: Sequence[int | None] | None
    """Functions, and None for null; None if they are not all constant."""


def table_contents(
    minimums: Mapping[int, int], imported: Collection[int], fillings: Iterable[Filling]
) -> dict[int, dict[int, int]]:
    """The function in each slot that holds one, for tables whose contents are the same whenever code
    runs. `minimums` are the sizes of those that begin empty, and that nothing writes later.

    Segments are copied in order, and one that does not fit ends instantiation. Functions that are in an
    imported table then can be called all the same, so what is copied after them may be missing.
    """
    found: dict[int, dict[int, int]] = {table: {} for table in minimums}
    can_run = False
    for table, start, functions in fillings:
        can_run |= table in imported
        slots = found.get(table)
        if slots is None:
            continue
        if (
            can_run
            or start is None
            or functions is None
            or start + len(functions) > minimums[table]
        ):
            del found[table]
            continue
        for slot, function in enumerate(functions, start):
            if function is None:
                slots.pop(slot, None)
            else:
                slots[slot] = function
    return found


class TableTypes:
    """The functions in a table, by their types."""

    def __init__(self, contents: Mapping[int, int], type_of: Callable[[int], DefType]):
        self._slots: dict[DefType, list[tuple[int, int]]] = {}
        for slot, function in sorted(contents.items()):
            self._slots.setdefault(type_of(function), []).append((slot, function))
        self._known: dict[DefType, Slots] = {}

    def targets(self, wanted: DefType) -> Slots:
        """The slots to ask for first in a call of a type: those that it can reach, if they are few,
        and what is there has the same parameters and results."""
        known = self._known.get(wanted)
        if known is None:
            known = self._known[wanted] = tuple(self._find(wanted))
        return known

    def _find(self, wanted: DefType) -> Iterable[tuple[int, int]]:
        found = {t: rows for t, rows in self._slots.items() if is_sub_def_type(t, wanted)}
        if sum(map(len, found.values())) > MOST or not _is_closed(wanted):
            return ()
        same = (rows for t, rows in found.items() if t.composite == wanted.composite)
        return sorted(row for rows in same for row in rows)


def _is_closed(t: DefType) -> bool:
    """Whether a function type names no other defined types, which may have several names in IR."""
    composite = t.composite
    assert isinstance(composite, FuncType)
    values = (*composite.params, *composite.results)
    return all(not isinstance(v, RefType) or isinstance(v.heap, AbstractHeapType) for v in values)


# --- of a module ---


def fixed_tables(module: Module, written: Collection[int]) -> dict[int, TableTypes]:
    """The tables of a valid module that always hold the same, if its functions write `written`."""
    exported = {e.index for e in module.exports if e.kind is ExternKind.TABLE}
    imported = {table.index for table in module.tables if table.imported is not None}
    changed = exported.union(imported, written)
    minimums = {
        table.index: table.type.limits.minimum
        for table in module.tables
        if table.init is None and table.index not in changed
    }
    if not minimums:
        return {}
    fillings = (_filling(s) for s in module.elements if s.mode is SegmentMode.ACTIVE)
    found = table_contents(minimums, imported, fillings)
    functions = module.functions
    return {
        table: TableTypes(slots, lambda index: functions[index].type)
        for table, slots in found.items()
    }


def _filling(segment: ElementSegment) -> Filling:
    assert segment.offset is not None
    start, functions = _place(segment.offset), segment.functions
    if functions is not None:
        return Filling(segment.table, start, functions)
    items = [_item(each) for each in segment.expressions or ()]
    return Filling(segment.table, start, None if _UNKNOWN in items else items)


_UNKNOWN = -1


def _place(expression: ConstExpr) -> int | None:
    if len(expression.instructions) != 1:
        return None
    (instruction,) = expression.instructions
    bits = {I32_CONST: 32, I64_CONST: 64}.get(instruction.opcode)
    return None if bits is None else instruction.immediate & (1 << bits) - 1


def _item(expression: ConstExpr) -> int | None:
    """The function that an expression refers to, None for null."""
    if len(expression.instructions) != 1:
        return _UNKNOWN
    (instruction,) = expression.instructions
    if instruction.opcode == REF_NULL:
        return None
    return instruction.immediate if instruction.opcode == REF_FUNC else _UNKNOWN
