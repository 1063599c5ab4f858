"""Compute both sides of a branch and select, so that time does not depend on a secret condition.

Molnar, Piotrowski, Schultz and Wagner, "The Program Counter Security Model", ICISC 2005. Sides that
trap, or that read or write state, stay; a report names each branch that is left. LLVM usually makes
a conditional move of a `select`, but it does not promise to: look at the assembly (`wasm-opt-py -t
asm`).
"""

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.ir import Block, SSAValue

from wasmdialect.analyses import ControlFlow, analysis
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.effects import effects_of
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report


class BranchToSelect(FunctionPass):
    name = "branch-to-select"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for block in reversed(analysis(ControlFlow, function).order):
            branch = block.last_op
            if not isinstance(branch, wasmir.BrIfOp):
                continue
            is_simple = leads_to(branch.then_block) is leads_to(branch.else_block)
            report(branch, "selected" if is_simple else "left")
            if is_simple:
                convert(branch)


def is_side(block: Block) -> bool:
    """Whether a block only computes, on the way from one branch to one place."""
    *ops, last = block.ops
    is_between = block.has_one_use() and isinstance(last, wasmir.BrOp)
    return is_between and all(effects_of(op) == frozenset() for op in ops)


def leads_to(block: Block) -> Block:
    return block.last_op.successors[0] if is_side(block) else block


def convert(branch: wasmir.BrIfOp) -> None:
    """Compute both sides before the branch, which becomes a jump to where they meet."""
    b = WasmBuilder.before(branch)
    sides, join = [*branch.successors], leads_to(branch.then_block)
    then_values = hoist(b, branch.then_block, branch.then_arguments)
    else_values = hoist(b, branch.else_block, branch.else_arguments)
    pairs = zip(then_values, else_values, join.args, strict=True)
    b.br(join, [t if t is e else b.select(branch.condition, t, e, a.type) for t, e, a in pairs])
    b.replace(branch)
    for side in {*sides} - {join}:
        b.region.erase_block(side)


def hoist(b: WasmBuilder, side: Block, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
    """Move what a side computes to the builder; the values that it passes on."""
    if not is_side(side):
        return arguments
    for argument, value in zip(side.args, arguments, strict=True):
        argument.replace_all_uses_with(value)
    *ops, last = side.ops
    for op in ops:
        op.detach()
        b.insert(op)
    return last.operands
