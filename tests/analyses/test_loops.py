"""Loops, by the definition of a back edge; irreducible regions, by the cycles that are left."""

from __future__ import annotations

from analyses.graphs import Edges, graphs, reachable, region_of
from hypothesis import given

from wasmdialect.analyses import Loops
from wasmdialect.analyses.loops import strongly_connected


def dominates(edges: Edges, a: int, b: int) -> bool:
    return a == b or b not in reachable(edges, 0, a)


def natural_loops(edges: Edges) -> dict[int, set[int]]:
    """The blocks of the loop of each header."""
    live = reachable(edges, 0)
    found: dict[int, set[int]] = {}
    for latch in live:
        for header in edges[latch]:
            if dominates(edges, header, latch):
                body = {n for n in live if latch in reachable(edges, n, header)}
                found.setdefault(header, {header}).update(body)
    return found


@given(graphs())
def test_loops_are_those_of_the_definition(edges: Edges):
    region, blocks = region_of(edges)
    number = {block: n for n, block in enumerate(blocks)}
    loops = Loops(region)
    expected = natural_loops(edges)
    found = {number[loop.header]: {number[b] for b in loop.blocks} for loop in loops.all}
    assert found == expected
    for loop in loops.all:
        header = number[loop.header]
        assert next(loop.blocks) is loop.header
        assert len([*loop.blocks]) == len(found[header])
        assert {number[b] for b in loop.latches} == {
            n for n in reachable(edges, 0) if header in edges[n] and dominates(edges, header, n)
        }
        for n, block in enumerate(blocks):
            assert loops.is_within(block, loop) == (n in found[header])
        leaving = {(n, to) for n in found[header] for to in edges[n] if to not in found[header]}
        assert {(number[a], number[b]) for a, b in loops.exits(loop)} == leaving


@given(graphs())
def test_loops_are_nested(edges: Edges):
    region, blocks = region_of(edges)
    number = {block: n for n, block in enumerate(blocks)}
    loops = Loops(region)
    expected = natural_loops(edges)
    for n, block in enumerate(blocks):
        around = [header for header, body in expected.items() if n in body]
        assert loops.depth(block) == len(around)
    for place, loop in enumerate(loops.all):
        header = number[loop.header]
        around = {h for h, body in expected.items() if h != header and header in body}
        assert loop.depth == len(around) + 1
        if loop.parent is None:
            assert not around
            assert loop in loops.outermost
        else:
            assert {number[loop.parent.header]} == {
                h for h in around if all(h in expected[other] for other in around)
            }
            assert loop in loop.parent.children
            assert loops.all.index(loop.parent) < place


@given(graphs())
def test_irreducible_regions_are_the_cycles_that_are_left(edges: Edges):
    region, blocks = region_of(edges)
    number = {block: n for n, block in enumerate(blocks)}
    live = reachable(edges, 0)
    left = [
        [to for to in following if n in live and not dominates(edges, to, n)]
        for n, following in enumerate(edges)
    ]
    together = {
        frozenset(m for m in live if m in reachable(left, n) and n in reachable(left, m))
        for n in live
    }
    found = Loops(region).irreducible
    assert {frozenset(number[b] for b in r.blocks) for r in found} == {
        component for component in together if len(component) > 1
    }
    for each in found:
        inside = {number[b] for b in each.blocks}
        entries = {n for n in inside if any(n in edges[p] for p in live - inside)}
        assert {number[b] for b in each.entries} == entries
        assert len(entries) > 1  # else it would be a loop


@given(graphs())
def test_components_are_strongly_connected_and_in_order(edges: Edges):
    components = strongly_connected(edges)
    assert sorted(n for c in components for n in c) == [*range(len(edges))]
    place = {n: position for position, c in enumerate(components) for n in c}
    for n in range(len(edges)):
        for m in range(len(edges)):
            same = m in reachable(edges, n) and n in reachable(edges, m)
            assert (place[n] == place[m]) == same
        assert all(place[to] <= place[n] for to in edges[n])


def test_ten_thousand_nested_loops():
    """Without recursion, and without looking at the inner blocks again for each loop."""
    count = 10_000
    edges = (
        [[n + 1] for n in range(count)]
        + [[count + n + 1, count - n - 1] for n in range(count)]
        + [[]]
    )
    loops = Loops(region_of(edges)[0])
    assert len(loops.all) == count
    assert max(loops.depth(loop.header) for loop in loops.all) == count
    assert sum(len(loop.own_blocks) for loop in loops.all) <= len(edges)
