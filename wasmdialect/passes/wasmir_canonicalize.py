"""wasmir-canonicalize: fold constants, simplify, and tidy the control flow.

Rules preserve traps and NaNs: a trapping operation is not folded away, and float identities such as
`x * 1` are left alone, since they make a signalling NaN quiet. The instruction table has the
semantics of each numeric instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.rewriter import Rewriter

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.edges import branch_edges, remove_block_arguments
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.wasmir_dce import remove_unreachable_blocks

_Rule = Callable[[Any], "SSAValue | None"]


@dataclass(frozen=True)
class WasmIRCanonicalize(FunctionPass):
    """Fold constants, simplify integer identities, tidy the control flow."""

    name = "wasmir-canonicalize"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        changed = True
        while changed:
            changed = False
            for block in reverse_postorder(function.entry):
                changed |= _simplify_block(block)
            remove_unreachable_blocks(function)
            for block in [*function.body.blocks]:
                if block is not function.entry:
                    changed |= _remove_redundant_arguments(block)
            changed |= _merge_blocks(function)


def _simplify_block(block: Block) -> bool:
    changed = False
    for op in [*block.ops]:
        if isinstance(op, wasmir.NumericOp | wasmir.WideOp) and _fold(op):
            changed = True
        elif isinstance(op, wasmir.NumericOp):
            changed |= _simplify_numeric(op)
        elif isinstance(op, wasmir.SelectOp):
            value = _simplify_select(op)
            if value is not None:
                WasmBuilder.before(op).replace(op, value)
                changed = True
        elif isinstance(op, wasmir.BrIfOp | wasmir.BrTableOp):
            changed |= _simplify_branch(op)
    return changed


# --- values ---


def _fold(op: wasmir.NumericOp | wasmir.WideOp) -> bool:
    folded = op.fold()
    if folded is None:
        return False
    builder = WasmBuilder.before(op)
    values: list[SSAValue] = []
    for attr, result in zip(folded, op.results, strict=True):
        assert isinstance(attr, Attribute)
        constant = wasmir.constant(attr, result.type)
        assert constant is not None
        values.append(builder.insert(constant).result)
    builder.replace(op, *values)
    return True


def _simplify_numeric(op: wasmir.NumericOp) -> bool:
    row = op.INSTRUCTION
    rule = _RULES.get(row.operation) if row.shape in ("i32", "i64") else None
    if rule is None:
        return False
    value = rule(op)
    if value is None:
        return False
    WasmBuilder.before(op).replace(op, value)
    return True


def _identity(element: int) -> _Rule:
    """`x op element` is x; also `element op x` if the operation is commutative."""

    def rule(op: wasmir.BinaryOp) -> SSAValue | None:
        lhs, rhs = op.operands
        if wasmir.constant_bits(rhs) == element:
            return lhs
        if op.INSTRUCTION.commutative and wasmir.constant_bits(lhs) == element:
            return rhs
        return None

    return rule


def _absorbing(absorbing: int, then: _Rule | None = None) -> _Rule:
    """`x op absorbing` is the constant itself, on either side."""

    def rule(op: wasmir.BinaryOp) -> SSAValue | None:
        for operand in op.operands:
            if wasmir.constant_bits(operand) == absorbing:
                return operand
        return None if then is None else then(op)

    return rule


def _same_operands(then: _Rule) -> _Rule:
    """`x op x` is x."""

    def rule(op: wasmir.BinaryOp) -> SSAValue | None:
        lhs, rhs = op.operands
        return lhs if lhs is rhs else then(op)

    return rule


_RULES: dict[str, _Rule] = {
    "add": _identity(0),
    "sub": _identity(0),
    "mul": _absorbing(0, _identity(1)),
    "and": _same_operands(_absorbing(0)),
    "or": _same_operands(_identity(0)),
    "xor": _identity(0),
    "shl": _identity(0),
    "shr": _identity(0),
    "rotl": _identity(0),
    "rotr": _identity(0),
    "div": _identity(1),
}
"""Integer identities by operation."""


def _simplify_select(op: wasmir.SelectOp) -> SSAValue | None:
    if op.true_value is op.false_value:
        return op.true_value
    condition = wasmir.constant_bits(op.condition)
    if condition is None:
        return None
    return op.true_value if condition else op.false_value


# --- control flow ---


def _simplify_branch(op: wasmir.BrIfOp | wasmir.BrTableOp) -> bool:
    edges = [*branch_edges(op)]
    decisive = wasmir.constant_bits(op.operands[0])
    if decisive is not None:
        if isinstance(op, wasmir.BrIfOp):
            taken = edges[0] if decisive else edges[1]
        else:
            taken = edges[1 + decisive] if 1 + decisive < len(edges) else edges[0]
    elif all(e[0] is edges[0][0] and [*e[1]] == [*edges[0][1]] for e in edges):
        taken = edges[0]
    else:
        return False
    builder = WasmBuilder.before(op)
    builder.br(*taken)
    builder.replace(op)
    return True


def _remove_redundant_arguments(block: Block) -> bool:
    """Remove arguments that receive the same value on every edge."""
    if not block.args:
        return False
    branches = dict.fromkeys(use.operation for use in block.uses)  # a `br_table` may be used often
    incoming = [
        [*arguments]
        for branch in branches
        for target, arguments in branch_edges(branch)
        if target is block
    ]
    redundant: list[int] = []
    for index, argument in enumerate(block.args):
        values = {arguments[index] for arguments in incoming} - {argument}
        if len(values) == 1:
            (value,) = values
            argument.replace_all_uses_with(value)
            for arguments in incoming:
                arguments[:] = [value if a is argument else a for a in arguments]
            redundant.append(index)
    remove_block_arguments(block, redundant)
    return bool(redundant)


def _merge_blocks(function: wasmir.FuncOp) -> bool:
    """Append a block to its only predecessor, if it is that block's only successor."""
    changed = False
    for block in [*function.body.blocks]:
        use = block.get_unique_use()
        if use is None or block is function.entry:
            continue
        jump = use.operation
        predecessor = jump.parent
        if not isinstance(jump, wasmir.BrOp) or predecessor is None or predecessor is block:
            continue
        for argument, value in zip(block.args, jump.arguments, strict=True):
            argument.replace_all_uses_with(value)
        Rewriter.erase_op(jump)
        for op in [*block.ops]:
            op.detach()
            predecessor.add_op(op)
        function.body.erase_block(block)
        changed = True
    return changed
