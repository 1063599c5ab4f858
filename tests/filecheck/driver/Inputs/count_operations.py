"""A pass for the driver's tests: it says how many operations each function has."""

from dataclasses import dataclass

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, report


@dataclass(frozen=True)
class CountOperations(FunctionPass):
    """Report the number of operations of each function."""

    name = "count-operations"

    unit: str = "operations"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        count = sum(1 for block in function.body.blocks for _ in block.ops)
        report(function, "size", **{self.unit: count})
