"""Frequencies: what they promise of the flow, and what is likely."""

from __future__ import annotations

import pytest
from analyses.graphs import Edges, graphs, reachable, region_of
from hypothesis import given
from interpreter.running import imported
from xdsl.ir import Block

from wasmdialect.analyses import Frequencies, Loops
from wasmdialect.dialects import wasmir


@given(graphs())
def test_blocks_have_frequencies_and_edges_shares(edges: Edges):
    region, blocks = region_of(edges)
    found = Frequencies(region)
    live = reachable(edges, 0)
    for n, block in enumerate(blocks):
        assert (found.of(block) > 0) == (n in live)
        shares = found.shares(block)
        if n in live:
            assert len(shares) == len(edges[n])
            assert not shares or sum(shares) == pytest.approx(1)
    assert found.of(Block()) == 0


@given(graphs())
def test_without_cycles_what_comes_in_goes_out(edges: Edges):
    edges = [[to for to in following if to > n] for n, following in enumerate(edges)]
    region, blocks = region_of(edges)
    found = Frequencies(region)
    for n, block in enumerate(blocks):
        comes = sum(
            found.of(blocks[p]) * share
            for p in reachable(edges, 0)
            for to, share in zip(edges[p], found.shares(blocks[p]), strict=True)
            if to == n
        )
        assert found.of(block) == pytest.approx(comes + (n == 0))


def function_of(text: str) -> wasmir.FuncOp:
    return next(op for op in imported(text).ops if isinstance(op, wasmir.FuncOp))


def test_loops_run_often_and_what_comes_after_once():
    function = function_of("""
    (module (func (param i32)
      (loop (loop (br_if 0 (local.get 0))) (br_if 0 (local.get 0)))))""")
    loops, found = Loops(function), Frequencies(function)
    for block in function.body.blocks:
        assert found.of(block) == pytest.approx(10.0 ** loops.depth(block), rel=0.2)


def test_what_traps_is_rare():
    function = function_of("""
    (module (func (param i32) (if (local.get 0) (then (if (local.get 0) (then (unreachable)))
      (unreachable)))))""")
    found = Frequencies(function)
    trapping = [b for b in function.body.blocks if isinstance(b.last_op, wasmir.UnreachableOp)]
    assert trapping
    assert all(found.of(block) < 0.01 for block in trapping)


def test_a_thousand_nested_loops_have_finite_frequencies():
    count = 1000
    edges = [[n + 1] for n in range(count)]
    edges += [[count + n + 1, count - n - 1] for n in range(count)] + [[]]
    region, blocks = region_of(edges)
    found = Frequencies(region)
    assert all(0 < found.of(block) < 1e31 for block in blocks)


def test_counts_of_an_earlier_run():
    region, blocks = region_of([[1, 2], [3], [3], []])
    found = Frequencies.counted(region, [4, 3, 1, 4])
    assert [found.of(block) for block in blocks] == [1, 0.75, 0.25, 1]
    assert found.shares(blocks[0]) == [0.75, 0.25]
    never = Frequencies.counted(region, [0, 0, 0, 0])
    assert never.shares(blocks[0]) == [0.5, 0.5]
    with pytest.raises(ValueError, match="has 4 blocks, and 3 were counted"):
        Frequencies.counted(region, [1, 2, 3])
