"""The definitions in the text of a module so far: identifiers, types and names."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from wasmdialect import types as wt
from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Names
from wasmdialect.wasm.text import custom_annotations
from wasmdialect.wasm.text.literals import (
    parse_identifier,
    parse_integer,
    parse_string,
    parse_unsigned,
)
from wasmdialect.wasm.text.syntax import Cursor, Source


class IndexSpace:
    """The identifiers of one index space. `word` is the name of its members in messages."""

    def __init__(self, source: Source, word: str, names: dict[int, str] | None = None):
        self.source = source
        self.word = word
        self.indices: dict[str, int] = {}
        self.names = names
        """Where names are kept for the name section."""
        self.count = 0

    def define(self, identifier: Token | None) -> int:
        """The index of a new member. Raises TextError if the identifier is taken."""
        index = self.count
        self.count += 1
        if identifier is None:
            return index
        name = identifier_name(self.source, identifier)
        if name in self.indices:
            raise self.source.error(
                f"duplicate {self.word} {identifier}", identifier.start_pos or 0
            )
        self.indices[name] = index
        if self.names is not None:
            self.names[index] = name
        return index

    def bind(self, cursor: Cursor) -> int:
        """The index of a new member, whose identifier and `@name` annotation are taken here.

        Raises TextError.
        """
        index = self.define(cursor.take("ID"))
        name = custom_annotations.take_name(cursor, self.word)
        if name is not None and self.names is not None:
            self.names[index] = name
        return index

    def look_up(self, cursor: Cursor) -> int | None:
        """Take an index or identifier; None if something else is there.

        Raises TextError for an unknown identifier.
        """
        identifier = cursor.take("ID")
        if identifier is not None:
            index = self.indices.get(identifier_name(self.source, identifier))
            if index is None:
                raise self.source.error(
                    f"unknown {self.word} {identifier}", identifier.start_pos or 0
                )
            return index
        word = cursor.token("WORD")
        index = parse_unsigned(word) if word is not None else None
        if index is None:
            return None
        if index >> 32:
            raise cursor.error("i32 constant out of range")
        cursor.at += 1
        return index

    def resolve(self, cursor: Cursor) -> int:
        """The index that is required here. Raises TextError."""
        index = self.look_up(cursor)
        if index is None:
            raise cursor.unexpected()
        return index


class ModuleContext:
    """The index spaces and types of a module."""

    def __init__(self, source: Source, features: frozenset[Feature]):
        self.source = source
        self.features = features
        self.names = names = Names()
        self.types = IndexSpace(source, "type", names.types)
        self.functions = IndexSpace(source, "func", names.functions)
        self.tables = IndexSpace(source, "table", names.tables)
        self.memories = IndexSpace(source, "memory", names.memories)
        self.globals = IndexSpace(source, "global", names.globals)
        self.tags = IndexSpace(source, "tag", names.tags)
        self.elements = IndexSpace(source, "elem segment", names.elements)
        self.data = IndexSpace(source, "data segment", names.data)
        self.fields: dict[int, IndexSpace] = {}
        """By struct type index."""
        self.written_types: list[wt.SubType] = []
        self.rec_groups: list[int | None] = []
        self._plain_functions: dict[wt.FuncType, int] = {}
        """The first index of each function type that is alone in its group, final, and extends none."""

    def add_group(self, members: Sequence[wt.SubType], *, explicit: bool) -> None:
        """Append an entry of the type section."""
        first = members[0] if len(members) == 1 else None
        if first is not None and first.final and not first.supers:
            composite = first.composite
            if isinstance(composite, wt.FuncType):
                self._plain_functions.setdefault(composite, len(self.written_types))
        self.written_types += members
        self.rec_groups.append(len(members) if explicit else None)

    def function_type(self, index: int) -> wt.FuncType | None:
        """The function type at an index; None if there is none."""
        if index >= len(self.written_types):
            return None
        composite = self.written_types[index].composite
        return composite if isinstance(composite, wt.FuncType) else None

    def type_of(self, signature: wt.FuncType) -> int:
        """The index of the first type that is exactly this function type; it is added if there is none
        (spec "Text Format / Type Uses / Abbreviations")."""
        index = self._plain_functions.get(signature)
        if index is None:
            index = len(self.written_types)
            self.types.count = index + 1
            self.add_group([wt.SubType(signature)], explicit=False)
        return index


def identifier_name(source: Source, token: Token) -> str:
    """The name of an identifier. Raises TextError."""
    try:
        name = parse_identifier(token)
    except ValueError as error:
        raise source.error(str(error), token.start_pos or 0) from None
    if not name:
        raise source.error("empty identifier", token.start_pos or 0)
    return name


def take_string(cursor: Cursor) -> bytes:
    """The bytes of the string that must stand here. Raises TextError."""
    at = cursor.pos
    try:
        return parse_string(cursor.expect("STRING"))
    except ValueError as error:
        raise cursor.source.error(str(error), at) from None


def take_name(cursor: Cursor) -> str:
    """The UTF-8 name that must stand here. Raises TextError."""
    at = cursor.pos
    try:
        return take_string(cursor).decode("utf-8")
    except UnicodeDecodeError:
        raise cursor.source.error("malformed UTF-8 encoding", at) from None


def take_unsigned(cursor: Cursor, bits: int, what: str = "constant out of range") -> int:
    """The unsigned integer that must stand here; `what` is the error of one too large.

    Raises TextError.
    """
    word = cursor.token("WORD")
    value = parse_unsigned(word) if word is not None else None
    if value is None:
        raise cursor.unexpected()
    if value >> bits:
        raise out_of_range(cursor, bits, what)
    cursor.at += 1
    return value


def take_integer(cursor: Cursor, bits: int) -> int:
    """The signed or unsigned integer that must stand here, as bits. Raises TextError."""
    word = cursor.token("WORD")
    value = parse_integer(word) if word is not None else None
    if value is None:
        raise cursor.unexpected()
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise out_of_range(cursor, bits)
    cursor.at += 1
    return value & ((1 << bits) - 1)


def out_of_range(cursor: Cursor, bits: int, what: str = "constant out of range") -> TextError:
    """The error of a number that does not fit."""
    return cursor.error(f"{what}: {cursor.current} has more than {bits} bits")
