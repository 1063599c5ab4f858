"""Types of the text format, as written: references to the type section are `TypeIndex`es."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.text.context import IndexSpace, ModuleContext, take_unsigned
from wasmdialect.wasm.text.syntax import Cursor

_NUM_TYPES: dict[str, wt.ValType] = {t.name: t for t in wt.NUM_TYPES.values()}
_VALUE_TYPES: dict[str, wt.ValType] = {**_NUM_TYPES, **wt.SHORTHAND_REF_TYPES}
_PACKED = {t.name: t for t in wt.PACKED_TYPES.values()}
_HEAP_TYPES = {t.name: t for t in wt.ABSTRACT_HEAP_TYPES.values()}


def heap_type(context: ModuleContext, cursor: Cursor) -> wt.HeapType:
    """The heap type that must stand here. Raises TextError."""
    word = cursor.token("WORD")
    known = _HEAP_TYPES.get(word) if word is not None else None
    if known is not None:
        cursor.at += 1
        return known
    form = cursor.take_form("exact")
    if form is None:
        return wt.TypeIndex(context.types.resolve(cursor))
    found = wt.exact(wt.TypeIndex(context.types.resolve(form)))
    form.expect_end()
    return found


def take_value_type(context: ModuleContext, cursor: Cursor) -> wt.ValType | None:
    """Take a value type; None if something else stands here. Raises TextError."""
    word = cursor.token("WORD")
    if word is not None:
        known = _VALUE_TYPES.get(word)
        cursor.at += known is not None
        return known
    reference = cursor.take_form("ref")
    if reference is None:
        return None
    nullable = reference.take_word("null")
    found = wt.ref_type(nullable, heap_type(context, reference))
    reference.expect_end()
    return found


def value_type(context: ModuleContext, cursor: Cursor) -> wt.ValType:
    """The value type that must stand here. Raises TextError."""
    found = take_value_type(context, cursor)
    if found is None:
        raise cursor.unexpected()
    return found


def value_types(context: ModuleContext, cursor: Cursor) -> list[wt.ValType]:
    """The value types up to the end of the form. Raises TextError."""
    out: list[wt.ValType] = []
    while cursor.current is not None:
        out.append(value_type(context, cursor))
    return out


def ref_type(context: ModuleContext, cursor: Cursor) -> wt.RefType:
    """The reference type that must stand here. Raises TextError."""
    at = cursor.at
    found = take_value_type(context, cursor)
    if not isinstance(found, wt.RefType):
        cursor.at = at
        raise cursor.unexpected()
    return found


def function_signature(
    context: ModuleContext, cursor: Cursor, parameters: IndexSpace | None = None
) -> wt.FuncType:
    """The `param` and `result` forms here; identifiers go to `parameters`, None forbids them.

    Raises TextError.
    """
    params: list[wt.ValType] = []
    while (form := cursor.take_form("param")) is not None:
        params += declared_types(context, form, parameters)
    results: list[wt.ValType] = []
    while (form := cursor.take_form("result")) is not None:
        results += value_types(context, form)
    return wt.FuncType(tuple(params), tuple(results))


def declared_types(
    context: ModuleContext, form: Cursor, space: IndexSpace | None
) -> list[wt.ValType]:
    """The types of a `param` or `local` form: one with an identifier, or any number without.

    Raises TextError.
    """
    if space is None:
        return value_types(context, form)
    if form.token("ID") is not None or form.annotations:
        space.bind(form)
        types = [value_type(context, form)]
        form.expect_end()
        return types
    types = value_types(context, form)
    for _ in types:
        space.define(None)
    return types


def field_type(context: ModuleContext, cursor: Cursor) -> wt.FieldType:
    """The field type that must stand here. Raises TextError."""
    mutable = cursor.take_form("mut")
    if mutable is None:
        return wt.FieldType(_storage_type(context, cursor), False)
    found = wt.FieldType(_storage_type(context, mutable), True)
    mutable.expect_end()
    return found


def _storage_type(context: ModuleContext, cursor: Cursor) -> wt.StorageType:
    word = cursor.token("WORD")
    packed = _PACKED.get(word) if word is not None else None
    if packed is not None:
        cursor.at += 1
        return packed
    return value_type(context, cursor)


def _struct(context: ModuleContext, form: Cursor, index: int) -> wt.StructType:
    names: dict[int, str] = {}
    space = context.fields[index] = IndexSpace(context.source, "field", names)
    fields: list[wt.FieldType] = []
    while (declared := form.take_form("field")) is not None:
        if declared.token("ID") is not None or declared.annotations:
            space.bind(declared)
            fields.append(field_type(context, declared))
            declared.expect_end()
            continue
        while declared.current is not None:
            fields.append(field_type(context, declared))
            space.define(None)
    form.expect_end()
    if names:
        context.names.fields[index] = names
    return wt.StructType(tuple(fields))


def _composite(context: ModuleContext, cursor: Cursor, index: int) -> wt.CompositeType:
    form = cursor.take_form("func", "struct", "array")
    if form is None:
        raise cursor.unexpected()
    kind = str(form.items[0])
    if kind == "struct":
        return _struct(context, form, index)
    if kind == "array":
        composite = wt.ArrayType(field_type(context, form))
    else:
        composite = function_signature(context, form, IndexSpace(context.source, "local"))
    form.expect_end()
    return composite


def type_definition(context: ModuleContext, form: Cursor, index: int) -> wt.SubType:
    """The content of a `type` field after its identifier. Raises TextError."""
    sub = form.take_form("sub")
    final = sub is None or sub.take_word("final")
    supers: list[wt.TypeRef] = []
    while sub is not None and (super_index := context.types.look_up(sub)) is not None:
        supers.append(wt.TypeIndex(super_index))
    inside = sub or form
    describes = _clause(context, inside, "describes")
    descriptor = _clause(context, inside, "descriptor")
    composite = _composite(context, inside, index)
    inside.expect_end()
    form.expect_end()
    return wt.SubType(composite, tuple(supers), final, describes, descriptor)


def _clause(context: ModuleContext, cursor: Cursor, word: str) -> wt.TypeIndex | None:
    """Take `(describes t)` or `(descriptor t)`."""
    form = cursor.take_form(word)
    if form is None:
        return None
    index = context.types.resolve(form)
    form.expect_end()
    return wt.TypeIndex(index)


def address_type(cursor: Cursor) -> wt.NumType:
    """Take the address type of a memory or table, `i32` if none is written."""
    if cursor.take_word("i64"):
        return wt.I64
    cursor.take_word("i32")
    return wt.I32


def _limits(context: ModuleContext, cursor: Cursor) -> wt.Limits:
    minimum = _take_limit(context, cursor)
    word = cursor.token("WORD")
    has_maximum = word is not None and word[0].isdigit()
    return wt.Limits(minimum, _take_limit(context, cursor) if has_maximum else None)


def _take_limit(context: ModuleContext, cursor: Cursor) -> int:
    """A limit; since memory64 it has 64 bits, whatever the address type. Raises TextError."""
    bits = 64 if Feature.MEMORY64 in context.features else 32
    return take_unsigned(cursor, bits, f"i{bits} constant out of range")


def take_page_size(cursor: Cursor) -> int | None:
    """Take a `pagesize` form; returns its base-2 logarithm, None if there is none. Raises TextError."""
    form = cursor.take_form("pagesize")
    if form is None:
        return None
    at = form.pos
    size = take_unsigned(form, 64)
    form.expect_end()
    if size == 0 or size & (size - 1):
        raise cursor.source.error("invalid custom page size", at)
    return size.bit_length() - 1


def memory_type(context: ModuleContext, cursor: Cursor) -> wt.MemoryType:
    """The memory type that must stand here. Raises TextError."""
    address = address_type(cursor)
    limits = _limits(context, cursor)
    shared = cursor.take_word("shared")
    return memory_of(limits, address, shared, take_page_size(cursor))


def memory_of(
    limits: wt.Limits, address: wt.NumType, shared: bool, page_size_log2: int | None
) -> wt.MemoryType:
    """A memory type whose page size is written, or None."""
    written = page_size_log2 is not None
    return wt.MemoryType(
        limits, address, shared, page_size_log2 if written else WASM_PAGE_LOG2, written
    )


def table_type(context: ModuleContext, cursor: Cursor) -> wt.TableType:
    """The table type that must stand here. Raises TextError."""
    address = address_type(cursor)
    limits = _limits(context, cursor)
    return wt.TableType(ref_type(context, cursor), limits, address)


def global_type(context: ModuleContext, cursor: Cursor) -> wt.GlobalType:
    """The global type that must stand here. Raises TextError."""
    mutable = cursor.take_form("mut")
    if mutable is None:
        return wt.GlobalType(value_type(context, cursor), False)
    found = wt.GlobalType(value_type(context, mutable), True)
    mutable.expect_end()
    return found


def type_use(
    context: ModuleContext, cursor: Cursor, parameters: IndexSpace | None = None
) -> tuple[int | None, wt.FuncType]:
    """A type use: the index it names, None if it names none, and its signature.

    Parameters without identifiers count in `parameters` too. Raises TextError.
    """
    named = cursor.take_form("type")
    if named is None:
        return None, function_signature(context, cursor, parameters)
    at = named.pos
    index = context.types.resolve(named)
    named.expect_end()
    before = cursor.at
    inline = function_signature(context, cursor, parameters)
    declared = context.function_type(index)
    if cursor.at == before:
        if declared is not None and parameters is not None:
            parameters.count = len(declared.params)
        return index, declared or inline
    if index >= len(context.written_types):
        raise cursor.source.error(f"unknown type {index}", at)
    if declared != inline:
        if cursor.take_form("param") is not None:
            cursor.at -= 1
            raise cursor.unexpected()
        raise cursor.source.error("inline function type does not match the type it names", at)
    return index, inline


def type_use_index(
    context: ModuleContext, cursor: Cursor, parameters: IndexSpace | None = None
) -> tuple[int, wt.FuncType]:
    """A type use: the index of its type, which is added if need be, and its signature.

    Raises TextError.
    """
    index, signature = type_use(context, cursor, parameters)
    return (context.type_of(signature) if index is None else index), signature
