"""The binary format to `Module`: every section decoded, function bodies left as ranges of bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmdialect import types as wt
from wasmdialect.wasm.body import decode_const_expr, decode_instructions, decode_locals
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.module import (
    EXACT_FUNC,
    Code,
    CustomSection,
    DataSegment,
    ElementSegment,
    Export,
    ExternKind,
    Function,
    Global,
    ImportName,
    Memory,
    Module,
    SegmentMode,
    Table,
    Tag,
)
from wasmdialect.wasm.names import decode_names
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.type_section import decode_type_section

MAGIC = b"\0asm"
VERSION = b"\1\0\0\0"


def decode_module(binary: bytes | memoryview, features: frozenset[Feature] = WASM_3_0) -> Module:
    """Decode a module; function bodies are not decoded (`validate_function` does that).

    Raises DecodeError for malformed bytes, ValidationError for a type index that is out of range.
    """
    header = bytes(binary[:8])
    if len(header) < 4 or (len(header) < 8 and header[:4] == MAGIC):
        raise DecodeError("unexpected end", offset=len(header))
    if header[:4] != MAGIC:
        raise DecodeError("magic header not detected", offset=0)
    if header[4:] != VERSION:
        raise DecodeError("unknown binary version", offset=4)
    decoder = _Decoder(binary, features)
    try:
        return decoder.decode()
    except DecodeError:
        decoder.check_bodies()  # the first error in the order of the bytes is the one to report
        raise


class _Decoder:
    """The state of decoding one module."""

    def __init__(self, binary: bytes | memoryview, features: frozenset[Feature]):
        self.module = Module(binary=binary, features=features)
        self.reader = Reader(binary, 8, features, self.module.types)
        self.written = Reader(binary, 8, features)
        """Reads the same bytes with type indices kept as written."""
        self.bodies = 0

    def decode(self) -> Module:
        """Decode section after section."""
        r = self.reader
        order = 0
        while r.pos < len(r.data):
            at = r.pos
            section = r.byte()
            size = r.u32()
            if size > len(r.data) - r.pos:
                raise r.error("length out of bounds", at + 1)
            end = r.pos + size
            if section == 0:
                self.custom(end)
                continue
            if section not in _SECTIONS:
                raise r.error("malformed section id", at)
            place, decode = _SECTIONS[section]
            r.require(_SECTION_FEATURES.get(section, Feature.MVP), "malformed section id", at)
            if place <= order:
                raise r.error("unexpected content after last section", at)
            order = place
            decode(self)
            if r.pos != end:
                raise r.error("section size mismatch", min(r.pos, end))
            self.module.sections.append(section)
        self.finish()
        return self.module

    def finish(self) -> None:
        """Checks that need the whole module."""
        module = self.module
        defined = sum(f.imported is None for f in module.functions)
        if defined != self.bodies:
            raise self.reader.error("function and code section have inconsistent lengths")
        if module.data_count is not None and module.data_count != len(module.data):
            raise self.reader.error("data count and data section have inconsistent lengths")
        for section in module.custom_sections:
            if section.name == "name":
                module.names = decode_names(section.bytes)

    def check_bodies(self) -> None:
        """Look for an error in the bodies that have been found. Raises DecodeError."""
        for function in self.module.functions:
            if function.code is not None:
                reader = Reader(self.reader.data, function.code.offset, self.reader.features)
                decode_locals(reader)
                decode_instructions(reader, function.code.offset + len(function.code.bytes))

    def custom(self, end: int) -> None:
        """A custom section, up to `end`."""
        r = self.reader
        at = r.pos
        name = r.name()
        if r.pos > end:
            raise r.error("unexpected end of section or function", at)
        offset = r.pos
        content = r.take(end - r.pos)
        after = self.module.last_section
        self.module.custom_sections.append(CustomSection(name, content, offset, after))

    def as_written(self, read: Callable[[Reader], Any]) -> tuple[Any, Any]:
        """The result of `read`, resolved and as written."""
        self.written.pos = self.reader.pos
        resolved = read(self.reader)
        return resolved, read(self.written)

    def types(self) -> None:
        """The type section."""
        decode_type_section(self.reader, self.module)

    def function_type(self) -> tuple[int, wt.DefType]:
        """A type index that must name a function type."""
        at = self.reader.pos
        index = self.reader.type_index()
        deftype = self.module.types[index]
        if not isinstance(deftype.composite, wt.FuncType):
            raise ValidationError(f"unknown type {index}: not a function type", offset=at)
        return index, deftype

    def imports(self) -> None:
        """The import section."""
        r = self.reader
        for _ in range(r.count()):
            start = r.pos
            module = r.name()
            name = ImportName(module, r.name())
            at = r.pos
            kind = r.byte()
            exact = kind == EXACT_FUNC and Feature.CUSTOM_DESCRIPTORS in r.features
            if kind > ExternKind.TAG.value and not exact:
                raise r.error("malformed import kind", at)
            entity = self.import_(ExternKind.FUNC if exact else ExternKind(kind), name, exact)
            entity.declared_at = start

    def import_(
        self, kind: ExternKind, name: ImportName, exact: bool
    ) -> Function | Table | Memory | Global | Tag:
        """The type of an import, into its index space."""
        module = self.module
        space = module.index_space(kind)
        index = len(space)
        match kind:
            case ExternKind.FUNC:
                function = Function(index, *self.function_type(), name, exact_import=exact)
                space.append(function)
            case ExternKind.TABLE:
                space.append(Table(index, *self.as_written(Reader.table_type), name))
            case ExternKind.MEMORY:
                space.append(Memory(index, self.reader.memory_type(), name))
            case ExternKind.GLOBAL:
                space.append(Global(index, *self.as_written(Reader.global_type), name))
            case ExternKind.TAG:
                space.append(Tag(index, *self.tag_type(), name))
        module.import_order.append((kind, index))
        return space[index]

    def functions(self) -> None:
        """The function section: the types of the defined functions."""
        space = self.module.functions
        for _ in range(self.reader.count()):
            at = self.reader.pos
            space.append(Function(len(space), *self.function_type(), declared_at=at))

    def tables(self) -> None:
        """The table section."""
        r = self.reader
        space = self.module.tables
        for _ in range(r.count()):
            start = r.pos
            has_init = r.pos < len(r.data) and r.data[r.pos] == 0x40
            if has_init:
                r.require(Feature.FUNCTION_REFERENCES, "malformed table", start)
                r.byte()
                at = r.pos
                if r.byte() != 0:
                    raise r.error("malformed table", at)
            table = Table(len(space), *self.as_written(Reader.table_type), declared_at=start)
            if has_init:
                table.init = decode_const_expr(r)
            space.append(table)

    def memories(self) -> None:
        """The memory section."""
        space = self.module.memories
        for _ in range(self.reader.count()):
            at = self.reader.pos
            space.append(Memory(len(space), self.reader.memory_type(), declared_at=at))

    def tag_type(self) -> tuple[int, wt.TagType]:
        """The attribute byte and type of a tag."""
        at = self.reader.pos
        self.reader.require(Feature.EXCEPTIONS, "malformed tag", at)
        if self.reader.byte() != 0:
            raise self.reader.error("malformed tag attribute", at)
        index, deftype = self.function_type()
        return index, wt.TagType(deftype)

    def tags(self) -> None:
        """The tag section."""
        space = self.module.tags
        for _ in range(self.reader.count()):
            at = self.reader.pos
            space.append(Tag(len(space), *self.tag_type(), declared_at=at))

    def globals(self) -> None:
        """The global section."""
        r = self.reader
        space = self.module.globals
        for _ in range(r.count()):
            at = r.pos
            resolved, written = self.as_written(Reader.global_type)
            space.append(Global(len(space), resolved, written, None, decode_const_expr(r), at))

    def exports(self) -> None:
        """The export section."""
        r = self.reader
        for _ in range(r.count()):
            start = r.pos
            name = r.name()
            at = r.pos
            kind = r.byte()
            if kind > ExternKind.TAG.value:
                raise r.error("malformed export kind", at)
            self.module.exports.append(Export(name, ExternKind(kind), r.u32(), start))

    def start(self) -> None:
        """The start section."""
        self.module.start_declared_at = self.reader.pos
        self.module.start = self.reader.u32()

    def elements(self) -> None:
        """The element section."""
        r = self.reader
        for index in range(r.count()):
            at = r.pos
            flags = r.u32()
            if flags > 7:
                raise r.error("malformed elements segment kind", at)
            if flags:
                feature = Feature.REFERENCE_TYPES if flags & 4 else Feature.BULK_MEMORY
                r.require(feature, "malformed elements segment kind", at)
            segment = self.element(index, flags)
            segment.declared_at = at
            self.module.elements.append(segment)

    def element(self, index: int, flags: int) -> ElementSegment:
        """An element segment. The flags: 1 not active; 2 table index (active) or declarative;
        4 expressions instead of function indices (spec "Binary Format / Element Section")."""
        r = self.reader
        mode = SegmentMode.ACTIVE
        if flags & 1:
            mode = SegmentMode.DECLARATIVE if flags & 2 else SegmentMode.PASSIVE
        table, offset = 0, None
        if mode is SegmentMode.ACTIVE:
            table = r.u32() if flags & 2 else 0
            offset = decode_const_expr(r)
        resolved = written = wt.FUNCREF if flags & 4 or not flags & 3 else NON_NULL_FUNC
        if flags & 4:
            if flags & 3:
                resolved, written = self.as_written(Reader.ref_type)
            expressions = tuple(decode_const_expr(r) for _ in range(r.count()))
            return ElementSegment(
                index, mode, resolved, written, None, expressions, table, offset, flags
            )
        if flags & 3:
            at = r.pos
            if r.byte() != 0:
                raise r.error("malformed element kind", at)
        functions = tuple(r.u32() for _ in range(r.count()))
        return ElementSegment(
            index, mode, NON_NULL_FUNC, NON_NULL_FUNC, functions, None, table, offset, flags
        )

    def data_count(self) -> None:
        """The data count section."""
        self.module.data_count = self.reader.u32()

    def code(self) -> None:
        """The code section: the range of each body."""
        r = self.reader
        defined = (f for f in self.module.functions if f.imported is None)
        self.bodies = r.count()
        for _ in range(self.bodies):
            size = r.u32()
            available = len(r.data) - r.pos
            code = Code(r.pos, r.take(min(size, available)))
            function = next(defined, None)
            if function is not None:
                function.code = code
            if size > available:
                raise r.end_error()

    def data(self) -> None:
        """The data section."""
        r = self.reader
        for index in range(r.count()):
            at = r.pos
            flags = r.u32()
            if flags > 2:
                raise r.error("malformed data segment kind", at)
            if flags:
                r.require(Feature.BULK_MEMORY, "malformed data segment kind", at)
            memory = r.u32() if flags == 2 else 0
            offset = decode_const_expr(r) if flags != 1 else None
            mode = SegmentMode.PASSIVE if flags == 1 else SegmentMode.ACTIVE
            content = r.take(r.u32())
            self.module.data.append(DataSegment(index, mode, content, memory, offset, flags, at))


NON_NULL_FUNC = wt.ref_type(False, wt.FUNC)
"""The type of the elements of a segment that lists function indices."""

_SECTIONS: dict[int, tuple[int, Callable[[_Decoder], None]]] = {
    1: (1, _Decoder.types),
    2: (2, _Decoder.imports),
    3: (3, _Decoder.functions),
    4: (4, _Decoder.tables),
    5: (5, _Decoder.memories),
    13: (6, _Decoder.tags),
    6: (7, _Decoder.globals),
    7: (8, _Decoder.exports),
    8: (9, _Decoder.start),
    9: (10, _Decoder.elements),
    12: (11, _Decoder.data_count),
    10: (12, _Decoder.code),
    11: (13, _Decoder.data),
}
"""By section id: its position in the order of sections, and the decoder of its content."""

_SECTION_FEATURES = {13: Feature.EXCEPTIONS, 12: Feature.BULK_MEMORY}
