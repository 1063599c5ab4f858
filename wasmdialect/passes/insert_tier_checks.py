"""insert-tier-checks: count how often functions and loops run, so that those that run often are
compiled better (docs/lazy.md, "Tiers").

A counter in the runtime limits counts down at the entry of a function and at loop headers. When it is
used up, which is a sample of where the program spends its time, the runtime is told. In a loop, the
runtime may have better code: then that is called with everything that is live, and the function returns
what it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, Block, SSAValue

from wasmdialect.abi.layout import TIER_PERIOD
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.loop_entries import LoopEntry, loop_entries

AT_ENTRY = 0
"""What `tier_up` is told at the entry of a function; loop n is n + 1."""


@dataclass(frozen=True)
class InsertTierChecks(FunctionPass):
    """Tell the runtime about functions and loops that run often."""

    name = "insert-tier-checks"

    period: int = TIER_PERIOD
    """Entries and loop iterations from one sample to the next."""

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        entries = loop_entries(function)
        results = function.function_type.outputs.data
        b = WasmBuilder.at_start(function.entry)
        vmctx = b.vmctx()
        limits = b.load_field(vmctx, "vmctx.limits")
        _Check(b, vmctx, limits, self.period).end(AT_ENTRY)
        for number, loop in enumerate(entries):
            check = _Check(_after_marker(loop.header), vmctx, limits, self.period)
            if loop.is_possible:
                check.enter(AT_ENTRY + 1 + number, loop, results)
            else:
                check.end(AT_ENTRY)


def _after_marker(header: Block) -> WasmBuilder:
    """Builds at the start of a loop, after the marker by which other passes find it."""
    first = header.first_op
    if isinstance(first, wasmir.LoopHeaderOp):
        return WasmBuilder.after(first)
    return WasmBuilder.at_start(header)


class _Check:
    """A check at the start of a block."""

    def __init__(self, b: WasmBuilder, vmctx: SSAValue, limits: SSAValue, period: int):
        self.b, self.vmctx, self.limits = b, vmctx, limits
        left = b.load_field(limits, "limits.tier_countdown")
        left = b.numeric("i64.sub", left, b.i64_const(1))
        b.store_field(limits, "limits.tier_countdown", left)
        is_used_up = b.numeric("i64.lt_s", left, b.i64_const(0))
        self.rest = b.split()
        """The rest of the block."""
        told = b.new_block()
        b.br_if(is_used_up, told, self.rest)
        b.begin(told)
        b.store_field(limits, "limits.tier_countdown", b.i64_const(period))

    def end(self, number: int) -> None:
        """Tell the runtime, and go on."""
        self.b.call_builtin("tier_up", self.vmctx, (self.b.i32_const(number),), (i64,))
        self.b.br(self.rest)

    def enter(self, number: int, loop: LoopEntry, results: Sequence[Attribute]) -> None:
        """Tell the runtime, and change to the better code of a loop, if there is any."""
        b = self.b
        arguments = (b.i32_const(number),)
        (distance,) = b.call_builtin("tier_up", self.vmctx, arguments, (i64,))
        better = b.new_block()
        b.br_if(b.numeric("i64.ne", distance, b.i64_const(0)), better, self.rest)
        b.begin(better)
        code = b.linear_address(self.vmctx, distance)
        values = b.call_pointer("wasm", code, self.vmctx, self.vmctx, loop.values, results)
        b.return_(values)
