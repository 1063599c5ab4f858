"""Types of the text format, as written: references to the type section are `TypeIndex`es."""

from __future__ import annotations

from wasmdialect.wasm import types as wt
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
    return wt.TypeIndex(context.types.resolve(cursor))


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
    exact = reference.take_form("exact")
    heap = heap_type(context, exact or reference)
    if exact is not None:
        exact.expect_end()
    reference.expect_end()
    return wt.ref_type(nullable, heap, exact is not None)


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
    identifier = form.take("ID") if space is not None else None
    if identifier is not None:
        types = [value_type(context, form)]
        form.expect_end()
    else:
        types = value_types(context, form)
    if space is not None:
        for _ in types:
            space.define(identifier)
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
        identifier = declared.take("ID")
        if identifier is not None:
            fields.append(field_type(context, declared))
            declared.expect_end()
            space.define(identifier)
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
    """The content of a `type` field behind its identifier. Raises TextError."""
    sub = form.take_form("sub")
    if sub is None:
        found = wt.SubType(_composite(context, form, index))
    else:
        final = sub.take_word("final")
        supers: list[wt.TypeRef] = []
        while (super_index := context.types.look_up(sub)) is not None:
            supers.append(wt.TypeIndex(super_index))
        found = wt.SubType(_composite(context, sub, index), tuple(supers), final)
        sub.expect_end()
    form.expect_end()
    return found


def address_type(cursor: Cursor) -> wt.NumType:
    """Take the address type of a memory or table, `i32` if none is written."""
    if cursor.take_word("i64"):
        return wt.I64
    cursor.take_word("i32")
    return wt.I32


def _limits(cursor: Cursor) -> wt.Limits:
    minimum = take_unsigned(cursor, 64)
    word = cursor.token("WORD")
    has_maximum = word is not None and word[0].isdigit()
    return wt.Limits(minimum, take_unsigned(cursor, 64) if has_maximum else None)


def take_page_size(cursor: Cursor) -> int:
    """Take a `pagesize` form; returns its base-2 logarithm. Raises TextError."""
    form = cursor.take_form("pagesize")
    if form is None:
        return 16
    at = form.pos
    size = take_unsigned(form, 64)
    form.expect_end()
    if size == 0 or size & (size - 1):
        raise cursor.source.error("invalid custom page size", at)
    return size.bit_length() - 1


def memory_type(context: ModuleContext, cursor: Cursor) -> wt.MemoryType:
    """The memory type that must stand here. Raises TextError."""
    address = address_type(cursor)
    limits = _limits(cursor)
    shared = cursor.take_word("shared")
    return wt.MemoryType(limits, address, shared, take_page_size(cursor))


def table_type(context: ModuleContext, cursor: Cursor) -> wt.TableType:
    """The table type that must stand here. Raises TextError."""
    address = address_type(cursor)
    limits = _limits(cursor)
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
