"""Keep a shadow of the first memory: which of its lines of 64 bytes have been read, and which
written.

Nethercote and Seward, "How to Shadow Every Byte of Memory Used by a Program", VEE 2007. The lines
that are touched are a program's working set. `instance.fields["shadow"].buffer` has a byte for each
line of 4 GiB: 1 for read, 2 for written, 3 for both. An access that crosses a border counts for its
first line.
"""

from xdsl.context import Context
from xdsl.dialects.builtin import i64

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder

LINE = 6  # bits of an address within a line


class ShadowMemory(FunctionPass):
    name = "shadow-memory"

    def declare(self, declarations: Declarations) -> str:
        declarations.add_bytes("shadow", 1 << 32 - LINE)
        return declarations.memories[0].symbol if declarations.memories else ""

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if not isinstance(op, wasmir.MemoryAccess) or op.address_operand.type == i64:
                continue
            if op.memory_symbol.root_reference.data != self.declared:
                continue
            b = WasmBuilder.before(op)
            address = b.i64_extend_i32_u(op.address_operand)
            address = b.i64_add(address, b.i64_const(op.static_offset))
            line = b.i32_wrap_i64(b.i64_shr_u(address, b.i64_const(LINE)))
            before = b.load_bytes("shadow", line)
            touched = b.i32_const(2 if isinstance(op, wasmir.StoreLike) else 1)
            b.store_bytes("shadow", line, b.i32_or(before, touched))
