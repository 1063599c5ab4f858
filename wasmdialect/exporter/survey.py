"""What an exporter knows of a function before it writes code: blocks, edges, where values are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.fast import operands_of
from wasmdialect.exporter.errors import FormlessError

NO_CODE = frozenset(
    {wasmir.OperatorsOp, wasmir.LoopHeaderOp, wasmir.TraceThrowOp, wasmir.TrapFenceOp}
)
"""Operations that leave no code."""
_BRANCHES = (wasmir.BrOp, wasmir.BrIfOp, wasmir.BrTableOp)


@dataclass(slots=True)
class Edge:
    """A way from a block to another."""

    target: int
    moves: list[tuple[SSAValue, SSAValue]]
    """The values that are passed, each with the block argument that receives it."""


class Survey:
    """The blocks of a function that can be reached, by number in their order. Each has a position at
    its start, and one for each operation."""

    def __init__(self, function: wasmir.FuncOp):
        """Raises FormlessError for a branch that is not one of wasmir."""
        self.function = function
        reachable = {*reverse_postorder(function.entry)}
        blocks = [block for block in function.body.blocks if block in reachable]
        numbers = {block: number for number, block in enumerate(blocks)}
        self.arguments: list[Sequence[SSAValue]] = [block.args for block in blocks]
        self.ops: list[list[Operation]] = [[*block.ops] for block in blocks]
        self.starts = [0]
        """The position of the start of each block, and the one after the last block."""
        for ops in self.ops:
            self.starts.append(self.starts[-1] + len(ops) + 1)
        self.edges: list[list[Edge]] = []
        """The edges out of each block, the default one of a `br_table` at the end. Arguments that
        nothing reads are not passed."""
        for block in blocks:
            last = block.last_op
            assert last is not None
            if last.successors and not isinstance(last, _BRANCHES):
                raise FormlessError(last.name)
            edges = [
                Edge(numbers[target], [*zip(passed, target.args, strict=True)])
                for target, passed in branch_edges(last)
            ]
            if isinstance(last, wasmir.BrTableOp):
                edges.append(edges.pop(0))
            self.edges.append(edges)
        self.predecessors: list[list[int]] = [[] for _ in blocks]
        for number, edges in enumerate(self.edges):
            for edge in edges:
                self.predecessors[edge.target].append(number)
        self.defined: dict[SSAValue, tuple[int, int]] = {}
        """The block and the position of each definition."""
        self.uses: dict[SSAValue, list[tuple[int, int]]] = {}
        """The blocks and positions of the uses of each value that has any."""
        self.shared: set[SSAValue] = set()
        """Values that cannot be on the operand stack only: they have several uses, one in another
        block, or one on an edge that is not always taken."""
        self.used_here: set[SSAValue] = set()
        """Values that an operation of their own block reads."""
        self._note_definitions()
        self._note_operands()
        self._note_passed()
        self.shared.update(value for value, uses in self.uses.items() if len(uses) > 1)

    def _note_definitions(self) -> None:
        defined = self.defined
        for number, ops in enumerate(self.ops):
            position = self.starts[number]
            for argument in self.arguments[number]:
                defined[argument] = number, position
                self.shared.add(argument)
            for op in ops:
                position += 1
                for result in op.results:
                    defined[result] = number, position

    def _note_operands(self) -> None:
        defined, uses, used_here, shared = self.defined, self.uses, self.used_here, self.shared
        for number, ops in enumerate(self.ops):
            position = self.starts[number]
            passed = sum(len(edge.moves) for edge in self.edges[number])
            last = ops[-1]
            for op in ops:
                position += 1
                operands = operands_of(op)
                if not operands or op.__class__ in NO_CODE:
                    continue
                if passed and op is last:
                    operands = operands[: len(operands) - passed]
                for value in operands:
                    known = uses.get(value)
                    if known is None:
                        uses[value] = [(number, position)]
                    else:
                        known.append((number, position))
                    if defined[value][0] == number:
                        used_here.add(value)
                    else:
                        shared.add(value)

    def _note_passed(self) -> None:
        """Count the values that edges pass to arguments which something reads; forget the others."""
        incoming: dict[SSAValue, list[tuple[SSAValue, int]]] = {}
        for number, edges in enumerate(self.edges):
            for edge in edges:
                for value, argument in edge.moves:
                    incoming.setdefault(argument, []).append((value, number))
        work = [argument for argument in incoming if argument in self.uses]
        read = {*work}
        while work:
            for value, number in incoming[work.pop()]:
                self.uses.setdefault(value, []).append((number, self.starts[number + 1] - 1))
                if len(self.edges[number]) > 1 or self.defined[value][0] != number:
                    self.shared.add(value)
                if value in incoming and value not in read:
                    read.add(value)
                    work.append(value)
        for edges in self.edges:
            for edge in edges:
                edge.moves = [move for move in edge.moves if move[1] in read]

    def loop_depths(self) -> list[int]:
        """For each block, an estimate of how many loops it is in: how many edges back span it."""
        depths = [0] * (len(self.ops) + 1)
        for number, edges in enumerate(self.edges):
            for edge in edges:
                if edge.target <= number:
                    depths[edge.target] += 1
                    depths[number + 1] -= 1
        for number in range(1, len(depths)):
            depths[number] += depths[number - 1]
        return depths
