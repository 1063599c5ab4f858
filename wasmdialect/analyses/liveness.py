"""Liveness: the values that are needed later, at the borders of blocks and after operations.

Each value is followed from its uses back to its definition, which takes time in proportion to the
result. (Boissinot et al.: "Computing Liveness Sets for SSA-Form Programs".)
"""

from __future__ import annotations

from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from wasmdialect.analyses.regions import Body, body_of
from wasmdialect.dialects.blocks import successors
from wasmdialect.dialects.fast import is_used_outside, operands_of, results_in, users_of


class Liveness:
    """The live values of a function. A value that a branch passes on is used by the branch; the
    arguments of a block are defined at its start."""

    def __init__(self, function: Body):
        blocks = [*body_of(function).blocks]
        self._live_in: dict[Block, list[SSAValue]] = {block: [] for block in blocks}
        predecessors: dict[Block, list[Block]] = {block: [] for block in blocks}
        for block in blocks:
            for to in dict.fromkeys(successors(block)):
                predecessors[to].append(block)
        for block in blocks:
            for value in (*block.args, *results_in(block)):
                # Most values are used in their block only.
                if is_used_outside(value, block):
                    self._follow(value, block, predecessors)

    def _follow(self, value: SSAValue, home: Block, predecessors: dict[Block, list[Block]]) -> None:
        """Note a value in all blocks that it is live at the start of."""
        live_in = self._live_in
        for user, _ in users_of(value):
            used_in = _block_of(user, live_in)
            if used_in is None:
                continue
            work = [used_in]
            while work:
                block = work.pop()
                live = live_in[block]
                # Values come one after the other, so only the last one can be this.
                if block is home or (live and live[-1] is value):
                    continue
                live.append(value)
                work += predecessors[block]

    def live_in(self, block: Block) -> list[SSAValue]:
        """The values defined before a block that are used in it or later. Its arguments are not."""
        return [*self._live_in[block]]

    def live_out(self, block: Block) -> list[SSAValue]:
        """The values that are used after a block."""
        return [*dict.fromkeys(v for to in successors(block) for v in self._live_in[to])]

    def live_after(self, op: Operation) -> list[SSAValue]:
        """The values defined up to an operation that are used after it, its own results included."""
        block = op.parent
        if block is None:
            raise ValueError(f"{op.name} is in no block")
        live = dict.fromkeys(self.live_out(block))
        last = block.last_op
        while last is not None and last is not op:
            for result in last.results:
                live.pop(result, None)
            for inner in last.walk():
                for operand in operands_of(inner):
                    if _is_outside(operand, last):
                        live[operand] = None
            last = last.prev_op
        return [*live]


def _block_of(op: Operation, known: dict[Block, list[SSAValue]]) -> Block | None:
    """The block of the function that an operation is in, at any depth."""
    block = op.parent
    while block is not None and block not in known:
        parent = block.parent_op()
        block = None if parent is None else parent.parent
    return block


def _is_outside(value: SSAValue, op: Operation) -> bool:
    """Whether a value is defined outside of an operation and its regions."""
    owner: Operation | Block | None = value.owner
    if isinstance(value, OpResult):
        owner = value.op
    elif isinstance(value, BlockArgument):
        owner = value.block.parent_op()
    while isinstance(owner, Operation):
        if owner is op:
            return False
        owner = owner.parent_op()
    return True
