"""The type section: recursion groups read as written, checked, and made into canonical types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wasmdialect import types as wt
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.reader import Reader

REC, SUB_FINAL, SUB = 0x4E, 0x4F, 0x50
FUNC, STRUCT, ARRAY = 0x60, 0x5F, 0x5E
DESCRIBES, DESCRIPTOR = 0x4C, 0x4D
"""The bytes that introduce each form (spec "Binary Format / Types", and custom descriptors)."""


MAX_SUBTYPING_DEPTH = 63
"""Implementation limit: super types in a chain (the one of web engines and of Wasmtime)."""


def decode_type_section(reader: Reader, module: Module) -> None:
    """Read the section's entries into `module`. Raises DecodeError, ValidationError."""
    as_written = Reader(reader.data, reader.pos, reader.features)
    for _ in range(as_written.count()):
        at = as_written.pos
        explicit = _take_if(as_written, REC)
        if explicit:
            as_written.require(Feature.GC, "malformed definition type", at)
        count = as_written.count() if explicit else 1
        group: list[wt.SubType] = []
        for _ in range(count):
            module.type_offsets.append(as_written.pos)
            group.append(_sub_type(as_written))
        module.rec_groups.append(len(group) if explicit else None)
        _add_rec_group(module, group)
    reader.pos = as_written.pos


def _add_rec_group(module: Module, group: Sequence[wt.SubType]) -> None:
    """Append a recursion group, written with `TypeIndex`es, to the types of a module.

    Raises ValidationError for an index out of range or a subtype that does not match.
    """
    base = len(module.types)
    index = base
    indices = range(base, base + len(group))
    resolve = _resolver(module.types, base, indices.stop)
    resolved: list[wt.SubType] = []
    try:
        for index, member in zip(indices, group, strict=True):
            resolved.append(_map_sub_type(member, index, resolve, indices))
        types = wt.define_rec_group(resolved)
        for index, member, deftype in zip(indices, group, types, strict=True):
            _check_descriptors(member, deftype, index)
            _check_supers(member, deftype, index)
    except ValidationError as error:
        error.offset = module.type_offsets[index]
        raise
    module.types += types
    module.written_types += group


def _take_if(r: Reader, code: int) -> bool:
    if r.pos < len(r.data) and r.data[r.pos] == code:
        r.pos += 1
        return True
    return False


def _sub_type(r: Reader) -> wt.SubType:
    supers: tuple[wt.TypeRef, ...] = ()
    at = r.pos
    final = not _take_if(r, SUB)
    if not final or _take_if(r, SUB_FINAL):
        r.require(Feature.GC, "malformed definition type", at)
        supers = tuple(wt.TypeIndex(r.u32()) for _ in range(r.count()))
    describes = descriptor = None
    if Feature.CUSTOM_DESCRIPTORS in r.features:
        describes = wt.TypeIndex(r.u32()) if _take_if(r, DESCRIBES) else None
        descriptor = wt.TypeIndex(r.u32()) if _take_if(r, DESCRIPTOR) else None
    return wt.SubType(_composite(r), supers, final, describes, descriptor)


def _composite(r: Reader) -> wt.CompositeType:
    at = r.pos
    form = r.signed(7) & 0x7F  # the format's authors count it among the negative numbers
    if form == FUNC:
        return r.func_type()
    r.require(Feature.GC, "malformed definition type", at)
    if form == STRUCT:
        return wt.StructType(tuple(r.field_type() for _ in range(r.count())))
    if form == ARRAY:
        return wt.ArrayType(r.field_type())
    raise r.error("malformed definition type", at)


Resolve = Callable[[wt.TypeRef], wt.TypeRef]
"""From a type as written to a defined type or a member of the group."""


def _resolver(types: Sequence[wt.DefType], base: int, end: int) -> Resolve:
    def resolve(t: wt.TypeRef) -> wt.TypeRef:
        assert isinstance(t, wt.TypeIndex)
        if t.index >= end:
            raise ValidationError(f"unknown type {t.index}")
        return types[t.index] if t.index < base else wt.RecRef(t.index - base)

    return resolve


def _map_sub_type(t: wt.SubType, index: int, resolve: Resolve, group: range) -> wt.SubType:
    """The entry at `index`, whose group has the indices `group`."""
    for reference in t.supers:
        if _index(reference) >= index:
            raise ValidationError(f"unknown type {reference}")
    if len(t.supers) > 1:
        raise ValidationError(f"sub type {index} has more than one super type")
    if t.describes is not None and _index(t.describes) not in group:
        raise ValidationError("described type is outside rec group")
    if t.descriptor is not None and _index(t.descriptor) not in group:
        raise ValidationError("descriptor type is outside rec group")
    return wt.SubType(
        _map_composite(t.composite, resolve),
        tuple(map(resolve, t.supers)),
        t.final,
        t.describes and resolve(t.describes),
        t.descriptor and resolve(t.descriptor),
    )


def _index(t: wt.TypeRef) -> int:
    assert isinstance(t, wt.TypeIndex)
    return t.index


def _map_value(t: wt.ValType, resolve: Resolve) -> wt.ValType:
    if isinstance(t, wt.RefType):
        return wt.ref_type(t.nullable, wt.map_type_refs(t.heap, resolve))
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
    if t.depth > MAX_SUBTYPING_DEPTH:
        raise ValidationError(f"sub type {index} has more than {MAX_SUBTYPING_DEPTH} super types")
    for reference, sup in zip(written.supers, t.supers, strict=True):
        matched = (
            not sup.final
            and composite_matches(t.composite, sup.composite)
            and (sup.describes is None) == (t.describes is None)
            and (sup.descriptor is None or t.descriptor is not None)
        )
        if not matched:
            raise ValidationError(f"sub type {index} does not match super type {reference}")
        if sup.describes and t.describes and not wt.is_sub_def_type(t.describes, sup.describes):
            raise ValidationError(f"described type {written.describes} does not match")
        if sup.descriptor and t.descriptor and not wt.is_sub_def_type(t.descriptor, sup.descriptor):
            raise ValidationError(f"descriptor type {written.descriptor} does not match")


def _check_descriptors(written: wt.SubType, t: wt.DefType, index: int) -> None:
    """A type and its descriptor are structs that name each other, the described one first
    (custom-descriptors proposal)."""
    if t.describes is not None:
        if not isinstance(t.composite, wt.StructType):
            raise ValidationError("described type must be a struct")
        if written.describes is not None and _index(written.describes) >= index:
            raise ValidationError("forward use of described type")
        if t.describes.descriptor is not t:
            raise ValidationError("described type is not described by descriptor")
    if t.descriptor is not None:
        if not isinstance(t.composite, wt.StructType):
            raise ValidationError("descriptor type must be a struct")
        if t.descriptor.describes is not t:
            raise ValidationError("type is not described by its descriptor")


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
