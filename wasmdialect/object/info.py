"""The facts that the loader needs about a module besides its code: `.wasmdialect.info`. It is CBOR,
which is small, fast to read, readable without this package, and not executable. `INFO_VERSION` changes
with every change of its semantics. Value types are written as in the text format. A constant
expression is a list of [mnemonic, immediate] pairs; integer and float constants are unsigned bit
patterns.
"""

from __future__ import annotations

from wasmdialect._forms import U32, U64, FormError, Integer, OneOf, OrNone, boolean, text
from wasmdialect._records import Record, field
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import FIELD_ALIGNMENTS
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.forms import any_list, any_map, list_of, numbers, record_of
from wasmdialect.types import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from wasmdialect._forms import Form

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
    """A memory: limits in pages, whether addresses are i64, and whether code relies on its guard."""

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
    """Everything the loader needs to know about a module."""

    module_name: str | None = None
    types: list[str | None] = field(default_factory=list)
    """By type index, as in `i32,i64->f32`; None for a type that is not a function type."""
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
    """The function of each entry of the `func_refs` region."""
    func_ref_code: list[int] = field(default_factory=list)
    """Offsets in the text for each of these entries: the native-to-wasm and array-to-wasm trampolines
    and the function; 0 for imports."""
    type_trampolines: list[int] = field(default_factory=list)
    """Offsets in the text for each of `signatures`: the trampolines wasm-to-native, wasm-to-array and
    native-to-array."""
    extra_fields: list[list[Any]] = field(default_factory=list)
    """Name, size and alignment of the VMContext fields that passes declared."""
    counters: list[str] = field(default_factory=list)
    """Which of these fields are counters."""
    function_names: list[int] = field(default_factory=list)
    """Index, start and length in `.name.wasm` of each existing name."""
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
        """Raises ValueError if the bytes are not of this version's form. `info_check` checks that the
        parts fit together."""
        document = any_map(read_cbor(data))
        if document.pop("version", None) != INFO_VERSION:
            raise ValueError("the module information is of another version")
        return _INFO(document)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return vars(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


# --- the form of each value

VALUE_TYPES = frozenset({*NUMBERS, "funcref", "externref"})


def _function_type(value: Any) -> str:
    """As in `i32,i64->f32`."""
    params, arrow, results = text(value).partition("->")
    for types in (params, results):
        if not arrow or (types and not {*types.split(",")} <= VALUE_TYPES):
            raise FormError(f"{value[:60]!r} is not a function type")
    return value


_U32, _U64 = Integer(0, U32), Integer(0, U64)
CONSTANTS: dict[str, str] = {f"{t}.const": t for t in NUMBERS}
"""The type of each constant instruction of a constant expression."""
OPERATORS: dict[str, tuple[str, int, Callable[[int, int], int]]] = {
    "i32.add": ("i32", U32, int.__add__),
    "i32.sub": ("i32", U32, int.__sub__),
    "i32.mul": ("i32", U32, int.__mul__),
    "i64.add": ("i64", U64, int.__add__),
    "i64.sub": ("i64", U64, int.__sub__),
    "i64.mul": ("i64", U64, int.__mul__),
}
"""Arithmetic instructions: type, its largest value, and the operation before truncation to it."""
_IMMEDIATES: dict[str, Form] = {
    **{mnemonic: _U32 if NUMBERS[t].size == 4 else _U64 for mnemonic, t in CONSTANTS.items()},
    "global.get": _U32,
    "ref.func": _U32,
    "ref.null": OneOf("func", "extern"),
    **dict.fromkeys(OPERATORS, OneOf(None)),
}


def _instruction(value: Any) -> list[Any]:
    parts = any_list(value)
    if len(parts) != 2 or text(parts[0]) not in _IMMEDIATES:
        raise FormError(f"{repr(parts)[:60]} is not an instruction of a constant expression")
    return [parts[0], _IMMEDIATES[parts[0]](parts[1])]


def _extra_field(value: Any) -> list[Any]:
    parts = any_list(value)
    if len(parts) != 3:
        raise FormError("a field of the VMContext is not a name, a size and an alignment")
    return [form(part) for form, part in zip(_EXTRA_FIELD, parts, strict=True)]


_EXTRA_FIELD = text, Integer(1, U32), OneOf(*FIELD_ALIGNMENTS)
_EXPRESSION = list_of(_instruction)
_REFERENCE = OneOf("funcref", "externref")
_TYPE = OneOf(*sorted(VALUE_TYPES))
_KIND = OneOf("func", "table", "memory", "global")
_INFO = record_of(
    ArtifactInfo,
    module_name=OrNone(text),
    types=list_of(OrNone(_function_type)),
    signatures=numbers,
    functions=numbers,
    tables=list_of(
        record_of(
            TableInfo,
            element=_REFERENCE,
            minimum=_U64,
            maximum=OrNone(_U64),
            is_64=boolean,
            init=OrNone(_EXPRESSION),
        )
    ),
    memories=list_of(
        record_of(
            MemoryInfo,
            minimum=_U64,
            maximum=OrNone(_U64),
            is_64=boolean,
            shared=boolean,
            page_size_log2=OneOf(0, WASM_PAGE_LOG2),
            guarded=boolean,
        )
    ),
    globals=list_of(record_of(GlobalInfo, type=_TYPE, mutable=boolean, init=OrNone(_EXPRESSION))),
    imports=list_of(record_of(ImportInfo, module=text, name=text, kind=_KIND, index=_U32)),
    exports=list_of(record_of(ExportInfo, name=text, kind=_KIND, index=_U32)),
    start=OrNone(_U32),
    elements=list_of(
        record_of(
            ElementInfo,
            mode=OneOf("active", "passive", "declarative"),
            type=OneOf("funcref", "externref", "(ref func)"),
            table=_U32,
            offset=OrNone(_EXPRESSION),
            functions=OrNone(numbers),
            expressions=OrNone(list_of(_EXPRESSION)),
        )
    ),
    data=list_of(
        record_of(
            DataInfo,
            mode=OneOf("active", "passive"),
            memory=_U32,
            offset=OrNone(_EXPRESSION),
            start=_U64,
            size=_U64,
        )
    ),
    escaping=numbers,
    func_ref_code=numbers,
    type_trampolines=numbers,
    extra_fields=list_of(_extra_field),
    counters=list_of(text),
    function_names=numbers,
    function_starts=numbers,
    function_ends=numbers,
)
