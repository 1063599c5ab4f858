"""`Module` to the binary format, with the shortest encoding of every integer.

A module that was encoded this way decodes and encodes to the same bytes: the choices of an encoder
(segment flags, explicit `rec` groups, order of imports) are kept in `Module`, and bodies and constant
expressions are bytes there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wasmdialect import types as wt
from wasmdialect.wasm import type_section as ts
from wasmdialect.wasm.decode import MAGIC, VERSION
from wasmdialect.wasm.instructions import BY_OPCODE, Immediate
from wasmdialect.wasm.leb128 import encode_signed, encode_unsigned
from wasmdialect.wasm.module import (
    EXACT_FUNC,
    Catch,
    DataSegment,
    ElementSegment,
    ExternKind,
    Module,
    SegmentMode,
    Table,
)
from wasmdialect.wasm.names import encode_name
from wasmdialect.wasm.reader import EXACT, REF, REF_NULL

SECTION_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
"""Ids of the sections in the order they must come in (spec "Binary Format / Modules")."""


def vector(items: Sequence[bytes]) -> bytes:
    """A vector: the number of items, and the items."""
    return encode_unsigned(len(items)) + b"".join(items)


def sized(content: bytes | memoryview) -> bytes:
    """Bytes, preceded by their length."""
    return encode_unsigned(len(content)) + bytes(content)


def encode_heap_type(t: wt.HeapType) -> bytes:
    """A heap type as a module writes it: a word or a `TypeIndex`."""
    if isinstance(t, wt.TypeIndex):
        return encode_signed(t.index)
    if isinstance(t, wt.ExactType):
        return bytes([EXACT]) + encode_unsigned(_index(t.type))
    assert isinstance(t, wt.AbstractHeapType), "only types as written can be encoded"
    return bytes([t.code])


def encode_value_type(t: wt.StorageType) -> bytes:
    """A value or packed type as a module writes it."""
    if not isinstance(t, wt.RefType):
        return bytes([t.code])
    if t.nullable and isinstance(t.heap, wt.AbstractHeapType):
        return bytes([t.heap.code])
    return bytes([REF_NULL if t.nullable else REF]) + encode_heap_type(t.heap)


def encode_value_types(types: Iterable[wt.ValType]) -> bytes:
    """A vector of value types."""
    return vector([encode_value_type(t) for t in types])


def encode_field_type(f: wt.FieldType) -> bytes:
    """A struct field or array element."""
    return encode_value_type(f.storage) + bytes([f.mutable])


def encode_composite(c: wt.CompositeType) -> bytes:
    """A function, struct or array type."""
    match c:
        case wt.FuncType(params, results):
            return bytes([ts.FUNC]) + encode_value_types(params) + encode_value_types(results)
        case wt.StructType(fields):
            return bytes([ts.STRUCT]) + vector([encode_field_type(f) for f in fields])
        case wt.ArrayType(element):
            return bytes([ts.ARRAY]) + encode_field_type(element)


def encode_sub_type(t: wt.SubType) -> bytes:
    """An entry of a recursion group; a final type without supertypes in its short form."""
    composite = encode_composite(t.composite)
    if t.descriptor is not None:
        composite = bytes([ts.DESCRIPTOR]) + encode_unsigned(_index(t.descriptor)) + composite
    if t.describes is not None:
        composite = bytes([ts.DESCRIBES]) + encode_unsigned(_index(t.describes)) + composite
    if t.final and not t.supers:
        return composite
    supers = vector([encode_unsigned(_index(s)) for s in t.supers])
    return bytes([ts.SUB_FINAL if t.final else ts.SUB]) + supers + composite


def _index(t: wt.TypeRef) -> int:
    assert isinstance(t, wt.TypeIndex), "only types as written can be encoded"
    return t.index


def encode_rec_group(members: Sequence[wt.SubType], *, explicit: bool) -> bytes:
    """An entry of the type section."""
    if not explicit:
        return encode_sub_type(members[0])
    return bytes([ts.REC]) + vector([encode_sub_type(m) for m in members])


def _limits(limits: wt.Limits, flags: int) -> bytes:
    out = encode_unsigned(limits.minimum)
    if limits.maximum is None:
        return bytes([flags]) + out
    return bytes([flags | 1]) + out + encode_unsigned(limits.maximum)


def encode_memory_type(t: wt.MemoryType) -> bytes:
    """A memory type."""
    flags = (2 if t.shared else 0) | (4 if t.address is wt.I64 else 0)
    if not t.page_size_written:
        return _limits(t.limits, flags)
    return _limits(t.limits, flags | 8) + encode_unsigned(t.page_size_log2)


def encode_table_type(t: wt.TableType) -> bytes:
    """A table type."""
    return encode_value_type(t.element) + _limits(t.limits, 4 if t.address is wt.I64 else 0)


def encode_global_type(t: wt.GlobalType) -> bytes:
    """A global type."""
    return encode_value_type(t.value) + bytes([t.mutable])


def encode_tag_type(type_index: int) -> bytes:
    """A tag type: its attribute and the index of its function type."""
    return b"\0" + encode_unsigned(type_index)


def _block_type(t: wt.FuncType | wt.TypeIndex) -> bytes:
    if isinstance(t, wt.TypeIndex):
        return encode_signed(t.index)
    assert not t.params
    assert len(t.results) < 2, "such a block type needs a type index"
    return encode_value_type(t.results[0]) if t.results else b"\x40"


def _memarg(memarg: tuple[int, int, int]) -> bytes:
    align_log2, offset, memory = memarg
    if memory:
        return (
            encode_unsigned(align_log2 | 0x40) + encode_unsigned(memory) + encode_unsigned(offset)
        )
    return encode_unsigned(align_log2) + encode_unsigned(offset)


def _catch(clause: Catch) -> bytes:
    tag = encode_unsigned(clause.tag) if clause.tag is not None else b""
    return bytes([clause.kind.value]) + tag + encode_unsigned(clause.label)


def _labels(labels: tuple[int, ...]) -> bytes:
    return vector([encode_unsigned(i) for i in labels[:-1]]) + encode_unsigned(labels[-1])


def _signed(bits: int) -> Callable[[int], bytes]:
    return lambda value: encode_signed(value - (1 << bits) if value >> (bits - 1) else value)


def _fixed(size: int) -> Callable[[int], bytes]:
    return lambda value: value.to_bytes(size, "little")


_ENCODERS: dict[Immediate, Callable[[Any], bytes]] = {
    Immediate.BLOCK_TYPE: _block_type,
    Immediate.LABELS: _labels,
    Immediate.CATCHES: lambda clauses: vector([_catch(c) for c in clauses]),
    Immediate.VAL_TYPES: encode_value_types,
    Immediate.HEAP_TYPE: encode_heap_type,
    Immediate.I32: _signed(32),
    Immediate.I64: _signed(64),
    Immediate.F32: _fixed(4),
    Immediate.F64: _fixed(8),
    Immediate.V128: _fixed(16),
    Immediate.MEMARG: _memarg,
    Immediate.LANE: lambda lane: bytes([lane]),
    Immediate.LANES: bytes,
}
"""The writer of each kind of immediate; all others are indices."""


def encode_opcode(opcode: int) -> bytes:
    """An opcode, after its prefix if it has one."""
    if opcode <= 0xFF:
        return bytes([opcode])
    return bytes([opcode >> 12]) + encode_unsigned(opcode & 0xFFF)


def encode_instruction(opcode: int, immediate: Any) -> bytes:
    """An instruction, with an immediate as returned by `decode_instructions` with types as written."""
    kinds = BY_OPCODE[opcode].immediates
    out = encode_opcode(opcode)
    if not kinds:
        return out
    if kinds[-1] is Immediate.CAST_FLAGS:
        label, source, target = immediate
        flags = source.nullable | target.nullable << 1
        return (
            out
            + bytes([flags])
            + encode_unsigned(label)
            + encode_heap_type(source.heap)
            + encode_heap_type(target.heap)
        )
    if len(kinds) == 1:
        immediate = (immediate,)
    for kind, value in zip(kinds, immediate, strict=True):
        out += _ENCODERS.get(kind, encode_unsigned)(value)
    return out


def encode_element_segment(segment: ElementSegment) -> bytes:
    """An element segment, in the form given by its flags."""
    flags = segment.flags
    out = encode_unsigned(flags)
    if segment.mode is SegmentMode.ACTIVE:
        if flags & 2:
            out += encode_unsigned(segment.table)
        assert segment.offset is not None
        out += bytes(segment.offset.bytes)
    if flags & 4:
        assert segment.expressions is not None
        if flags & 3:
            out += encode_value_type(segment.written)
        return out + vector([bytes(e.bytes) for e in segment.expressions])
    assert segment.functions is not None
    if flags & 3:
        out += b"\0"
    return out + vector([encode_unsigned(index) for index in segment.functions])


def encode_data_segment(segment: DataSegment) -> bytes:
    """A data segment."""
    out = encode_unsigned(segment.flags)
    if segment.mode is SegmentMode.ACTIVE:
        if segment.flags == 2:
            out += encode_unsigned(segment.memory)
        assert segment.offset is not None
        out += bytes(segment.offset.bytes)
    return out + sized(segment.bytes)


def encode_table(table: Table) -> bytes:
    """A table definition."""
    if table.init is None:
        return encode_table_type(table.written)
    return b"\x40\0" + encode_table_type(table.written) + bytes(table.init.bytes)


def _types(module: Module) -> list[bytes]:
    out: list[bytes] = []
    position = 0
    for size in module.rec_groups:
        count = 1 if size is None else size
        group = module.written_types[position : position + count]
        out.append(encode_rec_group(group, explicit=size is not None))
        position += count
    return out


def _imports(module: Module) -> list[bytes]:
    out: list[bytes] = []
    for kind, index in module.import_order:
        match kind:
            case ExternKind.FUNC:
                content = encode_unsigned(module.functions[index].type_index)
            case ExternKind.TABLE:
                content = encode_table_type(module.tables[index].written)
            case ExternKind.MEMORY:
                content = encode_memory_type(module.memories[index].type)
            case ExternKind.GLOBAL:
                content = encode_global_type(module.globals[index].written)
            case ExternKind.TAG:
                content = encode_tag_type(module.tags[index].type_index)
        entity = module.index_space(kind)[index]
        exact = kind is ExternKind.FUNC and entity.exact_import
        code = EXACT_FUNC if exact else kind.value
        name = entity.imported
        out.append(encode_name(name.module) + encode_name(name.name) + bytes([code]) + content)
    return out


def _globals(module: Module) -> list[bytes]:
    return [
        encode_global_type(g.written) + bytes(g.init.bytes)
        for g in module.globals
        if g.init is not None
    ]


def _sections(module: Module) -> dict[int, bytes]:
    """The content of each section that is not empty, or existed as an empty one."""
    items: dict[int, list[bytes]] = {
        1: _types(module),
        2: _imports(module),
        3: [encode_unsigned(f.type_index) for f in module.functions if f.imported is None],
        4: [encode_table(t) for t in module.tables if t.imported is None],
        5: [encode_memory_type(m.type) for m in module.memories if m.imported is None],
        13: [encode_tag_type(t.type_index) for t in module.tags if t.imported is None],
        6: _globals(module),
        7: [
            encode_name(e.name) + bytes([e.kind.value]) + encode_unsigned(e.index)
            for e in module.exports
        ],
        9: [encode_element_segment(s) for s in module.elements],
        10: [sized(f.code.bytes) for f in module.functions if f.code is not None],
        11: [encode_data_segment(s) for s in module.data],
    }
    out = {
        section: vector(content)
        for section, content in items.items()
        if content or section in module.sections
    }
    if module.start is not None:
        out[8] = encode_unsigned(module.start)
    if module.data_count is not None:
        out[12] = encode_unsigned(module.data_count)
    return out


def encode_section(section: int, content: bytes) -> bytes:
    """A section with its id and size."""
    return bytes([section]) + sized(content)


def encode_custom(name: str, content: bytes | memoryview) -> bytes:
    """A custom section with its id and size."""
    return encode_section(0, encode_name(name) + bytes(content))


def encode_module(module: Module) -> bytes:
    """The module in the binary format, its custom sections in their old positions."""
    sections = _sections(module)
    out = [MAGIC, VERSION]
    for section in (0, *SECTION_ORDER):
        if section in sections:
            out.append(encode_section(section, sections[section]))
        for custom in module.custom_sections:
            if custom.after == section:
                out.append(encode_custom(custom.name, custom.bytes))
    return b"".join(out)
