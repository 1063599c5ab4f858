"""Instruction sequences of the text format, folded and flat, to encoded bytes.

The nesting of the text can be deeper than Python's own stack, so pending work is kept in a list, with
the next item on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from lark import Token

from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.text.context import identifier_name
from wasmdialect.wasm.text.immediates import BodyContext, block_type, catches, parse_immediates
from wasmdialect.wasm.text.syntax import Cursor, Form, unexpected

_BLOCKS = {
    name: BY_MNEMONIC[name][0].opcode for name in ("block", "loop", "if", "try_table", "try")
}
_ELSE, _END = BY_MNEMONIC["else"][0].opcode, BY_MNEMONIC["end"][0].opcode
_ARMS = {"else": ("if",), "catch": ("try", "catch"), "catch_all": ("try", "catch")}
"""The parts of a block, and what each can follow."""
_STRUCTURE = frozenset({*_BLOCKS, *_ARMS, "end", "delegate"})

Work: TypeAlias = Callable[[], None]


@dataclass
class Encoded:
    """An encoded instruction sequence."""

    bytes: bytearray = field(default_factory=bytearray)
    places: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Offset of each instruction in `bytes`, and its position in the text."""


def encode_sequence(context: BodyContext, cursor: Cursor) -> Encoded:
    """Encode the instructions from the cursor to the end of its form, without a closing `end`.

    Raises TextError.
    """
    return _Sequence(context).run(cursor)


