"""Types in the module information: how they are written, and the forms that read them.

A value type is its word of the text format, else `[nullable, heap]`; a heap type is a word or a type
index. The type section is a list of recursion groups, a group a list of types
`[final, supertypes, kind, ...]`: `func` with parameters and results, `struct` with its fields, `array`
with its element; a field is `[mutable, storage]`.
"""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect._forms import U32, FormError, Integer, OneOf, boolean, refuse
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.forms import any_list, list_of, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_STORAGE: Mapping[str, wt.StorageType] = {
    **wt.VALUE_TYPES,
    **{t.name: t for t in wt.PACKED_TYPES.values()},
}
_HEAPS = {t.name: t for t in wt.ABSTRACT_HEAP_TYPES.values()}
_INDEX = Integer(0, U32)


# --- writing; types refer to others by `TypeIndex`


def write_value(t: wt.StorageType) -> Any:
    """A value type, or the storage type of a field."""
    if not isinstance(t, wt.RefType) or t.name in wt.VALUE_TYPES:
        return t.name
    return [t.nullable, write_heap(t.heap)]


def write_heap(t: wt.HeapType) -> Any:
    """A heap type."""
    if isinstance(t, wt.TypeIndex):
        return t.index
    assert isinstance(t, wt.AbstractHeapType), t
    return t.name


def write_types(types: Sequence[wt.DefType]) -> list[Any]:
    """A type section, which has whole recursion groups."""
    return [[_write_entry(entry) for entry in group] for group in wt.written_groups(types)]


def _write_entry(t: wt.SubType) -> list[Any]:
    head: list[Any] = [t.final, [write_heap(s) for s in t.supers]]
    match t.composite:
        case wt.FuncType(params, results):
            return [*head, "func", [*map(write_value, params)], [*map(write_value, results)]]
        case wt.StructType(fields):
            return [*head, "struct", *map(_write_field, fields)]
        case wt.ArrayType(element):
            return [*head, "array", _write_field(element)]


def _write_field(f: wt.FieldType) -> list[Any]:
    return [f.mutable, write_value(f.storage)]


# --- reading


def read_heap(value: Any) -> wt.HeapType:
    """A heap type."""
    if type(value) is str and value in _HEAPS:
        return _HEAPS[value]
    return wt.TypeIndex(_INDEX(value)) if type(value) is int else refuse(value, "a heap type")


def read_value(value: Any) -> wt.ValType:
    """A value type."""
    if type(value) is str and value in wt.VALUE_TYPES:
        return wt.VALUE_TYPES[value]
    return _reference(value, "a value type")


def read_reference(value: Any) -> wt.RefType:
    """A reference type."""
    t = read_value(value)
    return t if isinstance(t, wt.RefType) else refuse(value, "a reference type")


def _storage(value: Any) -> wt.StorageType:
    if type(value) is str and value in _STORAGE:
        return _STORAGE[value]
    return _reference(value, "the type of a field")


def _reference(value: Any, wanted: str) -> wt.RefType:
    if type(value) is not list:
        refuse(value, wanted)
    nullable, heap = _parts(value, 2, wanted)
    return wt.ref_type(boolean(nullable), read_heap(heap))


def _field(value: Any) -> wt.FieldType:
    mutable, storage = _parts(value, 2, "a field")
    return wt.FieldType(_storage(storage), boolean(mutable))


def _function(parts: list[Any]) -> wt.FuncType:
    params, results = _parts(parts, 2, "parameters and results")
    return wt.FuncType(tuple(_VALUE_LIST(params)), tuple(_VALUE_LIST(results)))


def _struct(parts: list[Any]) -> wt.StructType:
    return wt.StructType(tuple(map(_field, parts)))


def _array(parts: list[Any]) -> wt.ArrayType:
    (element,) = _parts(parts, 1, "the element of an array")
    return wt.ArrayType(_field(element))


_VALUE_LIST = list_of(read_value)
_COMPOSITES = {"func": _function, "struct": _struct, "array": _array}
_KIND = OneOf(*_COMPOSITES)


def _entry(value: Any) -> wt.SubType:
    parts = any_list(value)
    if len(parts) < 3:
        refuse(value, "a type")
    final, supers, kind, *rest = parts
    supertypes = tuple(wt.TypeIndex(s) for s in numbers(supers))
    return wt.SubType(_COMPOSITES[_KIND(kind)](rest), supertypes, boolean(final))


def _parts(value: Any, count: int, wanted: str) -> list[Any]:
    parts = any_list(value)
    return parts if len(parts) == count else refuse(value, wanted)


_GROUP = list_of(_entry)


def read_types(value: Any) -> list[wt.DefType]:
    """A type section. Raises FormError."""
    types: list[wt.DefType] = []
    for number, group in enumerate(any_list(value)):
        try:
            types += _define(types, _GROUP(group))
        except (FormError, wt.UnknownTypeError) as error:
            raise FormError(f"recursion group {number}: {error}") from None
    return types


def _define(types: Sequence[wt.DefType], group: Sequence[wt.SubType]) -> Sequence[wt.DefType]:
    """A recursion group after the types of those before. Raises FormError, UnknownTypeError."""
    for index, entry in enumerate(group, len(types)):
        if len(entry.supers) > 1 or any(write_heap(s) >= index for s in entry.supers):
            raise FormError("a type has supertypes that it cannot have")
    resolve = wt.resolver(types, len(group))
    defined = wt.define_rec_group([wt.map_sub_type(entry, resolve) for entry in group])
    for t in defined:
        for sup in t.supers:
            if sup.final or not wt.composite_matches(t.composite, sup.composite):
                raise FormError("a type does not match its supertype")
    return defined
