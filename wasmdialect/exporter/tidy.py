"""Structured code without what it does not need: branches to where control goes anyway, `else` after
code that does not reach it, blocks that nothing branches to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import cast

from wasmdialect.exporter.code import Code, Item
from wasmdialect.wasm.encode import encode_opcode
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import (
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    ELSE,
    END,
    IF,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    LOOP,
)

_RETURN = encode_opcode(BY_MNEMONIC["return"][0].opcode)
_OPENS = frozenset({BLOCK, LOOP, IF})


def tidied(
    items: Sequence[Item],
    leaves: AbstractSet[Item],
    invert: Callable[[Code], None],
    *,
    has_results: bool,
) -> list[Item]:
    """The code of a function without superfluous control. `leaves` are the instructions after which the
    function is over, `invert` negates the condition that some code leaves on the stack."""
    items = _without_jumps(items, invert, has_results=has_results)
    items = _without_else(items, leaves, invert)
    return _without_blocks(items)


def _opcode(item: Item) -> int:
    """The opcode of an item that is not encoded; -1 for others."""
    return -1 if isinstance(item, bytes) else item[0]


def _matches(items: Sequence[Item]) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """By position: of the `end` of each `else` and each opening instruction; by label: of its `end`."""
    end_of: dict[int, int] = {}
    ends: dict[int, int] = {}
    else_of: dict[int, int] = {}
    open_at: list[int] = []
    for position, item in enumerate(items):
        if isinstance(item, bytes):
            continue
        opcode, label = item
        if opcode in _OPENS:
            open_at.append(position)
        elif opcode == ELSE:
            else_of[open_at[-1]] = position
        elif opcode == END:
            start = open_at.pop()
            end_of[start] = position
            if start in else_of:
                end_of[else_of[start]] = position
            if label is not None:
                ends[label] = position
    return end_of, ends, else_of


def _without_jumps(
    items: Sequence[Item], invert: Callable[[Code], None], *, has_results: bool
) -> list[Item]:
    """Drop branches to the place that is reached without them."""
    end_of, ends, _ = _matches(items)
    size = len(items)
    reached = [*range(size + 1)]  # the position of the next instruction that does something
    for position in range(size - 1, -1, -1):
        item = items[position]
        if isinstance(item, bytes):
            continue
        if item[0] == END:
            reached[position] = reached[position + 1]
        elif item[0] == ELSE:
            reached[position] = reached[end_of[position]]

    def is_next(label: int, position: int) -> bool:
        return label >= 0 and reached[ends[label]] == reached[position]

    out: list[Item] = []
    position = 0
    while position < size:
        item = items[position]
        position += 1
        if isinstance(item, bytes):
            if item != _RETURN or has_results or reached[position] < size:
                out.append(item)
            continue
        opcode, label = item
        if opcode == BR and is_next(label, position):
            continue
        follows = _opcode(items[position]) if position < size else -1
        if opcode == BR_IF and follows == BR and is_next(label, position + 1):
            invert(cast("Code", out))
            out.append((BR_IF, items[position][1]))
            position += 1
            continue
        out.append(item)
    return out


def _without_else(
    items: Sequence[Item], leaves: AbstractSet[Item], invert: Callable[[Code], None]
) -> list[Item]:
    """Where the first arm of an `if` does not reach its end, the second one goes after it; an arm
    without code goes, and its `else`."""
    end_of, _, else_of = _matches(items)
    inverted = {start for start, position in else_of.items() if position == start + 1}
    dropped: set[int] = {start + 1 for start in inverted}
    moved: set[int] = set()
    for start, position in else_of.items():
        if start in inverted:
            continue
        before = items[position - 1]
        if position + 1 == end_of[position]:
            dropped.add(position)
        elif before in leaves or _opcode(before) in (BR, BR_TABLE):
            moved.add(position)
            dropped.add(end_of[position])
    out: list[Item] = []
    for position, item in enumerate(items):
        if position in inverted:
            invert(cast("Code", out))
        if position not in dropped:
            out.append((END, None) if position in moved else item)
    return out


def _without_blocks(items: list[Item]) -> list[Item]:
    """Drop the blocks that nothing branches to."""
    used: set[int] = set()
    for item in items:
        if isinstance(item, bytes):
            continue
        opcode, label = item
        if opcode == BR or opcode == BR_IF:
            used.add(label)
        elif opcode == BR_TABLE:
            used.update(label)
    return [
        item
        for item in items
        if isinstance(item, bytes)
        or item[0] not in (BLOCK, END)
        or item[1] is None
        or item[1] in used
    ]


def with_tees(items: Sequence[Item]) -> list[Item]:
    """`local.set` followed by `local.get` of the same local is a `local.tee`."""
    out: list[Item] = []
    for item in items:
        if (
            not isinstance(item, bytes)
            and item[0] == LOCAL_GET
            and out
            and out[-1] == (LOCAL_SET, item[1])
        ):
            out[-1] = (LOCAL_TEE, item[1])
        else:
            out.append(item)
    return out
