"""Which calls to replace by the bodies of their callees: a cost model over the call graph.

It needs numbers only, so that the process that hands a module to workers can use it on what it knows of
the bodies, and `wasmir-inline` on operations. Everything depends on sizes, in bytes of WebAssembly.
Callees come before callers, so that a chain of small functions becomes one: Scheifler, "An Analysis of
Inline Substitution for a Structured Programming Language", CACM 1977.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

TINY = 24
"""The size up to which a callee is hardly larger than its call."""
SMALL = 60
"""The size up to which a callee is inlined anywhere."""
HOT = 200
"""The size up to which one is inlined into a loop."""
ONLY = 800
"""The size up to which one with a single call is inlined."""
SMALLER = ((HOT, SMALL), (100, SMALL), (SMALL, SMALL), (36, 36))
"""The last two, and what takes their place if the module would grow too much."""
GROWTH = 1000
"""How much a function may grow, if that is more than its own size."""
LARGEST = 16_000
"""The size from which on a function does not grow."""
MODULE_GROWTH = 16_000
"""How much a module may grow, if that is more than a twentieth of all its functions."""


_SIZE_OF_PRODUCT = 80
"""The bytes that an operation takes the place of where 64 by 64 bits are multiplied in halves: with
`local.get`, four products and the shifts and masks of their halves."""
_SMALLEST = 12
"""The size of a body at least, whatever is taken off it."""
_I64_MUL = b"\x7e"
_UPPER_HALF = b"\x42\x20\x88"  # i64.const 32, i64.shr_u


def size_with_products(code: bytes) -> int:
    """The size of a body, after `wasmir-wide-multiply`, as far as its bytes tell: some of them can be
    immediates. Each product in halves has four products, and at least three upper halves."""
    products = min(code.count(_UPPER_HALF) // 3, code.count(_I64_MUL) // 4)
    return max(len(code) - _SIZE_OF_PRODUCT * products, _SMALLEST) if products else len(code)


class Calls(NamedTuple):
    """The calls of one function in another."""

    sites: int
    depth: int
    """The loops around the innermost one."""
    limit: int | None = None
    """The size up to which hints or counts let the callee be inlined; None if they say nothing."""

    def joined(self, other: Calls) -> Calls:
        """These calls and others of the same function."""
        limits = (self.limit, other.limit)
        known = [limit for limit in limits if limit is not None]
        limit = 0 if 0 in known else max(known) if len(known) == len(limits) else None
        return Calls(self.sites + other.sites, max(self.depth, other.depth), limit)


class Body(NamedTuple):
    """What is known of a function."""

    size: int
    """Bytes of its body."""
    calls: Mapping[int, Calls]
    """Its direct calls that could be replaced, by callee."""


Plan = dict[int, tuple[int, ...]]
"""For each function that changes: the callees whose bodies replace all calls of them in it. What these
inline themselves comes with them."""


def plan_inlining(
    bodies: Mapping[int, Body], kept: Collection[int], roots: Collection[int]
) -> Plan:
    """The plan for a module whose functions are numbered. Those that are `kept` are not inlined
    anywhere. `roots` are called by others than these functions."""
    sites: dict[int, int] = {}
    for body in bodies.values():
        for callee, calls in body.calls.items():
            sites[callee] = sites.get(callee, 0) + calls.sites
    only = {index for index, count in sites.items() if count == 1}.difference(roots)
    groups = _bottom_up(bodies)
    most = max(MODULE_GROWTH, sum(body.size for body in bodies.values()) // 20)
    plan: Plan = {}
    for hot, small in SMALLER:
        plan, growth = _plan(bodies, groups, kept, only, hot, small)
        if growth <= most:
            break
    return plan


def _plan(
    bodies: Mapping[int, Body],
    groups: Iterable[Sequence[int]],
    kept: Collection[int],
    only: Collection[int],
    hot: int,
    small: int,
) -> tuple[Plan, int]:
    """The plan with these limits, and how much the module grows."""
    sizes = {index: body.size for index, body in bodies.items()}
    plan: Plan = {}
    growth = 0
    for group in groups:
        circle = {*group}
        for index in group:
            body = bodies[index]
            most = min(body.size + max(GROWTH, body.size), max(LARGEST, body.size))
            chosen: list[int] = []
            candidates = [
                callee
                for callee in body.calls
                if callee in bodies and callee not in kept and callee not in circle
            ]
            # The innermost first, then the smallest: the budget goes where it is of most use.
            candidates.sort(key=lambda n: (-body.calls[n].depth, sizes[n], n))
            for callee in candidates:
                calls, size = body.calls[callee], sizes[callee]
                limit = _limit(calls, callee in only, hot, small)
                if callee in bodies[callee].calls or size > limit:
                    continue
                added = size * calls.sites
                if size > TINY and sizes[index] + added > most and callee not in only:
                    continue
                if sizes[index] + added > LARGEST:
                    continue
                chosen.append(callee)
                sizes[index] += added
                growth += 0 if callee in only else added
            if chosen:
                plan[index] = tuple(sorted(chosen))
    return plan, growth


def _limit(calls: Calls, is_only: bool, hot: int, small: int) -> int:
    if calls.limit is not None:
        return calls.limit
    if is_only:
        return ONLY
    return hot if calls.depth else small


def guests(plan: Plan, indices: Iterable[int]) -> list[int]:
    """The other functions whose bodies are inlined into these, also into each other."""
    own = [*indices]
    found = set(own)
    work = own.copy()
    while work:
        new = set(plan.get(work.pop(), ())) - found
        found |= new
        work += new
    return sorted(found.difference(own))


def part_of(plan: Plan, indices: Iterable[int]) -> Plan:
    """What a plan says of these functions and what is inlined into them."""
    own = [*indices]
    return {index: plan[index] for index in (*own, *guests(plan, own)) if index in plan}


def _bottom_up(bodies: Mapping[int, Body]) -> list[list[int]]:
    """The functions in groups that call each other, each group after those that it calls: Tarjan,
    "Depth-First Search and Linear Graph Algorithms", SIAM J. Comput. 1972."""
    groups: list[list[int]] = []
    numbers: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in bodies:
        if root in numbers:
            continue
        work: list[tuple[int, Sequence[int], int]] = [(root, [*bodies[root].calls], 0)]
        while work:
            index, callees, at = work.pop()
            if at == 0:
                numbers[index] = lowest[index] = len(numbers)
                stack.append(index)
                on_stack.add(index)
            else:
                lowest[index] = min(lowest[index], lowest[callees[at - 1]])
            while at < len(callees):
                callee = callees[at]
                at += 1
                if callee not in bodies:
                    continue
                if callee not in numbers:
                    work.append((index, callees, at))
                    work.append((callee, [*bodies[callee].calls], 0))
                    break
                if callee in on_stack:
                    lowest[index] = min(lowest[index], numbers[callee])
            else:
                if lowest[index] == numbers[index]:
                    group: list[int] = []
                    while index in on_stack:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    groups.append(sorted(group))
    return groups
