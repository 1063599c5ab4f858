"""Count calls: which functions run how often."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.passes.base import Declarations, FunctionPass


class CountCalls(FunctionPass):
    name = "count-calls"

    def declare(self, declarations: Declarations) -> None:
        declarations.add_counter("calls")

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        function.entry.insert_op_before(wasmvm.CountOp("calls"), function.entry.first_op)
