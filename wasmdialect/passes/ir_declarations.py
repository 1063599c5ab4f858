"""What passes declare in a module that was read as IR: a reproducer, or the output of wasm-opt-py.

A `declare` hook that ran before the IR was printed has left what it added in there; it finds that
again instead of adding it twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from xdsl.dialects.builtin import (
    BytesAttr,
    FunctionType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    UnitAttr,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region

from wasmdialect._records import field_names
from wasmdialect.abi.layout import Counts
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.passes.wasmvm_to_llvm import read_counts, write_counts
from wasmdialect.wasm.declared import (
    DeclarationError,
    Declared,
    DeclaredFunction,
    DeclaredGlobal,
    DeclaredMemory,
    DeclaredTable,
)

_TYPES: dict[str, Attribute] = {"i32": i32, "i64": i64, "f32": f32, "f64": f64}
_WORDS: dict[Attribute, str] = {
    **{t: word for word, t in _TYPES.items()},
    wasmir.FUNCREF: "funcref",
    wasmir.EXTERNREF: "externref",
}
_CONSTANTS = {"i32": "i32.const", "i64": "i64.const", "f32": "f32.const", "f64": "f64.const"}


class IRDeclarations:
    """Implements `wasmdialect.passes.base.Declarations` on a module of wasmir."""

    def __init__(self, module: ModuleOp):
        self._block = module.body.block
        self._module = module
        self._functions = {op.index_value: op for op in module.ops if isinstance(op, wasmir.FuncOp)}
        self._globals = {op.index_value: op for op in module.ops if isinstance(op, wasmir.GlobalOp)}
        self._exports = [op for op in module.ops if isinstance(op, wasmir.ExportOp)]
        counts = read_counts(module)
        self._numbers: dict[str, int] = {
            name: value
            for name in field_names(Counts)
            if isinstance(value := getattr(counts, name), int)
        }
        self._added: set[str] = set()
        """Fields that were declared now."""
        self._fields = {name: (size, alignment) for name, size, alignment in counts.extra_fields}

    def note_counts(self) -> None:
        """Write down on the module how many there are of each thing now."""
        fields = tuple((name, *row) for name, row in self._fields.items())
        write_counts(self._module, Counts(**self._numbers, extra_fields=fields))

    # --- adding ---

    def add_counter(self, name: str) -> None:
        self.add_field(name, 8, 8)

    def add_field(self, name: str, size: int, alignment: int) -> None:
        if name in self._added:
            raise DeclarationError(f"field {name!r} is declared twice")
        self._added.add(name)
        self._fields.setdefault(name, (size, alignment))

    def add_global(self, name: str, value_type: str, *, mutable: bool = True, init: int = 0) -> int:
        t = _type(value_type)
        for op in reversed(self._globals.values()):
            if _is_named(op, name, "global") and op.value_type == t and not op.is_import:
                return op.index_value
        index = max(self._globals, default=-1) + 1
        constant = wasmir.CONST_OPS[_CONSTANTS[value_type]](init)
        body = Region(Block([constant, wasmir.ReturnOp(constant.result)]))
        properties: dict[str, Attribute] = {
            "sym_name": StringAttr(self._symbol(name, "global", index)),
            "index": integer_attr(index, 64),
            "slot": self._slot("defined_globals"),
            "value_type": t,
        }
        if mutable:
            properties["mutable"] = UnitAttr()
        op = wasmir.GlobalOp.create(properties=properties, regions=[body])
        self._globals[index] = op
        self._block.add_op(op)
        return index

    def add_import(
        self, module: str, name: str, params: tuple[str, ...], results: tuple[str, ...]
    ) -> int:
        signature = FunctionType.from_lists([_type(t) for t in params], [_type(t) for t in results])
        for op in reversed(self._functions.values()):
            if _imported(op) == (module, name) and op.function_type == signature:
                return op.index_value
        index = max(self._functions, default=-1) + 1
        op = wasmir.FuncOp.create(
            properties={
                "sym_name": StringAttr(self._symbol(name, "func", index)),
                "index": integer_attr(index, 64),
                "slot": self._slot("imported_functions"),
                "function_type": signature,
                "import_module": StringAttr(module),
                "import_name": StringAttr(name),
            },
            regions=[Region()],
        )
        self._functions[index] = op
        self._block.add_op(op)
        return index

    def function_symbol(self, index: int) -> str:
        return self._functions[index].sym_name.data

    def global_symbol(self, index: int) -> str:
        return self._globals[index].sym_name.data

    def _slot(
        self, count: Literal["imported_functions", "defined_globals"]
    ) -> IntegerAttr[IntegerType]:
        slot = self._numbers.get(count, 0)
        self._numbers[count] = slot + 1
        return integer_attr(slot, 64)

    def _symbol(self, name: str, kind: str, index: int) -> str:
        symbol = _plain(name) or f"{kind}{index}"
        taken = {
            op.sym_name.data for op in self._module.ops if isinstance(op, wasmir.DeclarationOp)
        }
        return f"{symbol}.{kind}{index}" if symbol in taken else symbol

    # --- reading ---

    @property
    def functions(self) -> Sequence[DeclaredFunction]:
        return [
            DeclaredFunction(
                *self._common(op),
                _words(op.function_type.inputs.data),
                _words(op.function_type.outputs.data),
            )
            for op in self._functions.values()
        ]

    @property
    def globals(self) -> Sequence[DeclaredGlobal]:
        return [
            DeclaredGlobal(*self._common(op), _word(op.value_type), op.mutable is not None)
            for op in self._globals.values()
        ]

    @property
    def memories(self) -> Sequence[DeclaredMemory]:
        return [
            DeclaredMemory(
                *self._common(op),
                _word(op.address_type),
                op.minimum.value.data,
                None if op.maximum is None else op.maximum.value.data,
            )
            for op in self._module.ops
            if isinstance(op, wasmir.MemoryOp)
        ]

    @property
    def tables(self) -> Sequence[DeclaredTable]:
        return [
            DeclaredTable(
                *self._common(op),
                _word(op.element_type),
                op.minimum.value.data,
                None if op.maximum is None else op.maximum.value.data,
            )
            for op in self._module.ops
            if isinstance(op, wasmir.TableOp)
        ]

    @property
    def exports(self) -> Mapping[str, Declared]:
        every: list[Declared] = [*self.functions, *self.globals, *self.memories, *self.tables]
        return {name: declared for declared in every for name in declared.exports}

    def _common(
        self, op: wasmir.ImportableOp
    ) -> tuple[int, str, str | None, tuple[str, str] | None, tuple[str, ...]]:
        symbol = op.sym_name.data
        exports = tuple(
            _text(e.export_name) for e in self._exports if e.target.root_reference.data == symbol
        )
        return op.index_value, symbol, None, _imported(op), exports


def _type(name: str) -> Attribute:
    if name not in _TYPES:
        raise DeclarationError(
            f"{name!r} is no type for a declaration; use one of {', '.join(_TYPES)}"
        )
    return _TYPES[name]


def _plain(name: str) -> str:
    """What a symbol of that name looks like, as importer/plan.py makes it."""
    symbol = re.sub(r"[^A-Za-z0-9_$.]+", "_", name)
    return f"_{symbol}" if symbol[:1].isdigit() else symbol


def _is_named(op: wasmir.DeclarationOp, name: str, kind: str) -> bool:
    return re.fullmatch(rf"{re.escape(_plain(name))}(\.{kind}\d+_*)?", op.sym_name.data) is not None


def _imported(op: wasmir.ImportableOp) -> tuple[str, str] | None:
    if op.import_module is None or op.import_name is None:
        return None
    return _text(op.import_module), _text(op.import_name)


def _text(attribute: StringAttr | BytesAttr) -> str:
    data = attribute.data
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


def _word(t: Attribute) -> str:
    return _WORDS.get(t) or str(t)


def _words(types: tuple[Attribute, ...]) -> tuple[str, ...]:
    return tuple(map(_word, types))
