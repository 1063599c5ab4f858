"""The facts that the loader needs about a module besides its code: `.wasmdialect.info`. It is CBOR,
which is small, fast to read, readable without this package, and not executable. `INFO_VERSION` changes
with every change of its semantics. `type_forms` says how types are written. A constant expression is a
list of [mnemonic, immediate] pairs; integer and float constants are unsigned bit patterns.
"""

from __future__ import annotations

from wasmdialect._forms import U32, U64, FormError, Integer, OneOf, OrNone, boolean, text
from wasmdialect._records import Record, field
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import FIELD_ALIGNMENTS
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.abi.trap_table import PASS_TRAPS, PassTrap
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.forms import any_list, any_map, list_of, numbers, record_of
from wasmdialect.object.type_forms import (
    read_heap,
    read_reference,
    read_types,
    read_value,
    write_heap,
    write_types,
    write_value,
)
from wasmdialect.types import (
    I32,
    I64,
    NUMBERS,
    V128,
    NumType,
    RefType,
    UnknownTypeError,
    indexer,
    map_reference,
    map_value,
    resolver,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from wasmdialect._forms import Form
    from wasmdialect.types import DefType, TypeRef, ValType

INFO_VERSION = 9

ConstantExpression: TypeAlias = "list[list[Any]]"


class TableInfo(Record):
    """A table: element type, limits, whether indices are i64, initial value."""

    element: RefType
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

    type: ValType
    mutable: bool
    init: ConstantExpression | None = None


class ImportInfo(Record):
    """An import: kind is `func`, `table`, `memory`, `global` or `tag`, index into that index space."""

    module: str
    name: str
    kind: str
    index: int
    added_by: str | None = None
    """The pass that added it."""


class ExportInfo(Record):
    """An export."""

    name: str
    kind: str
    index: int


class ElementInfo(Record):
    """An element segment: function indices or constant expressions."""

    mode: str
    type: RefType
    table: int
    offset: ConstantExpression | None
    functions: list[int] | None
    expressions: list[ConstantExpression] | None


class DataInfo(Record):
    """The data segments, as a list for each fact: some modules have fifty thousand. Their bytes follow
    one another in `.rodata.wasm`."""

    sizes: list[int] = field(default_factory=list)
    """Bytes of each segment."""
    memories: list[int] = field(default_factory=list)
    """The memory of each segment, 0 for a passive one."""
    passive: list[int] = field(default_factory=list)
    """The passive segments, in order."""
    offsets: list[int] = field(default_factory=list)
    """Where each active segment goes if that is an `i32.const`, else 0."""
    computed: list[int] = field(default_factory=list)
    """The active segments of which it is something else, in order."""
    expressions: list[ConstantExpression] = field(default_factory=list)
    """What it is for each of these."""

    def add(self, size: int, place: tuple[int, ConstantExpression] | None) -> None:
        """Add a segment: active, with a memory and an offset, or passive."""
        memory, offset = (0, None) if place is None else place
        index, constant = len(self.sizes), 0
        if offset is None:
            self.passive.append(index)
        elif len(offset) == 1 and offset[0][0] == "i32.const":
            constant = offset[0][1]
        else:
            self.computed.append(index)
            self.expressions.append(offset)
        self.sizes.append(size)
        self.memories.append(memory)
        self.offsets.append(constant)


class ArtifactInfo(Record):
    """Everything the loader needs to know about a module."""

    module_name: str | None = None
    types: list[DefType] = field(default_factory=list)
    """By type index: whole recursion groups."""
    signatures: list[int] = field(default_factory=list)
    """The first type index of each distinct function type: S in `signatures[S]::...`."""
    functions: list[int] = field(default_factory=list)
    """The type index of each function."""
    tags: list[int] = field(default_factory=list)
    """The type index of each tag."""
    tables: list[TableInfo] = field(default_factory=list)
    memories: list[MemoryInfo] = field(default_factory=list)
    globals: list[GlobalInfo] = field(default_factory=list)
    imports: list[ImportInfo] = field(default_factory=list)
    exports: list[ExportInfo] = field(default_factory=list)
    start: int | None = None
    elements: list[ElementInfo] = field(default_factory=list)
    data: DataInfo = field(default_factory=DataInfo)
    escaping: list[int] = field(default_factory=list)
    """The function of each entry of the `func_refs` region."""
    func_ref_code: list[int] = field(default_factory=list)
    """Offsets in the text for each of these entries: the native-to-wasm and array-to-wasm trampolines
    and the function; 0 for imports."""
    type_trampolines: list[int] = field(default_factory=list)
    """Offsets in the text for each of `signatures`: the trampolines wasm-to-native, wasm-to-array and
    native-to-array."""
    has_tail_entries: bool = False
    """Whether functions have tail entries, and each Wasm function a word before its entry."""
    has_exceptions: bool = False
    """Whether the code tests after each call whether it threw an exception."""
    extra_fields: list[list[Any]] = field(default_factory=list)
    """Name, size and alignment of the VMContext fields that passes declared."""
    counters: list[str] = field(default_factory=list)
    """Which of these fields are counters."""
    trap_codes: list[PassTrap] = field(default_factory=list)
    """The trap codes that passes declared."""
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
        written = indexer(self.types)
        fields = {name: _plain(value, written) for name, value in vars(self).items()}
        return {"version": INFO_VERSION, **fields, "types": write_types(self.types)}

    @staticmethod
    def from_bytes(data: bytes) -> ArtifactInfo:
        """Raises ValueError if the bytes are not of this version's form. `info_check` checks that the
        parts fit together."""
        document = any_map(read_cbor(data))
        if document.pop("version", None) != INFO_VERSION:
            raise ValueError("the module information is of another version")
        info: ArtifactInfo = _INFO(document)
        _resolve_types(info)
        return info


def _plain(value: Any, written: Callable[[TypeRef], TypeRef]) -> Any:
    if isinstance(value, Record):
        return {name: _plain(item, written) for name, item in vars(value).items()}
    if isinstance(value, NumType | RefType):
        return write_value(map_value(value, written))
    if not isinstance(value, list):
        return value
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    if items and type(items[0]) is int:  # thousands of numbers, which are plain
        return items
    return [_plain(item, written) for item in items]


def _resolve_types(info: ArtifactInfo) -> None:
    """Let the declarations refer to types instead of type indices. Raises FormError."""
    resolve = resolver(info.types)
    try:
        for table in info.tables:
            table.element = map_reference(table.element, resolve)
        for variable in info.globals:
            variable.type = map_value(variable.type, resolve)
        for segment in info.elements:
            segment.type = map_reference(segment.type, resolve)
    except UnknownTypeError as error:
        raise FormError(str(error)) from None


# --- the form of each value

_U32, _U64 = Integer(0, U32), Integer(0, U64)
CONSTANTS: dict[str, NumType] = {f"{t}.const": t for t in (*NUMBERS.values(), V128)}
"""The type of each constant instruction of a constant expression."""
OPERATORS: dict[str, tuple[NumType, int, Callable[[int, int], int]]] = {
    "i32.add": (I32, U32, int.__add__),
    "i32.sub": (I32, U32, int.__sub__),
    "i32.mul": (I32, U32, int.__mul__),
    "i64.add": (I64, U64, int.__add__),
    "i64.sub": (I64, U64, int.__sub__),
    "i64.mul": (I64, U64, int.__mul__),
}
"""Arithmetic instructions: type, its largest value, and the operation before truncation to it."""


def _null(value: Any) -> Any:
    """The heap type of a null, as written."""
    return write_heap(read_heap(value))


def _vector(value: Any) -> str:
    """A vector as 32 hexadecimal digits: numbers have 64 bits at most."""
    digits = text(value)
    if len(digits) != 32 or not {*digits} <= {*"0123456789abcdef"}:
        raise FormError(f"{digits[:60]!r} is not a vector in 32 hexadecimal digits")
    return digits


_IMMEDIATES: dict[str, Form] = {
    **{f"{t}.const": _U32 if t.size == 4 else _U64 for t in NUMBERS.values()},
    "v128.const": _vector,
    "global.get": _U32,
    "ref.func": _U32,
    "ref.null": _null,
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
_KIND = OneOf("func", "table", "memory", "global", "tag")
_INFO = record_of(
    ArtifactInfo,
    module_name=OrNone(text),
    types=read_types,
    signatures=numbers,
    functions=numbers,
    tags=numbers,
    tables=list_of(
        record_of(
            TableInfo,
            element=read_reference,
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
    globals=list_of(
        record_of(GlobalInfo, type=read_value, mutable=boolean, init=OrNone(_EXPRESSION))
    ),
    imports=list_of(
        record_of(ImportInfo, module=text, name=text, kind=_KIND, index=_U32, added_by=OrNone(text))
    ),
    exports=list_of(record_of(ExportInfo, name=text, kind=_KIND, index=_U32)),
    start=OrNone(_U32),
    elements=list_of(
        record_of(
            ElementInfo,
            mode=OneOf("active", "passive", "declarative"),
            type=read_reference,
            table=_U32,
            offset=OrNone(_EXPRESSION),
            functions=OrNone(numbers),
            expressions=OrNone(list_of(_EXPRESSION)),
        )
    ),
    data=record_of(
        DataInfo,
        sizes=numbers,
        memories=numbers,
        passive=numbers,
        offsets=numbers,
        computed=numbers,
        expressions=list_of(_EXPRESSION),
    ),
    escaping=numbers,
    func_ref_code=numbers,
    type_trampolines=numbers,
    has_tail_entries=boolean,
    has_exceptions=boolean,
    extra_fields=list_of(_extra_field),
    counters=list_of(text),
    trap_codes=list_of(
        record_of(PassTrap, code=Integer(*PASS_TRAPS), name=text, message=text, added_by=text)
    ),
    function_names=numbers,
    function_starts=numbers,
    function_ends=numbers,
)
