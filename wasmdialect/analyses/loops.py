"""Natural loops and how they are nested, and the regions with cycles that are not loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Block

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.dominators import Dominators
from wasmdialect.analyses.regions import Body


@dataclass(eq=False)
class Loop:
    """A natural loop: what can be reached from its header and reach it again, without leaving what the
    header dominates."""

    header: Block
    """The only block through which the loop can be entered."""
    latches: list[Block]
    """The blocks that jump back to the header."""
    parent: Loop | None = None
    """The innermost loop around it."""
    children: list[Loop] = field(default_factory=list["Loop"])
    """The loops directly inside it."""
    own_blocks: list[Block] = field(default_factory=list[Block])
    """Its blocks that are in no loop inside it; the header comes first."""

    @property
    def blocks(self) -> Iterator[Block]:
        """All of its blocks, those of inner loops included; the header comes first."""
        work = [self]
        while work:
            loop = work.pop()
            yield from loop.own_blocks
            work += loop.children

    @property
    def depth(self) -> int:
        """How many loops it is in, counting itself."""
        depth, loop = 1, self
        while loop.parent is not None:
            depth, loop = depth + 1, loop.parent
        return depth


@dataclass(frozen=True, eq=False)
class IrreducibleRegion:
    """Blocks that can all reach each other without going through the header of a natural loop they are
    in: a cycle with several entries, which structured code does not have."""

    blocks: Sequence[Block]
    entries: Sequence[Block]
    """Those of the blocks that can be reached from outside."""


class Loops:
    """The loops of a function."""

    def __init__(self, function: Body):
        graph = analysis(ControlFlow, function)
        dominators = analysis(Dominators, function)
        self.innermost: dict[Block, Loop] = {}
        """The innermost loop that each block in a loop is in."""
        self.all: list[Loop] = []
        """All loops, each after the one around it."""
        self._find(graph, dominators)
        self._number()
        self.irreducible: list[IrreducibleRegion] = _irreducible(graph, dominators)
        """Regions with cycles that are not natural loops."""

    @property
    def outermost(self) -> list[Loop]:
        """The loops that are in no other."""
        return [loop for loop in self.all if loop.parent is None]

    def depth(self, block: Block) -> int:
        """How many loops a block is in."""
        loop = self.innermost.get(block)
        return 0 if loop is None else self._depths[loop]

    def is_within(self, block: Block, loop: Loop) -> bool:
        """Whether a block is in a loop, or in one inside it."""
        innermost = self.innermost.get(block)
        if innermost is None:
            return False
        return self._enter[loop] <= self._enter[innermost] < self._leave[loop]

    def exits(self, loop: Loop) -> list[tuple[Block, Block]]:
        """The edges that leave a loop: the block inside, and the one outside."""
        found: list[tuple[Block, Block]] = []
        for block in loop.blocks:
            last = block.last_op
            for to in () if last is None else last.successors:
                if not self.is_within(to, loop):
                    found.append((block, to))
        return found

    def _find(self, graph: ControlFlow, dominators: Dominators) -> None:
        """From the innermost headers outwards, walk back from the latches."""
        order = graph.order
        outer: list[int] = [*range(len(order))]
        """A way to the header of the outermost loop found so far around each block."""

        def top(n: int) -> int:
            root = n
            while outer[root] != root:
                root = outer[root]
            while outer[n] != root:
                outer[n], n = root, outer[n]
            return root

        loop_at: dict[int, Loop] = {}
        by_header: list[Loop] = []
        for header in range(len(order) - 1, -1, -1):
            latches = [
                n
                for n in dict.fromkeys(graph.predecessors[header])
                if n >= header and dominators.dominates(order[header], order[n])
            ]
            if not latches:
                continue
            loop = Loop(order[header], [order[n] for n in latches])
            loop_at[header] = loop
            by_header.append(loop)
            members: list[int] = []
            work = [*latches]
            while work:
                n = top(work.pop())
                if n == header:
                    continue
                outer[n] = header
                inner = loop_at.get(n)
                if inner is None:
                    members.append(n)
                else:
                    inner.parent = loop
                    loop.children.append(inner)
                work += graph.predecessors[n]
            loop.own_blocks = [order[n] for n in (header, *sorted(members))]
            for block in loop.own_blocks:
                self.innermost[block] = loop
        self.all = by_header[::-1]
        for loop in self.all:
            loop.children.reverse()

    def _number(self) -> None:
        """When a walk over the nest enters and leaves each loop, and how deep each is."""
        self._enter: dict[Loop, int] = {}
        self._leave: dict[Loop, int] = {}
        self._depths: dict[Loop, int] = {}
        work = [(loop, 1, False) for loop in reversed(self.outermost)]
        time = 0
        while work:
            loop, depth, is_done = work.pop()
            if is_done:
                self._leave[loop] = time
                continue
            self._enter[loop], self._depths[loop] = time, depth
            time += 1
            work.append((loop, depth, True))
            work += [(child, depth + 1, False) for child in loop.children]


def _irreducible(graph: ControlFlow, dominators: Dominators) -> list[IrreducibleRegion]:
    """The strongly connected components that are left without the jumps back to dominators."""
    order = graph.order
    forwards = [
        [to for to in following if to > n or not dominators.dominates(order[to], order[n])]
        for n, following in enumerate(graph.successors)
    ]
    regions: list[IrreducibleRegion] = []
    for component in strongly_connected(forwards):
        if len(component) == 1:
            continue
        inside = {*component}
        entries = [
            n for n in sorted(component) if any(p not in inside for p in graph.predecessors[n])
        ]
        regions.append(
            IrreducibleRegion([order[n] for n in sorted(component)], [order[n] for n in entries])
        )
    return regions


def strongly_connected(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components of a graph, each before those that lead to it. (Tarjan:
    "Depth-First Search and Linear Graph Algorithms".)"""
    count = len(successors)
    index = [-1] * count
    low = [0] * count
    on_stack = [False] * count
    stack: list[int] = []
    found: list[list[int]] = []
    time = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        work = [(root, iter(successors[root]))]
        index[root] = low[root] = time
        time += 1
        stack.append(root)
        on_stack[root] = True
        while work:
            node, following = work[-1]
            for to in following:
                if index[to] < 0:
                    index[to] = low[to] = time
                    time += 1
                    stack.append(to)
                    on_stack[to] = True
                    work.append((to, iter(successors[to])))
                    break
                if on_stack[to]:
                    low[node] = min(low[node], index[to])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == index[node]:
                    component: list[int] = []
                    while True:
                        member = stack.pop()
                        on_stack[member] = False
                        component.append(member)
                        if member == node:
                            break
                    found.append(component)
    return found
