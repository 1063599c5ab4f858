"""Structured control from a graph of blocks, after N. Ramsey, "Beyond Relooper: Recursive Translation
of Unstructured Control Flow to Structured Control Flow" (ICFP 2022), without the recursion.

Each node is placed inside the node that dominates it immediately. One that several forward edges reach
gets a `block` that ends where its code begins, so that a branch to it leaves the `block`. One that
edges go back to is the start of a `loop`. Every other node has one edge into it, and its code stands
there.

A graph that has a loop with several entries is changed before: all edges to the entries go through a
new node, a `br_table` on a local that says which entry is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from wasmdialect.exporter.code import Code, Item
from wasmdialect.exporter.graph import Dominators, Successors, loops_in
from wasmdialect.wasm.instructions.opcodes import (
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    ELSE,
    END,
    IF,
    LOOP,
)


class Ending(Enum):
    """What is at the end of a node's code."""

    LEAVES = auto()
    """The function ends: a return, a trap or a tail call is the last instruction."""
    JUMPS = auto()
    """It goes to its one successor."""
    DECIDES = auto()
    """A condition is on the stack: to the first successor if it is not zero, else to the second."""
    CHOOSES = auto()
    """An index is on the stack: to the successor with that number, to the last one if there is none."""


@dataclass(slots=True)
class Node:
    """A node of the graph: code without control flow."""

    code: Code
    ending: Ending
    successors: list[int]


def make_reducible(nodes: list[Node], choose: Callable[[int], Code], chosen: Code) -> None:
    """Give each loop with several entries one: `choose(n)` sets a local to a number, and `chosen` reads
    it."""
    work: list[set[int]] = [{*Dominators(_successors(nodes)).order}]
    while work:
        region = work.pop()
        for loop in [*loops_in(_successors(nodes), region)]:
            inside = {*loop}
            entries = _entries(nodes, inside)
            if len(entries) == 1:
                inside.discard(entries[0])
            else:
                inside |= _add_dispatcher(nodes, inside, entries, choose, chosen)
            work.append(inside)


def _successors(nodes: Sequence[Node]) -> Successors:
    return [node.successors for node in nodes]


def _entries(nodes: Sequence[Node], inside: set[int]) -> list[int]:
    """The nodes of a loop with an edge from outside, in their order."""
    found = {
        target
        for number, node in enumerate(nodes)
        if number not in inside
        for target in node.successors
        if target in inside
    }
    return sorted(found | ({0} & inside))


def _add_dispatcher(
    nodes: list[Node],
    inside: set[int],
    entries: Sequence[int],
    choose: Callable[[int], Code],
    chosen: Code,
) -> set[int]:
    """Lead all edges to the entries through a new node; returns the new nodes inside of the loop, but
    for that one, which is its header."""
    count = len(nodes)
    dispatcher = count
    nodes.append(Node([chosen], Ending.CHOOSES, [*entries]))
    number_of = {entry: number for number, entry in enumerate(entries)}
    added: set[int] = set()
    for source in range(count):
        for at, target in enumerate(nodes[source].successors):
            if target in number_of:
                nodes[source].successors[at] = len(nodes)
                if source in inside:
                    added.add(len(nodes))
                nodes.append(Node([choose(number_of[target])], Ending.JUMPS, [dispatcher]))
    return added


# --- placing ---

_Step: TypeAlias = int | Item | Code
"""A node to place, or code to write."""


def structured(nodes: Sequence[Node], invert: Callable[[Code], None]) -> Code:
    """The code of a reducible graph, with labels: of a `block` the node after its end, of a `loop` the
    complement of the node at its start. `invert` appends what negates the condition on the stack."""
    return _Placing(nodes, invert).run()


class _Placing:
    def __init__(self, nodes: Sequence[Node], invert: Callable[[Code], None]):
        self.nodes = nodes
        self.invert = invert
        self.dominators = Dominators(_successors(nodes))
        self.loops: set[int] = set()
        """The nodes that start a loop."""
        self.labelled: set[int] = set()
        """The nodes after a `block`."""
        for node, sources in self.dominators.predecessors.items():
            forward = [s for s in sources if not self.dominators.goes_back(s, node)]
            if len(forward) < len(sources):
                self.loops.add(node)
            if len(forward) > 1 or any(nodes[s].ending is Ending.CHOOSES for s in forward):
                self.labelled.add(node)
        self.out: Code = []

    def run(self) -> Code:
        work: list[_Step] = [0]  # the next one is at the end
        while work:
            step = work.pop()
            if isinstance(step, int):
                work += reversed([*self._place(step)])
            else:
                self.out.append(step)
        return self.out

    def _place(self, node: int) -> Iterator[_Step]:
        """What comes at the place of a node: its loop, its blocks, its code, and what it dominates."""
        is_loop = node in self.loops
        if is_loop:
            yield LOOP, ~node
        following = [n for n in self.dominators.children[node] if n in self.labelled]
        for n in reversed(following):
            yield BLOCK, n
        yield from self._code_of(node)
        for n in following:
            yield END, n
            yield n
        if is_loop:
            yield END, ~node

    def _code_of(self, number: int) -> Iterator[_Step]:
        node = self.nodes[number]
        yield node.code
        match node.ending:
            case Ending.LEAVES:
                pass
            case Ending.JUMPS:
                yield from self._go(number, node.successors[0])
            case Ending.DECIDES:
                yield from self._decide(number, node.code)
            case Ending.CHOOSES:
                labels = tuple(self._label(number, target) for target in node.successors)
                yield BR_TABLE, labels

    def _decide(self, number: int, code: Code) -> Iterator[_Step]:
        then, otherwise = self.nodes[number].successors
        if self._has_label(number, then):
            yield BR_IF, self._label(number, then)
            yield from self._go(number, otherwise)
        elif self._has_label(number, otherwise):
            self.invert(code)
            yield BR_IF, self._label(number, otherwise)
            yield then
        else:
            yield IF, None
            yield then
            yield ELSE, None
            yield otherwise
            yield END, None

    def _has_label(self, source: int, target: int) -> bool:
        return target in self.labelled or self.dominators.goes_back(source, target)

    def _label(self, source: int, target: int) -> int:
        return ~target if self.dominators.goes_back(source, target) else target

    def _go(self, source: int, target: int) -> Iterator[_Step]:
        if self._has_label(source, target):
            yield BR, self._label(source, target)
        else:
            yield target
