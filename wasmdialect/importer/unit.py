"""Units: a `builtin.module` with the bodies of some functions and the declarations they need.

A declaration is added when something refers to it first, so that a unit of a few functions of a
large module stays small. Functions are numbered and named by the plan, never by the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import Locations, integer_attr
from wasmdialect.dialects.wasmir.types import ValueType
from wasmdialect.importer.body import import_constant
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.importer.markers import Markers
from wasmdialect.importer.plan import ModulePlan
from wasmdialect.importer.supported import missing_feature
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import (
    ConstExpr,
    DataSegment,
    ElementSegment,
    ExternKind,
    ImportName,
    SegmentMode,
)


class Unit:
    """A `builtin.module` under construction and the symbols it has declared so far."""

    def __init__(self, plan: ModulePlan, markers: Markers | None = None):
        self.plan = plan
        self.markers = markers or Markers()
        self.locations = Locations(plan.file)
        self._block = Block()
        self.module = ModuleOp(Region(self._block))
        self._function_types: dict[wt.FuncType, FunctionType] = {}
        self._functions: dict[int, wasmir.FuncOp] = {}
        self._symbols: dict[tuple[str, int], SymbolRefAttr] = {}
        self._with_signatures = False

    @staticmethod
    def of(plan: ModulePlan, module: ModuleOp) -> Unit:
        """A unit that passes have worked on since it was made."""
        unit = Unit(plan)
        unit.module, unit._block = module, module.body.block
        for op in module.ops:
            if isinstance(op, wasmir.FuncOp):
                unit._functions[op.index_value] = op
            elif isinstance(op, wasmir.DeclarationOp):
                unit._symbols[_WORDS[type(op)], op.index_value] = op.symbol
        return unit

    def declare_missing(self) -> dict[str, Operation]:
        """Declare what the bodies refer to and the unit did not need before: a pass may add a call,
        or an access of a global or memory that no function here had. Returns the symbols that the
        module does not have, with the operation of wasmir that uses each."""
        declared = {op.sym_name.data for op in self.module.ops if isinstance(op, _SYMBOLS)}
        missing: dict[str, Operation] = {}
        for function in [*self.module.ops]:
            for op in function.walk():
                for value in op.properties.values():
                    if isinstance(value, SymbolRefAttr) and (
                        (symbol := value.root_reference.data) not in declared
                    ):
                        missing.setdefault(symbol, op)
        unknown: dict[str, Operation] = {}
        for symbol, op in missing.items():
            entity = self.plan.entity(symbol)
            if entity is not None:
                word, index = entity
                _REFERENCES[word](self, index)
            elif isinstance(op, wasmir.WasmOp):
                unknown[symbol] = op
        return unknown

    def value_type(self, t: wt.ValType, offset: int = 0) -> ValueType:
        """The IR type of a value type; UnsupportedError if the IR has none yet."""
        try:
            return wasmir.value_type(t)
        except KeyError:
            feature = missing_feature(t)
            assert feature is not None
            raise UnsupportedError(feature, offset, f"values of type {t}") from None

    def function_type(self, signature: wt.FuncType, offset: int = 0) -> FunctionType:
        """The IR type of a function type."""
        known = self._function_types.get(signature)
        if known is None:
            known = self._function_types[signature] = FunctionType.from_lists(
                [self.value_type(t, offset) for t in signature.params],
                [self.value_type(t, offset) for t in signature.results],
            )
        return known

    # --- symbols, declared on first use ---

    def function(self, index: int) -> wasmir.FuncOp:
        """A function's operation; its body is empty until someone imports it."""
        known = self._functions.get(index)
        if known is not None:
            return known
        plan, function = self.plan, self.plan.module.functions[index]
        offset = function.code.offset if function.code is not None else 0
        properties: dict[str, Attribute] = {
            "function_type": self.function_type(function.signature, offset),
            **_import_properties(function.imported),
            "slot": integer_attr(plan.slots[ExternKind.FUNC][index], 64),
        }
        if index in plan.func_ref_slots:
            properties["func_ref"] = integer_attr(plan.func_ref_slots[index], 64)
        symbol = plan.function_symbols[index]
        op = self._declare(wasmir.FuncOp, symbol, index, properties, (Region(),))
        assert isinstance(op, wasmir.FuncOp)
        self._functions[index] = op
        return op

    def function_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a function."""
        known = self._symbols.get(("func", index))
        if known is None:
            known = self._symbols["func", index] = self.function(index).symbol
        return known

    def type_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a type of the type section."""
        known = self._symbols.get(("type", index))
        if known is None:
            composite = self.plan.module.types[index].composite
            assert isinstance(composite, wt.FuncType)
            properties: dict[str, Attribute] = {"function_type": self.function_type(composite)}
            if self._with_signatures and index in self.plan.signatures:
                properties["signature"] = integer_attr(self.plan.signatures[index], 64)
            op = self._declare(wasmir.TypeOp, self.plan.type_symbols[index], index, properties)
            known = self._symbols["type", index] = op.symbol
        return known

    def memory_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a memory."""
        known = self._symbols.get(("memory", index))
        if known is None:
            known = self._symbols["memory", index] = self._declare_memory(index)
        return known

    def table_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a table."""
        known = self._symbols.get(("table", index))
        if known is None:
            known = self._symbols["table", index] = self._declare_table(index)
        return known

    def global_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a global."""
        known = self._symbols.get(("global", index))
        if known is None:
            known = self._symbols["global", index] = self._declare_global(index)
        return known

    def data_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of a data segment, whose contents only the whole module declares."""
        return SymbolRefAttr(self.plan.data_symbols[index])

    def elem_ref(self, index: int) -> SymbolRefAttr:
        """The symbol of an element segment, whose contents only the whole module declares."""
        return SymbolRefAttr(self.plan.elem_symbols[index])

    # --- declarations ---

    def _declare(
        self,
        cls: type[wasmir.DeclarationOp],
        symbol: str,
        index: int,
        properties: dict[str, Attribute],
        regions: Sequence[Region] = (),
    ) -> wasmir.DeclarationOp:
        op = cls.create(
            properties={
                "sym_name": StringAttr(symbol),
                "index": integer_attr(index, 64),
                **properties,
            },
            regions=regions,
        )
        self._block.add_op(op)
        return op

    def _declare_memory(self, index: int) -> SymbolRefAttr:
        memory = self.plan.module.memories[index]
        properties: dict[str, Attribute] = {
            "address_type": i64 if memory.type.address is wt.I64 else i32,
            "page_size_log2": integer_attr(memory.type.page_size_log2, 64),
            **_limits_properties(memory.type.limits),
            **_import_properties(memory.imported),
            "slot": integer_attr(self.plan.slots[ExternKind.MEMORY][index], 64),
        }
        if memory.type.shared:
            properties["shared"] = UnitAttr()
        symbol = self.plan.memory_symbols[index]
        return self._declare(wasmir.MemoryOp, symbol, index, properties).symbol

    def _declare_table(self, index: int) -> SymbolRefAttr:
        table = self.plan.module.tables[index]
        properties: dict[str, Attribute] = {
            "element_type": self.value_type(table.type.element),
            "address_type": i64 if table.type.address is wt.I64 else i32,
            **_limits_properties(table.type.limits),
            **_import_properties(table.imported),
            "slot": integer_attr(self.plan.slots[ExternKind.TABLE][index], 64),
        }
        regions = [] if table.init is None else [self._constant([table.init])]
        symbol = self.plan.table_symbols[index]
        return self._declare(wasmir.TableOp, symbol, index, properties, [*regions]).symbol

    def _declare_global(self, index: int) -> SymbolRefAttr:
        variable = self.plan.module.globals[index]
        properties: dict[str, Attribute] = {
            "value_type": self.value_type(variable.type.value),
            **_import_properties(variable.imported),
            "slot": integer_attr(self.plan.slots[ExternKind.GLOBAL][index], 64),
        }
        if variable.type.mutable:
            properties["mutable"] = UnitAttr()
        regions = [] if variable.init is None else [self._constant([variable.init])]
        symbol = self.plan.global_symbols[index]
        return self._declare(wasmir.GlobalOp, symbol, index, properties, regions).symbol

    # --- what only the whole module has ---

    def declare_signatures(self) -> None:
        """Declare each function type of the module: the unit gets the trampolines of the types."""
        self._with_signatures = True
        for index in self.plan.signatures:
            self.type_ref(index)

    def declare_everything(self) -> None:
        """Declare every entity in the order of the module, then segments, exports and start."""
        module = self.plan.module
        self.declare_signatures()
        for index, t in enumerate(module.types):
            if isinstance(t.composite, wt.FuncType):
                self.type_ref(index)
        for index in range(len(module.memories)):
            self.memory_ref(index)
        for index in range(len(module.tables)):
            self.table_ref(index)
        for index in range(len(module.functions)):
            self.function_ref(index)
        for index in range(len(module.globals)):
            self.global_ref(index)
        for segment in module.data:
            self._declare_data(segment)
        for element in module.elements:
            self._declare_element(element)
        for export in module.exports:
            if export.kind is ExternKind.TAG:
                raise UnsupportedError(Feature.EXCEPTIONS, 0, "exported tags")
            self._add_op(
                wasmir.ExportOp,
                {
                    "export_name": StringAttr(export.name),
                    "target": SymbolRefAttr(self.plan.symbols(export.kind)[export.index]),
                },
            )
        if module.start is not None:
            self._add_op(wasmir.StartOp, {"function": self.function_ref(module.start)})

    def _add_op(self, cls: type[Operation], properties: dict[str, Attribute]) -> None:
        self._block.add_op(cls.create(properties=properties))

    def _declare_data(self, segment: DataSegment) -> None:
        properties: dict[str, Attribute] = {"content": BytesAttr(bytes(segment.bytes))}
        regions: list[Region] = []
        if segment.mode is SegmentMode.ACTIVE:
            assert segment.offset is not None
            properties["memory"] = self.memory_ref(segment.memory)
            regions.append(self._constant([segment.offset]))
        symbol = self.plan.data_symbols[segment.index]
        self._declare(wasmir.DataOp, symbol, segment.index, properties, regions)

    def _declare_element(self, segment: ElementSegment) -> None:
        properties: dict[str, Attribute] = {}
        place, items = Region(), Region()
        if segment.functions is not None:
            # Listed functions are never null (`(ref func)`), which no operation asks about.
            properties["element_type"] = wasmir.FUNCREF
            functions = [self.function_ref(f) for f in segment.functions]
            properties["functions"] = ArrayAttr(functions)
        else:
            properties["element_type"] = self.value_type(segment.type)
            if segment.expressions:
                items = self._constant(segment.expressions)
        if segment.mode is SegmentMode.ACTIVE:
            assert segment.offset is not None
            properties["table"] = self.table_ref(segment.table)
            place = self._constant([segment.offset])
        elif segment.mode is SegmentMode.DECLARATIVE:
            properties["declarative"] = UnitAttr()
        symbol = self.plan.elem_symbols[segment.index]
        self._declare(wasmir.ElemOp, symbol, segment.index, properties, (place, items))

    # --- constant expressions ---

    def _constant(self, expressions: Sequence[ConstExpr]) -> Region:
        """A region that returns the value of each expression."""
        block = Block()
        values = [import_constant(self, block, expression) for expression in expressions]
        block.add_op(wasmir.ReturnOp(*values))
        return Region(block)


_REFERENCES: dict[str, Callable[[Unit, int], SymbolRefAttr]] = {
    "func": Unit.function_ref,
    "type": Unit.type_ref,
    "memory": Unit.memory_ref,
    "table": Unit.table_ref,
    "global": Unit.global_ref,
    "data": Unit.data_ref,
    "elem": Unit.elem_ref,
}
_WORDS: dict[type[wasmir.DeclarationOp], str] = {
    wasmir.TypeOp: "type",
    wasmir.MemoryOp: "memory",
    wasmir.TableOp: "table",
    wasmir.GlobalOp: "global",
    wasmir.DataOp: "data",
    wasmir.ElemOp: "elem",
}
_SYMBOLS = (wasmir.DeclarationOp, wasmvm.FuncOp, llvm.FuncOp, llvm.GlobalOp)


def _limits_properties(limits: wt.Limits) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {"minimum": integer_attr(limits.minimum, 64)}
    if limits.maximum is not None:
        properties["maximum"] = integer_attr(limits.maximum, 64)
    return properties


def _import_properties(name: ImportName | None) -> dict[str, Attribute]:
    if name is None:
        return {}
    return {"import_module": StringAttr(name.module), "import_name": StringAttr(name.name)}
