"""The description of a module for its artifact, from the declarations of wasmir, which every stage of
the IR has. `description` describes Wasm modules as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import BytesAttr, ModuleOp, StringAttr, SymbolRefAttr, i64
from xdsl.ir import Attribute, Operation, Region, SSAValue

from wasmdialect import types as wt
from wasmdialect.abi.reservation import has_guard
from wasmdialect.codegen.description import Description, write_names
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import (
    MODULE_NAME,
    ModuleDeclarations,
    added_by,
    count_declarations,
    number_of,
)
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.dialects.wasmir.declarations import name_text
from wasmdialect.object.info import (
    ArtifactInfo,
    ConstantExpression,
    DataInfo,
    ElementInfo,
    ExportInfo,
    GlobalInfo,
    ImportInfo,
    MemoryInfo,
    TableInfo,
)
from wasmdialect.object.type_forms import write_heap
from wasmdialect.wasm.declared import DeclarationError
from wasmdialect.wasm.validate import CONSTANT_INSTRUCTIONS

MAX_STEPS = 1_000_000
"""Maximum instructions of a constant expression: repeated use of values could expand without end."""


def describe_module(module: ModuleOp, *, guarded: bool) -> Description:
    """Describe a whole module, which has been numbered, at any stage.

    `guarded` says whether compiled code relies on guard pages around 32-bit memories. Raises
    DeclarationError.
    """
    return _Describer(ModuleDeclarations(module), guarded).description()


class _Describer:
    def __init__(self, declared: ModuleDeclarations, guarded: bool):
        self.declared = declared
        self.guarded = guarded

    def description(self) -> Description:
        """All of it."""
        declared = self.declared
        for cls, space in declared.spaces.items():
            _check_complete(cls, space)
        functions, types = declared.functions, declared.of(wasmir.TypeOp)
        type_indices = wt.type_indices(declared.types.types)
        data, contents = self._data()
        name_rows, names = write_names(
            (f.index_value, name) for f in functions if (name := f.debug_name) is not None
        )
        starts = [wasm_offset(f.location) or 0 for f in functions]
        escaping = sorted(
            (place, f.index_value)
            for f in functions
            if (place := number_of(f, "func_ref")) is not None
        )
        info = ArtifactInfo(
            module_name=_module_name(declared.module),
            types=declared.types.types,
            signatures=_signatures(types),
            functions=[type_indices[declared.types.function(f)] for f in functions],
            tables=[self._table(op) for op in declared.of(wasmir.TableOp)],
            memories=[self._memory(op) for op in declared.of(wasmir.MemoryOp)],
            tags=[type_indices[declared.types.function(op)] for op in declared.of(wasmir.TagOp)],
            globals=[self._global(op) for op in declared.of(wasmir.GlobalOp)],
            imports=[
                ImportInfo(*op.imported, op.WORD, op.index_value, added_by(op))
                for op in declared.imports
                if op.imported is not None
            ],
            exports=[self._export(op) for op in declared.exports],
            start=self._start(),
            elements=[self._element(op) for op in declared.of(wasmir.ElemOp)],
            data=data,
            escaping=[index for _, index in escaping],
            has_exceptions=count_declarations(declared).has_exceptions != 0,
            extra_fields=[list(op.row) for op in declared.fields],
            counters=[op.row[0] for op in declared.fields if op.counter is not None],
            trap_codes=[op.trap for op in declared.traps],
            function_names=name_rows,
            function_starts=starts,
            function_ends=[
                start + f.code_size.value.data if start and f.code_size is not None else start
                for start, f in zip(starts, functions, strict=True)
            ],
        )
        return Description(info, contents, names)

    # --- declarations ---

    def _table(self, op: wasmir.TableOp) -> TableInfo:
        element, is_64 = self._reference(op.element_type), op.address_type == i64
        return TableInfo(element, *op.limits, is_64, self._optional(op.init))

    def _memory(self, op: wasmir.MemoryOp) -> MemoryInfo:
        is_64, page = op.address_type == i64, op.page_size_log2.value.data
        has_own = self.guarded and has_guard(is_64=is_64, page_size_log2=page)
        return MemoryInfo(*op.limits, is_64, op.shared is not None, page, has_own)

    def _global(self, op: wasmir.GlobalOp) -> GlobalInfo:
        t = self.declared.types.value(op.value_type)
        return GlobalInfo(t, op.mutable is not None, self._optional(op.init))

    def _export(self, op: wasmir.ExportOp) -> ExportInfo:
        target = self._named(op.target, wasmir.ImportableOp, f"export {op.name_text!r}")
        return ExportInfo(op.name_text, target.WORD, target.index_value)

    def _start(self) -> int | None:
        if len(self.declared.starts) > 1:
            raise DeclarationError("there is more than one wasmir.start")
        for op in self.declared.starts:
            return self._named(op.function, wasmir.FuncOp, "wasmir.start").index_value
        return None

    def _element(self, op: wasmir.ElemOp) -> ElementInfo:
        mode, table, offset = "passive", 0, None
        if op.table is not None:
            table = self._named(op.table, wasmir.TableOp, f"@{op.sym_name.data}").index_value
            mode, offset = "active", self._expression(op.place)
        elif op.declarative is not None:
            mode = "declarative"
        if op.functions is not None:
            what = f"@{op.sym_name.data}"
            functions = [
                self._named(symbol, wasmir.FuncOp, what).index_value for symbol in op.functions.data
            ]
            return ElementInfo(mode, wt.ref_type(False, wt.FUNC), table, offset, functions, None)
        items = self._expressions(op.items) if op.items.first_block is not None else []
        return ElementInfo(mode, self._reference(op.element_type), table, offset, None, items)

    def _data(self) -> tuple[DataInfo, bytes]:
        info = DataInfo()
        contents = bytearray()
        for op in self.declared.of(wasmir.DataOp):
            place = None
            if op.memory is not None:
                what = f"@{op.sym_name.data}"
                memory = self._named(op.memory, wasmir.MemoryOp, what).index_value
                place = memory, self._expression(op.place or Region())
            info.add(len(op.content_bytes), place)
            contents += op.content_bytes
        return info, bytes(contents)

    def _named(self, symbol: SymbolRefAttr, cls: type[Any], user: str) -> Any:
        """The declaration of a kind with a symbol."""
        name = symbol.root_reference.data
        op = self.declared.symbols.get(name)
        if not isinstance(op, cls):
            wanted = "" if cls is wasmir.ImportableOp else f" as {cls.name}"
            raise DeclarationError(f"{user} refers to @{name}, which is not declared{wanted}")
        return op

    def _reference(self, t: Attribute) -> wt.RefType:
        found = self.declared.types.value(t)
        if not isinstance(found, wt.RefType):
            raise DeclarationError(f"{found} is not a reference type")
        return found

    # --- constant expressions ---

    def _optional(self, region: Region | None) -> ConstantExpression | None:
        return None if region is None else self._expression(region)

    def _expression(self, region: Region) -> ConstantExpression:
        expressions = self._expressions(region)
        if len(expressions) != 1:
            raise DeclarationError("a constant expression does not return one value")
        return expressions[0]

    def _expressions(self, region: Region) -> list[ConstantExpression]:
        """Each returned value as instructions in the order of a stack machine."""
        block = region.first_block
        last = None if block is None else block.last_op
        if not isinstance(last, wasmir.ReturnOp) or len(region.blocks) != 1:
            raise DeclarationError("a constant expression is one block that ends in wasmir.return")
        return [self._instructions(value) for value in last.operands]

    def _instructions(self, value: SSAValue) -> ConstantExpression:
        steps: ConstantExpression = []
        todo: list[SSAValue | Operation] = [value]
        while todo:
            if len(steps) + len(todo) > MAX_STEPS:
                raise DeclarationError(f"a constant expression has more than {MAX_STEPS} steps")
            item = todo.pop()
            if isinstance(item, Operation):
                steps.append(self._instruction(item))
            elif isinstance(item.owner, Operation):
                todo.append(item.owner)
                todo += reversed(item.owner.operands)
            else:
                raise DeclarationError("a constant expression has a parameter")
        return steps

    def _instruction(self, op: Operation) -> list[Any]:
        row = op.INSTRUCTION if isinstance(op, wasmir.WasmOp) else None
        if row is None or row.opcode not in CONSTANT_INSTRUCTIONS:
            raise DeclarationError(f"{op.name} is not an instruction of a constant expression")
        immediate: Any = None
        if isinstance(op, wasmir.ConstOp):
            immediate = op.bits if op.RESULT_TYPE != wasmir.V128 else f"{op.bits:032x}"
        elif isinstance(op, wasmir.GlobalGetOp):
            immediate = self._named(op.variable, wasmir.GlobalOp, row.mnemonic).index_value
        elif isinstance(op, wasmir.RefFuncOp):
            immediate = self._named(op.function, wasmir.FuncOp, row.mnemonic).index_value
        elif isinstance(op, wasmir.RefNullOp):
            heap = self._reference(op.results[0].type).heap
            immediate = write_heap(wt.map_heap(heap, wt.indexer(self.declared.types.types)))
        return [row.mnemonic, immediate]


def _check_complete(cls: type[wasmir.DeclarationOp], ops: Sequence[wasmir.DeclarationOp]) -> None:
    """Raises DeclarationError unless the indices are 0, 1, 2, ..."""
    for index, op in enumerate(ops):
        if op.index_value != index:
            raise DeclarationError(
                f"there is no {cls.name} with index {index}: declarations can be removed or put in"
                " another order only before the module is lowered"
            )


def _module_name(module: ModuleOp) -> str | None:
    name = module.attributes.get(MODULE_NAME)
    return name_text(name) if isinstance(name, StringAttr | BytesAttr) else None


def _signatures(types: Sequence[wasmir.TypeOp]) -> list[int]:
    """The index of the type that stands for each function type, by the number of its trampolines."""
    numbered = ((number_of(op, "signature"), op.index_value) for op in types)
    return [index for _, index in sorted((n, index) for n, index in numbered if n is not None)]
