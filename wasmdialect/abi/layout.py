"""The memory layout: the one table of the VMContext and the structures around it.

Compiled code, the runtime, the documentation and the tests all take offsets from here. The layout
is Wasmtime 12.0.0's for a 64-bit target (docs/abi.md, "VMContext"); this project's additions come
after the entries listed there, never in between. Offsets and sizes are in bytes; everything is
little-endian.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

POINTER_SIZE = 8
VMCONTEXT_MAGIC = 0x65726F63  # "core"
ARRAY_HOST_MAGIC = 0x46484341  # "ACHF"
VALUE_SLOT_SIZE = 16
"""A `ValRaw`: slot i of an array call is at byte 16 * i."""
TABLE_ELEMENT_INITIALIZED = 1
"""Bit 0 of a function table element; a raw 0 element has not been computed yet."""

FieldType: TypeAlias = "Literal['ptr', 'ref', 'i32', 'i64', 'v128']"
FIELD_SIZES: Mapping[FieldType, int] = {
    "ptr": POINTER_SIZE,
    "ref": POINTER_SIZE,
    "i32": 4,
    "i64": 8,
    "v128": 16,
}


FIELD_ALIGNMENTS = (1, 2, 4, 8, 16)
"""Possible alignments of a field that a pass declares."""
COUNTER_SIZE = FIELD_SIZES["i64"]
"""A counter that a pass declares is a field with this size and alignment, several are a field of a
multiple of it."""


class Alias:
    """Names of the kinds of runtime state that never overlap in memory, so that accesses can be told
    apart."""

    VMCONTEXT = "vmctx"
    """Fields that instantiation sets once."""
    LIMITS = "limits"
    TABLE = "table"
    """Base and length of tables."""
    TABLE_ELEMENT = "table_element"
    MEMORY = "memory"
    """Base and length of linear memories."""
    LINEAR = "linear"
    """The contents of linear memories."""
    GLOBAL = "global"
    FUNC_REF = "func_ref"
    EXTRA = "extra"
    """Fields that passes declared."""
    STACK = "stack"
    """Slots of array calls and return areas."""


class Field(FrozenRecord):
    """A field of a structure."""

    name: str
    type: FieldType
    offset: int
    alias: str
    """One of `Alias`."""
    invariant: bool = False
    """Whether it never changes while compiled code of its instance runs."""
    doc: str = ""

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return FIELD_SIZES[self.type]


class Struct(FrozenRecord):
    """A structure that compiled code and the runtime share."""

    name: str
    size: int
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        for f in self.fields:
            if f.name == name:
                return f
        raise KeyError(f"{self.name} has no field {name!r}")


RUNTIME_LIMITS = Struct(
    "limits",
    104,
    (
        Field("stack_limit", "i64", 0, Alias.LIMITS, doc="lowest allowed stack pointer"),
        Field("fuel_consumed", "i64", 8, Alias.LIMITS, doc="counts up from a negative number"),
        Field("epoch_deadline", "i64", 16, Alias.LIMITS),
        Field("last_wasm_exit_fp", "ptr", 24, Alias.LIMITS, doc="frame pointer of the frame left"),
        Field("last_wasm_exit_pc", "ptr", 32, Alias.LIMITS, doc="return address into it"),
        Field("last_wasm_entry_sp", "ptr", 40, Alias.LIMITS),
        # Wasmtime's structure ends here, at 48.
        Field("pending_error", "i64", 48, Alias.LIMITS, doc="non-zero: a host call failed"),
        Field("tail_arguments", "ptr", 56, Alias.VMCONTEXT, True, doc="the store's; set once"),
        Field("exception", "ref", 64, Alias.LIMITS, doc="thrown and not caught yet, or null"),
        Field("exceptions_next", "i64", 72, Alias.LIMITS, doc="where the next one is made"),
        Field("exceptions_end", "i64", 80, Alias.LIMITS, doc="of the memory for them"),
        Field("throw_trace", "ptr", 88, Alias.LIMITS, doc="set before the first exception is made"),
        Field("tier_countdown", "i64", 96, Alias.LIMITS, doc="of entries and loops (docs/lazy.md)"),
    ),
)
TIER_PERIOD = 131_071
"""What `limits.tier_countdown` starts with, and again each time `tier_up` has been called: a prime
number, so that it is in step with no program. At level 0 so many entries and iterations take about a
millisecond."""
THROW_TRACE_LENGTH = 64
"""Program counters in a throw trace."""
THROW_TRACE = Struct(
    "throw_trace",
    16,
    (
        Field("exception", "i64", 0, Alias.LIMITS, doc="the last one that was made"),
        Field("count", "i64", 8, Alias.LIMITS, doc="how many program counters follow"),
    ),
)
"""Where the last exception was made. The program counters of the frames that were running follow,
innermost first."""
EXCEPTION = Struct(
    "exception",
    16,
    (Field("tag", "i64", 0, Alias.STACK, doc="what `tags` of a VMContext points to"),),
)
"""An exception. The values of its tag follow, in slots of `VALUE_SLOT_SIZE`."""
TAIL_ARGUMENTS = Struct(
    "tail_arguments",
    16,
    (Field("callee", "ptr", 0, Alias.STACK, doc="the ordinary entry of the called function"),),
)
"""How a tail call passes what has no register. The arguments follow, each aligned to its size."""
FUNC_REF = Struct(
    "func_ref",
    40,
    (
        Field("native_call", "ptr", 0, Alias.FUNC_REF, True),
        Field("array_call", "ptr", 8, Alias.FUNC_REF, True),
        Field("wasm_call", "ptr", 16, Alias.FUNC_REF, doc="null until a trampoline is known"),
        Field("type_index", "i32", 24, Alias.FUNC_REF, True, doc="signature id of the engine"),
        Field("vmctx", "ptr", 32, Alias.FUNC_REF, True),
    ),
)
MEMORY_DEFINITION = Struct(
    "memory",
    16,
    (
        Field("base", "ptr", 0, Alias.MEMORY),
        Field("current_length", "i64", 8, Alias.MEMORY, doc="bytes"),
    ),
)
TABLE_DEFINITION = Struct(
    "table",
    16,
    (
        Field("base", "ptr", 0, Alias.TABLE),
        Field("current_elements", "i32", 8, Alias.TABLE),
    ),
)
GLOBAL_DEFINITION = Struct("global", 16, (Field("value", "v128", 0, Alias.GLOBAL),))
SIGNATURE_ID = Struct("signature_id", 4, (Field("id", "i32", 0, Alias.VMCONTEXT, True),))
"""An entry of the array at `vmctx.signature_ids`, which is indexed by the type index."""
EPOCH = Struct(
    "epoch",
    8,
    (Field("current", "i64", 0, Alias.LIMITS, doc="the engine's; anyone may increase it"),),
)
HOST_CONTEXT = Struct(
    "host_context",
    32,
    (
        Field("magic", "i32", 0, Alias.VMCONTEXT, True),
        Field("flags", "i32", 4, Alias.VMCONTEXT, True, doc="as in a VMContext"),
        Field("func_ref", "ptr", 8, Alias.VMCONTEXT, True),
        Field("state", "i64", 16, Alias.VMCONTEXT, True, doc="what the runtime finds it by"),
    ),
)

VMCONTEXT_HEADER = Struct(
    "vmctx",
    72,
    (
        Field("magic", "i32", 0, Alias.VMCONTEXT, True, doc='"core"'),
        # Padding in Wasmtime's structure.
        Field("flags", "i32", 4, Alias.VMCONTEXT, True, doc="what the code of the image does"),
        Field("limits", "ptr", 8, Alias.VMCONTEXT, True),
        Field("callee", "ptr", 16, Alias.VMCONTEXT),
        Field("epoch", "ptr", 24, Alias.VMCONTEXT, True),
        Field("externref_activations", "ptr", 32, Alias.VMCONTEXT, True),
        Field("store", "v128", 40, Alias.VMCONTEXT, True, doc="a fat pointer there"),
        Field("builtins", "ptr", 56, Alias.VMCONTEXT, True),
        Field("signature_ids", "ptr", 64, Alias.VMCONTEXT, True),
    ),
)

TAIL_ENTRIES = 1
"""In `flags`: functions have tail entries."""
TESTS_EXCEPTIONS = 2
"""In `flags`: the code tests after each call whether it threw an exception."""


class Region(FrozenRecord):
    """A part of the VMContext that repeats: `count` entries of `element`, one after the other."""

    name: str
    count: str
    """The name of the count in `Counts`."""
    element: Struct
    align: int = 1

    @property
    def stride(self) -> int:
        """Bytes from one entry to the next."""
        return self.element.size


_P = POINTER_SIZE
IMPORTED_TABLE = Struct(
    "imported_table",
    2 * _P,
    (
        Field("from", "ptr", 0, Alias.VMCONTEXT, True),
        Field("vmctx", "ptr", 8, Alias.VMCONTEXT, True),
    ),
)
IMPORTED_MEMORY = Struct(
    "imported_memory",
    3 * _P,
    (
        Field("from", "ptr", 0, Alias.VMCONTEXT, True),
        Field("vmctx", "ptr", 8, Alias.VMCONTEXT, True),
        Field("index", "i32", 16, Alias.VMCONTEXT, True),
    ),
)
IMPORTED_FUNCTION = Struct(
    "imported_function",
    4 * _P,
    (
        Field("wasm_call", "ptr", 0, Alias.VMCONTEXT, True),
        Field("native_call", "ptr", 8, Alias.VMCONTEXT, True),
        Field("array_call", "ptr", 16, Alias.VMCONTEXT, True),
        Field("vmctx", "ptr", 24, Alias.VMCONTEXT, True),
    ),
)
IMPORTED_GLOBAL = Struct("imported_global", _P, (Field("from", "ptr", 0, Alias.VMCONTEXT, True),))
MEMORY_POINTER = Struct(
    "memory_pointer", _P, (Field("definition", "ptr", 0, Alias.VMCONTEXT, True),)
)
TAG_POINTER = Struct("tag_pointer", _P, (Field("tag", "i64", 0, Alias.VMCONTEXT, True),))
CODE_RANGE = Struct(
    "code_range",
    16,
    (
        Field("start", "i64", 0, Alias.VMCONTEXT, True, doc="address of the image's code"),
        Field("size", "i64", 8, Alias.VMCONTEXT, True, doc="bytes"),
    ),
)

REGIONS: tuple[Region, ...] = (
    Region("imported_functions", "imported_functions", IMPORTED_FUNCTION),
    Region("imported_tables", "imported_tables", IMPORTED_TABLE),
    Region("imported_memories", "imported_memories", IMPORTED_MEMORY),
    Region("imported_globals", "imported_globals", IMPORTED_GLOBAL),
    Region("tables", "defined_tables", TABLE_DEFINITION),
    Region("memories", "defined_memories", MEMORY_POINTER),
    Region("owned_memories", "owned_memories", MEMORY_DEFINITION),
    Region("globals", "defined_globals", GLOBAL_DEFINITION, align=16),
    Region("func_refs", "escaping_functions", FUNC_REF),
    Region("tags", "tags", TAG_POINTER),
    Region("code", "has_exceptions", CODE_RANGE),
)
"""The regions after the header, in this order."""

VMCONTEXT_ALIGN = max(region.align for region in REGIONS)
"""The alignment of a VMContext."""

STRUCTS: Mapping[str, Struct] = {
    s.name: s
    for s in (
        VMCONTEXT_HEADER,
        RUNTIME_LIMITS,
        TAIL_ARGUMENTS,
        EXCEPTION,
        THROW_TRACE,
        FUNC_REF,
        MEMORY_DEFINITION,
        TABLE_DEFINITION,
        GLOBAL_DEFINITION,
        SIGNATURE_ID,
        EPOCH,
        HOST_CONTEXT,
        *(r.element for r in REGIONS),
    )
}
"""Every structure by name."""


class Counts(FrozenRecord):
    """How many of each thing a module has; this alone decides the layout of its VMContext."""

    imported_functions: int = 0
    imported_tables: int = 0
    imported_memories: int = 0
    imported_globals: int = 0
    defined_tables: int = 0
    defined_memories: int = 0
    owned_memories: int = 0
    """Defined memories that are not shared: their definition is in the VMContext itself."""
    defined_globals: int = 0
    escaping_functions: int = 0
    tags: int = 0
    """Imported and defined ones."""
    has_exceptions: int = 0
    """1 if the module has a tag, or catches exceptions or throws them again without one: then all its
    code tests after calls, and must know where it is."""
    extra_fields: tuple[tuple[str, int, int], ...] = ()
    """Fields that passes declared: name, size and alignment, in order of declaration."""

    @staticmethod
    def of(
        *,
        functions: Iterable[bool],
        tables: Iterable[bool],
        memories: Iterable[tuple[bool, bool]],
        globals: Iterable[bool],
        escaping_functions: int,
        tags: int,
        has_exceptions: bool = False,
        extra_fields: Iterable[Sequence[Any]] = (),
    ) -> Counts:
        """The counts of a module: of each function, table and global whether it is imported, of each
        memory whether it is imported and whether it is shared.

        Defined functions take no space, so they may be left out of `functions`.
        """
        tables, memories, globals = [*tables], [*memories], [*globals]
        imported_tables, imported_globals = sum(tables), sum(globals)
        imported_memories = sum(is_import for is_import, _ in memories)
        return Counts(
            imported_functions=sum(functions),
            imported_tables=imported_tables,
            imported_memories=imported_memories,
            imported_globals=imported_globals,
            defined_tables=len(tables) - imported_tables,
            defined_memories=len(memories) - imported_memories,
            owned_memories=sum(not is_import and not shared for is_import, shared in memories),
            defined_globals=len(globals) - imported_globals,
            escaping_functions=escaping_functions,
            tags=tags,
            has_exceptions=int(has_exceptions or tags > 0),
            extra_fields=tuple((name, size, align) for name, size, align in extra_fields),
        )


class LayoutError(Exception):
    """A VMContext would be larger than `MAX_VMCONTEXT_SIZE`."""


MAX_VMCONTEXT_SIZE = 1 << 28
"""Several times the size for the most declarations that engines accept."""


class VMContextLayout:
    """The offsets of one module's VMContext."""

    counts: Counts
    region_offsets: Mapping[str, int]
    fixed_size: int
    """Where the fields that passes declared start."""
    extra_offsets: Mapping[str, int]
    extra_sizes: Mapping[str, tuple[int, int]]
    size: int

    def __init__(self, counts: Counts) -> None:
        """Raises LayoutError."""
        offset = VMCONTEXT_HEADER.size
        regions: dict[str, int] = {}
        for region in REGIONS:
            offset = align_up(offset, region.align)
            regions[region.name] = offset
            offset += region.stride * getattr(counts, region.count)
        self.fixed_size = offset
        extra: dict[str, int] = {}
        for name, size, align in counts.extra_fields:
            offset = align_up(offset, align)
            extra[name] = offset
            offset += size
        if offset > MAX_VMCONTEXT_SIZE:
            raise LayoutError(
                f"the VMContext would take {offset} bytes; the limit is {MAX_VMCONTEXT_SIZE >> 20} MiB"
            )
        self.counts = counts
        self.region_offsets = regions
        self.extra_offsets = extra
        self.extra_sizes = {name: (size, align) for name, size, align in counts.extra_fields}
        self.size = offset

    def offset(self, region: str, index: int, field_name: str | None = None) -> int:
        """Offset of an entry of a region, or of a field of it, from the VMContext's start."""
        r = _REGIONS_BY_NAME[region]
        start = self.region_offsets[region] + r.stride * index
        return start if field_name is None else start + r.element.field(field_name).offset

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Name, offset and size of every field, in order (for documentation and tests)."""
        for f in VMCONTEXT_HEADER.fields:
            yield f"vmctx.{f.name}", f.offset, f.size
        for region in REGIONS:
            for index in range(getattr(self.counts, region.count)):
                for f in region.element.fields:
                    offset = self.offset(region.name, index, f.name)
                    yield f"{region.name}[{index}].{f.name}", offset, f.size
        for name, size, _ in self.counts.extra_fields:
            yield f"extra.{name}", self.extra_offsets[name], size


_REGIONS_BY_NAME = {r.name: r for r in REGIONS}


def region_field(region: str, field_name: str) -> Field:
    """The field `field_name` of an entry of `region`."""
    return _REGIONS_BY_NAME[region].element.field(field_name)


def align_up(offset: int, alignment: int) -> int:
    """The next multiple of `alignment` at or above `offset`."""
    return (offset + alignment - 1) // alignment * alignment
