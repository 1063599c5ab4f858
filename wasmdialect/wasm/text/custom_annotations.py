"""Annotations that stand for custom sections: `@custom`, `@name`, `@metadata.code.branch_hint` (spec
appendix "Custom Sections and Annotations"). All others are comments."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.hints import BRANCH_HINT
from wasmdialect.wasm.text.literals import parse_string
from wasmdialect.wasm.text.syntax import Annotation, Cursor, Form, Source

FIRST, LAST = 0, 99
"""Stand for the ends of the module where a section id is expected; no section has these."""

SECTION_WORDS = {
    "type": 1,
    "import": 2,
    "func": 3,
    "table": 4,
    "memory": 5,
    "tag": 13,
    "global": 6,
    "export": 7,
    "start": 8,
    "elem": 9,
    "datacount": 12,
    "code": 10,
    "data": 11,
    "first": FIRST,
    "last": LAST,
}
"""By the word a placement names it with: the id of a section."""


@dataclass(frozen=True)
class PlacedSection:
    """The contents of a `@custom` annotation."""

    name: str
    content: bytes
    before: bool
    section: int
    """The id of the section that it comes before or after, or `FIRST` or `LAST`."""


def annotation_error(source: Source, annotation: Annotation, what: str) -> TextError:
    """An error in an annotation."""
    return source.error(f"@{annotation.name} annotation: {what}", annotation.pos)


def custom_sections(source: Source, module: Form) -> list[PlacedSection]:
    """The sections that a module's fields are annotated with, in order. Raises TextError."""
    return [
        _custom_section(source, annotation)
        for _, annotation in module.annotations
        if annotation.name == "custom"
    ]


def _custom_section(source: Source, annotation: Annotation) -> PlacedSection:
    annotation.used = True
    cursor = Cursor(source, annotation)
    if cursor.token("STRING") is None:
        raise annotation_error(source, annotation, "missing section name")
    name = _text(source, annotation, cursor)
    before, section = False, LAST
    if isinstance(cursor.current, Form):
        before, section = _placement(source, annotation, cursor.current)
        cursor.at += 1
    content = _strings(source, annotation, cursor)
    return PlacedSection(name, content, before, section)


def _placement(source: Source, annotation: Annotation, form: Form) -> tuple[bool, int]:
    if form.head not in ("before", "after"):
        raise annotation_error(source, annotation, "malformed placement")
    section = SECTION_WORDS.get(str(form.items[1])) if len(form.items) == 2 else None
    if section is None:
        raise annotation_error(source, annotation, "malformed section kind")
    return form.head == "before", section


def take_name(cursor: Cursor, what: str) -> str | None:
    """Take the `@name` annotation here; None if there is none. Raises TextError."""
    found = [a for at, a in cursor.annotations if at == cursor.at and a.name == "name"]
    if not found:
        return None
    annotation = found[0]
    annotation.used = True
    if len(found) > 1:
        raise annotation_error(cursor.source, found[1], f"multiple {what}")
    content = Cursor(cursor.source, annotation)
    if content.token("STRING") is None:
        raise annotation_error(cursor.source, annotation, "string expected")
    name = _text(cursor.source, annotation, content)
    _expect_end(cursor.source, annotation, content)
    return name


def branch_hints(source: Source, function: Form, instructions: Container[int]) -> dict[int, bool]:
    """By the position of an instruction in the text: whether its branch is likely. `instructions` are
    the positions of those there are. Raises TextError."""
    hints: dict[int, bool] = {}
    for form, at, annotation in _walk(function):
        if annotation.name != BRANCH_HINT:
            continue
        annotation.used = True
        item = form.items[at] if at < len(form.items) else None
        pos = item.pos if isinstance(item, Form) else item.start_pos if item else None
        if pos is None or pos not in instructions:
            raise annotation_error(source, annotation, "invalid target")
        if pos in hints:
            raise annotation_error(source, annotation, "duplicate annotation")
        cursor = Cursor(source, annotation)
        content = _strings(source, annotation, cursor)
        if content not in (b"\0", b"\1"):
            raise annotation_error(source, annotation, "malformed value, it is one byte, 0 or 1")
        hints[pos] = content == b"\1"
    return hints


def check_all_used(source: Source, module: Form) -> None:
    """Raise TextError for an annotation that is misplaced."""
    for _, _, annotation in _walk(module):
        if annotation.used:
            continue
        if annotation.name == BRANCH_HINT:
            raise annotation_error(source, annotation, "not in a function")
        raise source.error(f"misplaced @{annotation.name} annotation", annotation.pos)


def _walk(form: Form) -> Iterator[tuple[Form, int, Annotation]]:
    """Every annotation in a form: what it stands in, and before which item."""
    left = [form]
    while left:
        found = left.pop()
        for at, annotation in found.annotations:
            yield found, at, annotation
        left += [item for item in found.items if isinstance(item, Form)]


def _text(source: Source, annotation: Annotation, cursor: Cursor) -> str:
    """Take a string that is UTF-8."""
    try:
        return parse_string(cursor.expect("STRING")).decode("utf-8")
    except ValueError:
        raise annotation_error(source, annotation, "malformed UTF-8 encoding") from None


def _strings(source: Source, annotation: Annotation, cursor: Cursor) -> bytes:
    """Take the strings up to the end of the annotation."""
    out = bytearray()
    while (token := cursor.take("STRING")) is not None:
        try:
            out += parse_string(token)
        except ValueError as error:
            raise annotation_error(source, annotation, str(error)) from None
    _expect_end(source, annotation, cursor)
    return bytes(out)


def _expect_end(source: Source, annotation: Annotation, cursor: Cursor) -> None:
    if cursor.current is not None:
        raise annotation_error(source, annotation, "unexpected token")
