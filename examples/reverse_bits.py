"""An operation of its own in place of a multiplication: it reverses bits, with an intrinsic of LLVM."""

from xdsl.context import Context
from xdsl.dialects.builtin import i32
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure

from wasmdialect.dialects import wasmir
from wasmdialect.lowering.function import FunctionLowering
from wasmdialect.passes.base import FunctionPass, WasmBuilder


@irdl_op_definition
class ReverseOp(IRDLOperation):
    name = "bits.reverse"
    value = operand_def(i32)
    result = result_def(i32)
    traits = traits_def(Pure())
    assembly_format = "$value attr-dict"

    def to_llvm(self, b: FunctionLowering, value: SSAValue) -> SSAValue:
        return b.intrinsic("llvm.bitreverse.i32", [value], i32)


BITS = Dialect("bits", [ReverseOp])


class UseReverse(FunctionPass):
    name = "use-reverse"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32MulOp):
                b = WasmBuilder.before(op)
                reverse = ReverseOp.create(operands=[op.lhs], result_types=[i32])
                b.replace(op, b.insert(reverse).result)
