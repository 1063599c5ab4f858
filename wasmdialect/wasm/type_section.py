"""The type section: recursion groups read as written, checked, and made into canonical types."""

from __future__ import annotations

from collections.abc import Sequence

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
    resolve = wt.resolver(module.types, len(group))
    resolved: list[wt.SubType] = []
    try:
        for index, member in zip(indices, group, strict=True):
            _check_entry(member, index, indices)
            resolved.append(wt.map_sub_type(member, resolve))
        types = wt.define_rec_group(resolved)
        for index, member, deftype in zip(indices, group, types, strict=True):
            _check_descriptors(member, deftype, index)
            _check_supers(member, deftype, index)
    except wt.UnknownTypeError as error:
        raise ValidationError(str(error), offset=module.type_offsets[index]) from None
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


def _check_entry(t: wt.SubType, index: int, group: range) -> None:
    """An entry as written, at `index`; its group has the indices `group`. Raises ValidationError."""
    for reference in t.supers:
        if _index(reference) >= index:
            raise ValidationError(f"unknown type {reference}")
    if len(t.supers) > 1:
        raise ValidationError(f"sub type {index} has more than one super type")
    if t.describes is not None and _index(t.describes) not in group:
        raise ValidationError("described type is outside rec group")
    if t.descriptor is not None and _index(t.descriptor) not in group:
        raise ValidationError("descriptor type is outside rec group")


def _index(t: wt.TypeRef) -> int:
    assert isinstance(t, wt.TypeIndex)
    return t.index


def _check_supers(written: wt.SubType, t: wt.DefType, index: int) -> None:
    """Declared supertypes must be extensible and matched (spec "Valid / Types / Sub Types")."""
    if t.depth > MAX_SUBTYPING_DEPTH:
        raise ValidationError(f"sub type {index} has more than {MAX_SUBTYPING_DEPTH} super types")
    for reference, sup in zip(written.supers, t.supers, strict=True):
        matched = (
            not sup.final
            and wt.composite_matches(t.composite, sup.composite)
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
