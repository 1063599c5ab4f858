"""Count calls: which functions run how often."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder


class CountCalls(FunctionPass):
    name = "count-calls"

    def declare(self, declarations: Declarations) -> None:
        declarations.add_counter("calls")

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        WasmBuilder.at_start(function.entry).count("calls")
