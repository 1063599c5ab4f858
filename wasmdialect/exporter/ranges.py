"""Live ranges: sorted lists of positions `[start, end, start, end, ...]`, each range without its end.

Blocks and operations are numbered through the function. An operation reads at its position and defines
from it on, so a value may take the local of an operand that is read there for the last time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Ranges = list[int]


def live_ranges(
    block: int,
    position: int,
    uses: Iterable[tuple[int, int]],
    starts: Sequence[int],
    predecessors: Sequence[Sequence[int]],
) -> Ranges:
    """Where a value is alive that is defined at a position of a block, with uses at positions of
    blocks. `starts` has the first position of each block, and the end of the last one."""
    ends: dict[int, int] = {}
    work: list[int] = []
    for user, place in uses:
        known = ends.get(user)
        if known is None:
            ends[user] = place
            if user != block:
                work.append(user)
        elif known < place:
            ends[user] = place
    while work:
        for predecessor in predecessors[work.pop()]:
            known = ends.get(predecessor)
            ends[predecessor] = starts[predecessor + 1]
            if known is None and predecessor != block:
                work.append(predecessor)
    out: Ranges = []
    for number in sorted(ends):
        start = position if number == block else starts[number]
        if out and out[-1] == start:
            out[-1] = ends[number]
        elif start < ends[number]:
            out += start, ends[number]
    return out


def overlap(a: Ranges, b: Ranges) -> bool:
    """Whether two lists of ranges have a position in common."""
    if not a or not b or a[-1] <= b[0] or b[-1] <= a[0]:
        return False
    if len(a) > len(b):
        a, b = b, a
    # Go through the shorter list, and find the place of each of its ranges in the longer one.
    at = 0
    size = len(b)
    for number in range(0, len(a), 2):
        start, end = a[number], a[number + 1]
        at = bisect_right(b, start, at)
        if at & 1 or (at < size and b[at] < end):
            return True
        if at == size:
            return False
    return False


def contains(ranges: Ranges, position: int) -> bool:
    """Whether a position is in one of the ranges."""
    return bool(bisect_right(ranges, position) & 1)


def union(a: Ranges, b: Ranges) -> Ranges:
    """The ranges of both, which have no position in common. Changes `a`, and may return it."""
    if not a or not b:
        return a or [*b]
    at = bisect_right(a, b[0])
    if at == len(a) or b[-1] <= a[at]:
        a[at:at] = b
        return a
    pairs = sorted([*zip(a[::2], a[1::2], strict=True), *zip(b[::2], b[1::2], strict=True)])
    return [position for pair in pairs for position in pair]
