"""The numbers of a Wasm module's declarations, which are in symbols, the VMContext and code: from the
module itself, those that `dialects.declared` gives the declarations as operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from wasmdialect import types as wt
from wasmdialect.abi.layout import Counts
from wasmdialect.importer.tagless import catches_without_tags
from wasmdialect.wasm.instructions.opcodes import REF_FUNC
from wasmdialect.wasm.module import ConstExpr, ExternKind, Module


class ModuleNumbers:
    """The numbers of a module's declarations."""

    def __init__(self, wasm: Module, catches: bool | None = None):
        """`catches` is `catches_without_tags` of another process, if that is known."""
        self._wasm = wasm
        if catches is None:
            catches = not wasm.tags and catches_without_tags(wasm)
        self.catches_without_tags = catches
        """Whether the module has no tags and uses exceptions all the same."""
        self._imported = {
            kind.word: sum(each is kind for each, _ in wasm.import_order) for kind in ExternKind
        }

    def slot(self, word: str, index: int) -> int:
        """The position of something importable among the imports, or the definitions, of its kind."""
        imported = self._imported[word]
        return index if index < imported else index - imported

    @cached_property
    def func_refs(self) -> dict[int, int]:
        """The functions that can be referenced, each with the slot of its VMFuncRef: in the order of
        the declarations that name them (Wasmtime's order)."""
        found: dict[int, int] = {}
        for index in _escaping(self._wasm):
            found.setdefault(index, len(found))
        return found

    @cached_property
    def signatures(self) -> list[int]:
        """The function types, each by its first type index: those that have trampolines."""
        first: dict[wt.DefType, int] = {}
        for index, t in enumerate(self._wasm.types):
            if isinstance(t.composite, wt.FuncType):
                first.setdefault(t, index)
        return [*first.values()]

    @cached_property
    def signature_of(self) -> dict[int, int]:
        """The number of each of `signatures`, by its type index."""
        return {index: number for number, index in enumerate(self.signatures)}

    @property
    def counts(self) -> Counts:
        """How many of each thing there is, which decides the layout of the VMContext."""
        wasm = self._wasm
        return Counts.of(
            functions=_are_imports(wasm.functions),
            tables=_are_imports(wasm.tables),
            memories=((m.imported is not None, m.type.shared) for m in wasm.memories),
            globals=_are_imports(wasm.globals),
            escaping_functions=len(self.func_refs),
            tags=len(wasm.tags),
            has_exceptions=self.catches_without_tags,
        )


def _are_imports(space: Sequence[Any]) -> Iterator[bool]:
    return (entity.imported is not None for entity in space)


def _escaping(wasm: Module) -> Iterator[int]:
    for variable in wasm.globals:
        yield from _named_in(variable.init)
    for table in wasm.tables:
        yield from _named_in(table.init)
    for export in wasm.exports:
        if export.kind is ExternKind.FUNC:
            yield export.index
    if wasm.start is not None:
        yield wasm.start
    for segment in wasm.elements:
        yield from segment.functions or ()
        for expression in segment.expressions or ():
            yield from _named_in(expression)


def _named_in(expression: ConstExpr | None) -> Iterator[int]:
    if expression is not None:
        yield from (i.immediate for i in expression.instructions if i.opcode == REF_FUNC)
