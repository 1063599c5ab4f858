"""Lowering of wide arithmetic: LLVM's i128, from which it makes carries and wide multiplications."""

from __future__ import annotations

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, i64
from xdsl.ir import Operation, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operands_of
from wasmdialect.lowering.function import FunctionLowering, Handler

_I128 = IntegerType(128)


def _widened(f: FunctionLowering, extend: type[Operation], value: SSAValue) -> SSAValue:
    return f.value(extend, (f.values[value],), _I128)


def _joined(f: FunctionLowering, low: SSAValue, high: SSAValue) -> SSAValue:
    shifted = f.value(llvm.ShlOp, (_widened(f, llvm.ZExtOp, high), f.constant(64, 128)), _I128)
    return f.value(llvm.OrOp, (shifted, _widened(f, llvm.ZExtOp, low)), _I128)


def _set_halves(f: FunctionLowering, op: wasmir.WideOp, wide: SSAValue) -> None:
    low, high = op.results
    shifted = f.value(llvm.LShrOp, (wide, f.constant(64, 128)), _I128)
    f.values[low] = f.value(llvm.TruncOp, (wide,), i64)
    f.values[high] = f.value(llvm.TruncOp, (shifted,), i64)


def _on_pairs(cls: type[Operation]) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.WideOp) -> None:
        lhs_low, lhs_high, rhs_low, rhs_high = operands_of(op)
        operands = (_joined(f, lhs_low, lhs_high), _joined(f, rhs_low, rhs_high))
        _set_halves(f, op, f.value(cls, operands, _I128))

    return lower


def _multiply(extend: type[Operation]) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.WideOp) -> None:
        operands = [_widened(f, extend, value) for value in operands_of(op)]
        _set_halves(f, op, f.value(llvm.MulOp, operands, _I128))

    return lower


HANDLERS: dict[type[Operation], Handler] = {
    wasmir.WIDE_OPS["i64.add128"]: _on_pairs(llvm.AddOp),
    wasmir.WIDE_OPS["i64.sub128"]: _on_pairs(llvm.SubOp),
    wasmir.WIDE_OPS["i64.mul_wide_s"]: _multiply(llvm.SExtOp),
    wasmir.WIDE_OPS["i64.mul_wide_u"]: _multiply(llvm.ZExtOp),
}
