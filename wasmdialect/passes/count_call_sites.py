"""count-call-sites: count how often each call runs, and each function. `wasmdialect run --count-calls`
adds it and writes what it counted, for the inliner of a later compilation (docs/inlining.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operations_of, wasm_offset
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder

FIELD = "call-sites"
"""The counters: one for each byte of all bodies, in order. That of a call counts it, and the first one
of a body how often the function ran."""


@dataclass(frozen=True)
class CountCallSites(FunctionPass):
    """Count how often each call and each function runs."""

    name = "count-call-sites"

    def declare(self, declarations: Declarations) -> dict[int, int]:
        first: dict[int, int] = {}
        total = 0
        for function in declarations.functions:
            if function.code_size is not None:
                first[function.index] = total
                total += function.code_size
        if total:
            declarations.add_counters(FIELD, total)
        return first

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        first, start = self.declared.get(function.index_value), wasm_offset(function.location)
        if first is None or start is None:
            return
        for block in function.body.blocks:
            for op in [*operations_of(block)]:
                offset = wasm_offset(op.location)
                if isinstance(op, wasmir.CallOp | wasmir.CallIndirectOp) and offset is not None:
                    WasmBuilder.before(op).count(FIELD, index=first + offset - start)
        WasmBuilder.at_start(function.entry).count(FIELD, index=first)
