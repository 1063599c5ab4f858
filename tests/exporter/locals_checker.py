"""Checks the locals of an exported function against its SSA values, as register allocators are checked:
follow the code of the graph, with the values that each local holds on every path, and see whether each
read, and each block argument, finds its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wasmdialect.dialects import wasmir
from wasmdialect.exporter.blocks import BlockCode
from wasmdialect.exporter.code import flattened
from wasmdialect.exporter.function import _FunctionExporter  # pyright: ignore[reportPrivateUsage]
from wasmdialect.exporter.operators import Encoder
from wasmdialect.exporter.structure import Node
from wasmdialect.wasm.instructions.opcodes import LOCAL_GET, LOCAL_SET

State = dict[int, frozenset[Any]]
"""By local: the values that it holds, and the code of constants."""


def wrong_locals(function: wasmir.FuncOp, encoder: Encoder) -> list[str]:
    """What a function would read from the wrong local."""
    return _Checker(_FunctionExporter(function, encoder, lambda _: 0)).run()


class _Checker:
    def __init__(self, exporter: Any):
        survey = exporter.survey
        self.blocks: list[BlockCode] = [exporter.blocks.block(n) for n in range(len(survey.ops))]
        exporter.locals = exporter._assign_locals(self.blocks)
        self.index = exporter.locals.index
        self.constants = exporter.blocks.constants
        self.nodes: list[Node] = exporter._nodes(self.blocks)
        self.ways: dict[int, tuple[int, int]] = {}
        """The block and edge that each added node is on."""
        self.entry: State = {
            number: frozenset({value}) for number, value in enumerate(survey.arguments[0])
        }

    def run(self) -> list[str]:
        before: dict[int, State] = {0: self.entry}
        work = [0]
        while work:
            node = work.pop()
            after, _ = self.through(node, before[node])
            for target, state, _ in self.out(node, after):
                known = before.get(target)
                met = state if known is None else meet(known, state)
                if met != known:
                    before[target] = met
                    work.append(target)
        wrong: list[str] = []
        for node, state in before.items():
            after, misread = self.through(node, state)
            wrong += misread
            for _, _, missing in self.out(node, after):
                wrong += missing
        return wrong

    def through(self, node: int, before: State) -> tuple[State, list[str]]:
        """The state after the code of a node, and what it reads that is not there."""
        state, wrong = dict(before), list[str]()
        copied: list[frozenset[Any]] = []
        for item in flattened(self.nodes[node].code):
            if isinstance(item, bytes):
                copied.append(frozenset({item}))  # read only if it is one of a copy
                continue
            opcode, name = item
            if isinstance(name, int):  # a copy on an edge: all are pushed before one is set
                if opcode == LOCAL_GET:
                    copied.append(state.get(name, frozenset()))
                else:
                    state[name] = copied.pop()
            elif opcode == LOCAL_GET:
                if name not in state.get(self.index[name], ()):
                    wrong.append(f"node {node} reads {name} in local {self.index[name]}")
            else:
                assert opcode >= LOCAL_SET
                state[self.index[name]] = frozenset({name})
        return state, wrong

    def out(self, node: int, after: State) -> Iterator[tuple[int, State, list[str]]]:
        """Each node that may be next, with the state there and the arguments that do not get their
        values. Those of an edge with a node of its own get them after it."""
        for number, target in enumerate(self.nodes[node].successors):
            if target >= len(self.blocks):
                self.ways[target] = node, number
                yield target, after, []
                continue
            block, way = (node, number) if node < len(self.blocks) else self.ways[node]
            state, wrong = dict(after), list[str]()
            for value, argument in self.blocks[block].edges[way].moves:
                local = self.index[argument]
                held = after.get(local, frozenset[Any]())
                if self.constants.get(value, value) not in held:
                    wrong.append(f"block {block} passes {value} in local {local}")
                state[local] = state.get(local, held) | {argument}
            yield target, state, wrong


def meet(a: State, b: State) -> State:
    """What holds on both paths."""
    return {k: a[k] & b[k] for k in a.keys() & b.keys() if a[k] & b[k]}
