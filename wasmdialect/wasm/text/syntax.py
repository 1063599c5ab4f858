"""Text to forms: tokens and nested parentheses, and a cursor to read them with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeAlias, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from wasmdialect.wasm.errors import TextError, WasmError
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.text.literals import is_number, parse_string


class Form:
    """A pair of parentheses with its contents."""

    __slots__ = ("annotations", "end", "items", "pos")

    def __init__(
        self,
        items: list[Item],
        pos: int,
        end: int,
        annotations: Sequence[tuple[int, Annotation]] = (),
    ):
        self.items = items
        self.pos = pos
        """Position of the opening parenthesis in the text."""
        self.end = end
        self.annotations = annotations
        """The meaningful annotations, each with the index of the item that follows it."""

    def forms(self) -> Iterator[Form]:
        """The forms in it."""
        return (item for item in self.items if isinstance(item, Form))

    def behind(self, start: int) -> Form:
        """The form without its first items."""
        annotations = [(at - start, a) for at, a in self.annotations if at >= start]
        return Form(self.items[start:], self.pos, self.end, annotations)

    @property
    def head(self) -> str | None:
        """The word the form starts with."""
        first = self.items[0] if self.items else None
        return first if isinstance(first, Token) and first.type == "WORD" else None


class Annotation(Form):
    """A meaningful annotation: a form that starts with its name."""

    __slots__ = ("name", "used")

    def __init__(self, name: str, items: list[Item], pos: int, end: int):
        super().__init__(items, pos, end)
        self.name = name
        self.used = False
        """Whether its position is valid."""


Item: TypeAlias = "Token | Form"

ANNOTATIONS = frozenset({"custom", "name", "metadata.code.branch_hint"})
"""The meaningful annotations; all others are comments."""

_WORDS_TEXT = """
    module definition instance binary quote type rec sub final struct array field func param result
    local import export table memory global tag start elem declare item offset data mut shared
    pagesize then else catch catch_ref catch_all catch_all_ref null exact describes descriptor
    i8 i16 i32 i64 f32 f64 v128
    funcref externref anyref eqref i31ref structref arrayref exnref nullref nullfuncref nullexternref
    nullexnref extern any eq i31 exn none nofunc noextern noexn ref i8x16 i16x8 i32x4 i64x2 f32x4 f64x2
    register invoke get either nan:canonical nan:arithmetic assert_return assert_trap
    assert_exhaustion assert_malformed assert_invalid assert_unlinkable assert_exception
    assert_malformed_custom assert_invalid_custom thread wait shared
