"""The control-flow graph of a function as numbers: blocks by their position in a reverse postorder."""

from __future__ import annotations

from xdsl.ir import Block, Region

from wasmdialect.analyses.regions import Body, body_of
from wasmdialect.dialects.blocks import reverse_postorder, successors


class ControlFlow:
    """Blocks that can be reached, numbered so that each comes after those that dominate it; the entry
    is number 0. Two edges between the same blocks count twice."""

    def __init__(self, function: Body):
        """`function` is an operation with one region, or the region."""
        self.region: Region = body_of(function)
        entry = self.region.first_block
        self.order: list[Block] = [] if entry is None else reverse_postorder(entry)
        """The blocks by number."""
        self.number: dict[Block, int] = {block: n for n, block in enumerate(self.order)}
        """The number of each block; others cannot be reached."""
        number = self.number
        self.successors: list[list[int]] = [
            [number[to] for to in successors(block)] for block in self.order
        ]
        """The successors of each block, in the order of its terminator."""
        self.predecessors: list[list[int]] = [[] for _ in self.order]
        """The predecessors of each block."""
        for n, following in enumerate(self.successors):
            for to in following:
                self.predecessors[to].append(n)
