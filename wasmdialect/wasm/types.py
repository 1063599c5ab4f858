"""Types of WebAssembly 3.0, interned: two equal types are the same object, so `is` compares them.

A type of a type section becomes a `DefType`: a projection out of a recursion group, equal to
another one exactly when the groups have the same structure (iso-recursive equality, spec 3.0
"Types / Conventions / Rolling and Unrolling"). Groups are canonicalised on creation, in one table for
the process, so types of different modules can be compared the same way. If two threads create the same
type, both get the one that was first in the table (`setdefault`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.abi.value_types import F32, F64, I32, I64, V128, NumType

BOT = NumType("bot", 0, 0, "", "")
"""The type of a value popped from an unreachable stack; never written in a module."""

NUM_TYPES = {t.code: t for t in (I32, I64, F32, F64, V128)}


@final
class AbstractHeapType:
    """A heap type that is a word of the language: `func`, `any`, `none`, ..."""

    __slots__ = ("code", "name")

    def __init__(self, name: str, code: int):
        self.name = name
        self.code = code
        """Its byte in the binary format."""

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


NOEXN = AbstractHeapType("noexn", 0x74)
NOFUNC = AbstractHeapType("nofunc", 0x73)
NOEXTERN = AbstractHeapType("noextern", 0x72)
NONE = AbstractHeapType("none", 0x71)
FUNC = AbstractHeapType("func", 0x70)
EXTERN = AbstractHeapType("extern", 0x6F)
ANY = AbstractHeapType("any", 0x6E)
EQ = AbstractHeapType("eq", 0x6D)
I31 = AbstractHeapType("i31", 0x6C)
STRUCT = AbstractHeapType("struct", 0x6B)
ARRAY = AbstractHeapType("array", 0x6A)
EXN = AbstractHeapType("exn", 0x69)

ABSTRACT_HEAP_TYPES = {
    t.code: t
    for t in (
        NOEXN, NOFUNC, NOEXTERN, NONE, FUNC, EXTERN, ANY, EQ, I31, STRUCT, ARRAY, EXN,
    )
}  # fmt: skip

BOT_HEAP = AbstractHeapType("bot", 0)
"""The heap type of a reference of unknown type, popped from an unreachable stack: it matches every
heap type, but a reference to it is not a number. Never written in a module."""

_ABSTRACT_SUPERTYPES: dict[AbstractHeapType, tuple[AbstractHeapType, ...]] = {
    NONE: (I31, STRUCT, ARRAY, EQ, ANY),
    I31: (EQ, ANY),
    STRUCT: (EQ, ANY),
    ARRAY: (EQ, ANY),
    EQ: (ANY,),
    NOFUNC: (FUNC,),
    NOEXTERN: (EXTERN,),
    NOEXN: (EXN,),
}
"""All proper supertypes of each abstract heap type (spec 3.0 "Matching / Heap Types")."""


@final
@dataclass(frozen=True, slots=True)
class RecRef:
    """A reference to a member of the recursion group that is being defined, by its position."""

    index: int

    def __str__(self) -> str:
        return f"rec.{self.index}"


@final
@dataclass(frozen=True, slots=True)
class TypeIndex:
    """A heap type as a module writes it: an index into its type section. Declarations keep it for
    the printer and the encoder; everything else works on the corresponding `DefType`."""

    index: int

    def __str__(self) -> str:
        return str(self.index)


@final
class ExactType:
    """The heap type `(exact t)` of the custom-descriptors proposal: `t`, but none of its subtypes.
    Made by `exact`, which interns it."""

    __slots__ = ("type",)

    def __init__(self, t: TypeRef):
        self.type = t

    def __repr__(self) -> str:
        return f"(exact {self.type})"

    __str__ = __repr__


_EXACT_TYPES: dict[TypeRef, ExactType] = {}


def exact(t: TypeRef) -> ExactType:
    """The one `ExactType` object of a type."""
    return _EXACT_TYPES.get(t) or _EXACT_TYPES.setdefault(t, ExactType(t))


HeapType: TypeAlias = "AbstractHeapType | DefType | TypeIndex | RecRef | ExactType"


@final
class RefType:
    """A reference type. Made by `ref_type`, which interns it."""

    __slots__ = ("heap", "nullable")

    def __init__(self, nullable: bool, heap: HeapType):
        self.nullable = nullable
        self.heap = heap

    @property
    def name(self) -> str:
        """The text form, shortened where the language has a word for it."""
        if self.nullable and self.heap in _SHORTHANDS:
            return _SHORTHANDS[self.heap]
        return f"(ref null {self.heap})" if self.nullable else f"(ref {self.heap})"

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


ValType: TypeAlias = NumType | RefType

_REF_TYPES: dict[tuple[bool, HeapType], RefType] = {}


def ref_type(nullable: bool, heap: HeapType) -> RefType:
    """The one `RefType` object with these parts."""
    key = (nullable, heap)
    return _REF_TYPES.get(key) or _REF_TYPES.setdefault(key, RefType(nullable, heap))


_SHORTHANDS: dict[HeapType, str] = {
    FUNC: "funcref",
    EXTERN: "externref",
    ANY: "anyref",
    EQ: "eqref",
    I31: "i31ref",
    STRUCT: "structref",
    ARRAY: "arrayref",
    EXN: "exnref",
    NONE: "nullref",
    NOFUNC: "nullfuncref",
    NOEXTERN: "nullexternref",
    NOEXN: "nullexnref",
}

FUNCREF = ref_type(True, FUNC)
EXTERNREF = ref_type(True, EXTERN)
EXNREF = ref_type(True, EXN)
SHORTHAND_REF_TYPES = {name: ref_type(True, heap) for heap, name in _SHORTHANDS.items()}


@final
class PackedType:
    """A storage type that is not a value type: `i8` or `i16`."""

    __slots__ = ("code", "name", "size")

    def __init__(self, name: str, code: int, size: int):
        self.name = name
        self.code = code
        self.size = size

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


I8 = PackedType("i8", 0x78, 1)
I16 = PackedType("i16", 0x77, 2)
PACKED_TYPES = {t.code: t for t in (I8, I16)}

StorageType: TypeAlias = ValType | PackedType


@final
@dataclass(frozen=True, slots=True)
class FieldType:
    """A struct field or array element."""

    storage: StorageType
    mutable: bool

    @property
    def value(self) -> ValType:
        """The type a field has on the operand stack: packed types unpack to `i32`."""
        return I32 if isinstance(self.storage, PackedType) else self.storage

    def __str__(self) -> str:
        return f"(mut {self.storage})" if self.mutable else str(self.storage)


@final
@dataclass(frozen=True, slots=True)
class FuncType:
    """Parameter and result types of a function."""

    params: tuple[ValType, ...] = ()
    results: tuple[ValType, ...] = ()

    def __str__(self) -> str:
        params = "".join(f" (param {t})" for t in self.params)
        results = "".join(f" (result {t})" for t in self.results)
        return f"(func{params}{results})"


@final
@dataclass(frozen=True, slots=True)
class StructType:
    """Fields of a struct."""

    fields: tuple[FieldType, ...] = ()

    def __str__(self) -> str:
        return "(struct" + "".join(f" (field {f})" for f in self.fields) + ")"


@final
@dataclass(frozen=True, slots=True)
class ArrayType:
    """The element of an array."""

    element: FieldType

    def __str__(self) -> str:
        return f"(array {self.element})"


CompositeType: TypeAlias = FuncType | StructType | ArrayType
TypeRef: TypeAlias = "DefType | TypeIndex | RecRef"


@final
@dataclass(frozen=True, slots=True)
class SubType:
    """One entry of a recursion group: a composite type with its declared supertypes."""

    composite: CompositeType
    supers: tuple[TypeRef, ...] = ()
    final: bool = True
    describes: TypeRef | None = None
    """The type this one is a descriptor for (custom-descriptors proposal)."""
    descriptor: TypeRef | None = None
    """The type of this one's descriptor (custom-descriptors proposal)."""


