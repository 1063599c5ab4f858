"""A module of the text format to the binary format: fields in two passes.

The first pass gives every definition its index, so that the second can resolve identifiers that are
used before they are defined. The result is binary, not `Module`: the one decoder and validator then
rejects text that no valid module can contain (an index out of range).
"""

from __future__ import annotations

from collections.abc import Callable

from wasmdialect import types as wt
from wasmdialect.wasm import encode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.opcodes import REF_FUNC
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import EXACT_FUNC, ExternKind
from wasmdialect.wasm.names import encode_name
from wasmdialect.wasm.text import custom_annotations
from wasmdialect.wasm.text.assembly import Assembly, Places
from wasmdialect.wasm.text.context import (
    IndexSpace,
    ModuleContext,
    identifier_name,
    take_name,
    take_string,
)
from wasmdialect.wasm.text.immediates import BodyContext
from wasmdialect.wasm.text.instructions import Encoded, encode_sequence
from wasmdialect.wasm.text.syntax import Cursor, Form, unexpected
from wasmdialect.wasm.text.types import (
    address_type,
    declared_types,
    global_type,
    memory_of,
    memory_type,
    ref_type,
    table_type,
    take_page_size,
    take_value_type,
    type_definition,
    type_use_index,
)


def encode_fields(cursor: Cursor, features: frozenset[Feature]) -> tuple[bytes, Places]:
    """The binary of the module whose identifier and fields follow, and the origins of its
    instructions. Raises TextError.
    """
    return _ModuleBuilder(cursor, features).build()