class _Sequence:
    """Encodes one body or constant expression."""

    def __init__(self, context: BodyContext):
        self.context = context
        self.out = Encoded()
        self.work: list[Work] = []

    def run(self, cursor: Cursor) -> Encoded:
        """Encode everything after the cursor."""
        self.plan_instructions(cursor)
        while self.work:
            self.work.pop()()
        return self.out

    def emit(self, opcode: int, immediate: object, pos: int) -> None:
        """Append an instruction."""
        out = self.out
        out.places.append((len(out.bytes), pos))
        out.bytes += encode_instruction(opcode, immediate)

    def plan_instructions(self, cursor: Cursor) -> None:
        """Plan to encode all instructions after the cursor; flat blocks must end there."""
        opened: list[str] = []
        self.work.append(lambda: self.instructions(cursor, opened))

    def instructions(self, cursor: Cursor, opened: list[str]) -> None:
        """Encode instructions up to a folded one, which must be processed first.

        `opened` are the flat blocks of this sequence that have no `end` yet.
        """
        while (item := cursor.current) is not None:
            if isinstance(item, Form):
                cursor.at += 1
                self.work.append(lambda: self.instructions(cursor, opened))
                self.folded(item)
                return
            if item.type != "WORD" or item not in BY_MNEMONIC:
                raise cursor.unexpected()
            cursor.at += 1
            if item in _STRUCTURE:
                self.flat_structure(item, cursor, opened)
            else:
                self.plain(item, cursor)
        if opened:
            raise cursor.unexpected()

    def plain(self, mnemonic: Token, cursor: Cursor) -> None:
        """Encode an instruction that is not a block, whose immediates are after the cursor."""
        opcode, immediate = parse_immediates(self.context, cursor, mnemonic)
        self.emit(opcode, immediate, mnemonic.start_pos or 0)

    def flat_structure(self, word: Token, cursor: Cursor, opened: list[str]) -> None:
        """Encode an instruction of the flat syntax that opens or closes a block or starts a part of
        one."""
        pos = word.start_pos or 0
        if word in _BLOCKS:
            label = self.take_label(cursor)
            immediate = self.block_immediate(word, cursor)
            self.context.open(label)
            self.emit(_BLOCKS[word], immediate, pos)
            opened.append(word)
            return
        innermost = opened[-1] if opened else ""
        if not innermost or innermost not in _ARMS.get(word, (innermost,)):
            raise unexpected(cursor.source, word)
        if word in ("catch", "catch_all"):
            opened[-1] = word
            self.plain(word, cursor)
        elif word == "delegate":
            if opened.pop() != "try":
                raise unexpected(cursor.source, word)
            self.context.labels.pop()
            self.plain(word, cursor)
        else:
            self.check_label(cursor)
            if word == "else":
                opened[-1] = "else"
                self.emit(_ELSE, None, pos)
            else:
                opened.pop()
                self.emit(_END, None, pos)
                self.context.labels.pop()

    def take_label(self, cursor: Cursor) -> str | None:
        """Take the identifier of a block."""
        token = cursor.take("ID")
        return None if token is None else identifier_name(cursor.source, token)

    def check_label(self, cursor: Cursor) -> None:
        """Take the label that may be repeated at `else` and `end`."""
        at = cursor.pos
        label = self.take_label(cursor)
        if label is not None and label != self.context.labels[-1]:
            raise cursor.source.error(f"mismatching label ${label}", at)

    def block_immediate(self, word: str, cursor: Cursor) -> object:
        """The block type, with the catch clauses of `try_table`."""
        signature = block_type(self.context, cursor)
        return (signature, catches(self.context, cursor)) if word == "try_table" else signature

    def folded(self, form: Form) -> None:
        """Encode or plan a folded instruction."""
        word = form.head
        if word is None or word not in BY_MNEMONIC or (word in _STRUCTURE and word not in _BLOCKS):
            raise unexpected(self.context.module.source, form)
        cursor = Cursor(self.context.module.source, form, 1)
        if word == "if":
            self.folded_if(cursor)
        elif word == "try":
            self.folded_try(cursor)
        elif word in _BLOCKS:
            label = self.take_label(cursor)
            immediate = self.block_immediate(word, cursor)
            self.emit(_BLOCKS[word], immediate, form.pos)
            self.context.open(label)
            self.plan_end(form.end - 1)
            self.plan_instructions(cursor)
        else:
            opcode, immediate = parse_immediates(self.context, cursor, word)
            self.work.append(lambda: self.emit(opcode, immediate, form.pos))
            self.plan_operands(cursor)

    def plan_end(self, pos: int) -> None:
        """Plan the `end` of a folded block."""

        def end() -> None:
            self.emit(_END, None, pos)
            self.context.labels.pop()

        self.work.append(end)

    def plan_operands(self, cursor: Cursor) -> None:
        """Plan to encode the folded instructions after the cursor; nothing else may be there."""

        def operands() -> None:
            item = cursor.current
            if item is None:
                return
            if not isinstance(item, Form):
                raise cursor.unexpected()
            cursor.at += 1
            self.work.append(operands)
            self.folded(item)

        self.work.append(operands)

    def folded_try(self, cursor: Cursor) -> None:
        """Plan a folded legacy `try`: its body, then catch clauses or one `delegate`."""
        label = self.take_label(cursor)
        self.emit(_BLOCKS["try"], block_type(self.context, cursor), cursor.form_pos)
        self.context.open(label)
        body = cursor.take_form("do")
        if body is None:
            raise cursor.unexpected()
        allowed = ("catch", "catch_all", "delegate")

        def clauses() -> None:
            nonlocal allowed
            word = cursor.current.head if isinstance(cursor.current, Form) else None
            clause = cursor.take_form(*allowed)
            if clause is None or word is None:
                cursor.expect_end()
                self.plan_end(cursor.form_end - 1)
                return
            if word == "delegate":
                self.context.labels.pop()
            opcode, immediate = parse_immediates(self.context, clause, word)
            self.emit(opcode, immediate, clause.form_pos)
            if word == "delegate":
                clause.expect_end()
                cursor.expect_end()
                return
            allowed = ("catch", "catch_all") if word == "catch" else ()
            self.work.append(clauses)
            self.plan_instructions(clause)

        self.work.append(clauses)
        self.plan_instructions(body)

    def folded_if(self, cursor: Cursor) -> None:
        """Plan a folded `if`: its label is not in scope in the condition, which comes first."""
        pos = cursor.form_pos
        label = self.take_label(cursor)
        signature = block_type(self.context, cursor)

        def branches() -> None:
            self.emit(_BLOCKS["if"], signature, pos)
            self.context.open(label)
            then = cursor.take_form("then")
            if then is None:
                raise cursor.unexpected()
            alternative = cursor.take_form("else")
            cursor.expect_end()
            self.plan_end(cursor.form_end - 1)
            if alternative is not None:
                self.plan_instructions(alternative)
                at = alternative.form_pos
                self.work.append(lambda: self.emit(_ELSE, None, at))
            self.plan_instructions(then)

        def condition() -> None:
            item = cursor.current
            if not isinstance(item, Form) or item.head == "then":
                branches()
                return
            cursor.at += 1
            self.work.append(condition)
            self.folded(item)

        self.work.append(condition)