@final
class DefType:
    """A defined type: member `index` of a canonical recursion group. Compare with `is`."""

    __slots__ = (
        "composite",
        "depth",
        "describes",
        "descriptor",
        "final",
        "group",
        "index",
        "supers",
    )

    group: tuple[DefType, ...]
    index: int
    composite: CompositeType
    """The structure, with references into the own group replaced by the `DefType`s themselves."""
    supers: tuple[DefType, ...]
    """One at most."""
    final: bool
    depth: int
    """Length of the chain of declared supertypes."""
    describes: DefType | None
    descriptor: DefType | None

    def __str__(self) -> str:
        return f"$type.{self.index}"

    def __repr__(self) -> str:
        return f"<DefType {self.index} of {len(self.group)}: {type(self.composite).__name__}>"


_REC_GROUPS: dict[tuple[SubType, ...], tuple[DefType, ...]] = {}


def define_rec_group(members: Sequence[SubType]) -> tuple[DefType, ...]:
    """The canonical defined types of a recursion group.

    References among `members` are `RecRef`s; all others are `DefType`s. A supertype precedes its
    subtypes (the caller has checked that). Equal groups give the same objects.
    """
    key = tuple(members)
    known = _REC_GROUPS.get(key)
    if known is not None:
        return known
    group = tuple(DefType() for _ in members)
    for index, (deftype, member) in enumerate(zip(group, members, strict=True)):
        deftype.group = group
        deftype.index = index
        deftype.final = member.final
        deftype.composite = _unroll_composite(member.composite, group)
        deftype.supers = tuple(_unroll_def(s, group) for s in member.supers)
        deftype.depth = 1 + max((s.depth for s in deftype.supers), default=-1)
        deftype.describes = member.describes and _unroll_def(member.describes, group)
        deftype.descriptor = member.descriptor and _unroll_def(member.descriptor, group)
    return _REC_GROUPS.setdefault(key, group)


