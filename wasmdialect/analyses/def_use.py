"""Use-def chains across blocks. xDSL knows the uses of each value; here are the ways that a value takes
as an argument of blocks.
"""

from __future__ import annotations

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from wasmdialect.analyses.regions import Body, body_of
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.fast import users_of


class DefUse:
    """Where the values of block arguments come from, and where values go."""

    def __init__(self, function: Body):
        """Raises PassFailedException for a branch of an unknown dialect."""
        self._incoming: dict[Block, list[tuple[Operation, tuple[SSAValue, ...]]]] = {}
        for block in body_of(function).blocks:
            last = block.last_op
            if last is None:
                continue
            for target, arguments in branch_edges(last):
                self._incoming.setdefault(target, []).append((last, tuple(arguments)))

    def incoming(self, argument: BlockArgument) -> list[tuple[Operation, SSAValue]]:
        """What branches pass to an argument of a block: each branch, and its value. There are none for
        the parameters of a function."""
        edges = self._incoming.get(argument.block, ())
        return [(branch, values[argument.index]) for branch, values in edges]

    def sources(self, value: SSAValue) -> list[SSAValue]:
        """The results and parameters that a value may be, followed through the arguments of blocks, in
        the order in which they are found."""
        found: dict[SSAValue, None] = {}
        seen = {value}
        work = [value]
        while work:
            each = work.pop()
            passed = self.incoming(each) if isinstance(each, BlockArgument) else []
            if not passed:
                found[each] = None
            for _, source in reversed(passed):
                if source not in seen:
                    seen.add(source)
                    work.append(source)
        return [*found]

    def destinations(self, value: SSAValue) -> list[tuple[Operation, int]]:
        """The uses that a value may reach, followed through the arguments of blocks: each operation,
        and which of its operands it is. A branch that only passes it on is not one of them."""
        found: list[tuple[Operation, int]] = []
        seen = {value}
        work = [value]
        while work:
            each = work.pop()
            for user, operand in users_of(each):
                targets = _passed_to(user, operand)
                if targets is None:
                    found.append((user, operand))
                elif targets not in seen:
                    seen.add(targets)
                    work.append(targets)
        return found


def _passed_to(user: Operation, operand: int) -> BlockArgument | None:
    """The argument that an operand of a branch is passed to, None if it decides, or is of another
    operation."""
    if not user.successors:
        return None
    edges = [*branch_edges(user)]
    position = len(user.operands) - sum(len(arguments) for _, arguments in edges)
    for target, arguments in edges:
        if position <= operand < position + len(arguments):
            return target.args[operand - position]
        position += len(arguments)
    return None
