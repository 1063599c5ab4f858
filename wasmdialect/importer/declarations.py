"""What passes declare, added to the plan of a module after everything it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from wasmdialect.importer.plan import ModulePlan
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.declared import (
    DeclarationError,
    Declared,
    DeclaredFunction,
    DeclaredGlobal,
    DeclaredMemory,
    DeclaredTable,
)
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.module import ConstExpr, ExternKind, Function, Global, ImportName, Instr

_TYPES: dict[str, wt.NumType] = {t.name: t for t in (wt.I32, wt.I64, wt.F32, wt.F64)}
_CONST = {wt.I32: 0x41, wt.I64: 0x42, wt.F32: 0x43, wt.F64: 0x44}


class PlanDeclarations:
    """Implements `wasmdialect.passes.base.Declarations` on a plan."""

    def __init__(self, plan: ModulePlan):
        self.plan = plan
        self.counters: list[str] = []
        """Names of the counters, in order of declaration."""
        self._fields = {name for name, _, _ in plan.extra_fields}
        self._functions: list[DeclaredFunction] | None = None
        self._globals: list[DeclaredGlobal] | None = None

    # --- adding ---

    def add_counter(self, name: str) -> None:
        self.add_field(name, 8, 8)
        self.counters.append(name)

    def add_field(self, name: str, size: int, alignment: int) -> None:
        if name in self._fields:
            raise DeclarationError(f"field {name!r} is declared twice")
        if size <= 0 or alignment not in (1, 2, 4, 8, 16):
            raise DeclarationError(
                f"field {name!r} cannot have size {size} and alignment {alignment}"
            )
        self._fields.add(name)
        self.plan.extra_fields.append((name, size, alignment))

    def add_global(self, name: str, value_type: str, *, mutable: bool = True, init: int = 0) -> int:
        t = self._type(value_type)
        index = len(self.plan.module.globals)
        encoded = memoryview(encode_instruction(_CONST[t], init) + b"\x0b")
        value = ConstExpr((Instr(_CONST[t], init, 0),), 0, encoded)
        global_type = wt.GlobalType(t, mutable)
        added = Global(index, global_type, global_type, init=value)
        self.plan.module.globals.append(added)
        self.plan.add_entity(ExternKind.GLOBAL, index, name)
        if self._globals is not None:
            self._globals.append(self._global(added))
        return index

    def add_import(
        self, module: str, name: str, params: tuple[str, ...], results: tuple[str, ...]
    ) -> int:
        signature = wt.func_def_type(
            [self._type(t) for t in params], [self._type(t) for t in results]
        )
        type_index = self.plan.add_type(signature)
        index = len(self.plan.module.functions)
        imported = ImportName(module, name)
        added = Function(index, type_index, signature, imported)
        self.plan.module.functions.append(added)
        self.plan.module.import_order.append((ExternKind.FUNC, index))
        self.plan.add_entity(ExternKind.FUNC, index, name)
        if self._functions is not None:
            self._functions.append(self._function(added))
        return index

    def function_symbol(self, index: int) -> str:
        return self.plan.function_symbols[index]

    def global_symbol(self, index: int) -> str:
        return self.plan.global_symbols[index]

    # --- reading: made when a pass asks ---

    @property
    def functions(self) -> Sequence[DeclaredFunction]:
        if self._functions is None:
            self._functions = [self._function(f) for f in self.plan.module.functions]
        return self._functions

    @property
    def globals(self) -> Sequence[DeclaredGlobal]:
        if self._globals is None:
            self._globals = [self._global(g) for g in self.plan.module.globals]
        return self._globals

    @property
    def memories(self) -> Sequence[DeclaredMemory]:
        names = self.plan.module.names.memories
        return [
            DeclaredMemory(
                *self._common(ExternKind.MEMORY, m.index, names, m.imported),
                str(m.type.address),
                m.type.limits.minimum,
                m.type.limits.maximum,
            )
            for m in self.plan.module.memories
        ]

    @property
    def tables(self) -> Sequence[DeclaredTable]:
        names = self.plan.module.names.tables
        return [
            DeclaredTable(
                *self._common(ExternKind.TABLE, t.index, names, t.imported),
                str(t.type.element),
                t.type.limits.minimum,
                t.type.limits.maximum,
            )
            for t in self.plan.module.tables
        ]

    @property
    def exports(self) -> Mapping[str, Declared]:
        spaces: dict[ExternKind, Sequence[Declared]] = {
            ExternKind.FUNC: self.functions,
            ExternKind.TABLE: self.tables,
            ExternKind.MEMORY: self.memories,
            ExternKind.GLOBAL: self.globals,
        }
        exports = self.plan.module.exports
        return {e.name: spaces[e.kind][e.index] for e in exports if e.kind in spaces}

    @cached_property
    def _export_names(self) -> dict[tuple[ExternKind, int], list[str]]:
        names: dict[tuple[ExternKind, int], list[str]] = {}
        for export in self.plan.module.exports:
            names.setdefault((export.kind, export.index), []).append(export.name)
        return names

    def _common(
        self, kind: ExternKind, index: int, names: dict[int, str], imported: ImportName | None
    ) -> tuple[int, str, str | None, tuple[str, str] | None, tuple[str, ...]]:
        return (
            index,
            self.plan.symbols(kind)[index],
            names.get(index),
            None if imported is None else (imported.module, imported.name),
            tuple(self._export_names.get((kind, index), ())),
        )

    def _function(self, f: Function) -> DeclaredFunction:
        names = self.plan.module.names.functions
        common = self._common(ExternKind.FUNC, f.index, names, f.imported)
        return DeclaredFunction(*common, _words(f.signature.params), _words(f.signature.results))

    def _global(self, g: Global) -> DeclaredGlobal:
        common = self._common(
            ExternKind.GLOBAL, g.index, self.plan.module.names.globals, g.imported
        )
        return DeclaredGlobal(*common, str(g.type.value), g.type.mutable)

    # --- checks ---

    def _type(self, name: str) -> wt.NumType:
        t = _TYPES.get(name)
        if t is None:
            raise DeclarationError(
                f"{name!r} is no type for a declaration; use one of {', '.join(_TYPES)}"
            )
        return t


def _words(types: Iterable[wt.ValType]) -> tuple[str, ...]:
    return tuple(map(str, types))
