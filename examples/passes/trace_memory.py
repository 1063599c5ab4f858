"""Record the last accesses of linear memory: the address, and the byte offset of the instruction.

Luk et al., "Pin: Building Customized Program Analysis Tools with Dynamic Instrumentation", PLDI
2005, whose `pinatrace` this is. `instance.fields["trace"].buffer` is a ring of pairs of 32-bit
numbers, in which stores have the upper bit of the offset; `fields["accesses"].value` says how many
there were. An access is recorded before it is made, so the last one may have trapped. Of 64-bit
addresses the lower half is kept.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import i64

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder, wasm_offset


@dataclass(frozen=True)
class TraceMemory(FunctionPass):
    name = "trace-memory"
    size: int = 1 << 16  # accesses, a power of two

    def declare(self, declarations: Declarations) -> None:
        declarations.add_bytes("trace", self.size * 8)
        declarations.add_bytes("accesses", 8)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if not isinstance(op, wasmir.MemoryAccess):
                continue
            place = (wasm_offset(op.location) or 0) | isinstance(op, wasmir.StoreLike) << 31
            b = WasmBuilder.before(op)
            address = op.address_operand
            if address.type == i64:
                address = b.i32_wrap_i64(address)
            address = b.i32_add(address, b.i32_const(op.static_offset & 0xFFFF_FFFF))
            record = b.i64_or(b.i64_extend_i32_u(address), b.i64_const(place << 32))
            count = b.load_bytes("accesses", 0, i64, bytes=8)
            slot = b.i32_and(b.i32_wrap_i64(count), b.i32_const(self.size - 1))
            b.store_bytes("trace", b.i32_shl(slot, b.i32_const(3)), record, bytes=8)
            b.store_bytes("accesses", 0, b.i64_add(count, b.i64_const(1)), bytes=8)
