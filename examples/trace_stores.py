"""Call a function of the host before each store: the address operand, and the number of bytes."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder


class TraceStores(FunctionPass):
    name = "trace-stores"

    def declare(self, declarations: Declarations) -> object:
        return declarations.add_import("trace", "store", ["i32", "i32"])  # is self.declared below

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.StoreLike):
                b = WasmBuilder.before(op)
                b.call(self.declared, [op.address_operand, b.i32_const(op.bytes)])
