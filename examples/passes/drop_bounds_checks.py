"""Drop bounds checks that an earlier check of the same address makes needless (`--at wasmvm-end`).

Gupta, "Optimizing Array Bound Checks Using Flow Analysis", LOPLAS 1993: a check is redundant where
a check of the same address for at least as many bytes has passed. Memories never shrink, so an
older size will do. There are checks with `--bounds explicit`, and of 64-bit memories.
"""

from collections import defaultdict
from typing import Any

from xdsl.context import Context

from wasmdialect.analyses import ControlFlow, Dominators, analysis
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.passes.base import FunctionPass, report


class DropBoundsChecks(FunctionPass):
    name = "drop-bounds-checks"
    preserves = (ControlFlow, Dominators)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        dominators = analysis(Dominators, function)
        passed: defaultdict[Any, list[wasmvm.BoundsCheckOp]] = defaultdict(list)
        dropped = 0
        for block in analysis(ControlFlow, function).order:
            for op in [*block.ops]:
                if not isinstance(op, wasmvm.BoundsCheckOp):
                    continue
                checks = passed[op.address, size_field(op)]
                if any(is_enough(c, op) and dominators.comes_first(c, op) for c in checks):
                    op.detach()
                    op.erase()
                    dropped += 1
                else:
                    checks.append(op)
        if dropped:
            left = sum(map(len, passed.values()))
            report(function, "bounds-checks", dropped=dropped, left=left)


def size_field(check: wasmvm.BoundsCheckOp) -> Any:
    """The field that the memory's size was loaded from, when it was: this says which memory it is."""
    load = check.bound.owner
    if not isinstance(load, wasmvm.LoadFieldOp):
        return check.bound
    return load.base, *sorted((k, v) for k, v in load.properties.items())


def is_enough(earlier: wasmvm.BoundsCheckOp, later: wasmvm.BoundsCheckOp) -> bool:
    return earlier.size.value.data >= later.size.value.data
