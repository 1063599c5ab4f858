"""The edges out of a block: targets and arguments of a terminator, in any dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import SEGMENT_SIZES, segments
from wasmdialect.dialects.successors import CaseBranchOp


def branch_edges(terminator: Operation) -> Iterator[tuple[Block, Sequence[SSAValue]]]:
    """Target and arguments of each edge of a branch; nothing for an operation that does not branch.
    Raises PassFailedException for a branch of another dialect."""
    match terminator:
        case wasmir.BrOp():
            yield terminator.target, terminator.arguments
        case llvm.BrOp():
            yield terminator.successor, terminator.arguments
        case wasmir.BrIfOp() | llvm.CondBrOp():
            yield terminator.then_block, terminator.then_arguments
            yield terminator.else_block, terminator.else_arguments
        case CaseBranchOp():
            yield terminator.default_block, terminator.default_arguments
            yield from terminator.cases()
        case _ if terminator.successors:
            raise PassFailedException(
                f"{terminator.name} is a branch of another dialect: make it one of wasmir first"
            )
        case _:
            return


def remove_block_arguments(block: Block, indices: Sequence[int]) -> None:
    """Remove unused arguments of a block, together with the operands of the edges into it."""
    if not indices:
        return
    gone = set(indices)
    branches = {use.operation for use in block.uses}
    for branch in branches:
        _replace_branch(branch, block, gone)
    for index in sorted(gone, reverse=True):
        block.erase_arg(block.args[index], safe_erase=False)


def _replace_branch(branch: Operation, target: Block, gone: set[int]) -> None:
    """Rebuild a branch without some of the arguments that it passes to `target`."""
    edges = [
        (block, [a for i, a in enumerate(arguments) if block is not target or i not in gone])
        for block, arguments in branch_edges(branch)
    ]
    rebuilt = rebuild_branch(branch, edges)
    parent = branch.parent
    assert parent is not None
    parent.insert_op_before(rebuilt, branch)
    branch.detach()
    branch.drop_all_references()


def rebuild_branch(
    branch: Operation, edges: Sequence[tuple[Block, Sequence[SSAValue]]]
) -> Operation:
    """A branch like `branch` with other targets or arguments, in the order of `branch_edges`."""
    passed = sum(len(arguments) for _, arguments in branch_edges(branch))
    deciding = branch.operands[: len(branch.operands) - passed]
    sizes = [len(arguments) for _, arguments in edges]
    properties = dict(branch.properties)
    if isinstance(branch, CaseBranchOp):
        properties["case_sizes"] = DenseArrayBase.from_list(i32, sizes[1:])
        sizes = [sizes[0], sum(sizes[1:])]
    if SEGMENT_SIZES in properties:
        properties |= segments(len(deciding), *sizes)
    return type(branch).create(
        operands=[*deciding, *(value for _, arguments in edges for value in arguments)],
        successors=[block for block, _ in edges],
        properties=properties,
        attributes=branch.attributes,
        location=branch.location,
    )
