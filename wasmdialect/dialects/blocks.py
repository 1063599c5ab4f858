"""Orders over the blocks of a control-flow graph, without recursion."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block


def successors(block: Block) -> Sequence[Block]:
    """Where the block's terminator goes."""
    last = block.last_op
    return () if last is None else [*last.successors]


def reverse_postorder(entry: Block) -> list[Block]:
    """The blocks that can be reached, each after the ones that dominate it."""
    order: list[Block] = []
    seen = {entry}
    stack = [(entry, iter(successors(entry)))]
    while stack:
        block, following = stack[-1]
        for successor in following:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(successors(successor))))
                break
        else:
            order.append(block)
            stack.pop()
    order.reverse()
    return order
