"""Composite types, recursion groups and defined types, interned.

A type of a type section becomes a `DefType`: a projection out of a recursion group, equal to
another one exactly when the groups have the same structure (iso-recursive equality, spec 3.0
"Types / Conventions / Rolling and Unrolling"). Groups are canonicalised on creation, in one table for
the process, so types of different modules can be compared the same way. If two threads create the same
type, both get the one that was first in the table (`setdefault`).
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.types.values import (
    I32,
    AbstractHeapType,
    ExactType,
    PackedType,
    RecRef,
    RefType,
    TypeIndex,
    ValType,
    exact,
    ref_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

StorageType: TypeAlias = ValType | PackedType


@final
class FieldType(FrozenRecord):
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
class FuncType(FrozenRecord):
    """Parameter and result types of a function."""

    params: tuple[ValType, ...] = ()
    results: tuple[ValType, ...] = ()

    @property
    def slot_count(self) -> int:
        """Value slots of an array call (docs/abi.md, "Calling conventions")."""
        return max(len(self.params), len(self.results), 1)

    def __str__(self) -> str:
        params = "".join(f" (param {t})" for t in self.params)
        results = "".join(f" (result {t})" for t in self.results)
        return f"(func{params}{results})"


@final
class StructType(FrozenRecord):
    """Fields of a struct."""

    fields: tuple[FieldType, ...] = ()

    def __str__(self) -> str:
        return "(struct" + "".join(f" (field {f})" for f in self.fields) + ")"


@final
class ArrayType(FrozenRecord):
    """The element of an array."""

    element: FieldType

    def __str__(self) -> str:
        return f"(array {self.element})"


CompositeType: TypeAlias = FuncType | StructType | ArrayType


@final
class SubType(FrozenRecord):
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


TypeRef: TypeAlias = DefType | TypeIndex | RecRef
HeapType: TypeAlias = AbstractHeapType | TypeRef | ExactType

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

    def unroll(t: TypeRef) -> DefType:
        if isinstance(t, RecRef):
            return group[t.index]
        assert isinstance(t, DefType), "resolve type indices before defining a group"
        return t

    for index, (deftype, member) in enumerate(zip(group, members, strict=True)):
        deftype.group = group
        deftype.index = index
        deftype.final = member.final
        deftype.composite = map_composite(member.composite, unroll)
        deftype.supers = tuple(unroll(s) for s in member.supers)
        deftype.depth = 1 + max((s.depth for s in deftype.supers), default=-1)
        deftype.describes = member.describes and unroll(member.describes)
        deftype.descriptor = member.descriptor and unroll(member.descriptor)
    return _REC_GROUPS.setdefault(key, group)


def func_def_type(params: Sequence[ValType], results: Sequence[ValType]) -> DefType:
    """The defined type of a plain function type: final, no supertypes, alone in its group."""
    key = tuple(params), tuple(results)
    known = _FUNCTIONS.get(key)
    if known is None:
        known = _FUNCTIONS[key] = define_rec_group((SubType(FuncType(*key)),))[0]
    return known


_FUNCTIONS: dict[tuple[tuple[ValType, ...], tuple[ValType, ...]], DefType] = {}


# --- changing what a type refers to


def map_heap(heap: HeapType, change: Callable[[TypeRef], TypeRef]) -> HeapType:
    """A heap type with the type it refers to, if it does, changed."""
    if isinstance(heap, AbstractHeapType):
        return heap
    return exact(change(heap.type)) if isinstance(heap, ExactType) else change(heap)


def map_value(t: ValType, change: Callable[[TypeRef], TypeRef]) -> ValType:
    """A value type with the type it refers to, if it does, changed."""
    return map_reference(t, change) if isinstance(t, RefType) else t


def map_reference(t: RefType, change: Callable[[TypeRef], TypeRef]) -> RefType:
    """A reference type with the type it refers to, if it does, changed."""
    return ref_type(t.nullable, map_heap(t.heap, change))


def map_field(f: FieldType, change: Callable[[TypeRef], TypeRef]) -> FieldType:
    """A field with the type it refers to, if it does, changed."""
    if isinstance(f.storage, RefType):
        return FieldType(map_reference(f.storage, change), f.mutable)
    return f


def map_composite(c: CompositeType, change: Callable[[TypeRef], TypeRef]) -> CompositeType:
    """A composite type with the types it refers to changed."""
    match c:
        case FuncType(params, results):
            return FuncType(
                tuple(map_value(t, change) for t in params),
                tuple(map_value(t, change) for t in results),
            )
        case StructType(fields):
            return StructType(tuple(map_field(f, change) for f in fields))
        case ArrayType(element):
            return ArrayType(map_field(element, change))


def map_sub_type(t: SubType, change: Callable[[TypeRef], TypeRef]) -> SubType:
    """An entry of a recursion group with the types it refers to changed."""
    return SubType(
        map_composite(t.composite, change),
        tuple(map(change, t.supers)),
        t.final,
        t.describes and change(t.describes),
        t.descriptor and change(t.descriptor),
    )


# --- types as a module writes them


class UnknownTypeError(LookupError):
    """A type index that a module does not have, or not yet."""

    def __init__(self, index: int):
        super().__init__(f"unknown type {index}")


def resolver(types: Sequence[DefType], group_size: int = 0) -> Callable[[TypeRef], TypeRef]:
    """From a `TypeIndex` to a type of a module, or to one of the group that is defined next. What it
    returns raises UnknownTypeError."""
    start = len(types)

    def resolve(t: TypeRef) -> TypeRef:
        assert isinstance(t, TypeIndex)
        if t.index >= start + group_size:
            raise UnknownTypeError(t.index)
        return types[t.index] if t.index < start else RecRef(t.index - start)

    return resolve


def indexer(types: Sequence[DefType]) -> Callable[[TypeRef], TypeRef]:
    """From a type of a module to its `TypeIndex`, the first one: what `resolver` undoes."""
    indices = type_indices(types)

    def index_of(t: TypeRef) -> TypeRef:
        assert isinstance(t, DefType)
        return TypeIndex(indices[t])

    return index_of


def written_groups(types: Sequence[DefType]) -> list[list[SubType]]:
    """The type section of a module, with `TypeIndex`es: recursion groups in order."""
    indices = type_indices(types)
    groups: list[list[SubType]] = []
    start = 0
    while start < len(types):
        # A group that equals an earlier one refers to itself all the same.
        own = {member: start + member.index for member in types[start].group}

        def index_of(t: TypeRef, own: dict[DefType, int] = own) -> TypeRef:
            assert isinstance(t, DefType)
            return TypeIndex(own[t] if t in own else indices[t])

        groups.append([map_sub_type(as_sub_type(member), index_of) for member in own])
        start += len(own)
    return groups


def type_indices(types: Sequence[DefType]) -> dict[DefType, int]:
    """The first index of each type."""
    indices: dict[DefType, int] = {}
    for index, t in enumerate(types):
        indices.setdefault(t, index)
    return indices


def as_sub_type(t: DefType) -> SubType:
    """A defined type as an entry of a recursion group, referring to defined types."""
    return SubType(t.composite, t.supers, t.final, t.describes, t.descriptor)
