"""A decoded WebAssembly module: declarations decoded, bodies as bytes. Function bodies stay in their
original bytes; `body.py` walks them when a function is validated or imported, so a module costs memory
in proportion to its declarations only. The text format is encoded to these same bytes, so there is one
form of a module.

Where a declaration names a type of the type section, it is kept twice: resolved to a `DefType`
(`type`), and as written with a `TypeIndex` (`written`), which the printer and the encoder use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from wasmdialect._printable import printable
from wasmdialect.types import (
    DefType,
    ExternType,
    FuncType,
    GlobalType,
    MemoryType,
    RefType,
    SubType,
    TableType,
    TagType,
)
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.instructions.opcodes import REF_FUNC

if TYPE_CHECKING:
    from wasmdialect.wasm.hints import FunctionHints

EXACT_FUNC = 0x20
"""The byte of an import that must have exactly its function type (custom-descriptors proposal)."""


class ExternKind(Enum):
    """The kind of an import or export; the value is its byte in the binary format."""

    FUNC = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3
    TAG = 4

    @property
    def word(self) -> str:
        """Its keyword in the text format."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ImportName:
    """The two-level name something is imported under."""

    module: str
    name: str

    def __str__(self) -> str:
        return printable(f"{self.module}::{self.name}")


class CatchKind(Enum):
    """The kinds of catch clause of `try_table`; the value is its byte in the binary format."""

    CATCH = 0
    CATCH_REF = 1
    CATCH_ALL = 2
    CATCH_ALL_REF = 3

    @property
    def has_tag(self) -> bool:
        """Whether it catches one tag only."""
        return self.value < 2

    @property
    def has_reference(self) -> bool:
        """Whether the exception itself is passed on."""
        return bool(self.value & 1)


@dataclass(frozen=True, slots=True)
class Catch:
    """A catch clause of `try_table`."""

    kind: CatchKind
    tag: int | None
    label: int


@dataclass(frozen=True, slots=True)
class Instr:
    """One decoded instruction of a constant expression."""

    opcode: int
    immediate: Any
    """The value or index, or a tuple of them in the order of the instruction table's immediates."""
    offset: int
    """Byte offset of the opcode in the module."""


@dataclass(frozen=True, slots=True)
class ConstExpr:
    """A constant expression, without its `end`."""

    instructions: tuple[Instr, ...]
    offset: int
    bytes: memoryview
    """As encoded, with the `end`."""


@dataclass(slots=True)
class Code:
    """The body of a defined function: local declarations and instructions, as encoded."""

    offset: int
    """Byte offset of `bytes[0]` in the module (0 if the module has not been encoded yet)."""
    bytes: memoryview


@dataclass(slots=True)
class Function:
    """A function of the function index space."""

    index: int
    type_index: int
    type: DefType
    imported: ImportName | None = None
    code: Code | None = None
    declared_at: int = 0
    """Byte offset of the declaration in the module."""
    exact_import: bool = False
    """An import that must have exactly this type, no subtype (custom-descriptors proposal)."""

    @property
    def signature(self) -> FuncType:
        """Its parameter and result types."""
        composite = self.type.composite
        assert isinstance(composite, FuncType)
        return composite


@dataclass(slots=True)
class Table:
    """A table of the table index space."""

    index: int
    type: TableType
    written: TableType
    imported: ImportName | None = None
    init: ConstExpr | None = None
    """The initial value of every element, if the table is not filled with null."""
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class Memory:
    """A memory of the memory index space."""

    index: int
    type: MemoryType
    imported: ImportName | None = None
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class Global:
    """A global of the global index space."""

    index: int
    type: GlobalType
    written: GlobalType
    imported: ImportName | None = None
    init: ConstExpr | None = None
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class Tag:
    """An exception tag of the tag index space."""

    index: int
    type_index: int
    type: TagType
    imported: ImportName | None = None
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class Export:
    """An export: `kind` says which index space `index` belongs to."""

    name: str
    kind: ExternKind
    index: int
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


