"""The plan of a module: symbol names, places in the VMContext, which functions escape.

It is made once from the declarations; every unit of functions, the lowering and the artifact's
metadata take names and numbers from it, so that they agree whatever is compiled where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from wasmdialect.abi.layout import Counts
from wasmdialect.wasm.module import ConstExpr, ExternKind, ImportName, Module

_REF_FUNC = 0xD2


@dataclass
class ModulePlan:
    """Names and numbers of one module's declarations."""

    module: Module
    file: str
    """What locations name: the input's file name."""
    function_symbols: list[str] = field(init=False)
    memory_symbols: list[str] = field(init=False)
    table_symbols: list[str] = field(init=False)
    global_symbols: list[str] = field(init=False)
    data_symbols: list[str] = field(init=False)
    elem_symbols: list[str] = field(init=False)
    type_symbols: list[str] = field(init=False)
    func_ref_slots: dict[int, int] = field(init=False)
    """Function index to place in the `func_refs` region, in order of escaping."""
    slots: dict[ExternKind, list[int]] = field(init=False)
    """For each index space: index to place among the imports or among the definitions."""
    extra_fields: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """VMContext fields that passes declared: name, size, alignment."""

    def __post_init__(self) -> None:
        module, names = self.module, self.module.names
        taken: set[str] = set()
        self.function_symbols = _symbols("func", len(module.functions), names.functions, taken)
        self.memory_symbols = _symbols("memory", len(module.memories), names.memories, taken)
        self.table_symbols = _symbols("table", len(module.tables), names.tables, taken)
        self.global_symbols = _symbols("global", len(module.globals), names.globals, taken)
        self.data_symbols = _symbols("data", len(module.data), names.data, taken)
        self.elem_symbols = _symbols("elem", len(module.elements), names.elements, taken)
        self.type_symbols = _symbols("type", len(module.types), names.types, taken)
        self.func_ref_slots = {}
        for index in escaping_functions(module):
            self.func_ref_slots.setdefault(index, len(self.func_ref_slots))
        self.slots = {kind: _slots(module.index_space(kind)) for kind in ExternKind}

    @property
    def counts(self) -> Counts:
        """What decides the layout of the VMContext."""
        module = self.module

        functions, tables = _imported(module.functions), _imported(module.tables)
        memories, globals_ = _imported(module.memories), _imported(module.globals)
        return Counts(
            imported_functions=functions,
            imported_tables=tables,
            imported_memories=memories,
            imported_globals=globals_,
            defined_tables=len(module.tables) - tables,
            defined_memories=len(module.memories) - memories,
            owned_memories=sum(m.imported is None and not m.type.shared for m in module.memories),
            defined_globals=len(module.globals) - globals_,
            escaping_functions=len(self.func_ref_slots),
            extra_fields=tuple(self.extra_fields),
        )


def escaping_functions(module: Module) -> Iterator[int]:
    """The functions a reference to which can exist, in the order of the sections that name them
    (Wasmtime gives func refs their places in that order); with repetitions."""
    for variable in module.globals:
        yield from _named_functions(variable.init)
    for table in module.tables:
        yield from _named_functions(table.init)
    for export in module.exports:
        if export.kind is ExternKind.FUNC:
            yield export.index
    if module.start is not None:
        yield module.start
    for segment in module.elements:
        yield from segment.functions or ()
        for expression in segment.expressions or ():
            yield from _named_functions(expression)


def _named_functions(expression: ConstExpr | None) -> Iterator[int]:
    if expression is None:
        return
    for instruction in expression.instructions:
        if instruction.opcode == _REF_FUNC:
            yield instruction.immediate


class _Entity(Protocol):
    imported: ImportName | None


def _imported(space: Iterable[_Entity]) -> int:
    return sum(entity.imported is not None for entity in space)


def _slots(space: Iterable[_Entity]) -> list[int]:
    """Imports and definitions are numbered separately. (A pass may add an import at the end.)"""
    slots: list[int] = []
    imported = defined = 0
    for entity in space:
        if entity.imported is not None:
            slots.append(imported)
            imported += 1
        else:
            slots.append(defined)
            defined += 1
    return slots


_UNUSUAL = re.compile(r"[^A-Za-z0-9_$.]+")


def _symbols(kind: str, count: int, names: dict[int, str], taken: set[str]) -> list[str]:
    """A unique symbol for each entity: its name where there is one, else `kind` and its index."""
    symbols: list[str] = []
    for index in range(count):
        symbol = _UNUSUAL.sub("_", names.get(index, "")) or f"{kind}{index}"
        if symbol[0].isdigit():
            symbol = "_" + symbol
        if symbol in taken:
            symbol = f"{symbol}.{kind}{index}"
        while symbol in taken:
            symbol += "_"
        taken.add(symbol)
        symbols.append(symbol)
    return symbols
