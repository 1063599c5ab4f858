"""Functions of one module of wasmir added to another, with what they need: the bodies that passes give
to `declarations.add_function`.
"""

from __future__ import annotations

from typing import Protocol

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, SymbolRefAttr
from xdsl.ir import Attribute, Region
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import EXCEPTIONS, ModuleDeclarations
from wasmdialect.passes.wasmir_verify_ssa import verify_ssa
from wasmdialect.wasm.declared import DeclarationError

MODULE = "wasmdialect.module"
"""What a snippet imports from here is an export of the module that the function is added to, or
something in it with this symbol."""

PART = "."
"""Between the name of a function and the symbol of what was added with it."""


class Target(Protocol):
    """The module that functions are added to."""

    @property
    def declarations(self) -> ModuleDeclarations:
        """Everything that is declared, what was added included."""
        ...

    def add(
        self,
        cls: type[wasmir.DeclarationOp],
        name: str,
        properties: dict[str, Attribute],
        *regions: Region,
    ) -> wasmir.DeclarationOp:
        """Add a declaration."""
        ...

    def add_imported(self, op: wasmir.FuncOp) -> wasmir.DeclarationOp:
        """Import a function as another module does."""
        ...


def function_in(given: ModuleOp, name: str) -> wasmir.FuncOp:
    """The function of a module that is meant: the only one, or the one with a name. Raises
    DeclarationError."""
    functions = [
        op for op in given.ops if isinstance(op, wasmir.FuncOp) and op.body.first_block is not None
    ]
    if len(functions) == 1:
        return functions[0]
    meant = {
        op.target.root_reference.data
        for op in given.ops
        if isinstance(op, wasmir.ExportOp) and op.name_text == name
    } or {name}
    for op in functions:
        if op.sym_name.data in meant:
            return op
    names = ", ".join(f"@{op.sym_name.data}" for op in functions) or "none"
    raise DeclarationError(f"it has no function or export {name!r} (its functions: {names})")


def graft(given: ModuleOp, root: wasmir.FuncOp, name: str, target: Target) -> wasmir.FuncOp:
    """Add a function of `given` to a module under a name, with everything there that it refers to.
    Raises DeclarationError."""
    try:
        given.verify()
        verify_ssa(given)
    except (DiagnosticException, VerifyException) as error:
        raise DeclarationError(f"it does not verify: {error}") from None
    return _Graft(given, root, name, target).run()


