"""Instances of a module of wasmir, made in the order of the specification ("Execution / Modules /
Instantiation"), and the matching of imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import i64
from xdsl.ir import Region

from wasmdialect.abi.traps import TRAP_CODES, TrapCode
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations, added_by
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.interpreter.errors import LinkFailure, NotInterpreted
from wasmdialect.interpreter.state import (
    Extern,
    Global,
    HostFunction,
    Memory,
    Segment,
    Table,
    Tag,
    Value,
    WasmFunction,
)
from wasmdialect.interpreter.steps import memory_init, table_init
from wasmdialect.interpreter.translate import translate
from wasmdialect.types import is_sub_def_type, matches

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.abi.trap_table import PassTrap
    from wasmdialect.interpreter.machine import Machine

Imports = Mapping[tuple[str, str], Extern]
"""What modules can import, by module and name."""


class Instance:
    """An instance: what its module declares, by symbol, and its exports."""

    def __init__(
        self,
        machine: Machine,
        module: ModuleOp,
        imports: Imports,
        bodies: Mapping[str, wasmir.FuncOp] | None = None,
    ):
        """Instantiate a module before `insert-vmctx-loads`, and run its start function. The module must
        not change later. `bodies` are functions of other versions of the module, by symbol, whose
        bodies run in place of its own. Raises LinkFailure, Stopped, MemoryError, DeclarationError."""
        if lowered_by(module):
            raise NotInterpreted(f"the module has been lowered: {', '.join(lowered_by(module))}")
        self.machine = machine
        self._bodies = bodies or {}
        self.declared = ModuleDeclarations(module)
        self.types = self.declared.types
        self.entities: dict[str, Any] = {}
        """Functions, memories, tables, globals, tags and segments by symbol."""
        rows = [op.row for op in self.declared.fields]
        self.fields: dict[str, bytearray] = {name: bytearray(size) for name, size, _ in rows}
        """The fields that passes declared, counters too."""
        self.field_references: dict[str, Value] = {}
        """What those hold in which references were stored."""
        self._traps = {op.trap.code: op.trap for op in self.declared.traps}
        for op in self.declared.imports:
            self.entities[op.sym_name.data] = self._imported(op, imports)
        self._make()
        self.exports: dict[str, Extern] = {
            op.name_text: self.entities[op.target.root_reference.data]
            for op in self.declared.exports
        }
        self._fill()
        for op in self.declared.starts:
            machine.invoke(self.entities[op.function.root_reference.data], [])

    def trap_code(self, code: int) -> TrapCode | PassTrap:
        """A trap code by its number. Raises NotInterpreted."""
        if code in TRAP_CODES:
            return TRAP_CODES[code]
        if code not in self._traps:
            raise NotInterpreted(f"no pass declared the trap code {code}")
        return self._traps[code]

    def _imported(self, op: wasmir.ImportableOp, imports: Imports) -> Extern:
        assert op.imported is not None
        name = "::".join(op.imported)
        extern = imports.get(op.imported)
        if extern is None:
            adder = added_by(op)
            hint = "" if adder is None else f", which pass {adder!r} added"
            raise LinkFailure(f"unknown import: `{name}`{hint}")
        if not self._fits(op, extern):
            raise LinkFailure(f"incompatible import type for `{name}`")
        return extern

    def _fits(self, op: wasmir.ImportableOp, extern: Extern) -> bool:
        """Whether something can be imported (specification, "External Typing")."""
        match op, extern:
            case wasmir.FuncOp(), WasmFunction() | HostFunction():
                return is_sub_def_type(extern.type, self.types.function(op))
            case wasmir.MemoryOp(), Memory():
                return (
                    extern.is_64 == (op.address_type == i64)
                    and extern.shared == (op.shared is not None)
                    and extern.page_size_log2 == op.page_size_log2.value.data
                    and _within(op, extern.size, extern.maximum)
                )
            case wasmir.TableOp(), Table():
                return (
                    extern.type is self.types.value(op.element_type)
                    and extern.is_64 == (op.address_type == i64)
                    and _within(op, len(extern.elements), extern.maximum)
                )
            case wasmir.GlobalOp(), Global():
                expected, mutable = self.types.value(op.value_type), op.mutable is not None
                fits = extern.type is expected if mutable else matches(extern.type, expected)
                return fits and extern.mutable == mutable
            case wasmir.TagOp(), Tag():
                return extern.type is self.types.function(op)
            case _:
                return False

    # --- instantiation ---

    def _make(self) -> None:
        """Allocate everything that is not imported."""
        declared, entities = self.declared, self.entities
        for op in declared.functions:
            if op.is_import:
                continue
            name = op.sym_name.data
            body = self._bodies.get(name, op)
            entities[name] = WasmFunction(self.types.function(op), self, body)
        for op in declared.of(wasmir.MemoryOp):
            if not op.is_import:
                entities[op.sym_name.data] = Memory(
                    *op.limits,
                    is_64=op.address_type == i64,
                    page_size_log2=op.page_size_log2.value.data,
                    shared=op.shared is not None,
                )
        for op in declared.of(wasmir.TagOp):
            if not op.is_import:
                entities[op.sym_name.data] = Tag(self.types.function(op))
        for op in declared.of(wasmir.GlobalOp):
            if not op.is_import:
                value = self._evaluate_one(op.init)
                t = self.types.value(op.value_type)
                entities[op.sym_name.data] = Global(t, op.mutable is not None, value)
        for op in declared.of(wasmir.TableOp):
            if not op.is_import:
                entities[op.sym_name.data] = Table(
                    self.types.value(op.element_type),  # pyright: ignore[reportArgumentType]
                    *op.limits,
                    is_64=op.address_type == i64,
                    init=self._evaluate_one(op.init) if op.init is not None else None,
                )
        for op in declared.of(wasmir.ElemOp):
            entities[op.sym_name.data] = Segment(self._elements(op))
        for op in declared.of(wasmir.DataOp):
            entities[op.sym_name.data] = Segment(op.content_bytes)

    def _elements(self, op: wasmir.ElemOp) -> Sequence[Value]:
        if op.functions is not None:
            return [self.entities[symbol.root_reference.data] for symbol in op.functions.data]
        return self._evaluate(op.items) if op.items.blocks else []

    def _fill(self) -> None:
        """Copy active segments into tables and memories."""
        for op in self.declared.of(wasmir.ElemOp):
            segment: Segment = self.entities[op.sym_name.data]
            if op.table is not None:
                table = self.entities[op.table.root_reference.data]
                place = self._evaluate_one(op.place)
                table_init(table, segment, place, 0, len(segment.content))
            if op.table is not None or op.declarative is not None:
                segment.drop()
        for op in self.declared.of(wasmir.DataOp):
            if op.memory is not None:
                segment = self.entities[op.sym_name.data]
                memory = self.entities[op.memory.root_reference.data]
                place = self._evaluate_one(op.place)
                memory_init(memory, segment, place, 0, len(segment.content))
                segment.drop()

    def _evaluate_one(self, region: Region | None) -> Value:
        assert region is not None
        (value,) = self._evaluate(region)
        return value

    def _evaluate(self, region: Region) -> Sequence[Value]:
        """The values of a constant expression."""
        code = translate(self, "constant expression", region, None, canonical_nans=False)
        return self.machine.run_code(code)


def _within(op: wasmir.MemoryOp | wasmir.TableOp, size: int, maximum: int | None) -> bool:
    """Whether the limits of an import allow something of this size."""
    lowest, highest = op.limits
    return size >= lowest and (highest is None or (maximum is not None and maximum <= highest))
