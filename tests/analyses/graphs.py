"""Random functions as graphs of blocks, and definitions by brute force."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Block, Region, SSAValue

from wasmdialect.dialects import wasmir

Edges = Sequence[Sequence[int]]


@st.composite
def graphs(draw: st.DrawFn, largest: int = 9) -> list[list[int]]:
    """The successors of some blocks; some cannot be reached, some loop for ever."""
    count = draw(st.integers(1, largest))
    block = st.lists(st.integers(0, count - 1), max_size=3)
    return draw(st.lists(block, min_size=count, max_size=count))


def branch(
    targets: Sequence[tuple[Block, Sequence[SSAValue]]], condition: SSAValue
) -> wasmir.WasmOp:
    """A terminator with these edges."""
    if not targets:
        return wasmir.ReturnOp()
    if len(targets) == 1:
        return wasmir.BrOp(targets[0][0], *targets[0][1])
    (first, passed), *others = targets
    if len(targets) == 2:
        ((second, more),) = others
        return wasmir.BrIfOp(operands=[condition, passed, more], successors=[first, second])
    return wasmir.BrTableOp(
        operands=[condition, passed, [v for _, values in others for v in values]],
        successors=[first, [block for block, _ in others]],
        properties={"case_sizes": DenseArrayBase.from_list(i32, [len(v) for _, v in others])},
    )


def region_of(edges: Edges) -> tuple[Region, list[Block]]:
    """A region with these edges between its blocks."""
    blocks = [Block() for _ in edges]
    region = Region(blocks)
    for block, following in zip(blocks, edges, strict=True):
        condition = wasmir.I32ConstOp(1)
        block.add_op(condition)
        block.add_op(branch([(blocks[to], ()) for to in following], condition.result))
    return region, blocks


def reachable(edges: Edges, start: int, without: int = -1) -> set[int]:
    """What can be reached from a block without going through another one."""
    if start == without:
        return set()
    found, work = {start}, [start]
    while work:
        for to in edges[work.pop()]:
            if to != without and to not in found:
                found.add(to)
                work.append(to)
    return found
