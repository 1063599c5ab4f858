"""Declarations for passes: read from, and added to, those of a module.

The additions of a `declare` hook stay in the printed IR, marked; when the module is read again, the
hook finds them instead of adding them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import Any, SupportsIndex

from xdsl.dialects.builtin import (
    BytesAttr,
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i32,
)
from xdsl.ir import Attribute, Block, Region

from wasmdialect.abi.builtins import PASS_BUILTINS
from wasmdialect.abi.layout import COUNTER_SIZE, FIELD_ALIGNMENTS
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.abi.trap_table import PASS_TRAPS, PassTrap
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.declared import (
    ADDED,
    ADDED_BY,
    ModuleDeclarations,
    added_by,
    plain_symbol,
)
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionBody
from wasmdialect.passes.graft import PART, function_in, graft
from wasmdialect.types import NUMBERS
from wasmdialect.wasm.declared import (
    DeclarationError,
    Declared,
    DeclaredFunction,
    DeclaredGlobal,
    DeclaredMemory,
    DeclaredTable,
)

ReadModule = Callable[[str | bytes | PathLike[str]], ModuleOp]
"""Reads text of wasmir, or WebAssembly as text, bytes or a file. Raises DeclarationError."""

_TYPES: dict[str, Attribute] = {name: wasmir.value_type(t) for name, t in NUMBERS.items()}
_REFERENCES: dict[str, Attribute] = {"funcref": wasmir.FUNCREF, "externref": wasmir.EXTERNREF}


class IRDeclarations:
    """Implements `wasmdialect.passes.base.Declarations` on a whole module."""

    pass_name = ""

    def __init__(
        self,
        module: ModuleOp,
        import_body: Callable[[int], wasmir.FuncOp] | None = None,
        read_module: ReadModule | None = None,
    ):
        """`import_body` makes the body of a function, if bodies are not in the module; `read_module`
        makes modules of what passes add functions from."""
        self._import_body, self._read_module = import_body, read_module
        self.added_functions: list[wasmir.FuncOp] = []
        """Those with a body, in the order in which hooks asked for them."""
        self.has_read_bodies = False
        """Whether a hook has looked at the body of a function."""
        self._block = module.body.block
        self._declared = ModuleDeclarations(module)
        self._found: list[wasmir.DeclarationOp] = [
            op for space in self._declared.spaces.values() for op in space if ADDED in op.attributes
        ]
        """Additions of hooks before the module was printed, until a hook asks for them again."""
        self._known_fields = {op.row[0]: op for op in self._declared.fields}
        self._added_fields: set[str] = set()
        self._known_traps = {op.trap.name: op.trap for op in self._declared.traps}
        self._added_traps: set[str] = set()
        self._exports_found = {
            op.name_text: op for op in self._declared.exports if ADDED in op.attributes
        }
        self._functions: list[DeclaredFunction] | None = None
        self._globals: list[DeclaredGlobal] | None = None

    # --- adding ---

    def add_counter(self, name: str) -> None:
        self._add_field(name, COUNTER_SIZE, COUNTER_SIZE, counter=True)

    def add_counters(self, name: str, count: int) -> None:
        self._add_field(name, COUNTER_SIZE * count, COUNTER_SIZE, counter=True)

    def add_bytes(self, name: str, size: int) -> None:
        self._add_field(name, size, max(FIELD_ALIGNMENTS), counter=False)

    def add_field(self, name: str, size: int, alignment: int) -> None:
        self._add_field(name, size, alignment, counter=False)

    def _add_field(self, name: str, size: int, alignment: int, *, counter: bool) -> None:
        if name in self._added_fields:
            raise DeclarationError(f"field {name!r} is declared twice")
        if size <= 0 or alignment not in FIELD_ALIGNMENTS:
            raise DeclarationError(
                f"field {name!r} cannot have size {size} and alignment {alignment}"
            )
        self._added_fields.add(name)
        op = wasmvm.DeclareFieldOp(name, size, alignment, counter=counter)
        known = self._known_fields.get(name)
        if known is None:
            self._block.add_op(op)
        elif known.properties != op.properties:
            raise DeclarationError(
                f"field {name!r} is in the module with another size or alignment"
            )

    def add_global(
        self, name: str, value_type: str, *, mutable: bool = True, init: int = 0
    ) -> DeclaredGlobal:
        properties: dict[str, Attribute] = {"value_type": _type(value_type)}
        body = _returning(wasmir.CONST_OPS[f"{value_type}.const"](init))
        if mutable:
            properties["mutable"] = UnitAttr()
        op = self._add(wasmir.GlobalOp, name, properties, body)
        if self._globals is not None and op.index_value == len(self._globals):
            self._globals.append(self._global(op))
        return self._global(op)

    def add_import(
        self, module: str, name: str, params: Sequence[str] = (), results: Sequence[str] = ()
    ) -> DeclaredFunction:
        signature = FunctionType.from_lists([_type(t) for t in params], [_type(t) for t in results])
        properties: dict[str, Attribute] = {
            "function_type": signature,
            "import_module": StringAttr(module),
            "import_name": StringAttr(name),
        }
        op = self._add(wasmir.FuncOp, name, properties, Region())
        if self._functions is not None and op.index_value == len(self._functions):
            self._functions.append(self._function(op))
        return self._function(op)

    def add_builtin(
        self, name: str, params: Sequence[str] = (), results: Sequence[str] = ()
    ) -> DeclaredFunction:
        return self.add_import(PASS_BUILTINS, name, params, results)

    def add_memory(self, name: str, minimum: int, maximum: int | None = None) -> DeclaredMemory:
        limits = _limits(f"memory {name!r}", minimum, maximum, _MOST_PAGES)
        page = integer_attr(WASM_PAGE_LOG2, 64)
        properties: dict[str, Attribute] = {"address_type": i32, "page_size_log2": page, **limits}
        return self._memory(self._add(wasmir.MemoryOp, name, properties))

    def add_table(
        self, name: str, element_type: str, minimum: int, maximum: int | None = None
    ) -> DeclaredTable:
        if element_type not in _REFERENCES:
            raise DeclarationError(
                f"table {name!r} cannot have elements of type {element_type!r}; use one of"
                f" {', '.join(_REFERENCES)}"
            )
        limits = _limits(f"table {name!r}", minimum, maximum, _MOST_ELEMENTS)
        element = _REFERENCES[element_type]
        properties = {"element_type": element, "address_type": i32, **limits}
        return self._table(self._add(wasmir.TableOp, name, properties))

    def add_data(self, name: str, content: bytes, memory: DeclaredMemory, offset: int = 0) -> None:
        size = memory.minimum * memory.page_size
        if memory.imported is None and not 0 <= offset <= size - len(content):
            raise DeclarationError(
                f"data {name!r} does not fit: {len(content)} bytes at {offset} of the {size} of"
                f" memory @{memory.symbol}"
            )
        place = wasmir.CONST_OPS[f"{memory.address_type}.const"](offset)
        properties: dict[str, Attribute] = {
            "content": BytesAttr(bytes(content)),
            "memory": SymbolRefAttr(memory.symbol),
        }
        self._add(wasmir.DataOp, name, properties, _returning(place))

    def add_export(self, name: str, target: Declared) -> None:
        symbol = SymbolRefAttr(target.symbol)
        for op in self._declared.exports:
            if op.name_text == name:
                if op.target == symbol and self._exports_found.pop(name, None) is not None:
                    return
                raise DeclarationError(f"the module has an export {name!r} already")
        op = wasmir.ExportOp.create(
            properties={"export_name": StringAttr(name), "target": symbol},
            attributes={ADDED: StringAttr(name), ADDED_BY: StringAttr(self.pass_name)},
        )
        self._declared.exports.append(op)
        self._block.add_op(op)
        self._functions = self._globals = None
        self.__dict__.pop("_export_names", None)

    def add_trap_code(self, name: str, message: str) -> PassTrap:
        if name in self._added_traps:
            raise DeclarationError(f"trap code {name!r} is declared twice")
        if not name or not message:
            raise DeclarationError(f"a trap code needs a name and a message: {name!r}, {message!r}")
        self._added_traps.add(name)
        known = self._known_traps.get(name)
        if known is not None:
            if known.message != message:
                raise DeclarationError(
                    f"trap code {name!r} is in the module with another message, {known.message!r}"
                )
            return known
        first, last = PASS_TRAPS
        code = max((trap.code for trap in self._known_traps.values()), default=first - 1) + 1
        if code > last:
            raise DeclarationError(f"passes can declare {last - first + 1} trap codes, not more")
        trap = self._known_traps[name] = PassTrap(code, name, message, self.pass_name)
        self._block.add_op(wasmvm.DeclareTrapOp(trap))
        return trap

    def add_function(
        self,
        name: str,
        body: FunctionBody,
        params: Sequence[str] | None = None,
        results: Sequence[str] | None = None,
    ) -> DeclaredFunction:
        try:
            op = self._added_function(name, body, params, results)
        except DeclarationError as error:
            raise DeclarationError(f"function {name!r} cannot be added: {error}") from None
        self._functions = None
        return self._function(op)

    def _added_function(
        self,
        name: str,
        body: FunctionBody,
        params: Sequence[str] | None,
        results: Sequence[str] | None,
    ) -> wasmir.FuncOp:
        found = self._take_found(name)
        if found is not None:
            return found
        if any(
            self._is_own(op) and op.attributes[ADDED] == StringAttr(name)
            for op in self.added_functions
        ):
            raise DeclarationError("there is one already")
        lowered = lowered_by(self._declared.module)
        if lowered:
            raise DeclarationError(f"the module has been lowered from wasmir by {lowered[0]}")
        if not callable(body):
            if params is not None or results is not None:
                raise DeclarationError("it says itself what its parameters and results are")
            return self._grafted(name, body)
        types = FunctionType.from_lists(
            [_type(t) for t in params or ()], [_type(t) for t in results or ()]
        )
        symbol = plain_symbol(name) or "function"
        built = wasmir.FuncOp.create(
            properties={"sym_name": StringAttr(symbol), "function_type": types},
            regions=[Region(Block(arg_types=types.inputs.data))],
        )
        body(WasmBuilder.at_start(built.entry), *built.entry.args)
        return self._grafted(name, built)

    def _is_own(self, op: wasmir.DeclarationOp) -> bool:
        """Whether the pass whose hook is running has added something."""
        return added_by(op) == self.pass_name

    def _take_found(self, name: str) -> wasmir.FuncOp | None:
        """The function that the same hook added before the module was printed."""
        found: dict[str, wasmir.FuncOp] = {}
        for op in [*self._found]:
            added = op.attributes[ADDED]
            assert isinstance(added, StringAttr)
            is_meant = added.data == name or added.data.startswith(f"{name}{PART}")
            if is_meant and isinstance(op, wasmir.FuncOp) and not op.is_import and self._is_own(op):
                found[added.data] = op
        if name not in found:
            return None
        for op in found.values():
            self._found.remove(op)
            self.added_functions.append(op)
        return found[name]

    def _grafted(
        self, name: str, body: str | bytes | PathLike[str] | wasmir.FuncOp
    ) -> wasmir.FuncOp:
        if isinstance(body, wasmir.FuncOp):
            function = body if body.parent is None else body.clone()
            return graft(ModuleOp([function]), function, name, self)
        if self._read_module is None:
            raise DeclarationError("there is nothing here that reads modules")
        given = self._read_module(body)
        return graft(given, function_in(given, name), name, self)

    # --- the target of a graft

    @property
    def declarations(self) -> ModuleDeclarations:
        """The declarations of the module."""
        return self._declared

    def add(
        self,
        cls: type[wasmir.DeclarationOp],
        name: str,
        properties: dict[str, Attribute],
        *regions: Region,
    ) -> wasmir.DeclarationOp:
        """As `graft.Target.add`."""
        op = self._add(cls, name, properties, *regions)
        if isinstance(op, wasmir.FuncOp):
            self.added_functions.append(op)
        return op

    def add_imported(self, op: wasmir.FuncOp) -> wasmir.DeclarationOp:
        """As `graft.Target.add_imported`."""
        assert op.imported is not None
        module, name = op.imported
        properties: dict[str, Attribute] = {
            "function_type": op.function_type,
            "import_module": StringAttr(module),
            "import_name": StringAttr(name),
        }
        return self._add(wasmir.FuncOp, name, properties, Region())

    def _add(
        self,
        cls: type[wasmir.DeclarationOp],
        name: str,
        properties: dict[str, Attribute],
        *regions: Region,
    ) -> Any:
        """A declaration at the end of its index space, or the same hook's earlier addition."""
        for op in self._found:
            is_same = type(op) is cls and op.attributes[ADDED] == StringAttr(name)
            if is_same and properties.items() <= op.properties.items():
                self._found.remove(op)
                return op
        space = self._declared.spaces[cls]
        symbol = plain_symbol(name) or f"{cls.WORD}{len(space)}"
        if symbol in self._declared.symbols:
            symbol = f"{symbol}.{cls.WORD}{len(space)}"
        while symbol in self._declared.symbols:
            symbol += "_"
        op = cls.create(
            properties={
                "sym_name": StringAttr(symbol),
                "index": integer_attr(len(space), 64),
                **properties,
            },
            attributes={ADDED: StringAttr(name), ADDED_BY: StringAttr(self.pass_name)},
            regions=regions,
        )
        space.append(op)
        if isinstance(op, wasmir.ImportableOp) and op.is_import:
            self._declared.imports.append(op)
        self._declared.symbols[symbol] = op
        self._block.add_op(op)
        return op

    def function_symbol(self, index: SupportsIndex) -> str:
        return self._declared.functions[index].sym_name.data

    def global_symbol(self, index: SupportsIndex) -> str:
        return self._declared.of(wasmir.GlobalOp)[index].sym_name.data

    # --- reading: computed on demand ---

    @property
    def functions(self) -> Sequence[DeclaredFunction]:
        if self._functions is None:
            self._functions = [self._function(op) for op in self._declared.functions]
        return self._functions

    @property
    def globals(self) -> Sequence[DeclaredGlobal]:
        if self._globals is None:
            self._globals = [self._global(op) for op in self._declared.of(wasmir.GlobalOp)]
        return self._globals

    @property
    def memories(self) -> Sequence[DeclaredMemory]:
        return [self._memory(op) for op in self._declared.of(wasmir.MemoryOp)]

    @property
    def tables(self) -> Sequence[DeclaredTable]:
        return [self._table(op) for op in self._declared.of(wasmir.TableOp)]

    @property
    def exports(self) -> Mapping[str, Declared]:
        spaces: dict[str, Sequence[Declared]] = {
            "func": self.functions,
            "table": self.tables,
            "memory": self.memories,
            "global": self.globals,
        }
        exports: dict[str, Declared] = {}
        for op in self._declared.exports:
            target = self._declared.symbols[op.target.root_reference.data]
            if target.WORD in spaces:  # passes do not see tags
                exports[op.name_text] = spaces[target.WORD][target.index_value]
        return exports

    @cached_property
    def _export_names(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for op in self._declared.exports:
            names.setdefault(op.target.root_reference.data, []).append(op.name_text)
        return names

    def body(self, function: SupportsIndex) -> wasmir.FuncOp | None:
        op = self._declared.functions[function]
        if op.is_import:
            return None
        self.has_read_bodies = True
        if self._import_body is not None and op.is_declaration:
            return self._import_body(op.index_value)
        return op.clone()

    def _common(
        self, op: wasmir.ImportableOp
    ) -> tuple[int, str, str | None, tuple[str, str] | None, tuple[str, ...]]:
        symbol = op.sym_name.data
        exports = tuple(self._export_names.get(symbol, ()))
        return op.index_value, symbol, op.debug_name, op.imported, exports

    def _function(self, op: wasmir.FuncOp) -> DeclaredFunction:
        inputs, outputs = op.function_type.inputs.data, op.function_type.outputs.data
        size = None if op.code_size is None else op.code_size.value.data
        return DeclaredFunction(*self._common(op), _words(inputs), _words(outputs), size)

    def _memory(self, op: wasmir.MemoryOp) -> DeclaredMemory:
        page = 1 << op.page_size_log2.value.data
        return DeclaredMemory(*self._common(op), _word(op.address_type), *op.limits, page)

    def _table(self, op: wasmir.TableOp) -> DeclaredTable:
        return DeclaredTable(*self._common(op), _word(op.element_type), *op.limits)

    def _global(self, op: wasmir.GlobalOp) -> DeclaredGlobal:
        return DeclaredGlobal(*self._common(op), _word(op.value_type), op.mutable is not None)


def _type(name: str) -> Attribute:
    if name not in _TYPES:
        raise DeclarationError(
            f"{name!r} is not a type for a declaration; use one of {', '.join(_TYPES)}"
        )
    return _TYPES[name]


def _returning(constant: wasmir.ConstOp) -> Region:
    """A constant expression."""
    return Region(Block([constant, wasmir.ReturnOp(constant.result)]))


def _limits(what: str, minimum: int, maximum: int | None, most: int) -> dict[str, Attribute]:
    if not 0 <= minimum <= (most if maximum is None else maximum) <= most:
        raise DeclarationError(f"{what} cannot have the limits {minimum} and {maximum}")
    limits: dict[str, Attribute] = {"minimum": integer_attr(minimum, 64)}
    if maximum is not None:
        limits["maximum"] = integer_attr(maximum, 64)
    return limits


_MOST_PAGES = 1 << 16
_MOST_ELEMENTS = (1 << 32) - 1


def _word(t: Attribute) -> str:
    return str(wasmir.wasm_type(t))


def _words(types: tuple[Attribute, ...]) -> tuple[str, ...]:
    return tuple(map(_word, types))
