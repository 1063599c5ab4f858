"""Matching: whether a value of one type can be used where another is expected (spec 3.0 "Matching")."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.types.defined import ArrayType, DefType, FuncType, StructType
from wasmdialect.types.values import (
    ANY,
    ARRAY,
    BOT,
    BOT_HEAP,
    EQ,
    EXN,
    EXTERN,
    FUNC,
    I31,
    NOEXN,
    NOEXTERN,
    NOFUNC,
    NONE,
    STRUCT,
    AbstractHeapType,
    ExactType,
    PackedType,
    RefType,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wasmdialect.types.defined import CompositeType, FieldType, HeapType, StorageType
    from wasmdialect.types.values import ValType

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


def composite_matches(sub: CompositeType, sup: CompositeType) -> bool:
    """Composite type matching (spec 3.0 "Matching / Composite Types")."""
    match sub, sup:
        case FuncType(), FuncType():
            return _all_match(sup.params, sub.params) and _all_match(sub.results, sup.results)
        case StructType(), StructType():
            return len(sub.fields) >= len(sup.fields) and all(
                _field_matches(a, b) for a, b in zip(sub.fields, sup.fields, strict=False)
            )
        case ArrayType(), ArrayType():
            return _field_matches(sub.element, sup.element)
        case _:
            return False


def _all_match(subs: Sequence[ValType], sups: Sequence[ValType]) -> bool:
    return len(subs) == len(sups) and all(map(matches, subs, sups))


def _field_matches(sub: FieldType, sup: FieldType) -> bool:
    if sub.mutable != sup.mutable:
        return False
    if sub.mutable:
        return storage_matches(sub.storage, sup.storage) and storage_matches(
            sup.storage, sub.storage
        )
    return storage_matches(sub.storage, sup.storage)


def storage_matches(sub: StorageType, sup: StorageType) -> bool:
    """Storage type matching: packed types match only themselves."""
    if isinstance(sub, PackedType) or isinstance(sup, PackedType):
        return sub is sup
    return matches(sub, sup)


def is_extern(t: ValType) -> bool:
    """Whether values of a type are references to objects of the host."""
    return isinstance(t, RefType) and top_of(t.heap) is EXTERN


def is_exception(t: ValType) -> bool:
    """Whether values of a type are exceptions."""
    return isinstance(t, RefType) and top_of(t.heap) is EXN


def is_function(t: ValType) -> bool:
    """Whether values of a type are references to functions."""
    return isinstance(t, RefType) and top_of(t.heap) is FUNC


def is_defaultable(t: ValType) -> bool:
    """Whether a local of type `t` starts with a value: every type but non-null references."""
    return not isinstance(t, RefType) or t.nullable