"""
_WORDS = frozenset(_WORDS_TEXT.split())
"""The words of the language that are not mnemonics."""


def is_known_word(word: str) -> bool:
    """Whether a word exists in the language, even if it is misplaced."""
    return (
        word in _WORDS
        or word in BY_MNEMONIC
        or is_number(word)
        or word.startswith(("offset=", "align="))
    )


class _ToForms(Transformer[Token, "list[Form]"]):
    """Runs while the text is parsed, so no tree is built."""

    def forms(self, children: list[Item | None]) -> Form:
        items, annotations = _without_annotations(children)
        return Form(items, 0, 0, annotations)

    def form(self, children: list[Item | None]) -> Form:
        opening, closing = children[0], children[-1]
        assert isinstance(opening, Token)
        assert isinstance(closing, Token)
        items, annotations = _without_annotations(children[1:-1])
        return Form(items, opening.start_pos or 0, closing.end_pos or 0, annotations)

    def annotation(self, children: list[Item | None]) -> Annotation | None:
        opening, closing = children[0], children[-1]
        assert isinstance(opening, Token)
        assert isinstance(closing, Token)
        name = opening[2:]
        if name[0] == '"':
            try:
                name = parse_string(name).decode("utf-8")
            except ValueError:
                raise _AnnotationError(opening.start_pos or 0) from None
        if name not in ANNOTATIONS:
            return None
        items, _ = _without_annotations(children[1:-1])
        return Annotation(name, items, opening.start_pos or 0, closing.end_pos or 0)


def _without_annotations(
    children: list[Item | None],
) -> tuple[list[Item], Sequence[tuple[int, Annotation]]]:
    """The items of a form, and its annotations with the index of the item after each."""
    items = [item for item in children if item.__class__ in _ITEM_CLASSES]
    if len(items) == len(children):
        return cast("list[Item]", items), ()
    left: list[Item] = []
    annotations: list[tuple[int, Annotation]] = []
    for item in children:
        if isinstance(item, Annotation):
            annotations.append((len(left), item))
        elif item is not None:
            left.append(item)
    return left, annotations


_ITEM_CLASSES = frozenset({Token, Form})


class _AnnotationError(Exception):
    """The quoted name of an annotation is not UTF-8; the argument is its position."""


@cache
def parser() -> Lark:
    """The parser of forms. Making it imports modules."""
    grammar = files("wasmdialect.wasm.text").joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        start="forms",
        parser="lalr",
        lexer="basic",
        transformer=_ToForms(),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


class Source:
    """A text being read: maps positions to lines and columns."""

    def __init__(self, text: str, first_line: int = 1):
        self.text = text
        self.first_line = first_line
        self.has_annotations = "(@" in text

    def place(self, pos: int) -> tuple[int, int]:
        """Line and column of a position, counted from 1."""
        line = self.text.count("\n", 0, pos)
        return line + self.first_line, pos - (self.text.rfind("\n", 0, pos) + 1) + 1

    def error(self, message: str, pos: int) -> TextError:
        """An error at a position."""
        error = TextError(message)
        self.locate(error, pos)
        return error

    def locate(self, error: WasmError, pos: int) -> None:
        """Give an error its location in the text."""
        error.line, error.column = self.place(pos)
        start = self.text.rfind("\n", 0, pos) + 1
        end = self.text.find("\n", pos)
        error.source_line = self.text[start : end if end >= 0 else len(self.text)]


def parse_forms(source: Source) -> Form:
    """The top-level forms of a text, as the items of one that has no parentheses. Raises TextError."""
    text = _blank_block_comments(source)
    try:
        forms = cast(object, parser().parse(text))  # pyright: ignore[reportUnknownMemberType]
    except UnexpectedCharacters as error:
        raise _lexical_error(source, text, cast(int, error.pos_in_stream)) from None
    except _AnnotationError as error:
        raise source.error("malformed UTF-8 encoding of an annotation id", *error.args) from None
    except UnexpectedToken as error:
        token = cast(Token, error.token)
        if token.type == "$END":
            raise _unclosed(source, text) from None
        raise unexpected(source, token) from None
    root = cast(Form, forms)
    root.end = len(text)
    return root


_COMMENT_OR_STRING = re.compile(r';;[^\n\r]*|\(;|"(?:[^"\\\n]|\\.)*"')
_BLOCK_EDGE = re.compile(r"\(;|;\)")
_NOT_NEWLINE = re.compile(r"[^\n\r]")


def _blank_block_comments(source: Source) -> str:
    """The text with block comments turned to spaces, so that positions do not change."""
    text = source.text
    if "(;" not in text:
        return text
    parts: list[str] = []
    done = 0
    pos = 0
    while (match := _COMMENT_OR_STRING.search(text, pos)) is not None:
        pos = match.end()
        if match.group() != "(;":
            continue
        start = match.start()
        depth = 1
        while depth:
            edge = _BLOCK_EDGE.search(text, pos)
            if edge is None:
                raise source.error("unclosed comment", start)
            pos = edge.end()
            depth += 1 if edge.group() == "(;" else -1
        parts += (text[done:start], _NOT_NEWLINE.sub(" ", text[start:pos]))
        done = pos
    return "".join((*parts, text[done:]))


def _lexical_error(source: Source, text: str, pos: int) -> TextError:
    found = text[pos]
    if found == "(":
        return source.error("empty annotation id", pos)
    if "\udc80" <= found <= "\udcff":  # how Python reads bytes that are not UTF-8
        return source.error("malformed UTF-8 encoding", pos)
    what = {"$": "identifier", "@": "annotation id"}.get(text[pos - 1 : pos])
    if found == '"' and what is not None:
        return source.error(f"empty {what}: its string is malformed", pos)
    if found == '"':
        return _bad_string(source, text, pos)
    return source.error(f"illegal character {found!r}", pos)


_STRING_START = re.compile(
    r'"(?:[^"\\\x00-\x1f\x7f]|\\[0-9a-fA-F]{2}|\\[tnr"\'\\]|\\u\{[0-9a-fA-F_]+\})*'
)


def _bad_string(source: Source, text: str, pos: int) -> TextError:
    match = _STRING_START.match(text, pos)
    assert match is not None
    at = match.end()
    if at >= len(text) or text[at] in "\n\r":
        return source.error("unclosed string", pos)
    if text[at] == "\\":
        return source.error("illegal escape", at)
    return source.error(f"illegal character {text[at]!r} in a string", at)


def _unclosed(source: Source, text: str) -> TextError:
    """The error of a text that ends inside a form or annotation."""
    opened: list[int] = []
    for match in re.finditer(r';;[^\n\r]*|"(?:[^"\\\n]|\\.)*"|\(@?|\)', text):
        if match.group() == ")":
            opened.pop()
        elif match.group()[0] == "(":
            opened.append(match.start())
    at = opened[-1] if opened else len(text)
    if text.startswith("(@", at):
        return source.error("unclosed annotation", at)
    return source.error("unexpected token: the text ends inside this form", at)


def unexpected(source: Source, item: Item | None, end: int = 0) -> TextError:
    """The error of a misplaced item; `end` is the position of None (nothing)."""
    if item is None:
        return source.error("unexpected token: the form ends too early", end)
    if isinstance(item, Form):
        inside = item.items[0] if item.items else None
        if isinstance(inside, Token):
            if inside in ("@", '@""') and inside.start_pos == item.pos + 1:
                return source.error("empty annotation id", item.pos)
            if inside.type == "RESERVED" or (inside.type == "WORD" and not is_known_word(inside)):
                return unexpected(source, inside)
        return source.error(f"unexpected token ({item.head or ''}", item.pos)
    pos = item.start_pos or 0
    if item.type == "RESERVED" and item in ("$", '$""'):
        return source.error("empty identifier", pos)
    if item.type == "RESERVED" or (item.type == "WORD" and not is_known_word(item)):
        return source.error(f"unknown operator {item}", pos)
    return source.error(f"unexpected token {item}", pos)


class Cursor:
    """A position among the items of a form. Every `take_*` advances only if it finds the wanted
    item."""

    __slots__ = ("annotations", "at", "form", "form_end", "form_pos", "items", "source")

    def __init__(self, source: Source, form: Form, at: int = 0):
        self.source = source
        self.form = form
        self.items = form.items
        self.annotations = form.annotations
        self.at = at
        self.form_pos = form.pos
        self.form_end = form.end

    @property
    def current(self) -> Item | None:
        """The item here; None at the end."""
        return self.items[self.at] if self.at < len(self.items) else None

    @property
    def pos(self) -> int:
        """Position of the current item in the text."""
        item = self.current
        if item is None:
            return max(self.form_end - 1, 0)
        return item.pos if isinstance(item, Form) else item.start_pos or 0

    def rest(self) -> Sequence[Item]:
        """The items from here on."""
        return self.items[self.at :]

    def unexpected(self) -> TextError:
        """The error of the current item."""
        return unexpected(self.source, self.current, self.pos)

    def error(self, message: str) -> TextError:
        """An error here."""
        return self.source.error(message, self.pos)

    def token(self, kind: str) -> Token | None:
        """The token here if it is of this kind."""
        item = self.current
        return item if isinstance(item, Token) and item.type == kind else None

    def take(self, kind: str) -> Token | None:
        """Take a token of this kind."""
        token = self.token(kind)
        if token is not None:
            self.at += 1
        return token

    def take_word(self, word: str) -> bool:
        """Take this word."""
        if self.token("WORD") != word:
            return False
        self.at += 1
        return True

    def take_form(self, *heads: str) -> Cursor | None:
        """Take a form that starts with one of these words; the cursor is then after the word."""
        item = self.current
        if not isinstance(item, Form) or item.head not in heads:
            return None
        self.at += 1
        return Cursor(self.source, item, 1)

    def expect(self, kind: str) -> Token:
        """The token of this kind that is required here. Raises TextError."""
        token = self.take(kind)
        if token is None:
            raise self.unexpected()
        return token

    def expect_end(self) -> None:
        """Nothing may be left. Raises TextError."""
        if self.at < len(self.items):
            raise self.unexpected()