def func_def_type(params: Sequence[ValType], results: Sequence[ValType]) -> DefType:
    """The defined type of a plain function type: final, no supertypes, alone in its group."""
    return define_rec_group((SubType(FuncType(tuple(params), tuple(results))),))[0]


def _unroll_def(t: TypeRef, group: tuple[DefType, ...]) -> DefType:
    if isinstance(t, RecRef):
        return group[t.index]
    assert isinstance(t, DefType), "resolve type indices before defining a group"
    return t


def map_type_refs(heap: HeapType, change: Callable[[TypeRef], TypeRef]) -> HeapType:
    """A heap type with the type it refers to, if it does, changed."""
    if isinstance(heap, AbstractHeapType):
        return heap
    return exact(change(heap.type)) if isinstance(heap, ExactType) else change(heap)


def _unroll_value(t: ValType, group: tuple[DefType, ...]) -> ValType:
    if isinstance(t, RefType):
        return ref_type(t.nullable, map_type_refs(t.heap, lambda ref: _unroll_def(ref, group)))
    return t


def _unroll_field(f: FieldType, group: tuple[DefType, ...]) -> FieldType:
    if isinstance(f.storage, RefType):
        storage = _unroll_value(f.storage, group)
        return f if storage is f.storage else FieldType(storage, f.mutable)
    return f


def _unroll_composite(c: CompositeType, group: tuple[DefType, ...]) -> CompositeType:
    match c:
        case FuncType(params, results):
            return FuncType(
                tuple(_unroll_value(t, group) for t in params),
                tuple(_unroll_value(t, group) for t in results),
            )
        case StructType(fields):
            return StructType(tuple(_unroll_field(f, group) for f in fields))
        case ArrayType(element):
            return ArrayType(_unroll_field(element, group))


def top_of(heap: HeapType) -> AbstractHeapType:
    """The top of the hierarchy that `heap` belongs to: `any`, `func`, `extern` or `exn`."""
    if isinstance(heap, ExactType):
        heap = heap.type
    if isinstance(heap, DefType):
        return FUNC if isinstance(heap.composite, FuncType) else ANY
    if heap is FUNC or heap is NOFUNC:
        return FUNC
    if heap is EXTERN or heap is NOEXTERN:
        return EXTERN
    if heap is EXN or heap is NOEXN:
        return EXN
    return ANY


