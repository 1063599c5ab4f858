"""A unit of the IR: the bodies of some functions with the declarations they need, or everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from xdsl.dialects import llvm
from xdsl.dialects.builtin import FunctionType, ModuleOp, SymbolRefAttr
from xdsl.ir import Operation, Region, SSAValue

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.dialects.fast import (
    Inserter,
    add_block_argument,
    append_block,
    blocks_of,
    copy_operations,
    make_block,
    operations_of,
)
from wasmdialect.importer.body import import_body
from wasmdialect.importer.context import ImportContext
from wasmdialect.importer.markers import Markers
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_function

_CONTENTS = (wasmir.DataOp, wasmir.ElemOp)
"""Only the whole module declares segments: no function depends on their contents."""


class DeclaredOps(Protocol):
    """The declarations of a whole module, as far as units ask for them."""

    def op(self, word: str, index: int) -> wasmir.DeclarationOp:
        """A declaration by the keyword of its kind and its index."""
        ...

    def find(self, symbol: str) -> wasmir.DeclarationOp | None:
        """A declaration by its symbol."""
        ...

    def signature_op(self, number: int) -> wasmir.TypeOp:
        """The function type with this number."""
        ...


class Unit(ImportContext):
    """A `builtin.module` under construction; symbols of its functions are declared on first use."""

    def __init__(
        self, wasm: Module, file: str, declared: DeclaredOps, markers: Markers | None = None
    ):
        """`declared` has the module's declarations, perhaps with additions of passes."""
        super().__init__(wasm, file)
        self.declared = declared
        self.markers = markers or Markers()
        self.module = ModuleOp([])
        self._functions: dict[int, wasmir.FuncOp] = {}
        self._symbols: dict[tuple[str, int], SymbolRefAttr] = {}
        self._callee_types: dict[int, FunctionType] = {}

    @staticmethod
    def whole(
        wasm: Module, file: str, declared: ModuleDeclarations, markers: Markers | None = None
    ) -> Unit:
        """A unit that has all declarations from the start."""
        unit = Unit(wasm, file, declared, markers)
        unit.module = declared.module.clone()
        for space in ModuleDeclarations(unit.module).spaces.values():
            for index, op in enumerate(space):
                unit._take(index, op)
        return unit

    def _take(self, index: int, op: wasmir.DeclarationOp) -> None:
        self._symbols[op.WORD, index] = op.symbol
        if isinstance(op, wasmir.FuncOp):
            self._functions[index] = op

    def ref(self, word: str, index: int) -> SymbolRefAttr:
        """The symbol of an entity, which is declared if it was not. Segments are only named: nothing
        in a function depends on their contents."""
        known = self._symbols.get((word, index))
        if known is None:
            op = self.declared.op(word, index)
            if isinstance(op, _CONTENTS):
                return op.symbol
            copy = _declare_copy(self.module, op)
            self._take(index, copy)
            for symbol in _constant_symbols(copy):
                named = self.declared.find(symbol)
                assert named is not None
                self.ref(named.WORD, named.index_value)
            return copy.symbol
        return known

    def function(self, index: int) -> wasmir.FuncOp:
        """A function's operation; its body is empty until it is imported."""
        self.ref(wasmir.FuncOp.WORD, index)
        return self._functions[index]

    def callee_type(self, index: int) -> FunctionType:
        # That of the declaration, which a call needs anyway.
        known = self._callee_types.get(index)
        if known is None:
            known = self._callee_types[index] = self.function(index).function_type
        return known

    def declare_signatures(self, numbers: Sequence[int]) -> None:
        """Declare the function types with these numbers: the unit gets their trampolines."""
        for number in sorted(numbers):
            copy = self.declared.signature_op(number).clone()
            self.module.body.block.add_op(copy)
            self._take(copy.index_value, copy)

    def import_function(self, index: int) -> None:
        """Import the body of a function. Raises WasmError."""
        function = self.wasm.functions[index]
        declared, instructions = validate_function(self.wasm, function)
        import_body(self, function, declared, instructions)

    def copy_function(self, added: wasmir.FuncOp) -> None:
        """Give a function that a pass has added its body."""
        copy = self.function(added.index_value)
        copy.detach_region(0)
        copy.add_region(added.body.clone())
        for op in copy.body.walk():
            for symbol in _symbols_in(op):
                named = self.declared.find(symbol)
                assert named is not None
                self.ref(named.WORD, named.index_value)


def _declare_copy(module: ModuleOp, op: wasmir.DeclarationOp) -> wasmir.DeclarationOp:
    """Copy declarations of the whole module into a unit. The trampolines of a type stay with the unit
    that asked for them."""
    properties = dict(op.properties)
    properties.pop("signature", None)
    regions = [Region()] if isinstance(op, wasmir.FuncOp) else [_copied(r) for r in op.regions]
    copy = Inserter(module.body.block, op.location).step(type(op), (), properties)
    assert isinstance(copy, wasmir.DeclarationOp)
    copy.attributes = dict(op.attributes)
    for region in regions:
        copy.add_region(region)
    return copy


def _copied(region: Region) -> Region:
    """A copy of a constant expression."""
    copy = Region()
    values: dict[SSAValue, SSAValue] = {}
    blocks = {block: make_block() for block in blocks_of(region)}
    for block, made in blocks.items():
        values |= {a: add_block_argument(made, a.type) for a in block.args}
        append_block(copy, made)
    operations = [(op, made) for block, made in blocks.items() for op in operations_of(block)]
    copy_operations(operations, values, blocks, lambda location: location)
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


def declare_missing(module: ModuleOp, declared: DeclaredOps) -> dict[str, Operation]:
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
                declaration = declared.find(symbol)
                if declaration is None:
                    if isinstance(op, wasmir.WasmOp | wasmir.ExportOp | wasmir.StartOp):
                        unknown[symbol] = op
                elif not isinstance(declaration, _CONTENTS):
                    to_look_at.append(_declare_copy(module, declaration))
    return unknown


_SYMBOLS = (wasmir.DeclarationOp, wasmvm.FuncOp, llvm.FuncOp, llvm.GlobalOp)
