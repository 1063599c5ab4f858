"""What counts as a change of a function."""

from __future__ import annotations

import random
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.explore import diff
from wasmdialect.explore.diff import Row, compare, parsed

Text = list[tuple[str, int | None]]


def rows(old: Text, new: Text) -> list[Row]:
    return compare(parsed(old), parsed(new))


def changes(old: Text, new: Text) -> list[tuple[str, str]]:
    """The lines that differ, each with its status."""
    return [
        (row.status, (old[row.old or 0] if row.new is None else new[row.new])[0].strip())
        for row in rows(old, new)
        if row.status != "="
    ]


def located(*lines: str) -> Text:
    """Lines `offset text`, without an offset if it is `-`."""
    words = [line.split(" ", 1) for line in lines]
    return [(text, None if at == "-" else int(at)) for at, text in words]


BEFORE = located(
    "0 wasmir.func @f(%0: i32) -> i32 {",
    "1   %1 = wasmir.i32.const 2",
    "2   %2 = wasmir.i32.mul %0, %1",
    "3   wasmir.br_if %2, ^bb1(%2 : i32), ^bb2",
    "- ^bb1(%3: i32):",
    "4   %4 = wasmir.i32.const 2",
    "5   %5 = wasmir.i32.add %3, %4",
    "6   wasmir.return %5 : i32",
    "- ^bb2:",
    "7   wasmir.return %0 : i32",
    "- }",
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[Text, list[str]]:
    """A function with many equal operations, and the names that it uses."""
    count = draw(st.integers(2, 12))
    text: Text = [("wasmir.func @f(%0: i32) {", 0)]
    for number in range(1, count):
        operands = draw(st.lists(st.integers(0, number - 1), min_size=0, max_size=2))
        used = ", ".join(f"%{operand}" for operand in operands)
        offset = draw(st.one_of(st.none(), st.just(number)))
        text.append((f"  %{number} = wasmir.op{len(operands)} {used}".rstrip(), offset))
    return [*text, ("}", None)], [f"%{number}" for number in range(count)]


def renamed(text: Text, names: list[str], seed: int) -> Text:
    others = [f"%v{number}" for number in range(len(names))]
    random.Random(seed).shuffle(others)
    table = dict(zip(names, others, strict=True))
    out: Text = []
    for line, offset in text:
        words = line.replace(":", " :").replace(",", " ,").replace("(", "( ").split(" ")
        line = " ".join(table.get(word, word) for word in words)
        out.append((line.replace(" :", ":").replace(" ,", ",").replace("( ", "("), offset))
    return out


@given(programs(), st.integers(0, 99))
def test_other_names_are_no_change(program: tuple[Text, list[str]], seed: int):
    text, names = program
    assert {row.status for row in rows(text, renamed(text, names, seed))} == {"="}


@given(programs(), programs())
def test_every_line_is_in_one_row(old: tuple[Text, list[str]], new: tuple[Text, list[str]]):
    found = rows(old[0], new[0])
    assert [row.new for row in found if row.new is not None] == [*range(len(new[0]))]
    gone = [row.old for row in found if row.status in "-<=~"]
    assert gone == [*range(len(old[0]))]


def test_a_value_that_replaces_another_changes_its_users_only():
    after = [line for line in BEFORE if "%4 = " not in line[0]]
    after = [(text.replace("%4", "%1").replace("%5", "%4"), at) for text, at in after]
    assert changes(BEFORE, after) == [
        ("-", "%4 = wasmir.i32.const 2"),
        ("~", "%4 = wasmir.i32.add %3, %1"),
    ]


def test_swapped_operands_are_a_change():
    after = [(text.replace("add %3, %4", "add %4, %3"), at) for text, at in BEFORE]
    assert changes(BEFORE, after) == [("~", "%5 = wasmir.i32.add %4, %3")]


def test_another_target_is_a_change():
    after = [(text.replace(", ^bb2", ", ^bb1(%0 : i32)"), at) for text, at in BEFORE]
    assert [status for status, _ in changes(BEFORE, after)] == ["-", "+"]
    old = located("0 wasmir.func @f() {", "1   wasmir.br ^bb1", "- ^bb1:", "2   wasmir.br ^bb2",
                  "- ^bb2:", "3   wasmir.return", "- }")  # fmt: skip
    new = [(text.replace("br ^bb1", "br ^bb2"), at) for text, at in old]
    assert changes(old, new) == [("~", "wasmir.br ^bb2")]


def test_an_operation_at_another_place_has_moved():
    order = [0, 5, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert changes(BEFORE, [BEFORE[n] for n in order]) == [
        (">", "%4 = wasmir.i32.const 2"),
        ("<", "%4 = wasmir.i32.const 2"),
    ]


def test_what_uses_a_replaced_operation_is_unchanged():
    after = [(text.replace("wasmir.i32.mul", "wasmir.i32.shl"), at) for text, at in BEFORE]
    assert changes(BEFORE, after) == [
        ("-", "%2 = wasmir.i32.mul %0, %1"),
        ("+", "%2 = wasmir.i32.shl %0, %1"),
    ]


def test_names_belong_to_their_function():
    old = located("0 wasmir.func @f(%0: i32) {", "1   wasmir.use %0", "- }",
                  "- wasmvm.func @t(%0: i32) {", "-   wasmir.return %0", "- }")  # fmt: skip
    new = located("0 wasmir.func @f(%0: i32) {", "1   wasmir.use %0", "- }",
                  "- wasmvm.func @t(%1: i32) {", "-   wasmir.return %1", "- }")  # fmt: skip
    assert changes(old, new) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%1 = load i32, ptr %0, align 4, !tbaa !7", "%1 = load i32, ptr %0, align 4, !tbaa !9"),
        ("call void @f() nomerge", "call void @f() #3"),
        ("define void @f(ptr %0) #0 {", "define void @f(ptr %0) #1 {"),
    ],
)
def test_llvm_numbers_its_notes_anew(old: str, new: str):
    assert changes([(old, 1)], [(new, 1)]) == []


def test_a_name_in_a_string_is_none():
    assert changes([('wasmvm.count "%1"', 1)], [('wasmvm.count "%2"', 1)]) != []


def test_very_many_equal_lines_are_not_all_tried(monkeypatch: pytest.MonkeyPatch):
    """As in IR that was written without locations: it would take the square of their number."""
    junk: list[bool] = []

    def watched(*arguments: Any, autojunk: bool) -> SequenceMatcher[Any]:
        junk.append(autojunk)
        return SequenceMatcher(*arguments, autojunk=autojunk)

    monkeypatch.setattr(diff, "SequenceMatcher", watched)
    old: Text = [(f"  %{n} = wasmir.i32.const {n % 2}", None) for n in range(4_000)]
    found = rows(old, old[1:])
    assert [row.new for row in found if row.new is not None] == [*range(3_999)]
    assert all(junk)
    junk.clear()
    rows(BEFORE, BEFORE[1:])
    assert not any(junk)
