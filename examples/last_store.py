"""Keep the address of the last store in a field of the instance, which the host can read."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.passes.base import Declarations, FunctionPass


class LastStore(FunctionPass):
    name = "last-store"

    def declare(self, declarations: Declarations) -> None:
        declarations.add_field("last_store", size=4, alignment=4)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.StoreLike) and op.parent is not None:
                vmctx = wasmvm.VMContextOp()
                note = wasmvm.StoreFieldOp(vmctx, "extra.last_store", op.address_operand)
                vmctx.location = note.location = op.location
                op.parent.insert_ops_before([vmctx, note], op)
