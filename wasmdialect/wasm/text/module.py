"""A module of the text format to the binary format: fields in two passes.

The first pass gives every definition its index, so that the second can resolve identifiers that are
used before they are defined. The result is binary, not `Module`: what text can say and no module may
contain (an index out of range) is then rejected by the one decoder and validator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lark import Token

from wasmdialect.wasm import encode
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import ExternKind
from wasmdialect.wasm.names import encode_name, encode_names
from wasmdialect.wasm.text.context import (
    IndexSpace,
    ModuleContext,
    identifier_name,
    take_name,
    take_string,
)
from wasmdialect.wasm.text.immediates import BodyContext
from wasmdialect.wasm.text.instructions import Encoded, encode_sequence
from wasmdialect.wasm.text.syntax import Cursor, Form, Source, unexpected
from wasmdialect.wasm.text.types import (
    address_type,
    declared_types,
    global_type,
    memory_type,
    ref_type,
    table_type,
    take_page_size,
    take_value_type,
    type_definition,
    type_use_index,
)

_REF_FUNC = 0xD2
_PAGE = 65536


@dataclass
class Places:
    """Where in the text the pieces of the binary come from."""

    offsets: list[int] = field(default_factory=list[int])
    positions: list[int] = field(default_factory=list[int])


@dataclass
class _Body:
    """The encoded body of a function."""

    locals: bytes
    code: Encoded
    pos: int

    @property
    def bytes(self) -> bytes:
        return self.locals + bytes(self.code.bytes) + b"\x0b"


def encode_fields(source: Source, fields: list[Form], name: str | None) -> tuple[bytes, Places]:
    """The binary of a module with these fields, and where its instructions come from.

    Raises TextError.
    """
    return _ModuleBuilder(source, name).build(fields)


class _ModuleBuilder:
    """Collects the content of each section."""

    def __init__(self, source: Source, name: str | None):
        self.source = source
        self.context = ModuleContext(source)
        self.context.names.module = name
        self.items: dict[int, list[bytes]] = {section: [] for section in encode.SECTION_ORDER}
        self.bodies: list[_Body] = []
        self.start: bytes | None = None
        self.needs_data_count = False
        self.spaces = {
            "func": self.context.functions,
            "table": self.context.tables,
            "memory": self.context.memories,
            "global": self.context.globals,
            "tag": self.context.tags,
        }
        self.indices: dict[int, int] = {}
        """Index of what each field defines, by the field's position."""

    def build(self, fields: list[Form]) -> tuple[bytes, Places]:
        """Both passes."""
        for form in fields:
            if form.head not in _FIELDS:
                raise unexpected(self.source, form)
        self.define_types(fields)
        self.define_indices(fields)
        for form in fields:
            _FIELDS[form.head or ""](self, Cursor(self.source, form, 1))
        return self.assemble()

    # --- first pass

    def define_types(self, fields: list[Form]) -> None:
        """Give every type its index, then read them all: they may refer to each other."""
        groups: list[tuple[list[tuple[int, Cursor]], bool]] = []
        for form in fields:
            if form.head == "type":
                groups.append(([self.define_type(Cursor(self.source, form, 1))], False))
            elif form.head == "rec":
                groups.append((self.define_group(Cursor(self.source, form, 1)), True))
        for members, explicit in groups:
            types = [type_definition(self.context, form, index) for index, form in members]
            self.context.add_group(types, explicit=explicit)

    def define_type(self, form: Cursor) -> tuple[int, Cursor]:
        """The index of a type, and the cursor behind its identifier."""
        return self.context.types.define(form.take("ID")), form

    def define_group(self, form: Cursor) -> list[tuple[int, Cursor]]:
        """The members of a `rec` field."""
        members: list[tuple[int, Cursor]] = []
        while (member := form.take_form("type")) is not None:
            members.append(self.define_type(member))
        form.expect_end()
        return members

    def define_indices(self, fields: list[Form]) -> None:
        """Give everything else its index. Imports must come before all definitions."""
        defined: str | None = None
        for form in fields:
            head = form.head or ""
            cursor = Cursor(self.source, form, 1)
            if head == "import":
                take_name(cursor)
                take_name(cursor)
                described = cursor.take_form(*self.spaces)
                if described is None:
                    raise cursor.unexpected()
                imported, head, cursor = True, str(described.items[0]), described
            elif head in self.spaces:
                imported = _is_inline_import(form)
            else:
                if head in ("elem", "data"):
                    space = self.context.elements if head == "elem" else self.context.data
                    self.indices[form.pos] = space.define(cursor.take("ID"))
                continue
            if imported and defined is not None:
                raise self.source.error(f"import after {defined}", form.pos)
            if not imported and head != "tag":
                defined = "function" if head == "func" else head
            self.indices[form.pos] = self.spaces[head].define(cursor.take("ID"))
            self.define_inline_segment(head, form)

    def define_inline_segment(self, head: str, form: Form) -> None:
        """The segment that a table or memory is written with has an index too."""
        word = {"table": "elem", "memory": "data"}.get(head)
        if word and any(isinstance(item, Form) and item.head == word for item in form.items):
            space = self.context.elements if word == "elem" else self.context.data
            self.indices[~form.pos] = space.define(None)

    # --- second pass

    def nothing(self, cursor: Cursor) -> None:
        """Types have been read."""

    def import_(self, cursor: Cursor) -> None:
        """An `import` field."""
        module, name = take_name(cursor), take_name(cursor)
        form = cursor.take_form(*self.spaces)
        cursor.expect_end()
        assert form is not None, "the first pass has seen it"
        kind = ExternKind[str(form.items[0]).upper()]
        form.take("ID")
        self.add_import(kind, module, name, form)

    def add_import(self, kind: ExternKind, module: str, name: str, cursor: Cursor) -> None:
        """An import whose type must stand here, at the end of its form."""
        context = self.context
        match kind:
            case ExternKind.FUNC:
                parameters = IndexSpace(self.source, "local")
                content = encode_unsigned(type_use_index(context, cursor, parameters)[0])
            case ExternKind.TABLE:
                content = encode.encode_table_type(table_type(context, cursor))
            case ExternKind.MEMORY:
                content = encode.encode_memory_type(memory_type(context, cursor))
            case ExternKind.GLOBAL:
                content = encode.encode_global_type(global_type(context, cursor))
            case ExternKind.TAG:
                content = encode.encode_tag_type(type_use_index(context, cursor)[0])
        cursor.expect_end()
        self.items[2].append(
            encode_name(module) + encode_name(name) + bytes([kind.value]) + content
        )

    def inline(self, kind: ExternKind, cursor: Cursor) -> tuple[int, bool]:
        """The identifier, inline exports and inline import of a definition: its index, and whether
        it was an import."""
        index = self.indices[cursor.form_pos]
        cursor.take("ID")
        while (form := cursor.take_form("export")) is not None:
            self.add_export(take_name(form), kind, index)
            form.expect_end()
        form = cursor.take_form("import")
        if form is None:
            return index, False
        module, name = take_name(form), take_name(form)
        form.expect_end()
        self.add_import(kind, module, name, cursor)
        return index, True

    def add_export(self, name: str, kind: ExternKind, index: int) -> None:
        """An export."""
        self.items[7].append(encode_name(name) + bytes([kind.value]) + encode_unsigned(index))

    def func(self, cursor: Cursor) -> None:
        """A `func` field."""
        index, imported = self.inline(ExternKind.FUNC, cursor)
        if imported:
            return
        names: dict[int, str] = {}
        locals_ = IndexSpace(self.source, "local", names)
        type_index, _ = type_use_index(self.context, cursor, locals_)
        self.items[3].append(encode_unsigned(type_index))
        declared: list[wt.ValType] = []
        while (form := cursor.take_form("local")) is not None:
            declared += declared_types(self.context, form, locals_)
        body = BodyContext(self.context, locals_)
        body.labels.append(None)
        code = encode_sequence(body, cursor)
        self.needs_data_count |= body.needs_data_count
        if names:
            self.context.names.locals[index] = names
        self.bodies.append(_Body(_encode_locals(declared), code, cursor.form_end - 1))

    def table(self, cursor: Cursor) -> None:
        """A `table` field."""
        index, imported = self.inline(ExternKind.TABLE, cursor)
        if imported:
            return
        at = cursor.at
        address_type(cursor)
        has_elements = take_value_type(self.context, cursor) is not None
        cursor.at = at
        if has_elements:
            self.table_with_elements(index, cursor)
            return
        t = table_type(self.context, cursor)
        out = encode.encode_table_type(t)
        if cursor.current is not None:
            out = b"\x40\0" + out + self.constant(cursor)
        self.items[4].append(out)

    def table_with_elements(self, index: int, cursor: Cursor) -> None:
        """The abbreviation `reftype (elem ...)`: a table that just holds a segment."""
        address = address_type(cursor)
        element = ref_type(self.context, cursor)
        form = cursor.take_form("elem")
        if form is None:
            raise cursor.unexpected()
        cursor.expect_end()
        content, count, flags = self.inline_elements(form, element)
        limits = wt.Limits(count, count)
        self.items[4].append(encode.encode_table_type(wt.TableType(element, limits, address)))
        if index or (flags & 4 and element is not wt.FUNCREF):
            flags |= 2
            content = (encode.encode_value_type(element) if flags & 4 else b"\0") + content
        self.items[9].append(self.active(flags, index, address) + content)

    def inline_elements(self, form: Cursor, element: wt.RefType) -> tuple[bytes, int, int]:
        """Items of a segment, its number of items, and flag 4 if they are expressions."""
        if isinstance(form.current, Form):
            expressions: list[bytes] = []
            while form.rest():
                expressions.append(self.element_expression(form))
            return encode.vector(expressions), len(expressions), 4
        functions = self.function_indices(form)
        if element is wt.FUNCREF:
            return encode.vector([encode_unsigned(i) for i in functions]), len(functions), 0
        items = [encode.encode_instruction(_REF_FUNC, i) + b"\x0b" for i in functions]
        return encode.vector(items), len(items), 4

    def active(self, flags: int, index: int, address: wt.NumType) -> bytes:
        """The start of an active segment at offset 0 of a table or memory."""
        zero = b"\x42\0\x0b" if address is wt.I64 else b"\x41\0\x0b"
        return encode_unsigned(flags) + (encode_unsigned(index) if flags & 2 else b"") + zero

    def memory(self, cursor: Cursor) -> None:
        """A `memory` field."""
        index, imported = self.inline(ExternKind.MEMORY, cursor)
        if imported:
            return
        at = cursor.at
        address = address_type(cursor)
        page_size_log2 = take_page_size(cursor)
        form = cursor.take_form("data")
        if form is None:
            cursor.at = at
            self.items[5].append(encode.encode_memory_type(memory_type(self.context, cursor)))
            cursor.expect_end()
            return
        cursor.expect_end()
        content = _strings(form)
        pages = -(-len(content) >> page_size_log2) if page_size_log2 else len(content)
        t = wt.MemoryType(wt.Limits(pages, pages), address, False, page_size_log2)
        self.items[5].append(encode.encode_memory_type(t))
        self.items[11].append(
            self.active(2 if index else 0, index, address) + encode.sized(content)
        )

    def global_(self, cursor: Cursor) -> None:
        """A `global` field."""
        _, imported = self.inline(ExternKind.GLOBAL, cursor)
        if imported:
            return
        t = global_type(self.context, cursor)
        self.items[6].append(encode.encode_global_type(t) + self.constant(cursor))

    def tag(self, cursor: Cursor) -> None:
        """A `tag` field."""
        _, imported = self.inline(ExternKind.TAG, cursor)
        if imported:
            return
        index, _ = type_use_index(self.context, cursor, IndexSpace(self.source, "local"))
        cursor.expect_end()
        self.items[13].append(encode.encode_tag_type(index))

    def export(self, cursor: Cursor) -> None:
        """An `export` field."""
        name = take_name(cursor)
        form = cursor.take_form(*self.spaces)
        if form is None:
            raise cursor.unexpected()
        cursor.expect_end()
        word = str(form.items[0])
        self.add_export(name, ExternKind[word.upper()], self.spaces[word].resolve(form))
        form.expect_end()

    def start_(self, cursor: Cursor) -> None:
        """A `start` field."""
        if self.start is not None:
            raise self.source.error("multiple start sections", cursor.form_pos)
        self.start = encode_unsigned(self.context.functions.resolve(cursor))
        cursor.expect_end()

    def constant(self, cursor: Cursor) -> bytes:
        """The constant expression up to the end of the form."""
        body = BodyContext(self.context)
        body.labels.append(None)
        code = encode_sequence(body, cursor)
        self.needs_data_count |= body.needs_data_count
        return bytes(code.bytes) + b"\x0b"

    def folded_constant(self, cursor: Cursor) -> bytes:
        """One folded instruction as a constant expression."""
        item = cursor.current
        if not isinstance(item, Form):
            raise cursor.unexpected()
        cursor.at += 1
        return self.constant(Cursor(self.source, Form([item], item.pos, item.end)))

    def offset(self, cursor: Cursor) -> bytes:
        """The offset of an active segment."""
        form = cursor.take_form("offset")
        return self.constant(form) if form is not None else self.folded_constant(cursor)

    def element_expression(self, cursor: Cursor) -> bytes:
        """An item of an element segment."""
        form = cursor.take_form("item")
        return self.constant(form) if form is not None else self.folded_constant(cursor)

    def function_indices(self, cursor: Cursor) -> list[int]:
        """Function indices up to the end of the form."""
        out: list[int] = []
        while cursor.current is not None:
            out.append(self.context.functions.resolve(cursor))
        return out

    def elem(self, cursor: Cursor) -> None:
        """An `elem` field. For the flags see `_Decoder.element`."""
        cursor.take("ID")
        flags = 1
        head = b""
        table_form = cursor.take_form("table")
        table = 0
        if cursor.take_word("declare"):
            flags = 3
        elif table_form is not None or (isinstance(cursor.current, Form) and not _is_ref(cursor)):
            if table_form is not None:
                table = self.context.tables.resolve(table_form)
                table_form.expect_end()
            flags = 2 if table else 0
            head = self.offset(cursor)
        items, flags = self.element_list(cursor, flags)
        out = encode_unsigned(flags)
        if not flags & 1:
            out += (encode_unsigned(table) if flags & 2 else b"") + head
        self.items[9].append(out + items)

    def element_list(self, cursor: Cursor, flags: int) -> tuple[bytes, int]:
        """The items of a segment behind what says their type, and the flags with what they add."""
        active = not flags & 1
        if cursor.take_word("func") or (active and not _is_type(cursor)):
            indices = encode.vector([encode_unsigned(i) for i in self.function_indices(cursor)])
            return (b"\0" + indices if flags else indices), flags
        element = ref_type(self.context, cursor)
        expressions: list[bytes] = []
        while cursor.current is not None:
            expressions.append(self.element_expression(cursor))
        if active and element is not wt.FUNCREF:
            flags |= 2
        kind = encode.encode_value_type(element) if flags & 3 else b""
        return kind + encode.vector(expressions), flags | 4

    def data(self, cursor: Cursor) -> None:
        """A `data` field."""
        cursor.take("ID")
        form = cursor.take_form("memory")
        if form is None and not isinstance(cursor.current, Form):
            self.items[11].append(b"\1" + encode.sized(_strings(cursor)))
            return
        memory = 0
        if form is not None:
            memory = self.context.memories.resolve(form)
            form.expect_end()
        head = encode_unsigned(2) + encode_unsigned(memory) if memory else b"\0"
        self.items[11].append(head + self.offset(cursor) + encode.sized(_strings(cursor)))

    # --- the whole

    def assemble(self) -> tuple[bytes, Places]:
        """The sections in order, the name section last; and the places of all instructions."""
        self.items[1] = self.type_section()
        places = Places()
        out = bytearray(encode.MAGIC + encode.VERSION)
        for section in encode.SECTION_ORDER:
            if section == 10:
                self.add_code(out, places)
                continue
            content = self.section(section)
            if content:
                out += encode.encode_section(section, content)
        names = encode_names(self.context.names)
        if names:
            out += encode.encode_section(0, encode_name("name") + names)
        return bytes(out), places

    def section(self, section: int) -> bytes:
        """The content of a section; empty if it is left out."""
        if section == 8:
            return self.start or b""
        if section == 12:
            return encode_unsigned(len(self.items[11])) if self.needs_data_count else b""
        items = self.items[section]
        return encode.vector(items) if items else b""

    def type_section(self) -> list[bytes]:
        """The recursion groups."""
        out: list[bytes] = []
        position = 0
        for size in self.context.rec_groups:
            count = 1 if size is None else size
            members = self.context.written_types[position : position + count]
            out.append(encode.encode_rec_group(members, explicit=size is not None))
            position += count
        return out

    def add_code(self, out: bytearray, places: Places) -> None:
        """Append the code section, and note where each instruction has come to."""
        if not self.bodies:
            return
        encoded = [encode.sized(body.bytes) for body in self.bodies]
        count = encode_unsigned(len(encoded))
        out.append(10)
        out += encode_unsigned(len(count) + sum(map(len, encoded)))
        out += count
        for body, data in zip(self.bodies, encoded, strict=True):
            start = len(out) + len(data) - len(body.code.bytes) - 1
            for offset, pos in body.code.places:
                places.offsets.append(start + offset)
                places.positions.append(pos)
            places.offsets.append(len(out) + len(data) - 1)
            places.positions.append(body.pos)
            out += data


