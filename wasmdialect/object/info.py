"""What the loader needs to know of a module besides its code: `.wasmdialect.info`.

CBOR, because it is small, fast to read, also without this package, and no code. `INFO_VERSION` changes
with every change of its meaning. Value types are written as in the text format. A constant expression
is a list of [mnemonic, immediate] pairs; integer and float constants are unsigned bit patterns.
"""

from __future__ import annotations

from wasmdialect._records import Record, field
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.cbor import read_cbor, write_cbor

if TYPE_CHECKING:
    from typing import Any, TypeAlias

INFO_VERSION = 4

ConstantExpression: TypeAlias = "list[list[Any]]"


class TableInfo(Record):
    """A table: element type, limits, whether indices are i64, initial value."""

    element: str
    minimum: int
    maximum: int | None
    is_64: bool
    init: ConstantExpression | None = None


class MemoryInfo(Record):
    """A memory: limits in pages, whether addresses are i64, and what compiled code relies on."""

    minimum: int
    maximum: int | None
    is_64: bool
    shared: bool
    page_size_log2: int
    guarded: bool
    """Whether compiled code relies on the 4 GiB reservation with its guard."""


class GlobalInfo(Record):
    """A global variable."""

    type: str
    mutable: bool
    init: ConstantExpression | None = None


class ImportInfo(Record):
    """An import: kind is `func`, `table`, `memory` or `global`, index into that index space."""

    module: str
    name: str
    kind: str
    index: int


class ExportInfo(Record):
    """An export."""

    name: str
    kind: str
    index: int


class ElementInfo(Record):
    """An element segment: function indices or constant expressions."""

    mode: str
    type: str
    table: int
    offset: ConstantExpression | None
    functions: list[int] | None
    expressions: list[ConstantExpression] | None


class DataInfo(Record):
    """A data segment: where its bytes are in `.rodata.wasm`."""

    mode: str
    memory: int
    offset: ConstantExpression | None
    start: int
    size: int


class ArtifactInfo(Record):
    """Everything the loader needs to know of a module."""

    module_name: str | None = None
    types: list[str | None] = field(default_factory=list)
    """By type index, as in `i32,i64->f32`; None for what is no function type."""
    signatures: list[int] = field(default_factory=list)
    """The first type index of each distinct function type: S in `signatures[S]::...`."""
    functions: list[int] = field(default_factory=list)
    """The type index of each function."""
    tables: list[TableInfo] = field(default_factory=list)
    memories: list[MemoryInfo] = field(default_factory=list)
    globals: list[GlobalInfo] = field(default_factory=list)
    imports: list[ImportInfo] = field(default_factory=list)
    exports: list[ExportInfo] = field(default_factory=list)
    start: int | None = None
    elements: list[ElementInfo] = field(default_factory=list)
    data: list[DataInfo] = field(default_factory=list)
    escaping: list[int] = field(default_factory=list)
    """The function of each place in the `func_refs` region."""
    func_ref_code: list[int] = field(default_factory=list)
    """Offsets in the text for each of these places: the native-to-wasm and array-to-wasm trampolines
    and the function; 0 for imports."""
    type_trampolines: list[int] = field(default_factory=list)
    """Offsets in the text for each of `signatures`: the trampolines wasm-to-native, wasm-to-array and
    native-to-array."""
    extra_fields: list[list[Any]] = field(default_factory=list)
    """Name, size and alignment of the VMContext fields that passes declared."""
    counters: list[str] = field(default_factory=list)
    """Those of them that are counters."""
    function_names: list[int] = field(default_factory=list)
    """Index, start and length in `.name.wasm` of each of the names there are."""
    function_starts: list[int] = field(default_factory=list)
    """The Wasm byte offset of each function's body, 0 for imports."""
    function_ends: list[int] = field(default_factory=list)
    """Where each body ends, 0 for imports."""

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        return write_cbor(self.document())

    def document(self) -> dict[str, Any]:
        """All of it as mappings and lists."""
        return {"version": INFO_VERSION, **{name: _plain(v) for name, v in vars(self).items()}}

    @staticmethod
    def from_bytes(data: bytes) -> ArtifactInfo:
        """Raises ValueError if the bytes are not of this version's form."""
        document: dict[str, Any] = read_cbor(data)
        if not isinstance(document, dict) or document.pop("version", None) != INFO_VERSION:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("the module information is of another version")
        try:
            return _with_classes(ArtifactInfo(**document))
        except TypeError as error:
            raise ValueError(f"malformed module information: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return vars(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def _with_classes(info: ArtifactInfo) -> ArtifactInfo:
    """Turn the mappings that were read into the classes they were."""

    def each(cls: Any, rows: list[Any]) -> list[Any]:
        return [None if row is None else cls(**row) for row in rows]

    info.tables = each(TableInfo, info.tables)
    info.memories = each(MemoryInfo, info.memories)
    info.globals = each(GlobalInfo, info.globals)
    info.imports = each(ImportInfo, info.imports)
    info.exports = each(ExportInfo, info.exports)
    info.elements = each(ElementInfo, info.elements)
    info.data = each(DataInfo, info.data)
    for name in _NUMBERS:
        if set(map(type, getattr(info, name))) - {int}:
            raise ValueError(f"{name} has something else than numbers")
    if len(info.function_names) % 3:
        raise ValueError("function_names is cut")
    if len(info.func_ref_code) != 3 * len(info.escaping):
        raise ValueError("func_ref_code is not for the functions that escape")
    if len(info.type_trampolines) != 3 * len(info.signatures):
        raise ValueError("type_trampolines is not for the function types")
    return info


_NUMBERS = (
    "signatures", "functions", "escaping", "func_ref_code", "type_trampolines",
    "function_names", "function_starts", "function_ends",
)  # fmt: skip
