"""Dominators and post-dominators, by deleting blocks."""

from __future__ import annotations

import pytest
from analyses.graphs import Edges, graphs, reachable, region_of
from hypothesis import given
from xdsl.ir import Block

from wasmdialect.analyses import ControlFlow, Dominators, PostDominators
from wasmdialect.analyses.dominators import immediate_dominators
from wasmdialect.dialects import wasmir


@given(graphs())
def test_a_block_dominates_what_cannot_be_reached_without_it(edges: Edges):
    region, blocks = region_of(edges)
    dominators = Dominators(region)
    for a, above in enumerate(blocks):
        without = reachable(edges, 0, a)
        for b, below in enumerate(blocks):
            assert dominators.dominates(above, below) == (a == b or b not in without)


@given(graphs())
def test_a_block_post_dominates_what_ends_only_through_it(edges: Edges):
    region, blocks = region_of(edges)
    found = PostDominators(region)
    ends = {n for n, following in enumerate(edges) if not following}
    live = reachable(edges, 0)
    for a, above in enumerate(blocks):
        for b, below in enumerate(blocks):
            if not {a, b} <= live:
                continue
            without = reachable(edges, b, a)
            assert found.dominates(above, below) == (a == b or not without & ends)


@given(graphs())
def test_the_tree_has_the_nearest_ones(edges: Edges):
    region, blocks = region_of(edges)
    live = reachable(edges, 0)
    ends = {n for n, following in enumerate(edges) if not following}
    for tree in (Dominators(region), PostDominators(region)):
        for b, below in enumerate(blocks):
            in_tree = b in live and (
                isinstance(tree, Dominators) or bool(reachable(edges, b) & ends)
            )
            strict = [
                above
                for a, above in enumerate(blocks)
                if in_tree and a != b and a in live and tree.dominates(above, below)
            ]
            nearest = [a for a in strict if all(tree.dominates(other, a) for other in strict)]
            assert [tree.parent(below)] == (nearest or [None])
            for child in tree.children(below):
                assert tree.parent(child) is below


def test_operations_of_a_block_come_in_order():
    region, (first, second) = region_of([[1], []])
    dominators = Dominators(region)
    ops = [*first.ops, *second.ops]
    for a, one in enumerate(ops):
        for b, other in enumerate(ops):
            assert dominators.comes_first(one, other) == (a < b)
    with pytest.raises(ValueError, match=r"wasmir\.unreachable is in no block"):
        dominators.comes_first(wasmir.UnreachableOp(), ops[0])


def test_an_operation_with_several_regions_is_no_function():
    from xdsl.dialects.scf import IfOp

    op = IfOp.create(regions=[region_of([[]])[0], region_of([[]])[0]])
    with pytest.raises(ValueError, match=r"scf\.if has 2 regions, not one"):
        ControlFlow(op)


def test_an_empty_function():
    from xdsl.ir import Region

    region = Region()
    assert ControlFlow(region).order == []
    assert Dominators(region).parent(Block()) is None
    assert PostDominators(region).children(Block()) == []


@pytest.mark.parametrize("shape", ["chain", "ladder", "nest", "comb"])
def test_large_graphs_take_no_recursion_and_no_quadratic_time(shape: str):
    """The work is counted by the steps of the interpreter's own trace, not by a clock."""
    steps = [_lines(shape, count) for count in (1000, 4000)]
    assert steps[1] < 8 * steps[0]


def _lines(shape: str, count: int) -> int:
    import sys

    edges = {
        "chain": [[n + 1] if n + 1 < count else [] for n in range(count)],
        "ladder": [[m for m in (n + 1, n - 1) if 0 <= m < count] for n in range(count)],
        "nest": [
            [n + 1] if n < count // 2 else [m for m in (n + 1, count - n) if m < count]
            for n in range(count)
        ],
        "comb": [[m for m in (n + 1, count - 1, n // 2) if m < count] for n in range(count)],
    }[shape]
    before: list[list[int]] = [[] for _ in edges]
    for n, following in enumerate(edges):
        for to in following:
            before[to].append(n)
    lines = 0

    def trace(frame: object, event: str, argument: object):
        nonlocal lines
        lines += event == "line"
        return trace

    sys.settrace(trace)
    try:
        immediate_dominators(edges, before)
    finally:
        sys.settrace(None)
    return lines