_FIELDS: dict[str, Callable[[_ModuleBuilder, Cursor], None]] = {
    "type": _ModuleBuilder.nothing,
    "rec": _ModuleBuilder.nothing,
    "import": _ModuleBuilder.import_,
    "func": _ModuleBuilder.func,
    "table": _ModuleBuilder.table,
    "memory": _ModuleBuilder.memory,
    "global": _ModuleBuilder.global_,
    "tag": _ModuleBuilder.tag,
    "export": _ModuleBuilder.export,
    "start": _ModuleBuilder.start_,
    "elem": _ModuleBuilder.elem,
    "data": _ModuleBuilder.data,
}


def _is_inline_import(form: Form) -> bool:
    """Whether a definition is an import: nothing but its identifier and exports come before it."""
    for item in form.items[1:]:
        if isinstance(item, Form):
            if item.head == "import":
                return True
            if item.head != "export":
                return False
        elif item.type != "ID":
            return False
    return False


def _is_ref(cursor: Cursor) -> bool:
    """Whether a `(ref ...)` type stands here."""
    return isinstance(cursor.current, Form) and cursor.current.head == "ref"


def _is_type(cursor: Cursor) -> bool:
    """Whether a reference type stands here, not a function index."""
    word = cursor.token("WORD")
    return _is_ref(cursor) or (word is not None and not word[0].isdigit())


def _strings(cursor: Cursor) -> bytes:
    """The strings up to the end of the form."""
    out = bytearray()
    while cursor.current is not None:
        out += take_string(cursor)
    return bytes(out)


def _encode_locals(types: list[wt.ValType]) -> bytes:
    """Local declarations: runs of the same type."""
    runs: list[tuple[int, wt.ValType]] = []
    for t in types:
        if runs and runs[-1][1] is t:
            runs[-1] = (runs[-1][0] + 1, t)
        else:
            runs.append((1, t))
    return encode.vector(
        [encode_unsigned(count) + encode.encode_value_type(t) for count, t in runs]
    )


def module_name(source: Source, identifier: Token | None) -> str | None:
    """The name that a module's identifier gives it."""
    return None if identifier is None else identifier_name(source, identifier)
