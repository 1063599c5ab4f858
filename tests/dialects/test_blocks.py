"""Orders of the blocks of control-flow graphs, against their definitions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.test import TestTermOp as Terminator
from xdsl.ir import Block, Region

from wasmdialect.dialects.blocks import reachable_in_order, reverse_postorder


@st.composite
def graphs(draw: st.DrawFn) -> list[Block]:
    count = draw(st.integers(1, 9))
    blocks = [Block() for _ in range(count)]
    for block in blocks:
        targets = draw(st.lists(st.integers(0, count - 1), max_size=3))
        block.add_op(Terminator.create(successors=[blocks[i] for i in targets]))
    Region(blocks)
    return blocks


def reachable(entry: Block, without: Block | None = None) -> set[Block]:
    seen: set[Block] = set()
    stack = [entry]
    while stack:
        block = stack.pop()
        if block in seen or block is without:
            continue
        seen.add(block)
        assert block.last_op is not None
        stack.extend(block.last_op.successors)
    return seen


@given(graphs())
def test_reverse_postorder(blocks: list[Block]):
    order = reverse_postorder(blocks[0])
    assert len(order) == len(set(order))
    assert set(order) == reachable(blocks[0])
    assert order[0] is blocks[0]


@given(graphs())
def test_blocks_in_order_come_after_their_dominators(blocks: list[Block]):
    order = reachable_in_order(blocks)
    if order is None:
        return
    assert order == [block for block in blocks if block in reachable(blocks[0])]
    for number, block in enumerate(order):
        assert {*order[:number]} <= reachable(blocks[0], without=block)


def test_a_block_before_all_its_predecessors_is_not_in_order():
    entry, second, third = (Block() for _ in range(3))
    for block, following in ((entry, third), (third, second)):
        block.add_op(Terminator.create(successors=[following]))
    second.add_op(Terminator.create())
    assert reachable_in_order([entry, third, second]) == [entry, third, second]
    assert reachable_in_order([entry, second, third]) is None


def test_deep_chain():
    blocks = [Block() for _ in range(20_000)]
    for block, following in pairwise(blocks):
        block.add_op(Terminator.create(successors=[following]))
    blocks[-1].add_op(Terminator.create())
    assert reverse_postorder(blocks[0]) == blocks
    assert reachable_in_order(blocks) == blocks
