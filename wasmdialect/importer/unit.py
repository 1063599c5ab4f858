"""A unit of the IR: the bodies of some functions with the declarations they need, or everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import Operation, Region

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.declared import KINDS, ModuleDeclarations, number_of
from wasmdialect.importer.body import import_body
from wasmdialect.importer.context import ImportContext
from wasmdialect.importer.markers import Markers
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_function

_CLASSES = {cls.WORD: cls for cls in KINDS}
_CONTENTS = (wasmir.DataOp, wasmir.ElemOp)
"""Only the whole module declares segments: no function depends on their contents."""


class Unit(ImportContext):
    """A `builtin.module` under construction; symbols of its functions are declared on first use."""

    def __init__(
        self, wasm: Module, file: str, declared: ModuleDeclarations, markers: Markers | None = None
    ):
        """`declared` is the result of `import_declarations`, perhaps with additions of passes."""
        super().__init__(wasm, file)
        self.declared = declared
        self.markers = markers or Markers()
        self.module = ModuleOp([])
        self._functions: dict[int, wasmir.FuncOp] = {}
        self._symbols: dict[tuple[str, int], SymbolRefAttr] = {}

    @staticmethod
    def whole(
        wasm: Module, file: str, declared: ModuleDeclarations, markers: Markers | None = None
    ) -> Unit:
        """A unit that has all declarations from the start."""
        unit = Unit(wasm, file, declared, markers)
        unit.module = declared.module.clone()
        for cls, space in ModuleDeclarations(unit.module).spaces.items():
            for index, op in enumerate(space):
                unit._take(cls, index, op)
        return unit

    def _take(self, cls: type[wasmir.DeclarationOp], index: int, op: wasmir.DeclarationOp) -> None:
        self._symbols[cls.WORD, index] = op.symbol
        if isinstance(op, wasmir.FuncOp):
            self._functions[index] = op

    def ref(self, word: str, index: int) -> SymbolRefAttr:
        """The symbol of an entity, which is declared if it was not. Segments are only named: nothing
        in a function depends on their contents."""
        known = self._symbols.get((word, index))
        if known is None:
            cls = _CLASSES[word]
            op = self.declared.spaces[cls][index]
            if cls in _CONTENTS:
                return op.symbol
            copy = _declare_copy(self.module, op)
            self._take(cls, index, copy)
            for symbol in _constant_symbols(copy):
                named = self.declared.symbols[symbol]
                self.ref(named.WORD, named.index_value)
            return copy.symbol
        return known

    def function(self, index: int) -> wasmir.FuncOp:
        """A function's operation; its body is empty until it is imported."""
        self.ref(wasmir.FuncOp.WORD, index)
        return self._functions[index]

    def declare_signatures(self, numbers: Sequence[int]) -> None:
        """Declare the function types with these numbers: the unit gets their trampolines."""
        if not numbers:
            return
        for index, op in enumerate(self.declared.of(wasmir.TypeOp)):
            if number_of(op, "signature") in numbers:
                copy = op.clone()
                self.module.body.block.add_op(copy)
                self._take(wasmir.TypeOp, index, copy)

    def import_function(self, index: int) -> None:
        """Import the body of a function. Raises WasmError."""
        function = self.wasm.functions[index]
        declared, instructions = validate_function(self.wasm, function)
        import_body(self, function, declared, instructions)


def _declare_copy(module: ModuleOp, op: wasmir.DeclarationOp) -> wasmir.DeclarationOp:
    """Copy declarations of the whole module into a unit. The trampolines of a type stay with the unit
    that asked for them."""
    properties = dict(op.properties)
    properties.pop("signature", None)
    regions = [Region()] if isinstance(op, wasmir.FuncOp) else [r.clone() for r in op.regions]
    copy = type(op).create(
        properties=properties, attributes=dict(op.attributes), regions=regions, location=op.location
    )
    module.body.block.add_op(copy)
    return copy


def _constant_symbols(declaration: wasmir.DeclarationOp) -> Iterator[str]:
    """The symbols in the constant expressions of a declaration."""
    for region in declaration.regions:
        for op in region.walk():
            yield from _symbols_in(op)


def _symbols_in(op: Operation) -> Iterator[str]:
    for value in op.properties.values():
        if isinstance(value, SymbolRefAttr):
            yield value.root_reference.data


def declare_missing(module: ModuleOp, declared: ModuleDeclarations) -> dict[str, Operation]:
    """Add the missing declarations for the symbols in a unit: a pass may add a call,
    or an access of a global or memory that no function here had. Returns the symbols that the whole
    module does not have, with the operation of wasmir that uses each."""
    known = {op.sym_name.data for op in module.ops if isinstance(op, _SYMBOLS)}
    unknown: dict[str, Operation] = {}
    to_look_at: list[Operation] = [*module.ops]
    while to_look_at:
        for op in to_look_at.pop().walk():
            for symbol in _symbols_in(op):
                if symbol in known:
                    continue
                known.add(symbol)
                declaration = declared.symbols.get(symbol)
                if declaration is None:
                    if isinstance(op, wasmir.WasmOp | wasmir.ExportOp | wasmir.StartOp):
                        unknown[symbol] = op
                elif not isinstance(declaration, _CONTENTS):
                    to_look_at.append(_declare_copy(module, declaration))
    return unknown


_SYMBOLS = (wasmir.DeclarationOp, wasmvm.FuncOp, llvm.FuncOp, llvm.GlobalOp)
