"""Dominators and post-dominators: Lengauer and Tarjan, "A Fast Algorithm for Finding Dominators in a
Flowgraph" (the version that takes O(m log n)).
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, Operation

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.regions import Body


class _DominatorTree:
    """A dominator tree over the blocks of a function."""

    def __init__(self, numbers: dict[Block, int], order: Sequence[Block], parents: Sequence[int]):
        """`parents` are the immediate dominators by number; that of a root is itself, or -1 if it is
        an exit that no block stands for."""
        self._number, self._order = numbers, order
        self._parents = parents
        self._children: list[list[int]] = [[] for _ in order]
        for n, parent in enumerate(parents):
            if parent not in (n, -1):
                self._children[parent].append(n)
        self._enter, self._leave = _visits(self._children, parents)
        self._places: dict[Block, dict[Operation, int]] = {}

    def parent(self, block: Block) -> Block | None:
        """The immediate dominator; None for a root, and for a block that is not in the tree."""
        n = self._number.get(block, -1)
        if n < 0 or self._parents[n] in (n, -1):
            return None
        return self._order[self._parents[n]]

    def children(self, block: Block) -> list[Block]:
        """The blocks whose immediate dominator it is."""
        n = self._number.get(block)
        return [] if n is None else [self._order[child] for child in self._children[n]]

    def dominates(self, above: Block, below: Block) -> bool:
        """Whether every path to `below` goes through `above`, which a block itself does. There is no
        path to a block that is not in the tree, so everything dominates that."""
        b = self._number.get(below)
        if b is None or above is below:
            return True
        a = self._number.get(above)
        return a is not None and self._enter[a] <= self._enter[b] < self._leave[a]

    def _place(self, op: Operation) -> tuple[Block, int]:
        block = op.parent
        if block is None:
            raise ValueError(f"{op.name} is in no block")
        if block not in self._places:
            self._places[block] = {each: n for n, each in enumerate(block.ops)}
        return block, self._places[block][op]


class Dominators(_DominatorTree):
    """What comes before a block or an operation on every path from the entry."""

    def __init__(self, function: Body):
        graph = analysis(ControlFlow, function)
        parents = immediate_dominators(graph.successors, graph.predecessors)
        super().__init__(graph.number, graph.order, parents)

    def comes_first(self, first: Operation, second: Operation) -> bool:
        """Whether every path to the second operation goes through the first one, which is another."""
        above, a = self._place(first)
        below, b = self._place(second)
        return a < b if above is below else self.dominates(above, below)


class PostDominators(_DominatorTree):
    """What comes after a block on every path from it to an end of the function. The tree has the blocks
    that can be reached, and that an end can be reached from."""

    def __init__(self, function: Body):
        graph = analysis(ControlFlow, function)
        count = len(graph.order)
        # Backwards from a block behind all ends.
        exits = [n for n, following in enumerate(graph.successors) if not following]
        forwards = [[*before] for before in graph.predecessors] + [exits]
        numbers, order = _depth_first(forwards, count)
        successors = [[numbers[to] for to in forwards[n]] for n in order]
        predecessors: list[list[int]] = [[] for _ in order]
        for n, following in enumerate(successors):
            for to in following:
                predecessors[to].append(n)
        found = immediate_dominators(successors, predecessors)
        blocks = [graph.order[n] for n in order[1:]]
        super().__init__(
            {block: n for n, block in enumerate(blocks)}, blocks, [n - 1 for n in found[1:]]
        )


def _depth_first(
    successors: Sequence[Sequence[int]], root: int
) -> tuple[dict[int, int], list[int]]:
    """The nodes that can be reached, in the order in which they are found, and their numbers."""
    numbers = {root: 0}
    order = [root]
    stack = [root]
    while stack:
        for to in successors[stack.pop()]:
            if to not in numbers:
                numbers[to] = len(order)
                order.append(to)
                stack.append(to)
    return numbers, order


def _visits(
    children: Sequence[Sequence[int]], parents: Sequence[int]
) -> tuple[list[int], list[int]]:
    """When a walk over the tree enters and leaves each node."""
    enter, leave = [0] * len(parents), [0] * len(parents)
    roots = [n for n, parent in enumerate(parents) if parent in (n, -1)]
    stack = [(root, False) for root in reversed(roots)]
    time = 0
    while stack:
        node, is_done = stack.pop()
        if is_done:
            leave[node] = time
            continue
        enter[node] = time
        time += 1
        stack.append((node, True))
        stack += [(child, False) for child in children[node]]
    return enter, leave


def immediate_dominators(
    successors: Sequence[Sequence[int]], predecessors: Sequence[Sequence[int]]
) -> list[int]:
    """The immediate dominator of each node of a graph whose nodes can all be reached from node 0; that
    of node 0 is itself."""
    count = len(successors)
    if count == 0:
        return []
    # Below, nodes are numbered in the order of a depth-first search.
    vertex, parent, time = _search(successors)
    semi = [*range(count)]
    label = [*range(count)]
    ancestor = [-1] * count
    dominator = [0] * count
    bucket: list[list[int]] = [[] for _ in range(count)]
    for w in range(count - 1, 0, -1):
        for predecessor in predecessors[vertex[w]]:
            u = _least(time[predecessor], ancestor, label, semi)
            if semi[u] < semi[w]:
                semi[w] = semi[u]
        bucket[semi[w]].append(w)
        above = parent[w]
        ancestor[w] = above
        for v in bucket[above]:
            u = _least(v, ancestor, label, semi)
            dominator[v] = u if semi[u] < semi[v] else above
        bucket[above] = []
    for w in range(1, count):
        if dominator[w] != semi[w]:
            dominator[w] = dominator[dominator[w]]
    found = [0] * count
    for w in range(1, count):
        found[vertex[w]] = vertex[dominator[w]]
    return found


def _search(successors: Sequence[Sequence[int]]) -> tuple[list[int], list[int], list[int]]:
    """A depth-first search: the nodes in the order they are entered, the parent of each in the search
    tree (both by that order), and the place of each node in it."""
    vertex: list[int] = []
    parent: list[int] = []
    time = [-1] * len(successors)
    stack = [(0, 0)]
    while stack:
        node, above = stack.pop()
        if time[node] >= 0:
            continue
        time[node] = len(vertex)
        vertex.append(node)
        parent.append(above)
        here = time[node]
        stack += [(to, here) for to in successors[node] if time[to] < 0]
    return vertex, parent, time


def _least(v: int, ancestor: list[int], label: list[int], semi: list[int]) -> int:
    """The node with the least semidominator on the way up to the root of the forest, without that root;
    `v` itself if it is the root. Shortens the way."""
    if ancestor[v] < 0:
        return v
    path: list[int] = []
    at = v
    while ancestor[ancestor[at]] >= 0:
        path.append(at)
        at = ancestor[at]
    root = ancestor[at]
    best = label[at]
    for node in reversed(path):
        if semi[best] < semi[label[node]]:
            label[node] = best
        best = label[node]
        ancestor[node] = root
    return label[v]


__all__ = ["Dominators", "PostDominators", "immediate_dominators"]