class _Graft:
    def __init__(self, given: ModuleOp, root: wasmir.FuncOp, name: str, target: Target):
        self.given = ModuleDeclarations(given)
        self.root, self.name, self.target = root, name, target
        self.symbols: dict[str, SymbolRefAttr] = {}
        """The symbols of `given` as they are in the module."""
        self.added: list[wasmir.DeclarationOp] = []

    def run(self) -> wasmir.FuncOp:
        if self.given.starts:
            raise DeclarationError("it has a start function, which nothing would call")
        for op in (*self.given.of(wasmir.DataOp), *self.given.of(wasmir.ElemOp)):
            self._check_place(op)
        self._resolve(self.root.sym_name.data)
        done = 0
        while done < len(self.added):
            self._rename(self.added[done])
            done += 1
        function = self.added[0]
        assert isinstance(function, wasmir.FuncOp)
        return function

    def _check_place(self, op: wasmir.DataOp | wasmir.ElemOp) -> None:
        place = _place_of(op)
        where = None if place is None else self.given.symbols.get(place)
        if isinstance(where, wasmir.ImportableOp) and where.is_import:
            raise DeclarationError(f"it has a {op.WORD} segment for a {where.WORD} of the module")

    def _resolve(self, symbol: str) -> SymbolRefAttr:
        """A symbol of `given` in the module, to which what it names is added."""
        known = self.symbols.get(symbol)
        if known is None:
            known = self.symbols[symbol] = self._found_or_added(symbol).symbol
        return known

    def _found_or_added(self, symbol: str) -> wasmir.DeclarationOp:
        op = self.given.symbols.get(symbol)
        if op is None:
            found = self.target.declarations.symbols.get(symbol)
            if found is None:
                raise DeclarationError(f"it refers to @{symbol}, which nothing declares")
            return found
        if isinstance(op, wasmir.ImportableOp) and op.imported is not None:
            return self._imported(op, *op.imported)
        if isinstance(op, wasmir.TypeOp):
            return self._type(op)
        return self._added(op)

    def _imported(self, op: wasmir.ImportableOp, module: str, name: str) -> wasmir.DeclarationOp:
        if module == MODULE:
            found = self._of_module(name)
            if found is None or _type_of(found) != _type_of(op):
                raise DeclarationError(
                    f"it imports {op.WORD} {name!r} of the module, which has none of this type"
                )
            return found
        if not isinstance(op, wasmir.FuncOp):
            raise DeclarationError(
                f"it imports {op.WORD} {module}::{name}: it can define one of its own, or import one of"
                f" the module's from {MODULE!r}"
            )
        for known in self.target.declarations.imports:
            if known.imported == op.imported and _type_of(known) == _type_of(op):
                return known
        return self.target.add_imported(op)

    def _of_module(self, name: str) -> wasmir.DeclarationOp | None:
        declared = self.target.declarations
        for export in declared.exports:
            if export.name_text == name:
                return declared.symbols[export.target.root_reference.data]
        return declared.symbols.get(name)

    def _type(self, op: wasmir.TypeOp) -> wasmir.DeclarationOp:
        if not op.is_plain:
            raise DeclarationError("it uses a type that is more than parameters and results")
        for known in self.target.declarations.of(wasmir.TypeOp):
            if known.is_plain and known.composite == op.composite:
                return known
        return self.target.add(wasmir.TypeOp, self._name_of(op), {"composite": op.composite})

    def _added(self, op: wasmir.DeclarationOp) -> wasmir.DeclarationOp:
        properties = {k: v for k, v in op.properties.items() if k not in _OF_A_MODULE}
        if "type" in properties:
            raise DeclarationError("it has a type that is more than parameters and results")
        if isinstance(op, wasmir.FuncOp):
            self._check_exceptions(op)
        added = self.target.add(
            type(op), self._name_of(op), properties, *(region.clone() for region in op.regions)
        )
        added.location = op.location
        self.added.append(added)
        self.symbols[op.sym_name.data] = added.symbol
        for segment in (*self.given.of(wasmir.DataOp), *self.given.of(wasmir.ElemOp)):
            if _place_of(segment) == op.sym_name.data:
                self._resolve(segment.sym_name.data)
        return added

    def _name_of(self, op: wasmir.DeclarationOp) -> str:
        return self.name if op is self.root else f"{self.name}{PART}{op.sym_name.data}"

    def _check_exceptions(self, op: wasmir.FuncOp) -> None:
        declared = self.target.declarations
        if declared.of(wasmir.TagOp) or EXCEPTIONS in declared.module.attributes:
            return
        if any(isinstance(each, wasmir.EXCEPTION_OPS) for each in op.body.walk()):
            raise DeclarationError("it uses exceptions, which the module does not")

    def _rename(self, op: wasmir.DeclarationOp) -> None:
        """Let an added declaration refer to the symbols of the module."""
        for each in [op, *(inner for region in op.regions for inner in region.walk())]:
            for key, value in [*each.properties.items()]:
                if each is op and key == "sym_name":
                    continue
                renamed = self._renamed(value)
                if renamed is not value:
                    each.properties[key] = renamed

    def _renamed(self, value: Attribute) -> Attribute:
        unchanged = value
        if isinstance(value, SymbolRefAttr):
            return self._resolve(value.root_reference.data)
        if isinstance(value, ArrayAttr):
            items: tuple[Attribute, ...] = value.data  # pyright: ignore
            if any(isinstance(item, SymbolRefAttr) for item in items):
                return ArrayAttr[Attribute]([self._renamed(item) for item in items])
        return unchanged


_OF_A_MODULE = frozenset(
    {"sym_name", "index", "slot", "func_ref", "code_size", "signature", "wasm_name"}
)
"""Properties that a declaration has because of the module it is in."""


def _place_of(op: wasmir.DataOp | wasmir.ElemOp) -> str | None:
    """The symbol of the memory or table that an active segment is for."""
    place = op.memory if isinstance(op, wasmir.DataOp) else op.table
    return None if place is None else place.root_reference.data


def _type_of(op: wasmir.DeclarationOp) -> tuple[object, ...]:
    """What has to be equal for one declaration to stand for another."""
    words = (
        "function_type",
        "value_type",
        "mutable",
        "address_type",
        "page_size_log2",
        "element_type",
    )
    return type(op), *(op.properties.get(word) for word in words)
