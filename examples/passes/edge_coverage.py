"""Count in a small map how often each edge between blocks is taken, to guide a fuzzer.

Zalewski, "Technical whitepaper for afl-fuzz", 2014: an edge is the number of the block before,
shifted by one, exclusive-or that of the block; two edges may share a place. Calls and returns are
edges too. `instance.fields["coverage"].buffer` is the map; set it and `fields["previous"]` to zero
between inputs.
"""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder

SIZE = 1 << 16


class EdgeCoverage(FunctionPass):
    name = "edge-coverage"

    def declare(self, declarations: Declarations) -> None:
        declarations.add_bytes("coverage", SIZE)
        declarations.add_bytes("previous", 4)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for number, block in enumerate(function.body.blocks):
            place = (function.index_value * 40503 + number * 25033) % SIZE
            b = WasmBuilder.at_start(block)
            edge = b.i32_xor(b.load_bytes("previous", 0, bytes=4), b.i32_const(place))
            times = b.load_bytes("coverage", edge)
            b.store_bytes("coverage", edge, b.i32_add(times, b.i32_const(1)))
            b.store_bytes("previous", 0, b.i32_const(place >> 1), bytes=4)
