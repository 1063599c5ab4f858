"""Control-flow graphs of numbers, without recursion: order, dominators, strongly connected components.

Node 0 is the entry. `successors` lists the targets of each node, one more than once if several edges
lead there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

Successors = Sequence[Sequence[int]]


def reverse_postorder(successors: Successors) -> list[int]:
    """The nodes that can be reached, each before those that it dominates. Among those that may come
    next, the one with the lowest number does: the order of the source, as far as it is an order."""
    order: list[int] = []
    seen = {0}
    stack = [(0, iter(sorted(successors[0], reverse=True)))]
    while stack:
        node, following = stack[-1]
        for successor in following:
            if successor not in seen:
                seen.add(successor)
                targets = successors[successor]
                more = iter(sorted(targets, reverse=True) if len(targets) > 1 else targets)
                stack.append((successor, more))
                break
        else:
            order.append(node)
            stack.pop()
    order.reverse()
    return order


class Dominators:
    """The dominator tree of the nodes that can be reached."""

    def __init__(self, successors: Successors):
        self.order = reverse_postorder(successors)
        self.position = {node: number for number, node in enumerate(self.order)}
        """Of each node in the order."""
        self.predecessors: dict[int, list[int]] = {node: [] for node in self.order}
        """The sources of the edges into each node."""
        for node in self.order:
            for successor in successors[node]:
                self.predecessors[successor].append(node)
        self.children: dict[int, list[int]] = {node: [] for node in self.order}
        """The nodes that each node dominates immediately, in the order."""
        immediate = self._immediate()
        for node in self.order[1:]:
            self.children[immediate[node]].append(node)
        self._number()

    def _immediate(self) -> dict[int, int]:
        """(Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm".)"""
        order, position = self.order, self.position
        found = [0] + [-1] * (len(order) - 1)
        before = [[position[p] for p in self.predecessors[node]] for node in order]
        changed = True
        while changed:
            changed = False
            for number in range(1, len(order)):
                dominator = -1
                for other in before[number]:
                    if found[other] == -1:
                        continue
                    if dominator == -1:
                        dominator = other
                    while dominator != other:
                        while dominator > other:
                            dominator = found[dominator]
                        while other > dominator:
                            other = found[other]
                if found[number] != dominator:
                    found[number] = dominator
                    changed = True
        return {order[number]: order[dominator] for number, dominator in enumerate(found)}

    def _number(self) -> None:
        """Number the tree in preorder: a node dominates those from its number to its last one."""
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        stack = [(0, iter(self.children[0]))]
        self._first[0] = 0
        while stack:
            node, children = stack[-1]
            for child in children:
                self._first[child] = len(self._first)
                stack.append((child, iter(self.children[child])))
                break
            else:
                self._last[node] = len(self._first) - 1
                stack.pop()

    def dominates(self, node: int, other: int) -> bool:
        """Whether every path to `other` goes through `node`; a node dominates itself."""
        return self._first[node] <= self._first[other] <= self._last[node]

    def goes_back(self, source: int, target: int) -> bool:
        """Whether an edge does not go forwards in the order."""
        return self.position[target] <= self.position[source]

    @property
    def is_reducible(self) -> bool:
        """Whether each loop has one header: every edge that goes back goes to a dominator."""
        return all(
            self.dominates(node, source)
            for node, sources in self.predecessors.items()
            for source in sources
            if self.goes_back(source, node)
        )


def loops_in(successors: Successors, nodes: Collection[int]) -> Iterator[list[int]]:
    """The strongly connected components with a cycle of the subgraph of some nodes. (Tarjan's
    algorithm.)"""
    numbers: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_nodes: list[int] = []
    is_open: set[int] = set()
    for root in nodes:
        if root in numbers:
            continue
        stack: list[tuple[int, Iterator[int]]] = []
        to_visit = root
        while True:
            if to_visit >= 0:
                numbers[to_visit] = lowest[to_visit] = len(numbers)
                open_nodes.append(to_visit)
                is_open.add(to_visit)
                stack.append((to_visit, iter(successors[to_visit])))
                to_visit = -1
            node, following = stack[-1]
            for successor in following:
                if successor not in nodes:
                    continue
                if successor not in numbers:
                    to_visit = successor
                    break
                if successor in is_open:
                    lowest[node] = min(lowest[node], numbers[successor])
            if to_visit >= 0:
                continue
            stack.pop()
            if stack:
                parent = stack[-1][0]
                lowest[parent] = min(lowest[parent], lowest[node])
            if lowest[node] == numbers[node]:
                component = _close(open_nodes, is_open, node)
                if len(component) > 1 or node in successors[node]:
                    yield component
            if not stack:
                break


def _close(open_nodes: list[int], is_open: set[int], first: int) -> list[int]:
    """Take a whole component, which begins at `first`, off the open nodes."""
    component: list[int] = []
    while True:
        node = open_nodes.pop()
        is_open.discard(node)
        component.append(node)
        if node == first:
            return component
