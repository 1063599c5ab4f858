"""Call a function of the host before each store: the address operand, and the number of bytes."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass

Const = wasmir.op_class("i32.const")


class TraceStores(FunctionPass):
    name = "trace-stores"

    def declare(self, declarations: Declarations) -> str:
        index = declarations.add_import("trace", "store", ("i32", "i32"), ())
        return declarations.function_symbol(index)  # is self.declared below

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.StoreLike) and op.parent is not None:
                address, size = op.address_operand, Const(op.bytes)
                call = wasmir.CallOp(self.declared, [address, size], [])
                size.location = call.location = op.location
                op.parent.insert_ops_before([size, call], op)
