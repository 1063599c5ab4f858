"""insert-stack-limit-checks: trap at the entry of a function when the stack is used up.

A function without calls needs little stack, and the slack below the limit covers it; so only
functions with calls are checked, as far as calls are known here. The pass runs last before
lowering, so that calls which other passes add count (docs/abi.md, "Stack-limit check").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode
from wasmdialect.dialects.fast import blocks_of, operations_of
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.transfers import require_transfer


@dataclass(frozen=True)
class InsertStackLimitChecks(ModulePass):
    """Trap at the entry of a function when the stack is used up."""

    name = "insert-stack-limit-checks"
    scope: ClassVar[Literal["function", "module"]] = "function"

    every_function: bool = False
    """Check functions without calls too."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if not isinstance(function, wasmir.FuncOp) or function.is_declaration:
                continue
            if self.every_function or _has_calls(function):
                append_check(WasmBuilder.at_start(function.entry))


def _has_calls(function: wasmir.FuncOp) -> bool:
    for block in blocks_of(function.body):
        for op in operations_of(block):
            if op.__class__ in _WITHOUT_CALLS:
                continue
            if require_transfer(op) is CallsCode:
                return True
            _WITHOUT_CALLS.add(op.__class__)
    return False


_WITHOUT_CALLS: set[type[Operation]] = set()
"""The classes of operations that have been looked at, and do not call."""


def append_check(b: WasmBuilder) -> None:
    """Append the check of a function."""
    limits = b.load_field(b.vmctx(), "vmctx.limits")
    b.stack_check(b.load_field(limits, "limits.stack_limit"))
