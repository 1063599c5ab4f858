"""Make each block pay for its operations, and stop a program that has used up its gas.

Wood, "Ethereum: A Secure Decentralised Generalised Transaction Ledger", 2014. An operation costs
one unit; `instance.fields["gas"].value` is what has been used, and a host may set it. Without
`limit` nothing stops.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import i64

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder


@dataclass(frozen=True)
class Meter(FunctionPass):
    name = "meter"
    limit: int = 0

    def declare(self, declarations: Declarations) -> None:
        declarations.add_bytes("gas", 8)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        blocks = [*function.body.blocks]
        out_of_gas = WasmBuilder.at_start(function.entry).new_block()
        for block in blocks:
            cost = sum(1 for _ in block.ops)
            b = WasmBuilder.at_start(block)
            used = b.i64_add(b.load_bytes("gas", 0, i64, bytes=8), b.i64_const(cost))
            b.store_bytes("gas", 0, used, bytes=8)
            if self.limit:
                is_over = b.i64_gt_u(used, b.i64_const(self.limit))
                go_on = b.split()
                b.br_if(is_over, out_of_gas, go_on)
        WasmBuilder.at_start(out_of_gas).unreachable()
