"""What a step changed in a function: operations that it added, removed, moved, or gave other operands.

It compares printed lines, so that LLVM IR is compared as well. The names of values and blocks are taken
out of the lines, and what is left is aligned. Aligned lines say which name became which. A line whose
operands became those of its partner is the same, whatever they are called.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeAlias

Line: TypeAlias = tuple[str, int | None]
"""Text, and the byte offset it comes from."""
Status: TypeAlias = Literal["=", "+", "-", "~", ">", "<"]
"""The same; added; removed; with other operands; moved here; moved away from here."""


class Row(NamedTuple):
    """A line of the comparison: one that both texts have, or one of either."""

    status: Status
    old: int | None
    """The number of the line in the old text; None if it was added."""
    new: int | None
    """The number in the new text; None if it was removed or moved away."""


def compare(before: Parsed, after: Parsed) -> list[Row]:
    """The lines of two texts in one order. Each new line is in one row; each old one that was removed
    or moved away is in a row of its own."""
    partner = _aligned(before, after)
    moved = _moved(before, after, partner)
    replaced = _replaced(before, after, partner | moved)
    renamed = _renamed(before, after, partner | moved | replaced)
    gone = {name for line in before for name in line.defines} - renamed.keys()
    changed = {
        o
        for o, n in partner.items()
        if any(
            old in gone or renamed.get(old, old) != new
            for old, new in zip(before[o].uses, after[n].uses, strict=True)
        )
    }
    return [*_rows(len(before), len(after), partner, moved, changed)]


# --- lines without names ---

Key: TypeAlias = tuple[str, int | None]
Name: TypeAlias = tuple[int, str]
"""The function that a value or block is in, and its name."""


class ParsedLine(NamedTuple):
    """A line as it is compared."""

    key: Key
    """The line without names, and its offset."""
    defines: tuple[Name, ...]
    uses: tuple[Name, ...]


Parsed: TypeAlias = Sequence[ParsedLine]

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>[%^][\w.$-]+)'
    r"|(?P<note>,? ![a-z.]+ !\d+| (?:\#\d+|nomerge|noinline|notail)\b)|\s+"
)
"""Strings may hold anything. LLVM's notes on an instruction are left out: it numbers and orders them
anew."""
_LABEL = re.compile(r"([\w.$-]+):$")
"""The label of a block of LLVM IR, which its uses write with `%`."""
_FUNCTION = re.compile(r"(define |[\w.]*func\b)")
_DEFINITION = re.compile(r"\s*((?:%[\w.$-]+(?::\d+)?(?:, )?)+) = ")
_BLOCK = "^"
"""What the keys of lines that begin a block begin with."""


def parsed(lines: Sequence[Line]) -> Parsed:
    """A text, ready to be compared."""
    out: list[ParsedLine] = []
    function = 0
    for text, offset in lines:
        function += _FUNCTION.match(text) is not None
        out.append(_parse(text, offset, function))
    for number in reversed(range(len(out) - 1)):
        (text, offset), defines, uses = out[number]
        if text.startswith(_BLOCK) and offset is None:  # it is known by what is in it
            out[number] = ParsedLine((text, out[number + 1].key[1]), defines, uses)
    return out


def _parse(text: str, offset: int | None, function: int) -> ParsedLine:
    label = _LABEL.match(text)
    if label is not None:
        return ParsedLine((_BLOCK, offset), ((function, f"%{label[1]}"),), ())
    names: list[Name] = []

    def without_name(match: re.Match[str]) -> str:
        if match["name"]:
            names.append((function, match["name"]))
            return match["name"][0]
        return match["string"] or ("" if match["note"] else " ")

    key = _TOKEN.sub(without_name, text.strip()), offset
    definition = _DEFINITION.match(text)
    if definition is not None:
        count = definition[1].count("%")
    else:
        count = len(names) if key[0].startswith(_BLOCK) or _FUNCTION.match(text) else 0
    return ParsedLine(key, tuple(names[:count]), tuple(names[count:]))


# --- alignment ---

Partners: TypeAlias = dict[int, int]
"""By the number of an old line, that of the new one."""


def _aligned(before: Parsed, after: Parsed) -> Partners:
    """Lines with equal keys, in the same order; between these, lines that have only another offset."""
    partner: Partners = {}
    gaps: list[tuple[int, int, int, int]] = []
    for tag, o1, o2, n1, n2 in _opcodes([p.key for p in before], [p.key for p in after]):
        if tag == "equal":
            partner.update(zip(range(o1, o2), range(n1, n2), strict=True))
        elif tag == "replace":
            gaps.append((o1, o2, n1, n2))
    for o1, o2, n1, n2 in gaps:
        old, new = [p.key[0] for p in before[o1:o2]], [p.key[0] for p in after[n1:n2]]
        for tag, i1, i2, j1, j2 in _opcodes(old, new):
            if tag == "equal":
                partner.update(zip(range(o1 + i1, o1 + i2), range(n1 + j1, n1 + j2), strict=True))
    return partner


def _opcodes(old: Sequence[Any], new: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    """The runs of an alignment, as `SequenceMatcher.get_opcodes`. If there are very many equal lines,
    which IR without offsets may have, the frequent ones only extend runs of others."""
    counts = Counter(new)
    pairs = sum(counts[key] for key in old)
    return SequenceMatcher(None, old, new, autojunk=pairs > _MOST_PAIRS).get_opcodes()


_MOST_PAIRS = 3_000_000
"""Equal lines that are all tried as beginnings of runs: that takes about a second."""


def _moved(before: Parsed, after: Parsed, partner: Partners) -> Partners:
    """Operations at another place: the only ones with that text and offset."""
    old, new = defaultdict[Key, list[int]](list), defaultdict[Key, list[int]](list)
    for o in _unaligned(before, partner.keys()):
        old[before[o].key].append(o)
    for n in _unaligned(after, partner.values()):
        new[after[n].key].append(n)
    pairs = [(places, new.get(key, [])) for key, places in old.items()]
    return {o[0]: n[0] for o, n in pairs if len(o) == len(n) == 1}


def _replaced(before: Parsed, after: Parsed, partner: Partners) -> Partners:
    """Operations that others took the place of: of those from one instruction, the last ones with
    results. What uses the results is not changed by that."""
    old = {before[o].key[1]: o for o in _unaligned(before, partner.keys()) if before[o].defines}
    new = {after[n].key[1]: n for n in _unaligned(after, partner.values()) if after[n].defines}
    return {
        o: new[offset]
        for offset, o in old.items()
        if offset in new and len(before[o].defines) == len(after[new[offset]].defines)
    }


def _unaligned(lines: Parsed, aligned: Collection[int]) -> Iterator[int]:
    """The other operations that come from an instruction."""
    done = {*aligned}
    for number, (key, _, _) in enumerate(lines):
        if number not in done and key[1] is not None and not key[0].startswith(_BLOCK):
            yield number


def _renamed(before: Parsed, after: Parsed, partner: Partners) -> Mapping[Name, Name]:
    """The new name of each value and block."""
    return {
        old: new
        for o, n in partner.items()
        for old, new in zip(before[o].defines, after[n].defines, strict=True)
    }


def _rows(
    old_count: int, new_count: int, partner: Partners, moved: Partners, changed: set[int]
) -> Iterator[Row]:
    arrived = {n: o for o, n in moved.items()}
    o = n = 0
    while o < old_count or n < new_count:
        if o < old_count and o not in partner:
            yield Row("<" if o in moved else "-", o, None)
            o += 1
        elif o < old_count and n == partner[o]:
            yield Row("~" if o in changed else "=", o, n)
            o, n = o + 1, n + 1
        else:
            yield Row(">" if n in arrived else "+", arrived.get(n), n)
            n += 1
