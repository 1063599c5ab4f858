"""wasmir-verify-ssa: every value is defined before it is used, on every path.

xDSL's verifier checks types and structure but not dominance, neither across blocks nor within one;
this checks it for every function-like operation. It also checks that branches match the arguments of
their targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, OpResult, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from wasmdialect.analyses import ControlFlow, Dominators, analysis
from wasmdialect.analyses.cache import keeping_results
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.wasmir.types import all_may_be


@dataclass(frozen=True)
class WasmIRVerifySSA(ModulePass):
    """Check dominance and branch arguments."""

    name = "wasmir-verify-ssa"
    scope: ClassVar[Literal["function", "module"]] = "function"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        verify_ssa(op)


def verify_ssa(module: ModuleOp) -> None:
    """Check every region of the module's operations. Raises VerifyException."""
    for op in module.ops:
        for region in op.regions:
            if region.first_block is not None:
                with keeping_results():  # none that a pass says it preserves
                    _verify_region(region)


def _verify_region(region: Region) -> None:
    order = analysis(ControlFlow, region).order
    dominators = analysis(Dominators, region)
    numbers: dict[Operation, int] = {}
    for block in order:
        for number, op in enumerate(block.ops):
            numbers[op] = number
    for block in order:
        for op in block.ops:
            for operand in op.operands:
                if not _dominates(operand, op, block, numbers, dominators):
                    raise VerifyException(
                        f"{op.name} uses a value before it is defined: {_describe(operand)}"
                    )
        last = block.last_op
        if last is not None:
            _verify_edges(last)


def _dominates(
    value: SSAValue,
    user: Operation,
    user_block: Block,
    numbers: dict[Operation, int],
    dominators: Dominators,
) -> bool:
    if isinstance(value, OpResult):
        block = value.op.parent
        if block is user_block:
            return numbers.get(value.op, -1) < numbers[user]
    else:
        block = value.owner
        if block is user_block:
            return True
    return isinstance(block, Block) and dominators.dominates(block, user_block)


def _verify_edges(terminator: Operation) -> None:
    for target, arguments in branch_edges(terminator):
        expected = [*target.arg_types]
        if not all_may_be([a.type for a in arguments], expected):
            given = ", ".join(str(a.type) for a in arguments)
            wanted = ", ".join(map(str, expected))
            raise VerifyException(
                f"{terminator.name} passes ({given}) to a block that takes ({wanted})"
            )


def _describe(value: SSAValue) -> str:
    if isinstance(value, OpResult):
        return f"a result of {value.op.name}"
    return "a block argument"
