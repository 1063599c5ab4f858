"""Keep the address of the last store in a field of the instance, which the host can read."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder


class LastStore(FunctionPass):
    name = "last-store"

    def declare(self, declarations: Declarations) -> None:
        declarations.add_field("last_store", size=4, alignment=4)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.StoreLike):
                b = WasmBuilder.before(op)
                b.store_field(b.vmctx(), "extra.last_store", op.address_operand)
