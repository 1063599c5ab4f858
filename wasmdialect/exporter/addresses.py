"""Addresses of plain accesses: 64-bit ones in a memory with 32-bit addresses, which WebAssembly has
not. They are known to be inside the memory, so their low bits are the same address."""

from __future__ import annotations

from xdsl.dialects.builtin import i32, i64

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operand_of
from wasmdialect.dialects.wasm_builder import WasmBuilder


def narrow_addresses(function: wasmir.FuncOp) -> None:
    """Let the accesses of a function have addresses of their memory's type."""
    memories: dict[str, wasmir.MemoryOp] = {}
    for block in function.body.blocks:
        for op in block.ops:
            if not isinstance(op, wasmir.MemoryAccess) or "plain" not in op.properties:
                continue
            if operand_of(op, 0).type != i64:
                continue
            memories = memories or _memories(function)
            if memories[op.memory_symbol.root_reference.data].address_type == i32:
                b = WasmBuilder.before(op)
                op.operands[0] = b.numeric("i32.wrap_i64", op.address_operand)


def _memories(function: wasmir.FuncOp) -> dict[str, wasmir.MemoryOp]:
    module = function.parent_op()
    assert module is not None
    (region,) = module.regions
    return {op.sym_name.data: op for op in region.block.ops if isinstance(op, wasmir.MemoryOp)}
