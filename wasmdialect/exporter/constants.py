"""Constant expressions: regions of declarations to code."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, OpResult, Region, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.exporter.errors import ExportError
from wasmdialect.exporter.operators import Encoder
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions.opcodes import END
from wasmdialect.wasm.module import ConstExpr

_END = encode_instruction(END, None)


def constant_expressions(region: Region, encoder: Encoder) -> tuple[ConstExpr, ...]:
    """An expression for each value that a region returns. Raises ExportError."""
    block = region.first_block
    last = None if block is None else block.last_op
    if not isinstance(last, wasmir.ReturnOp):
        raise ExportError("a constant expression is a block that returns its value")
    return tuple(_expression(value, encoder) for value in last.operands)


def _expression(value: SSAValue, encoder: Encoder) -> ConstExpr:
    code = b"".join(reversed([*_backwards([value], encoder)])) + _END
    return ConstExpr((), 0, memoryview(code))


def _backwards(values: Sequence[SSAValue], encoder: Encoder) -> Sequence[bytes]:
    """The instructions that push values, the last one first. All are pure, so a value that is used
    twice is computed twice."""
    out: list[bytes] = []
    work = [*values]
    while work:
        value = work.pop()
        op: Operation | None = value.op if isinstance(value, OpResult) else None
        if op is None:
            raise ExportError("a constant expression has no parameters")
        out.append(encoder.encode(op))
        work += op.operands
    return out
