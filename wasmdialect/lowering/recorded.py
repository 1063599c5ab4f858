"""Lowering functions that are only to be written as LLVM IR: the same lowering, with operations that
are recorded in lists (`dialects/fast.py`, `Recorder`) in place of a graph. The text is the same, byte
for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, Block, Operation

from wasmdialect.dialects.fast import RecordedBlock, Recorder, forget
from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.lowering.function import HIDDEN, FunctionLowering
from wasmdialect.lowering.tail_calls import TailCallingFunction


class RecordedFunction(llvm.FuncOp):
    """A function with its blocks in a list; without any, it is a declaration."""

    blocks: Sequence[RecordedBlock]


_FUNCTION = llvm.FuncOp(
    "", llvm.LLVMFunctionType([]), llvm.LinkageAttr("external"), visibility=HIDDEN
)
"""What all functions have in common."""


def recorded_function(
    symbol: str, type: llvm.LLVMFunctionType, blocks: Sequence[RecordedBlock] = ()
) -> RecordedFunction:
    """A function, without the attributes of its code."""
    function = object.__new__(RecordedFunction)
    function.properties = {
        **_FUNCTION.properties,
        "sym_name": StringAttr(symbol),
        "function_type": type,
    }
    function.attributes = {}
    function.location = _FUNCTION.location
    function.blocks = blocks
    return function


class _RecordingBuilder(Recorder, LLVMBuilder):
    """Records operations of `llvm` and `llvm_ext`."""


class RecordedLowering(Recorder, FunctionLowering):
    """Records a function."""

    _erased: frozenset[Operation] = frozenset()

    def make_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        return RecordedBlock(argument_types)

    def builder_in(self, block: Block) -> LLVMBuilder:
        return _RecordingBuilder(block, self.location)

    def make_function(self, blocks: Sequence[Block]) -> llvm.FuncOp:
        recorded = cast("Sequence[RecordedBlock]", blocks)
        prelude = cast(RecordedBlock, self.prelude.block)
        recorded[0].operations[:0] = prelude.operations
        prelude.operations.clear()
        if self._erased:
            for block in recorded:
                block.operations = [op for op in block.operations if op not in self._erased]
        return recorded_function(self.symbol, self.type, recorded)

    def keep(self, op: Operation) -> None:
        operands = [self.values[operand] for operand in op.operands]
        results = self.results(op.__class__, operands, op.result_types, op.properties)
        self.block.operations[-1].attributes = op.attributes
        self.values.update(zip(op.results, results, strict=True))

    def erase(self, op: Operation) -> None:
        forget(op)
        self._erased = self._erased | {op}


class RecordedTailCalls(RecordedLowering, TailCallingFunction):
    """Records a function that makes tail calls."""


def discard(functions: Iterable[llvm.FuncOp]) -> None:
    """Free recorded functions at once, as `dismantle` does with a graph."""
    for function in functions:
        if isinstance(function, RecordedFunction):
            for block in function.blocks:
                block.discard()
