"""Lowering of references."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Operation

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import result_of
from wasmdialect.lowering.function import FunctionLowering, Handler


def _ref_null(f: FunctionLowering, op: wasmir.RefNullOp) -> None:
    f.values[result_of(op)] = f.null()


def _ref_is_null(f: FunctionLowering, op: wasmir.RefIsNullOp) -> None:
    bits = f.value(llvm.PtrToIntOp, (f.values[op.operand],), i64)
    is_null = f.icmp("eq", bits, f.constant(0, 64))
    f.conditions[op.result] = is_null
    f.values[result_of(op)] = f.value(llvm.ZExtOp, (is_null,), i32)


def _ref_as_non_null(f: FunctionLowering, op: wasmir.RefAsNonNullOp) -> None:
    if op.known is None:
        raise ValueError(f"{op.name} has a check, which insert-vmctx-loads makes")
    f.values[result_of(op)] = f.values[op.operand]


HANDLERS: dict[type[Operation], Handler] = {
    wasmir.RefNullOp: _ref_null,
    wasmir.RefIsNullOp: _ref_is_null,
    wasmir.RefAsNonNullOp: _ref_as_non_null,
}
