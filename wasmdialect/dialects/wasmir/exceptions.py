"""Exceptions in wasmir: making, throwing, catching, and looking at one.

A call in a `try_table` is marked `in_try`, and `wasmir.threw` after it says whether it threw; a branch
on that is the edge to the handler, where `wasmir.caught` takes the exception. A `throw` there is a
branch to the handler. docs/dialects/wasmir.md, "Exceptions", says why.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from xdsl.dialects.builtin import FlatSymbolRefAttr, i32
from xdsl.ir import Operation
from xdsl.irdl import (
    eq,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import EffectInstance, IsTerminator, MemoryEffect, Pure
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.control_transfer import LeavesFunction, RunsInPlace
from wasmdialect.dialects.wasmir.base import MayTrap, WasmOp, take_rows
from wasmdialect.dialects.wasmir.effects import READS, WRITES
from wasmdialect.dialects.wasmir.types import EXN, EXNREF, RefType, may_be
from wasmdialect.wasm.instructions import BY_MNEMONIC, State


class _ExceptionEffects(MemoryEffect):
    """Reads and changes the state that says whether a call threw: neither deleted, moved nor merged."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return {READS[State.EXCEPTION], WRITES[State.EXCEPTION]}


class _ReadsException(MemoryEffect):
    """May be deleted, but not executed where it was not: the exception may have another tag there."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return {READS[State.EXCEPTION]}


@irdl_op_definition
class ExceptionOp(WasmOp):
    """Make an exception with a tag and its values: the first half of `throw`."""

    name = "wasmir.exception"
    tag = prop_def(FlatSymbolRefAttr)
    values = var_operand_def()
    result = result_def(eq(EXN))
    traits = traits_def(_ExceptionEffects(), RunsInPlace())
    assembly_format = "$tag `(` $values `)` attr-dict `:` functional-type($values, $result)"


@irdl_op_definition
class ThrowRefOp(WasmOp, MayTrap):
    """`throw_ref`: leave the function with an exception; traps if it is null."""

    name = "wasmir.throw_ref"
    exception = operand_def(RefType)
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = "$exception attr-dict `:` type($exception)"

    def verify_(self) -> None:
        if not may_be(self.exception.type, EXNREF):
            raise VerifyException(f"{self.exception.type} is not an exception")


@irdl_op_definition
class TraceThrowOp(WasmOp):
    """An exception is thrown here: a backtrace of it starts here if nothing catches it. Nothing happens
    for null."""

    name = "wasmir.trace_throw"
    exception = operand_def(RefType)
    traits = traits_def(_ExceptionEffects(), RunsInPlace())
    assembly_format = "$exception attr-dict `:` type($exception)"


@irdl_op_definition
class ThrewOp(WasmOp):
    """1 if the call before it, which is `in_try`, threw an exception, else 0. If it did, the results of
    the call are not specified, and the next of these operations must be `wasmir.caught`."""

    name = "wasmir.threw"
    result = result_def(eq(i32))
    traits = traits_def(_ExceptionEffects(), RunsInPlace())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class CaughtOp(WasmOp):
    """The exception that a call threw."""

    name = "wasmir.caught"
    result = result_def(eq(EXN))
    traits = traits_def(_ExceptionEffects(), RunsInPlace())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class ExceptionIsOp(WasmOp):
    """1 if an exception has a tag, else 0."""

    name = "wasmir.exception_is"
    exception = operand_def(eq(EXN))
    tag = prop_def(FlatSymbolRefAttr)
    result = result_def(eq(i32))
    traits = traits_def(Pure(), RunsInPlace())
    assembly_format = "$exception $tag attr-dict `:` type($exception) `->` type($result)"


@irdl_op_definition
class ExceptionValuesOp(WasmOp):
    """The values of an exception, whose tag is known to be this."""

    name = "wasmir.exception_values"
    exception = operand_def(eq(EXN))
    tag = prop_def(FlatSymbolRefAttr)
    values = var_result_def()
    traits = traits_def(_ReadsException(), RunsInPlace())
    assembly_format = "$exception $tag attr-dict `:` functional-type($exception, $values)"


EXCEPTION_OPS = (
    ExceptionOp,
    TraceThrowOp,
    ThrowRefOp,
    ThrewOp,
    CaughtOp,
    ExceptionIsOp,
    ExceptionValuesOp,
)
take_rows([ThrowRefOp])
for _cls, _mnemonic in {
    ExceptionOp: "throw",
    TraceThrowOp: "throw",
    ThrewOp: "try_table",
    CaughtOp: "try_table",
    ExceptionIsOp: "try_table",
    ExceptionValuesOp: "try_table",
}.items():
    (_cls.INSTRUCTION,) = BY_MNEMONIC[_mnemonic]  # the instruction that it is a part of