def bottom_of(heap: HeapType) -> AbstractHeapType:
    """The bottom of the hierarchy that `heap` belongs to."""
    return {FUNC: NOFUNC, EXTERN: NOEXTERN, EXN: NOEXN, ANY: NONE}[top_of(heap)]


def is_sub_def_type(sub: DefType, sup: DefType) -> bool:
    """Whether `sub` is `sup` or declares it as a supertype, directly or not."""
    while sub.depth > sup.depth:
        (sub,) = sub.supers
    return sub is sup


def heap_matches(sub: HeapType, sup: HeapType) -> bool:
    """Heap type matching (spec 3.0 "Matching / Heap Types"; an exact type is matched by itself and
    the bottom type only)."""
    if sub is sup or sub is BOT_HEAP:
        return True
    if isinstance(sup, ExactType):
        return sub is bottom_of(sup)
    if isinstance(sub, ExactType):
        return heap_matches(sub.type, sup)
    if isinstance(sub, DefType):
        if isinstance(sup, DefType):
            return is_sub_def_type(sub, sup)
        composite = sub.composite
        if isinstance(composite, FuncType):
            return sup is FUNC
        return sup in (ANY, EQ) or sup is (STRUCT if isinstance(composite, StructType) else ARRAY)
    if isinstance(sup, DefType):
        return sub is (NOFUNC if isinstance(sup.composite, FuncType) else NONE)
    if isinstance(sub, AbstractHeapType):
        return sup in _ABSTRACT_SUPERTYPES.get(sub, ())
    return False


def matches(sub: ValType, sup: ValType) -> bool:
    """Whether a value of type `sub` can be used where `sup` is expected (spec 3.0 "Matching")."""
    if sub is sup or sub is BOT:
        return True
    if not (isinstance(sub, RefType) and isinstance(sup, RefType)):
        return False
    return (sup.nullable or not sub.nullable) and heap_matches(sub.heap, sup.heap)


def is_defaultable(t: ValType) -> bool:
    """Whether a local of type `t` starts with a value: every type but non-null references."""
    return not isinstance(t, RefType) or t.nullable


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """Size range of a memory (in pages) or table (in elements); no `maximum` means unbounded."""

    minimum: int
    maximum: int | None = None

    def __str__(self) -> str:
        return str(self.minimum) if self.maximum is None else f"{self.minimum} {self.maximum}"


@final
@dataclass(frozen=True, slots=True)
class MemoryType:
    """A linear memory: its limits in pages of `1 << page_size_log2` bytes and its address type."""

    limits: Limits
    address: NumType = I32
    shared: bool = False
    page_size_log2: int = WASM_PAGE_LOG2
    page_size_written: bool = False
    """Whether a module states the page size: it need not, if it is the usual one."""

    def __str__(self) -> str:
        address = "i64 " if self.address is I64 else ""
        shared = " shared" if self.shared else ""
        page = f" (pagesize {1 << self.page_size_log2})" if self.page_size_written else ""
        return f"{address}{self.limits}{shared}{page}"


@final
@dataclass(frozen=True, slots=True)
class TableType:
    """A table: its element type, its limits in elements and its address type."""

    element: RefType
    limits: Limits
    address: NumType = I32

    def __str__(self) -> str:
        address = "i64 " if self.address is I64 else ""
        return f"{address}{self.limits} {self.element}"


@final
@dataclass(frozen=True, slots=True)
class GlobalType:
    """A global variable."""

    value: ValType
    mutable: bool

    def __str__(self) -> str:
        return f"(mut {self.value})" if self.mutable else str(self.value)


@final
@dataclass(frozen=True, slots=True)
class TagType:
    """An exception tag: the function type whose parameters are the exception's values."""

    type: DefType


ExternType: TypeAlias = DefType | TableType | MemoryType | GlobalType | TagType
"""The type of an import or export; a `DefType` is a function."""