class SegmentMode(Enum):
    """When a segment is copied: at instantiation, on request, or never (element segments only)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    DECLARATIVE = "declarative"


@dataclass(slots=True)
class ElementSegment:
    """An element segment. Its items are function indices or constant expressions, never both."""

    index: int
    mode: SegmentMode
    type: RefType
    written: RefType
    functions: tuple[int, ...] | None
    expressions: tuple[ConstExpr, ...] | None
    table: int = 0
    offset: ConstExpr | None = None
    """The destination of an active segment."""
    flags: int = 0
    """Its form in the binary format (several forms are equivalent)."""
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class DataSegment:
    """A data segment; never declarative."""

    index: int
    mode: SegmentMode
    bytes: memoryview
    memory: int = 0
    offset: ConstExpr | None = None
    flags: int = 0
    declared_at: int = 0
    """Byte offset of the declaration in the module."""


@dataclass(slots=True)
class CustomSection:
    """A custom section, kept to be written back."""

    name: str
    bytes: memoryview
    offset: int
    """Byte offset of its content in the module."""
    after: int
    """Id of the last non-custom section before it (0: none)."""


IndexedNames: TypeAlias = dict[int, str]


@dataclass(slots=True)
class Names:
    """The `name` custom section: names by index, for locals, labels and fields by two indices."""

    module: str | None = None
    functions: IndexedNames = field(default_factory=dict[int, str])
    locals: dict[int, IndexedNames] = field(default_factory=dict[int, IndexedNames])
    labels: dict[int, IndexedNames] = field(default_factory=dict[int, IndexedNames])
    types: IndexedNames = field(default_factory=dict[int, str])
    tables: IndexedNames = field(default_factory=dict[int, str])
    memories: IndexedNames = field(default_factory=dict[int, str])
    globals: IndexedNames = field(default_factory=dict[int, str])
    elements: IndexedNames = field(default_factory=dict[int, str])
    data: IndexedNames = field(default_factory=dict[int, str])
    fields: dict[int, IndexedNames] = field(default_factory=dict[int, IndexedNames])
    tags: IndexedNames = field(default_factory=dict[int, str])


@dataclass(slots=True)
class Module:
    """A decoded module. Index spaces list the imports first, as the format does."""

    types: list[DefType] = field(default_factory=list[DefType])
    written_types: list[SubType] = field(default_factory=list[SubType])
    """The type section as written: references are `TypeIndex`es. One entry a type."""
    type_offsets: list[int] = field(default_factory=list[int])
    """Byte offset of each type in the module."""
    rec_groups: list[int | None] = field(default_factory=list["int | None"])
    """The type section's entries: the size of an explicit `rec` group, None for a single type."""
    functions: list[Function] = field(default_factory=list[Function])
    tables: list[Table] = field(default_factory=list[Table])
    memories: list[Memory] = field(default_factory=list[Memory])
    globals: list[Global] = field(default_factory=list[Global])
    tags: list[Tag] = field(default_factory=list[Tag])
    import_order: list[tuple[ExternKind, int]] = field(default_factory=list[tuple[ExternKind, int]])
    """The imports in the order of the import section: kind and index."""
    exports: list[Export] = field(default_factory=list[Export])
    start: int | None = None
    start_declared_at: int = 0
    """Byte offset of the start section's content."""
    elements: list[ElementSegment] = field(default_factory=list[ElementSegment])
    data: list[DataSegment] = field(default_factory=list[DataSegment])
    data_count: int | None = None
    custom_sections: list[CustomSection] = field(default_factory=list[CustomSection])
    names: Names = field(default_factory=Names)
    binary: bytes | memoryview = b""
    """The whole module as bytes; offsets count from its start."""
    features: frozenset[Feature] = WASM_3_0
    """The enabled features, for decoding and validation."""
    sections: list[int] = field(default_factory=list[int])
    """Ids of the non-custom sections, in order."""
    declared: frozenset[int] | None = None
    """The result of `declared_functions`."""
    hints: Mapping[int, FunctionHints] | None = None
    """The result of `hints.module_hints`."""

    @property
    def last_section(self) -> int:
        """Id of the last non-custom section; 0 if there is none."""
        return self.sections[-1] if self.sections else 0

    def section_behind(self, section: int) -> int | None:
        """Id of the section that follows `section` (0: the first); None after the last."""
        at = self.sections.index(section) + 1 if section else 0
        return self.sections[at] if at < len(self.sections) else None

    def defined_functions(self) -> Iterator[Function]:
        """The functions that have a body here."""
        return (f for f in self.functions if f.code is not None)

    def declaration(self, kind: ExternKind, index: int) -> Function | Table | Memory | Global | Tag:
        """The entity at `index` of the index space `kind`."""
        return self.index_space(kind)[index]

    def index_space(self, kind: ExternKind) -> list[Any]:
        """The index space of a kind."""
        return {
            ExternKind.FUNC: self.functions,
            ExternKind.TABLE: self.tables,
            ExternKind.MEMORY: self.memories,
            ExternKind.GLOBAL: self.globals,
            ExternKind.TAG: self.tags,
        }[kind]

    def imports(self) -> Iterator[tuple[ImportName, ExternKind, ExternType]]:
        """Name, kind and type of each import, in order."""
        for kind, index in self.import_order:
            entity = self.declaration(kind, index)
            assert entity.imported is not None
            yield entity.imported, kind, entity.type

    def constant_expressions(self) -> Iterator[ConstExpr]:
        """Every constant expression of the module."""
        for table in self.tables:
            if table.init is not None:
                yield table.init
        for variable in self.globals:
            if variable.init is not None:
                yield variable.init
        for segment in (*self.elements, *self.data):
            if segment.offset is not None:
                yield segment.offset
            if isinstance(segment, ElementSegment):
                yield from segment.expressions or ()

    def declared_functions(self) -> frozenset[int]:
        """The functions that `ref.func` may name in a body: those that occur outside bodies
        (spec "Validation / Modules": C.refs)."""
        if self.declared is None:
            found = {e.index for e in self.exports if e.kind is ExternKind.FUNC}
            for segment in self.elements:
                found.update(segment.functions or ())
            for expression in self.constant_expressions():
                found.update(i.immediate for i in expression.instructions if i.opcode == REF_FUNC)
            self.declared = frozenset(found)
        return self.declared

    def function_name(self, index: int) -> str | None:
        """The name of a function in the name section."""
        return self.names.functions.get(index)
