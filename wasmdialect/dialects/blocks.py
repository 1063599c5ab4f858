"""Orders over the blocks of a control-flow graph, without recursion."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block

from wasmdialect.dialects.fast import successors_of


def successors(block: Block) -> Sequence[Block]:
    """The successors of the block's terminator."""
    last = block.last_op
    return () if last is None else successors_of(last)


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


def reachable_in_order(blocks: Sequence[Block]) -> list[Block] | None:
    """The blocks that can be reached, if each comes after the ones that dominate it, as they do when
    they come from the importer; else None."""
    order: list[Block] = []
    reached = {blocks[0]}
    for block in blocks:
        # One predecessor that comes earlier will do: a path through earlier blocks only has all
        # dominators on it.
        if block in reached:
            order.append(block)
            last = block.last_op
            if last is not None:
                reached.update(successors_of(last))
    return order if len(order) == len(reached) else None
