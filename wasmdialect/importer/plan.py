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
from wasmdialect.wasm.types import DefType, FuncType

_REF_FUNC = 0xD2
_UNUSUAL = re.compile(r"[^A-Za-z0-9_$.]+")


@dataclass
class ModulePlan:
    """Names and numbers of one module's declarations."""

    module: Module
    file: str
    """What locations name: the input's file name."""
    extra_fields: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """VMContext fields that passes declared: name, size, alignment."""
    function_symbols: list[str] = field(init=False)
    memory_symbols: list[str] = field(init=False)
    table_symbols: list[str] = field(init=False)
    global_symbols: list[str] = field(init=False)
    data_symbols: list[str] = field(init=False)
    elem_symbols: list[str] = field(init=False)
    type_symbols: list[str] = field(init=False)
    func_ref_slots: dict[int, int] = field(init=False)
    """Function index to place in the `func_refs` region, in order of escaping."""
    signatures: dict[int, int] = field(init=False)
    """The first type index of each function type, to the number of that type among the module's
    function types: the types that get trampolines."""
    slots: dict[ExternKind, list[int]] = field(init=False)
    """For each index space: index to place among the imports or among the definitions."""

    def __post_init__(self) -> None:
        module, names = self.module, self.module.names
        self._taken: set[str] = set()
        self.function_symbols = self._symbols("func", len(module.functions), names.functions)
        self.memory_symbols = self._symbols("memory", len(module.memories), names.memories)
        self.table_symbols = self._symbols("table", len(module.tables), names.tables)
        self.global_symbols = self._symbols("global", len(module.globals), names.globals)
        self.data_symbols = self._symbols("data", len(module.data), names.data)
        self.elem_symbols = self._symbols("elem", len(module.elements), names.elements)
        self.type_symbols = self._symbols("type", len(module.types), names.types)
        self.func_ref_slots = {}
        for index in escaping_functions(module):
            self.func_ref_slots.setdefault(index, len(self.func_ref_slots))
        self.signatures = {}
        self._signature_types: dict[DefType, int] = {}
        self._type_indices: dict[DefType, int] = {}
        for index, t in enumerate(module.types):
            self._type_indices.setdefault(t, index)
            self._number_signature(index, t)
        self.slots = {kind: [] for kind in ExternKind}
        self._slots_taken = {kind: {True: 0, False: 0} for kind in ExternKind}
        for kind in ExternKind:
            for entity in module.index_space(kind):
                self._take_slot(kind, entity.imported is not None)

    def _take_slot(self, kind: ExternKind, is_import: bool) -> None:
        """Imports and definitions are numbered separately. (A pass may add an import at the end.)"""
        taken = self._slots_taken[kind]
        self.slots[kind].append(taken[is_import])
        taken[is_import] += 1

    def _number_signature(self, index: int, t: DefType) -> None:
        if isinstance(t.composite, FuncType) and t not in self._signature_types:
            self.signatures[index] = self._signature_types[t] = len(self._signature_types)

    # --- what passes add, behind everything else ---

    def add_type(self, t: DefType) -> int:
        """The index of a function type, added to the type section if it is not there."""
        known = self._type_indices.get(t)
        if known is not None:
            return known
        index = self._type_indices[t] = len(self.module.types)
        self.module.types.append(t)
        self.type_symbols.append(self._symbol("type", index, None))
        self._number_signature(index, t)
        return index

    def add_entity(self, kind: ExternKind, index: int, name: str) -> None:
        """Name and number an entity that was appended to its index space."""
        self.symbols(kind).append(self._symbol(kind.word, index, name))
        self._take_slot(kind, self.module.declaration(kind, index).imported is not None)
        self._entities = None

    # --- names ---

    def symbols(self, kind: ExternKind) -> list[str]:
        """The symbols of an index space."""
        return {
            ExternKind.FUNC: self.function_symbols,
            ExternKind.TABLE: self.table_symbols,
            ExternKind.MEMORY: self.memory_symbols,
            ExternKind.GLOBAL: self.global_symbols,
        }[kind]

    def entity(self, symbol: str) -> tuple[str, int] | None:
        """What a symbol means: `func`, `memory`, `table`, `global`, `type`, `data` or `elem`, and its
        index; None if the module has no such symbol."""
        if self._entities is None:
            spaces = {
                "func": self.function_symbols,
                "memory": self.memory_symbols,
                "table": self.table_symbols,
                "global": self.global_symbols,
                "type": self.type_symbols,
                "data": self.data_symbols,
                "elem": self.elem_symbols,
            }
            self._entities = {
                symbol: (word, index)
                for word, symbols in spaces.items()
                for index, symbol in enumerate(symbols)
            }
        return self._entities.get(symbol)

    _entities: dict[str, tuple[str, int]] | None = field(default=None, init=False)

    def _symbols(self, kind: str, count: int, names: dict[int, str]) -> list[str]:
        return [self._symbol(kind, index, names.get(index)) for index in range(count)]

    def _symbol(self, kind: str, index: int, name: str | None) -> str:
        """A unique symbol: the entity's name where there is one, else kind and index."""
        symbol = _UNUSUAL.sub("_", name or "") or f"{kind}{index}"
        if symbol[0].isdigit():
            symbol = "_" + symbol
        if symbol in self._taken:
            symbol = f"{symbol}.{kind}{index}"
        while symbol in self._taken:
            symbol += "_"
        self._taken.add(symbol)
        return symbol

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
