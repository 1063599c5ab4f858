"""Lowering functions that are only to be written as LLVM IR: the same lowering, with a builder that
writes lines (line_builder.py) in place of a graph.

The text is that of the graph (emit_function.py) but for numbers: values and labels are numbered as they
are made. Values in blocks that are placed elsewhere, the prelude and the cold ones, have names (`%c7`),
as LLVM wants numbers to ascend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import StringAttr, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.lowering.emit import PlacelessText
from wasmdialect.lowering.emit_function import CONSTANTS, EmitError, WrittenFunction
from wasmdialect.lowering.function import HIDDEN, FunctionLowering, Handler
from wasmdialect.lowering.line_builder import LineBuilder, SideBuilder
from wasmdialect.lowering.line_emitter import LineEmitter, WrittenBlock
from wasmdialect.lowering.tail_calls import TailCallingFunction


class WrittenLowering(LineBuilder, FunctionLowering):
    """Writes a function."""

    def start(self) -> None:
        text = PlacelessText(
            self.module.constants, self.module.emitters, is_optimized=self.module.is_optimized
        )
        scope = text.begin_function(self.symbol, self.function_location)
        self.emitter = LineEmitter(text, scope, self.module.emitters)
        self.number = self.emitter.number

    def lower(self, body: Region, handlers: Mapping[type[Operation], Handler]) -> llvm.FuncOp:
        try:
            return super().lower(body, handlers)
        except EmitError as error:
            raise EmitError(f"{error} (in @{self.symbol})") from None

    def make_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        return self._block(argument_types, "%" if self.is_in_order else "%c")

    def make_side_block(self) -> Block:
        return self._block((), "%c")

    def _block(self, argument_types: Sequence[Attribute], sign: str) -> WrittenBlock:
        block = WrittenBlock(argument_types, sign)
        labels = self.emitter.labels
        labels[block] = f"b{len(labels)}"
        return block

    def builder_in(self, block: Any) -> LLVMBuilder:
        return SideBuilder(block, self.location, self.emitter)

    def make_function(self, blocks: Sequence[Any]) -> llvm.FuncOp:
        emitter = self.emitter
        emitter.decide_locations()
        if not self.is_in_order:
            emitter.order_edges(blocks)
        prelude = cast(WrittenBlock, self.prelude.block)
        entry = blocks[0]
        lines = emitter.lines = [f"{emitter.labels[entry]}:\n", *prelude.lines, *entry.lines]
        for block in blocks[1:]:
            lines.append(f"{emitter.labels[block]}:\n")
            if block.args:
                emitter.phis(block)
            lines += block.lines
        lines += emitter.splits
        function = written_function(self.symbol, self.type)
        function.location = self.function_location
        function.code = emitter.text, emitter.scope, lines
        return function

    @property
    def has_ended(self) -> bool:
        return bool(self.lines) and self.lines[-1].startswith(TERMINATOR_WORDS)

    def keep(self, op: Operation) -> None:
        operands = [self.values[operand] for operand in op.operands]
        if op.__class__ in CONSTANTS:
            (result,) = op.results
            value = self.value(op.__class__, operands, result.type, op.properties)
            self.values[result] = value
            return
        results = self._write(op.__class__, operands, op.result_types, op.properties, op.attributes)
        self.values.update(zip(op.results, results, strict=True))

    def as_i64(self, old: SSAValue) -> Any:
        value: Any = self.values[old]
        if value.type_text == "i64":
            return value
        value.uses += 1
        extended = self._define(i64, "i64", f"zext {value.type_text} {value.text} to i64")
        if value.location:
            self._note_user((value,))
        return extended


class WrittenTailCalls(WrittenLowering, TailCallingFunction):
    """Writes a function that makes tail calls."""


def written_function(symbol: str, type: llvm.LLVMFunctionType) -> WrittenFunction:
    """A function without the attributes of its code; a declaration unless it gets code."""
    function = object.__new__(WrittenFunction)
    function.properties = {
        **_FUNCTION.properties,
        "sym_name": StringAttr(symbol),
        "function_type": type,
    }
    function.attributes = {}
    function.location = _FUNCTION.location
    function.code = function.twin = None
    return function


TERMINATOR_WORDS = ("  br ", "  ret ", "  switch ", "  unreachable")
"""The lines that end a block begin with one of them."""

_FUNCTION = llvm.FuncOp(
    "", llvm.LLVMFunctionType([]), llvm.LinkageAttr("external"), visibility=HIDDEN
)
"""What all functions have in common."""
