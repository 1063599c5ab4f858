"""The indices of a module's declarations in WebAssembly, and its types.

Imports come first in each index space. Passes add declarations after the others, imports too, so the
indices need not be those of the IR; everything there names symbols.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr, UnitAttr, i8, i16
from xdsl.ir import Attribute

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import IMPORTABLE, ModuleDeclarations
from wasmdialect.dialects.wasmir.types import RefType, wasm_type
from wasmdialect.exporter.errors import ExportError

_PACKED: dict[Attribute, wt.PackedType] = {i8: wt.I8, i16: wt.I16}


class Entities:
    """The declarations of a whole module, numbered for WebAssembly."""

    def __init__(self, declared: ModuleDeclarations):
        self.declared = declared
        self.order: dict[type[wasmir.DeclarationOp], list[wasmir.DeclarationOp]] = {}
        """Each index space, by index."""
        self._index: dict[str, int] = {}
        """By symbol."""
        for cls, space in declared.spaces.items():
            if cls in IMPORTABLE:
                imports = [op for op in declared.imports if type(op) is cls]
                space = [*imports, *(op for op in space if "import_module" not in op.properties)]
            self.order[cls] = [*space]
            for index, op in enumerate(space):
                self._index[op.sym_name.data] = index
        self.new_types: list[wt.FuncType] = []
        """Types of blocks that the module does not declare, after those that it does."""
        self._value_types: dict[Attribute, wt.ValType] = {}
        types = self.types_declared
        self._plain: dict[FunctionType, int] = {}
        for index, op in enumerate(types):
            if op.is_plain and op.function_type is not None:
                self._plain.setdefault(op.function_type, index)

    @property
    def types_declared(self) -> Sequence[wasmir.TypeOp]:
        """The declared types."""
        return self.order[wasmir.TypeOp]  # pyright: ignore[reportReturnType]

    def index_of(self, symbol: SymbolRefAttr) -> int:
        """The index of what a symbol names. Raises ExportError."""
        name = symbol.root_reference.data
        index = self._index.get(name)
        if index is None:
            raise ExportError(f"nothing declares @{name}")
        return index

    def value_type(self, t: Attribute) -> wt.ValType:
        """A value type as a module writes it. Raises ExportError."""
        known = self._value_types.get(t)
        if known is not None:
            return known
        if isinstance(t, RefType) and isinstance(t.heap, SymbolRefAttr):
            found: wt.ValType = wt.ref_type(t.is_nullable, wt.TypeIndex(self.index_of(t.heap)))
        else:
            try:
                found = wasm_type(t)
            except KeyError:
                raise ExportError(f"values of type {t} have no form in WebAssembly") from None
        self._value_types[t] = found
        return found

    def function_type(self, t: FunctionType) -> wt.FuncType:
        """A function type as a module writes it."""
        return wt.FuncType(
            tuple(map(self.value_type, t.inputs)), tuple(map(self.value_type, t.outputs))
        )

    def composite(self, t: Attribute) -> wt.CompositeType:
        """The structure of a type, as a module writes it."""
        match t:
            case wasmir.StructType():
                return wt.StructType(tuple(map(self._field, t.fields)))
            case wasmir.ArrayType():
                return wt.ArrayType(self._field(t.element))
            case _:
                assert isinstance(t, FunctionType)
                return self.function_type(t)

    def _field(self, f: wasmir.FieldType) -> wt.FieldType:
        storage = _PACKED.get(f.storage) or self.value_type(f.storage)
        return wt.FieldType(storage, isinstance(f.mutable, UnitAttr))

    def type_of(self, op: wasmir.FuncOp | wasmir.TagOp) -> int:
        """The index of the type of a function or tag."""
        return self.plain_type(op.function_type) if op.type is None else self.index_of(op.type)

    def tag_values(self, symbol: SymbolRefAttr) -> Sequence[Attribute]:
        """The types of the values of exceptions with a tag."""
        op = self.order[wasmir.TagOp][self.index_of(symbol)]
        assert isinstance(op, wasmir.TagOp)
        return op.function_type.inputs.data

    def plain_type(self, t: FunctionType) -> int:
        """The index of a function type without relatives, which is declared if it was not."""
        known = self._plain.get(t)
        if known is None:
            known = self._plain[t] = len(self.types_declared) + len(self.new_types)
            self.new_types.append(self.function_type(t))
        return known

    def block_type(self, results: Sequence[Attribute]) -> wt.FuncType | wt.TypeIndex:
        """The type of a block without parameters."""
        if len(results) < 2:
            return wt.FuncType((), tuple(map(self.value_type, results)))
        return wt.TypeIndex(self.plain_type(FunctionType.from_lists([], [*results])))
