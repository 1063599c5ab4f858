"""Put the bodies of small functions that call nothing in the place of their calls.

Scheifler, "An Analysis of Inline Substitution for a Structured Programming Language", CACM 1977.
The pass needs the bodies of callees, so it sees the whole module. Operations keep their byte
offsets: a backtrace has the offset in the callee, and the name of the caller.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import WasmBuilder, defined_functions, report


@dataclass(frozen=True)
class InlineLeaves(ModulePass):
    name = "inline-leaves"
    limit: int = 20  # operations of a callee

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = [*defined_functions(op)]
        leaves = {f.sym_name.data: f for f in functions if is_leaf(f, self.limit)}
        for function in functions:
            for call in [*function.body.walk()]:
                if not isinstance(call, wasmir.CallOp) or call.in_try:
                    continue
                callee = leaves.get(call.callee.root_reference.data)
                if callee is not None:
                    report(call, "inlined", callee=callee.sym_name.data)
                    inline(call, callee)


def is_leaf(function: wasmir.FuncOp, limit: int) -> bool:
    """Whether it calls nothing, throws nothing, and is small."""
    ops = [*function.body.walk()]
    leaves = (wasmir.CallLike, wasmir.ThrowRefOp)
    return len(ops) <= limit and not any(isinstance(op, leaves) for op in ops)


def inline(call: wasmir.CallOp, callee: wasmir.FuncOp) -> None:
    """Replace a call by a copy of the callee, whose returns become jumps behind the call."""
    b = WasmBuilder.before(call)
    rest = b.split()
    body = callee.body.clone()
    first, *_ = blocks = [*body.blocks]
    for block in blocks:
        body.detach_block(block)
        b.region.insert_block_before(block, rest)
    b.br(first, call.arguments)
    for block in blocks:
        if isinstance(block.last_op, wasmir.ReturnOp):
            end = WasmBuilder.before(block.last_op)
            end.br(rest, block.last_op.values)
            end.replace(block.last_op)
    results = [rest.insert_arg(result.type, n) for n, result in enumerate(call.returned)]
    WasmBuilder.before(call).replace(call, *results)
