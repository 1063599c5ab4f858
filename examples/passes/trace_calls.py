"""Tell the host when a function is entered and when it returns, as a dynamic analysis sees a
program.

Lehmann and Pradel, "Wasabi: A Framework for Dynamically Analyzing WebAssembly", ASPLOS 2019. A
function that a trap or an exception leaves does not return; one that ends in a tail call returns
before it.
"""

import sys

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder, builtin


class TraceCalls(FunctionPass):
    name = "trace-calls"

    def declare(self, declarations: Declarations) -> object:
        return [declarations.add_builtin(event, ["i32"]) for event in ("enter", "return")]

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        entered, returns = self.declared
        b = WasmBuilder.at_start(function.entry)
        b.call(entered, [b.i32_const(function.index_value)])
        for block in function.body.blocks:
            if isinstance(block.last_op, wasmir.ReturnOp | wasmir.TailCallOp):
                b = WasmBuilder.before(block.last_op)
                b.call(returns, [b.i32_const(function.index_value)])


@builtin
def enter(function: int) -> None:
    print("enter", function, file=sys.stderr)


@builtin(name="return")
def leave(function: int) -> None:
    print("return", function, file=sys.stderr)
