"""wasmir-dce: remove unobservable code. It removes operations with unused results that neither
write state nor can trap, unreachable blocks, and block arguments that only feed themselves. A load
stays unless it is known to be in bounds: whether it traps can be observed.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue
from xdsl.rewriter import Rewriter

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.edges import branch_edges, remove_block_arguments
from wasmdialect.dialects.effects import is_removable
from wasmdialect.passes.base import FunctionPass


@dataclass(frozen=True)
class WasmIRDCE(FunctionPass):
    """Remove operations, block arguments and blocks that cannot be observed."""

    name = "wasmir-dce"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        remove_unreachable_blocks(function)
        live = _live_values(function)
        for block in [*function.body.blocks]:
            if block is not function.entry:
                dead = [a.index for a in block.args if a not in live]
                remove_block_arguments(block, dead)
        dead_ops = [
            op
            for block in function.body.blocks
            for op in block.ops
            if is_removable(op) and not any(r in live for r in op.results)
        ]
        for op in dead_ops:
            op.operands = ()  # they may use each other's results, in any order of the blocks
        for op in dead_ops:
            Rewriter.erase_op(op)


def remove_unreachable_blocks(function: wasmir.FuncOp) -> None:
    """Erase the blocks that cannot be reached from the entry."""
    reachable = set(reverse_postorder(function.entry))
    dead = [block for block in function.body.blocks if block not in reachable]
    for block in dead:
        for op in block.ops:
            op.drop_all_references()
    for block in dead:
        function.body.erase_block(block, safe_erase=False)


def _live_values(function: wasmir.FuncOp) -> set[SSAValue]:
    """The values that something observable depends on: marked from the roots, so that a value that
    only feeds itself around a loop is not live."""
    live: set[SSAValue] = set()
    work: list[SSAValue] = []
    incoming: dict[Block, list[list[SSAValue]]] = {}

    def mark(value: SSAValue) -> None:
        if value not in live:
            live.add(value)
            work.append(value)

    for block in function.body.blocks:
        for op in block.ops:
            if not is_removable(op):
                for value in _observed_operands(op):
                    mark(value)
        last = block.last_op
        if last is not None:
            for target, arguments in branch_edges(last):
                incoming.setdefault(target, []).append([*arguments])
    while work:
        value = work.pop()
        if isinstance(value, OpResult):
            if is_removable(value.op):
                for operand in value.op.operands:
                    mark(operand)
        elif isinstance(value, BlockArgument):
            for arguments in incoming.get(value.block, ()):
                mark(arguments[value.index])
    return live


def _observed_operands(op: Operation) -> list[SSAValue]:
    """The operands that are always needed: not those that a branch passes on."""
    passed = sum(len(arguments) for _, arguments in branch_edges(op))
    operands = [*op.operands]
    return operands[: len(operands) - passed]
