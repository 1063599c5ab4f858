"""What passes declared in the VMContext as WebAssembly: a counter is a global, any other field a memory
of its own. The host reads and writes both through exports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from wasmdialect import types as wt
from wasmdialect.abi.layout import COUNTER_SIZE, align_up
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.exporter.errors import ExportError
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import END
from wasmdialect.wasm.module import ConstExpr, Export, ExternKind, Global, Memory

PAGE = 1 << 16
_ZERO = ConstExpr(
    (),
    0,
    memoryview(
        encode_instruction(BY_MNEMONIC["i64.const"][0].opcode, 0) + encode_instruction(END, None)
    ),
)


class Fields:
    """The fields of a module, after its other globals and memories."""

    def __init__(self, declared: ModuleDeclarations):
        rows = [(*op.row, op.counter is not None) for op in declared.fields]
        counters = [name for name, size, _, counts in rows if counts and size == COUNTER_SIZE]
        first_global = len(declared.of(wasmir.GlobalOp))
        first_memory = len(declared.of(wasmir.MemoryOp))
        self.counters = {name: first_global + n for n, name in enumerate(counters)}
        """The index of the global of each counter."""
        areas = [row for row in rows if row[0] not in self.counters]
        self.areas = {row[0]: (first_memory + n, row[1]) for n, row in enumerate(areas)}
        """The index of the memory of each other field, and its bytes."""
        self._export_names = {row[0]: f"counters.{row[0]}" for row in areas if row[3]}

    def counter(self, name: str) -> int | None:
        """The index of the global of a counter, None for a field of several. Raises ExportError."""
        if name not in self.counters and name not in self.areas:
            raise ExportError(f"no counter is called {name!r}")
        return self.counters.get(name)

    def area(self, name: str) -> tuple[int, int]:
        """The index of the memory of a field, and the bytes that the field has. Raises ExportError."""
        if name not in self.areas:
            raise ExportError(f"no area of bytes is called {name!r}")
        return self.areas[name]

    def globals(self) -> Iterator[Global]:
        """The globals of the counters."""
        t = wt.GlobalType(wt.I64, True)
        for index in self.counters.values():
            yield Global(index, t, t, None, _ZERO)

    def memories(self) -> Iterator[Memory]:
        """The memories of the other fields, which do not grow."""
        for index, size in self.areas.values():
            pages = align_up(size, PAGE) // PAGE
            yield Memory(index, wt.MemoryType(wt.Limits(pages, pages)), None)

    def exports(self, taken: Collection[str]) -> Iterator[Export]:
        """The exports of all of them, under names that are not taken."""
        for name, index in self.counters.items():
            yield Export(_free(f"counter.{name}", taken), ExternKind.GLOBAL, index)
        for name, (index, _) in self.areas.items():
            exported = self._export_names.get(name, f"bytes.{name}")
            yield Export(_free(exported, taken), ExternKind.MEMORY, index)


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name
