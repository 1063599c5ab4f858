"""The type section: recursion groups read as written, checked, and made into canonical types.

The text front end builds its types through `add_rec_group` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.reader import Reader

REC, SUB_FINAL, SUB = 0x4E, 0x4F, 0x50
FUNC, STRUCT, ARRAY = 0x60, 0x5F, 0x5E
"""The bytes that introduce each form (spec "Binary Format / Types")."""


def decode_type_section(reader: Reader, module: Module) -> None:
    """Read the section's entries into `module`. Raises DecodeError, ValidationError."""
    as_written = Reader(reader.data, reader.pos, reader.features)
    for _ in range(as_written.count()):
        at = as_written.pos
        explicit = _take_if(as_written, REC)
        count = as_written.count() if explicit else 1
        group = [_sub_type(as_written) for _ in range(count)]
        try:
            add_rec_group(module, group, explicit=explicit)
        except ValidationError as error:
            error.offset = at
            raise
    reader.pos = as_written.pos


def add_rec_group(module: Module, group: Sequence[wt.SubType], *, explicit: bool) -> None:
    """Append a recursion group, written with `TypeIndex`es, to the types of a module.

    Raises ValidationError for an index out of range or a subtype that does not match.
    """
    base = len(module.types)
    resolved = [
        _map_sub_type(member, _resolver(module.types, base, base + len(group), base + position))
        for position, member in enumerate(group)
    ]
    types = wt.define_rec_group(resolved)
    module.types += types
    module.written_types += group
    module.rec_groups.append(len(group) if explicit else None)
    for position, deftype in enumerate(types):
        _check_supers(group[position], deftype, base + position)


def _take_if(r: Reader, code: int) -> bool:
    if r.pos < len(r.data) and r.data[r.pos] == code:
        r.pos += 1
        return True
    return False


def _sub_type(r: Reader) -> wt.SubType:
    if _take_if(r, SUB):
        return wt.SubType(supers=_supers(r), final=False, composite=_composite(r))
    if _take_if(r, SUB_FINAL):
        return wt.SubType(supers=_supers(r), composite=_composite(r))
    return wt.SubType(_composite(r))


def _supers(r: Reader) -> tuple[wt.TypeRef, ...]:
    return tuple(wt.TypeIndex(r.u32()) for _ in range(r.count()))


def _composite(r: Reader) -> wt.CompositeType:
    at = r.pos
    form = r.signed(7) & 0x7F  # the format's authors count it among the negative numbers
    if form == FUNC:
        return r.func_type()
    if form == STRUCT:
        return wt.StructType(tuple(r.field_type() for _ in range(r.count())))
    if form == ARRAY:
        return wt.ArrayType(r.field_type())
    raise r.error("malformed definition type", at)


Resolve = Callable[[int, bool], wt.TypeRef]
"""From a type index, and whether it is used as a supertype."""


def _resolver(types: Sequence[wt.DefType], base: int, end: int, own: int) -> Resolve:
    def resolve(index: int, as_super: bool) -> wt.TypeRef:
        if index >= (own if as_super else end):
            raise ValidationError(f"unknown type {index}")
        return types[index] if index < base else wt.RecRef(index - base)

    return resolve


def _map_sub_type(t: wt.SubType, resolve: Resolve) -> wt.SubType:
    return wt.SubType(
        _map_composite(t.composite, resolve),
        tuple(_map_ref(s, resolve, True) for s in t.supers),
        t.final,
    )


def _map_ref(t: wt.TypeRef, resolve: Resolve, as_super: bool) -> wt.TypeRef:
    return resolve(t.index, as_super) if isinstance(t, wt.TypeIndex) else t


def _map_value(t: wt.ValType, resolve: Resolve) -> wt.ValType:
    if isinstance(t, wt.RefType) and isinstance(t.heap, wt.TypeIndex):
        return wt.ref_type(t.nullable, resolve(t.heap.index, False), t.exact)
    return t


def _map_field(f: wt.FieldType, resolve: Resolve) -> wt.FieldType:
    if isinstance(f.storage, wt.RefType):
        return wt.FieldType(_map_value(f.storage, resolve), f.mutable)
    return f


def _map_composite(c: wt.CompositeType, resolve: Resolve) -> wt.CompositeType:
    match c:
        case wt.FuncType(params, results):
            return wt.FuncType(
                tuple(_map_value(t, resolve) for t in params),
                tuple(_map_value(t, resolve) for t in results),
            )
        case wt.StructType(fields):
            return wt.StructType(tuple(_map_field(f, resolve) for f in fields))
        case wt.ArrayType(element):
            return wt.ArrayType(_map_field(element, resolve))


def _check_supers(written: wt.SubType, t: wt.DefType, index: int) -> None:
    """Declared supertypes must be extensible and matched (spec "Valid / Types / Sub Types")."""
    if len(t.supers) > 1:
        raise ValidationError(f"sub type {index} has more than one super type")
    for reference, sup in zip(written.supers, t.supers, strict=True):
        if sup.final or not composite_matches(t.composite, sup.composite):
            raise ValidationError(f"sub type {index} does not match super type {reference}")


def composite_matches(sub: wt.CompositeType, sup: wt.CompositeType) -> bool:
    """Composite type matching (spec "Matching / Composite Types")."""
    match sub, sup:
        case wt.FuncType(), wt.FuncType():
            return _all_match(sup.params, sub.params) and _all_match(sub.results, sup.results)
        case wt.StructType(), wt.StructType():
            return len(sub.fields) >= len(sup.fields) and all(
                _field_matches(a, b) for a, b in zip(sub.fields, sup.fields, strict=False)
            )
        case wt.ArrayType(), wt.ArrayType():
            return _field_matches(sub.element, sup.element)
        case _:
            return False


def _all_match(subs: Sequence[wt.ValType], sups: Sequence[wt.ValType]) -> bool:
    return len(subs) == len(sups) and all(map(wt.matches, subs, sups))


def _field_matches(sub: wt.FieldType, sup: wt.FieldType) -> bool:
    if sub.mutable != sup.mutable:
        return False
    if sub.mutable:
        return storage_matches(sub.storage, sup.storage) and storage_matches(
            sup.storage, sub.storage
        )
    return storage_matches(sub.storage, sup.storage)


def storage_matches(sub: wt.StorageType, sup: wt.StorageType) -> bool:
    """Storage type matching: packed types match only themselves."""
    if isinstance(sub, wt.PackedType) or isinstance(sup, wt.PackedType):
        return sub is sup
    return wt.matches(sub, sup)
