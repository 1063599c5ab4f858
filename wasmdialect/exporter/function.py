"""One function of wasmir to the code of a function body.

Each block becomes stack code first (`stack.py`), in which values have names. Then values get locals
(`locals.py`), which decides what the edges of the graph have to copy; an edge that copies what its
block cannot gets a node of its own. The graph becomes structured control (`structure.py`, `tidy.py`),
and the result is encoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from xdsl.dialects.builtin import i32
from xdsl.ir import Block, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasmir.types import RefType
from wasmdialect.exporter.addresses import narrow_addresses
from wasmdialect.exporter.blocks import BlockCode, BlockExporter
from wasmdialect.exporter.code import Code, Item, flattened
from wasmdialect.exporter.conditions import invert
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.exceptions import Exceptions
from wasmdialect.exporter.fields import Fields
from wasmdialect.exporter.graph import Dominators
from wasmdialect.exporter.locals import Locals
from wasmdialect.exporter.operators import Encoder
from wasmdialect.exporter.ranges import contains, live_ranges
from wasmdialect.exporter.structure import Ending, Node, make_reducible, structured
from wasmdialect.exporter.survey import Edge, Survey
from wasmdialect.exporter.tidy import tidied, with_tees
from wasmdialect.wasm.encode import encode_instruction, encode_value_type
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import (
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    END,
    I32_CONST,
    IF,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    LOOP,
)
from wasmdialect.wasm.leb128 import encode_unsigned

_RETURN, _UNREACHABLE, _END, _AS_NON_NULL = (
    encode_instruction(BY_MNEMONIC[mnemonic][0].opcode, None)
    for mnemonic in ("return", "unreachable", "end", "ref.as_non_null")
)
_OF_LOCALS = frozenset({LOCAL_GET, LOCAL_SET, LOCAL_TEE})
_MANY_WAYS = 16
"""More ways out of a block than this are not compared with one another."""


def export_body(function: wasmir.FuncOp, encoder: Encoder, fields: Fields) -> bytes:
    """The body of a function: declarations of locals, and instructions. Raises ExportError."""
    narrow_addresses(function)
    return _FunctionExporter(function, encoder, fields).run()


class _FunctionExporter:
    def __init__(self, function: wasmir.FuncOp, encoder: Encoder, fields: Fields):
        self.survey = Survey(function)
        self.entities: Entities = encoder.entities
        self.has_results = len(function.function_type.outputs) > 0
        thrown = Block(arg_types=[wasmir.EXNREF]).args[0]
        exceptions = Exceptions(self.entities, thrown)
        self.blocks = BlockExporter(self.survey, encoder, exceptions, fields)

    def run(self) -> bytes:
        blocks = [self.blocks.block(number) for number in range(len(self.survey.ops))]
        self.locals = self._assign_locals(blocks)
        nodes = self._nodes(blocks)
        self._make_reducible(nodes)
        items = [*self._with_indices(flattened(structured(nodes, invert)))]
        leaves = self.blocks.leaves
        items = with_tees(tidied(items, leaves, invert, has_results=self.has_results))
        last = items[-1] if items else None
        if last == _RETURN:
            items.pop()
        elif last and self.has_results and not isinstance(last, bytes) and last[0] == END:
            items.append(_UNREACHABLE)
        return self._declarations() + b"".join(self._encoded(items)) + _END

    # --- locals ---

    def _assign_locals(self, blocks: Sequence[BlockCode]) -> Locals:
        survey = self.survey
        found = Locals(survey.arguments[0])
        thrown = self.blocks.exceptions.thrown
        for value in survey.defined:
            if value in self.blocks.in_locals:
                block, position = survey.defined[value]
                uses = survey.uses[value]
                ranges = live_ranges(block, position, uses, survey.starts, survey.predecessors)
                found.add(value, ranges, len(uses))
        if thrown in self.blocks.in_locals:
            found.add(thrown, [0, survey.starts[-1]], 1)
        found.fix_parameters()
        found.join(self._passed(blocks))
        found.assign()
        return found

    def _passed(self, blocks: Sequence[BlockCode]) -> Iterable[tuple[SSAValue, SSAValue]]:
        """The values that edges pass, each with the block argument that receives it: those of inner
        loops first."""
        depths = self.survey.loop_depths()
        for number in sorted(range(len(blocks)), key=lambda n: -depths[n]):
            for edge in blocks[number].edges:
                yield from edge.moves

    def _declarations(self) -> bytes:
        runs = [(t, len([*run])) for t, run in groupby(self.locals.types)]
        out = encode_unsigned(len(runs))
        for t, count in runs:
            out += encode_unsigned(count) + encode_value_type(self.entities.value_type(t))
        return out

    # --- the graph ---

    def _nodes(self, blocks: Sequence[BlockCode]) -> list[Node]:
        """The graph, with nodes for edges that copy what their block cannot."""
        nodes = [
            Node([block.code], block.ending, [edge.target for edge in block.edges])
            for block in blocks
        ]
        for number, block in enumerate(blocks):
            node = nodes[number]
            copies = [self._copies(edge) for edge in block.edges]
            if block.ending is Ending.JUMPS:
                node.code.append(self._copied(copies[0], block.received))
            elif any(copies):
                self._place_copies(nodes, node, block.edges, copies)
        return nodes

    def _copies(self, edge: Edge) -> list[tuple[Item, int]]:
        """What pushes each value that an edge has to copy, and the local that it is copied to."""
        out: list[tuple[Item, int]] = []
        for value, argument in edge.moves:
            to = self.locals.index[argument]
            constant = self.blocks.constants.get(value)
            if constant is not None:
                out.append((constant, to))
            elif self.locals.index[value] != to:
                out.append(((LOCAL_GET, self.locals.index[value]), to))
        return out

    def _copied(
        self, copies: Sequence[tuple[Item, int]], received: Sequence[SSAValue] = ()
    ) -> Code:
        """Copy values all at once: every one is read before a local is set. Those that block arguments
        receive are on the stack already."""
        return [
            *(push for push, _ in copies),
            *((LOCAL_SET, to) for _, to in reversed(copies)),
            *((LOCAL_SET, argument) for argument in reversed(received)),
        ]

    def _place_copies(
        self,
        nodes: list[Node],
        node: Node,
        edges: Sequence[Edge],
        copies: Sequence[list[tuple[Item, int]]],
    ) -> None:
        """Copy at the end of a block what no other edge minds, and the rest in nodes on the edges."""
        before: list[tuple[Item, int]] = []
        added: dict[tuple[int, tuple[tuple[Item, int], ...]], int] = {}
        ways: dict[tuple[int, tuple[tuple[Item, int], ...]], list[int]] = {}
        for number, edge in enumerate(edges):
            ways.setdefault((edge.target, tuple(copies[number])), []).append(number)
        for way, numbers in ways.items():
            target, copied = way
            if not copied:
                continue
            others = [other for other in ways if other != way]
            if len(ways) <= _MANY_WAYS and self._may_come_before(copied, others):
                before += copied
                continue
            added[way] = len(nodes)
            for number in numbers:
                node.successors[number] = len(nodes)
            nodes.append(Node(self._copied(copied), Ending.JUMPS, [target]))
        node.code.append(self._copied(before))

    def _may_come_before(
        self,
        copied: Sequence[tuple[Item, int]],
        others: Sequence[tuple[int, Sequence[tuple[Item, int]]]],
    ) -> bool:
        """Whether locals may be set although control goes elsewhere: what they hold is not needed
        there."""
        occupied, starts = self.locals.occupied, self.survey.starts
        for _, to in copied:
            for target, their_copies in others:
                if contains(occupied[to], starts[target]):
                    return False
                if any(push == (LOCAL_GET, to) for push, _ in their_copies):
                    return False
        return True

    def _make_reducible(self, nodes: list[Node]) -> None:
        if Dominators([node.successors for node in nodes]).is_reducible:
            return
        local = self.locals.add_local(i32)
        make_reducible(
            nodes,
            lambda number: [encode_instruction(I32_CONST, number), (LOCAL_SET, local)],
            [(LOCAL_GET, local)],
        )

    # --- encoding ---

    def _with_indices(self, items: Iterable[Item]) -> Iterator[Item]:
        """Replace values by the indices of their locals."""
        index = self.locals.index
        for item in items:
            if isinstance(item, bytes) or item[0] not in _OF_LOCALS or isinstance(item[1], int):
                yield item
                continue
            opcode, value = item
            yield opcode, index[value]
            if opcode != LOCAL_SET and self._must_be_checked(value):
                yield _AS_NON_NULL

    def _must_be_checked(self, value: SSAValue) -> bool:
        """Whether a value is never null, but its local has a type that may be."""
        t = value.type
        is_never_null = isinstance(t, RefType) and not t.is_nullable
        return is_never_null and self.locals.is_nullable(value)

    def _encoded(self, items: Iterable[Item]) -> Iterator[bytes]:
        """Encode items; labels become depths."""
        labels: dict[int, int] = {}
        depth = 0
        empty = self.entities.block_type(())
        openers = {opcode: encode_instruction(opcode, empty) for opcode in (BLOCK, LOOP, IF)}
        known: dict[Item, bytes] = {}
        for item in items:
            if isinstance(item, bytes):
                yield item
                continue
            opcode, name = item
            if opcode in openers:
                depth += 1
                if name is not None:
                    labels[name] = depth
                yield openers[opcode]
                continue
            if opcode == END:
                depth -= 1
            elif opcode in (BR, BR_IF):
                item = opcode, depth - labels[name]
            elif opcode == BR_TABLE:
                item = opcode, tuple(depth - labels[label] for label in name)
            code = known.get(item)
            if code is None:
                immediate = None if opcode == END else item[1]
                code = known[item] = encode_instruction(opcode, immediate)
            yield code
