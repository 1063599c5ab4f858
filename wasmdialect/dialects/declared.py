"""The declarations of a module by kind, and the numbers that follow from their order.

The index of a declaration is its position among those of its kind; the order of imports is their
textual order, whatever their kinds. The numbers are written into the operations, since a separately
compiled unit holds only some of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar, cast

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Operation, Region

from wasmdialect.abi.layout import Counts
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.defined_types import DefinedTypes
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.wasm.declared import DeclarationError

_D = TypeVar("_D", bound=Operation)

IMPORTABLE: tuple[type[wasmir.ImportableOp], ...] = (
    wasmir.FuncOp,
    wasmir.TableOp,
    wasmir.MemoryOp,
    wasmir.GlobalOp,
    wasmir.TagOp,
)
"""The kinds that can be imported and exported."""
KINDS: tuple[type[wasmir.DeclarationOp], ...] = (
    *IMPORTABLE,
    wasmir.TypeOp,
    wasmir.DataOp,
    wasmir.ElemOp,
)
"""The kinds of declarations that have an index space."""
_CLASSES = {cls.WORD: cls for cls in KINDS}


MODULE_NAME = "wasmir.name"
"""The attribute of a module with its name."""
EXCEPTIONS = "wasmir.exceptions"
"""The attribute of a module without tags that catches exceptions all the same, or throws them again."""
ADDED = "wasmir.added"
"""The attribute of a declaration that a pass added, with the name that the pass gave it."""
ADDED_BY = "wasmir.added_by"
"""The attribute with the name of that pass."""


_UNUSUAL = re.compile(r"[^A-Za-z0-9_$.]+")


def plain_symbol(name: str) -> str:
    """A name as a symbol that needs no quotes; empty if no character remains."""
    symbol = _UNUSUAL.sub("_", name)
    return f"_{symbol}" if symbol[:1].isdigit() else symbol


class ModuleDeclarations:
    """The declarations of a module, each index space in order: by index, or in the order of the
    operations if it is not numbered yet."""

    def __init__(self, module: ModuleOp):
        self.module = module
        self.spaces: dict[type[wasmir.DeclarationOp], list[wasmir.DeclarationOp]] = {
            cls: [] for cls in KINDS
        }
        self.imports: list[wasmir.ImportableOp] = []
        self.exports: list[wasmir.ExportOp] = []
        self.starts: list[wasmir.StartOp] = []
        self.fields: list[wasmvm.DeclareFieldOp] = []
        self.traps: list[wasmvm.DeclareTrapOp] = []
        others: dict[type[Operation], list[Any]] = {
            wasmir.ExportOp: self.exports,
            wasmir.StartOp: self.starts,
            wasmvm.DeclareFieldOp: self.fields,
            wasmvm.DeclareTrapOp: self.traps,
        }
        # By class: there may be tens of thousands, and instance checks of abstract classes are slow.
        by_class: dict[type[Operation], list[Any]] = {**self.spaces, **others}
        for op in module.ops:
            group = by_class.get(type(op))
            if group is not None:
                group.append(op)
                if "import_module" in op.properties:
                    self.imports.append(cast(wasmir.ImportableOp, op))
        for space in self.spaces.values():
            if all("index" in op.properties for op in space):
                space.sort(key=_index_of)

    def of(self, cls: type[_D]) -> list[_D]:
        """The declarations of a kind, by index."""
        return self.spaces[cls]  # pyright: ignore[reportReturnType, reportArgumentType]

    @property
    def functions(self) -> list[wasmir.FuncOp]:
        """The functions, by index."""
        return self.of(wasmir.FuncOp)

    @cached_property
    def types(self) -> DefinedTypes:
        """The defined types. Raises DeclarationError."""
        return DefinedTypes(self.of(wasmir.TypeOp))

    @cached_property
    def symbols(self) -> dict[str, wasmir.DeclarationOp]:
        """Each declaration by its symbol. Raises DeclarationError for a duplicate symbol."""
        found: dict[str, wasmir.DeclarationOp] = {}
        for space in self.spaces.values():
            for op in space:
                if found.setdefault(op.sym_name.data, op) is not op:
                    raise DeclarationError(f"@{op.sym_name.data} is declared twice")
        return found

    def op(self, word: str, index: int) -> wasmir.DeclarationOp:
        """A declaration by the keyword of its kind and its index."""
        return self.spaces[_CLASSES[word]][index]

    def find(self, symbol: str) -> wasmir.DeclarationOp | None:
        """A declaration by its symbol. Raises DeclarationError for a duplicate symbol."""
        return self.symbols.get(symbol)

    def signature_op(self, number: int) -> wasmir.TypeOp:
        """The function type with this number, of a module that has been numbered."""
        return self._by_signature[number]

    @cached_property
    def _by_signature(self) -> dict[int | None, wasmir.TypeOp]:
        return {number_of(op, "signature"): op for op in self.of(wasmir.TypeOp)}

    def index_of(self, symbol: SymbolRefAttr) -> int:
        """The index of what a symbol names, among those of its kind. KeyError if nothing is."""
        return self.symbols[symbol.root_reference.data].index_value


def _index_of(op: wasmir.DeclarationOp) -> int:
    return op.index_value


def is_declaration(op: Operation) -> bool:
    """Whether an operation only declares something, without code to be compiled."""
    if isinstance(op, wasmir.FuncOp):
        return op.is_declaration
    return isinstance(op, _DECLARATIONS)


_DECLARATIONS = (
    *(wasmir.DeclarationOp, wasmir.ExportOp, wasmir.StartOp),
    *(wasmvm.DeclareFieldOp, wasmvm.DeclareTrapOp),
)


# --- numbers ---


def number_declarations(module: ModuleOp) -> None:
    """Number the declarations of a whole module by their order, replacing existing numbers, and
    declare the function types it has no `wasmir.type` for. Raises DeclarationError."""
    for op in module.ops:
        if isinstance(op, wasmir.DeclarationOp):
            for name in _NUMBERS:
                op.properties.pop(name, None)
    _note_exceptions(module)
    extend_numbers(module)


def extend_numbers(module: ModuleOp) -> None:
    """Number the declarations that have no number, after those that have one: the numbers of a module
    that has been lowered are in its functions. Raises DeclarationError."""
    declared = ModuleDeclarations(module)
    new = [op for space in declared.spaces.values() for op in space if "index" not in op.properties]
    _declare_types(declared, new)
    for space in declared.spaces.values():
        _continue(space, "index")
    for cls in IMPORTABLE:
        _continue([op for op in declared.of(cls) if op.is_import], "slot")
        _continue([op for op in declared.of(cls) if not op.is_import], "slot")
    _number_func_refs(declared)
    _number_signatures(declared, new)
    _number_segments(declared)


_NUMBERS = ("index", "slot", "func_ref", "signature")


def _continue(ops: Iterable[wasmir.DeclarationOp], name: str) -> None:
    """Give a number to each operation without a number of that name."""
    without = [op for op in ops if name not in op.properties]
    for number, op in enumerate(without, _next_number(ops, name)):
        op.properties[name] = integer_attr(number, 64)


def _next_number(ops: Iterable[wasmir.DeclarationOp], name: str) -> int:
    numbers = (number_of(op, name) for op in ops)
    return max((n for n in numbers if n is not None), default=-1) + 1


def added_by(op: Operation) -> str | None:
    """The pass that added a declaration."""
    name = op.attributes.get(ADDED_BY)
    return name.data if isinstance(name, StringAttr) else None


def number_of(op: Operation, name: str) -> int | None:
    """A number that an operation has as a property."""
    value = op.properties.get(name)
    return value.value.data if isinstance(value, IntegerAttr) else None


def _note_exceptions(module: ModuleOp) -> None:
    """Say of a module that has no tags whether its functions use exceptions."""
    ops = [*module.ops]
    uses = not any(isinstance(op, wasmir.TagOp) for op in ops) and any(
        isinstance(op, wasmir.EXCEPTION_OPS)
        for function in ops
        if isinstance(function, wasmir.FuncOp)
        for block in function.body.blocks
        for op in block.ops
    )
    if uses:
        module.attributes[EXCEPTIONS] = UnitAttr()
    else:
        module.attributes.pop(EXCEPTIONS, None)


def _declare_types(declared: ModuleDeclarations, new: list[wasmir.DeclarationOp]) -> None:
    """A `wasmir.type` for the type of each new function and tag that has none."""
    types = declared.of(wasmir.TypeOp)
    known = {op.composite for op in types if op.is_plain}
    objects = {id(t) for t in known}  # most functions share them, and hashing a type takes longer
    for function in [*new]:
        if not isinstance(function, wasmir.FuncOp | wasmir.TagOp) or function.type is not None:
            continue
        function_type = function.function_type
        if id(function_type) in objects or function_type in known:
            continue
        known.add(function_type)
        symbol = f"type{len(types)}"
        while symbol in declared.symbols:
            symbol += "_"
        op = wasmir.TypeOp.create(
            properties={"sym_name": StringAttr(symbol), "composite": function_type}
        )
        declared.symbols[symbol] = op
        types.append(op)
        new.append(op)
        declared.module.body.block.add_op(op)


def _number_func_refs(declared: ModuleDeclarations) -> None:
    """Functions that can be referenced have a slot in the VMContext, in the order of the
    declarations that name them (Wasmtime's order); then those that only bodies name."""
    place = _next_number(declared.functions, "func_ref")
    for symbol in _escaping_symbols(declared):
        op = declared.symbols.get(symbol)
        if not isinstance(op, wasmir.FuncOp):
            raise DeclarationError(f"@{symbol} is named as a function, but is not declared as one")
        if "func_ref" not in op.properties:
            op.properties["func_ref"] = integer_attr(place, 64)
            place += 1


def _escaping_symbols(declared: ModuleDeclarations) -> Iterator[str]:
    for variable in declared.of(wasmir.GlobalOp):
        yield from _named_functions(variable.regions)
    for table in declared.of(wasmir.TableOp):
        yield from _named_functions(table.regions)
    functions = {op.sym_name.data for op in declared.functions}
    for export in declared.exports:
        if export.target.root_reference.data in functions:
            yield export.target.root_reference.data
    for start in declared.starts:
        yield start.function.root_reference.data
    for segment in declared.of(wasmir.ElemOp):
        if segment.functions is not None:
            yield from (symbol.root_reference.data for symbol in segment.functions.data)
        yield from _named_functions([segment.items])
    for function in declared.functions:
        yield from _named_functions(function.regions)


def _named_functions(regions: Iterable[Region]) -> Iterator[str]:
    for region in regions:
        for block in region.blocks:
            for op in block.ops:
                if isinstance(op, wasmir.RefFuncOp):
                    yield op.function.root_reference.data


def _number_signatures(declared: ModuleDeclarations, new: list[wasmir.DeclarationOp]) -> None:
    """The first `wasmir.type` of each function type stands for it, and has its trampolines."""
    ops = declared.of(wasmir.TypeOp)
    if not any(isinstance(op, wasmir.TypeOp) for op in new):
        return
    types = dict(zip(ops, declared.types.types, strict=True))
    known = {types[op] for op in ops if op.signature is not None}
    number = _next_number(ops, "signature")
    for op in new:
        if not isinstance(op, wasmir.TypeOp) or op.function_type is None or types[op] in known:
            continue
        known.add(types[op])
        op.properties["signature"] = integer_attr(number, 64)
        number += 1


def _number_segments(declared: ModuleDeclarations) -> None:
    """Operations on segments hold the index of the segment that they name, since a unit does not
    declare segments."""
    if not declared.of(wasmir.DataOp) and not declared.of(wasmir.ElemOp):
        return
    for function in declared.functions:
        for block in function.body.blocks:
            for op in block.ops:
                if isinstance(op, _USES_SEGMENT):
                    segment = declared.symbols.get(op.segment.root_reference.data)
                    if segment is not None:
                        op.properties["segment_index"] = integer_attr(segment.index_value, 64)


_USES_SEGMENT = (
    wasmir.MemoryInitOp,
    wasmir.DataDropOp,
    wasmir.TableInitOp,
    wasmir.ElemDropOp,
)


# --- the counts that decide the layout of the VMContext ---


def count_declarations(declared: ModuleDeclarations) -> Counts:
    """How many of each thing a whole module has, which has been numbered."""
    return Counts.of(
        functions=(op.is_import for op in declared.functions),
        tables=(op.is_import for op in declared.of(wasmir.TableOp)),
        memories=((op.is_import, op.shared is not None) for op in declared.of(wasmir.MemoryOp)),
        globals=(op.is_import for op in declared.of(wasmir.GlobalOp)),
        escaping_functions=sum("func_ref" in op.properties for op in declared.functions),
        tags=len(declared.of(wasmir.TagOp)),
        has_exceptions=EXCEPTIONS in declared.module.attributes,
        extra_fields=(op.row for op in declared.fields),
    )