class _ModuleBuilder:
    """Collects the content of each section."""

    def __init__(self, cursor: Cursor, features: frozenset[Feature]):
        self.source = source = cursor.source
        self.form = cursor.form
        identifier = cursor.take("ID")
        name = custom_annotations.take_name(cursor, "module")
        if name is None and identifier is not None:
            name = identifier_name(source, identifier)
        self.fields: list[Form] = []
        while isinstance(item := cursor.current, Form):
            self.fields.append(item)
            cursor.at += 1
        cursor.expect_end()
        self.context = ModuleContext(source, features)
        self.context.names.module = name
        self.assembly = Assembly(self.context.names)
        self.spaces = {
            "func": self.context.functions,
            "table": self.context.tables,
            "memory": self.context.memories,
            "global": self.context.globals,
            "tag": self.context.tags,
        }
        self.indices: dict[int, int] = {}
        """Index of the definition of each field, by the field's position."""

    def build(self) -> tuple[bytes, Places]:
        """Both passes."""
        fields = self.fields
        for form in fields:
            if form.head not in _FIELDS:
                raise unexpected(self.source, form)
        self.define_types(fields)
        self.define_indices(fields)
        for form in fields:
            self.assembly.pos = form.pos
            _FIELDS[form.head or ""](self, Cursor(self.source, form, 1))
        placed: list[custom_annotations.PlacedSection] = []
        if self.source.has_annotations:
            placed = custom_annotations.custom_sections(self.source, self.form)
            custom_annotations.check_all_used(self.source, self.form)
        self.add_types(fields)
        self.assembly.pos = self.form.pos
        return self.assembly.assemble(placed)

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
        """The index of a type, and the cursor after its identifier."""
        return self.context.types.bind(form), form

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
                    self.indices[form.pos] = space.bind(cursor)
                continue
            if imported and defined is not None:
                raise self.source.error(f"import after {defined}", form.pos)
            if not imported and head != "tag":
                defined = "function" if head == "func" else head
            self.indices[form.pos] = self.spaces[head].bind(cursor)
            self.define_inline_segment(head, form)

    def define_inline_segment(self, head: str, form: Form) -> None:
        """The inline segment of a table or memory has an index too."""
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
        code = kind.value
        match kind:
            case ExternKind.FUNC:
                exact = cursor.take_form("exact")
                code = code if exact is None else EXACT_FUNC
                parameters = IndexSpace(self.source, "local")
                index, _ = type_use_index(context, exact or cursor, parameters)
                if exact is not None:
                    exact.expect_end()
                content = encode_unsigned(index)
            case ExternKind.TABLE:
                content = encode.encode_table_type(table_type(context, cursor))
            case ExternKind.MEMORY:
                content = encode.encode_memory_type(memory_type(context, cursor))
            case ExternKind.GLOBAL:
                content = encode.encode_global_type(global_type(context, cursor))
            case ExternKind.TAG:
                content = encode.encode_tag_type(type_use_index(context, cursor)[0])
        cursor.expect_end()
        self.assembly.add(2, encode_name(module) + encode_name(name) + bytes([code]) + content)

    def inline(self, kind: ExternKind, cursor: Cursor) -> tuple[int, bool]:
        """The identifier, inline exports and inline import of a definition; returns its index, and
        whether it was an import."""
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
        self.assembly.add(7, encode_name(name) + bytes([kind.value]) + encode_unsigned(index))

    def func(self, cursor: Cursor) -> None:
        """A `func` field."""
        index, imported = self.inline(ExternKind.FUNC, cursor)
        if imported:
            return
        names: dict[int, str] = {}
        locals_ = IndexSpace(self.source, "local", names)
        type_index, _ = type_use_index(self.context, cursor, locals_)
        self.assembly.add(3, encode_unsigned(type_index))
        declared: list[wt.ValType] = []
        while (form := cursor.take_form("local")) is not None:
            declared += declared_types(self.context, form, locals_)
        body = BodyContext(self.context, locals_)
        body.labels.append(None)
        code = encode_sequence(body, cursor)
        local_bytes = _encode_locals(declared)
        if self.source.has_annotations:
            self.add_branch_hints(index, cursor.form, len(local_bytes), code)
        self.assembly.needs_data_count |= body.needs_data_count
        if names:
            self.context.names.locals[index] = names
        if body.label_names:
            self.context.names.labels[index] = body.label_names
        content = local_bytes + bytes(code.bytes) + b"\x0b"
        start = len(encode_unsigned(len(content))) + len(local_bytes)
        places = [(start + offset, pos) for offset, pos in code.places]
        places.append((start + len(code.bytes), cursor.form_end - 1))
        self.assembly.add(10, encode.sized(content), places)

    def add_branch_hints(self, index: int, form: Form, start: int, code: Encoded) -> None:
        """Note the branch hints of a function whose instructions start at an offset of its body."""
        offsets = {pos: start + offset for offset, pos in code.places}
        hints = custom_annotations.branch_hints(self.source, form, offsets)
        if hints:
            self.assembly.branch_hints[index] = {offsets[pos]: hints[pos] for pos in hints}

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
        self.assembly.add(4, out)

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
        self.assembly.add(4, encode.encode_table_type(wt.TableType(element, limits, address)))
        if self.flag_of_table(index):
            flags |= 2
            content = (encode.encode_value_type(element) if flags & 4 else b"\0") + content
        self.assembly.add(9, self.active(flags, index, address) + content)

    def flag_of_table(self, index: int) -> int:
        """The flag of an active segment with an explicit table, introduced with multiple tables."""
        return 2 if index or Feature.BULK_MEMORY in self.context.features else 0

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
        items = [encode.encode_instruction(REF_FUNC, i) + b"\x0b" for i in functions]
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
            self.assembly.add(5, encode.encode_memory_type(memory_type(self.context, cursor)))
            cursor.expect_end()
            return
        cursor.expect_end()
        content = _strings(form)
        pages = -(-len(content) >> (16 if page_size_log2 is None else page_size_log2))
        t = memory_of(wt.Limits(pages, pages), address, False, page_size_log2)
        self.assembly.add(5, encode.encode_memory_type(t))
        self.assembly.add(
            11, self.active(2 if index else 0, index, address) + encode.sized(content)
        )

    def global_(self, cursor: Cursor) -> None:
        """A `global` field."""
        _, imported = self.inline(ExternKind.GLOBAL, cursor)
        if imported:
            return
        t = global_type(self.context, cursor)
        self.assembly.add(6, encode.encode_global_type(t) + self.constant(cursor))

    def tag(self, cursor: Cursor) -> None:
        """A `tag` field."""
        _, imported = self.inline(ExternKind.TAG, cursor)
        if imported:
            return
        index, _ = type_use_index(self.context, cursor, IndexSpace(self.source, "local"))
        cursor.expect_end()
        self.assembly.add(13, encode.encode_tag_type(index))

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
        if self.assembly.start is not None:
            raise self.source.error("multiple start sections", cursor.form_pos)
        self.assembly.start = encode_unsigned(self.context.functions.resolve(cursor))
        cursor.expect_end()

    def constant(self, cursor: Cursor) -> bytes:
        """The constant expression up to the end of the form."""
        body = BodyContext(self.context)
        body.labels.append(None)
        code = encode_sequence(body, cursor)
        self.assembly.needs_data_count |= body.needs_data_count
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
        if _is_old_index(cursor):
            table_form = cursor
        if cursor.take_word("declare"):
            flags = 3
        elif table_form is not None or (isinstance(cursor.current, Form) and not _is_ref(cursor)):
            if table_form is not None:
                table = self.context.tables.resolve(table_form)
            if table_form is not None and table_form is not cursor:
                table_form.expect_end()
            flags = 0 if table_form is None else self.flag_of_table(table)
            head = self.offset(cursor)
        items, flags = self.element_list(cursor, flags)
        out = encode_unsigned(flags)
        if not flags & 1:
            out += (encode_unsigned(table) if flags & 2 else b"") + head
        self.assembly.add(9, out + items)

    def element_list(self, cursor: Cursor, flags: int) -> tuple[bytes, int]:
        """The items of a segment after their type, and the flags including those of the items."""
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
        if form is None and _is_old_index(cursor):
            form = cursor
        if form is None and not isinstance(cursor.current, Form):
            self.assembly.add(11, b"\1" + encode.sized(_strings(cursor)))
            return
        memory = 0
        if form is not None:
            memory = self.context.memories.resolve(form)
            if form is not cursor:
                form.expect_end()
        head = encode_unsigned(2) + encode_unsigned(memory) if memory else b"\0"
        self.assembly.add(11, head + self.offset(cursor) + encode.sized(_strings(cursor)))

    def add_types(self, fields: list[Form]) -> None:
        """The type section, when everything that adds a type has been read."""
        forms = [form for form in fields if form.head in ("type", "rec")]
        position = 0
        for number, size in enumerate(self.context.rec_groups):
            count = 1 if size is None else size
            members = self.context.written_types[position : position + count]
            self.assembly.pos = forms[number].pos if number < len(forms) else self.form.pos
            self.assembly.add(1, encode.encode_rec_group(members, explicit=size is not None))
            position += count


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


def _is_old_index(cursor: Cursor) -> bool:
    """Whether a segment names its table or memory in the way of 1.0: `(elem 0 (i32.const 1) $f)`."""
    word = cursor.token("WORD")
    following = cursor.items[cursor.at + 1 : cursor.at + 2]
    return word is not None and word[0].isdigit() and any(isinstance(i, Form) for i in following)


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
