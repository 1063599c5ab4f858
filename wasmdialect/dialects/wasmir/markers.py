"""Markers record what the import erases and a pass may need; the importer places them on request.
They do nothing. `insert-fuel` and `insert-epoch-checks` replace them by code; `insert-vmctx-loads`
removes the remaining ones. The fence, which passes place, does nothing either, but stays.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.dialects.builtin import I64, IntegerAttr, i64
from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, traits_def
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, Resource
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.dialects.wasmir.effects import EVERYTHING


@dataclass(frozen=True)
class _MarkerResource(Resource):
    def name(self) -> str:
        return "<wasm marker>"


class _MarkerEffects(MemoryEffect):
    """Writes something that nothing reads: a marker is neither deleted nor merged."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.WRITE, resource=_MarkerResource())}


@irdl_op_definition
class OperatorsOp(IRDLOperation):
    """On every path here, this many source operators ran since the last marker, as fuel counts
    them: without free operators, and with one more at the entry of a function."""

    name = "wasmir.operators"
    count = prop_def(IntegerAttr[I64])
    traits = traits_def(_MarkerEffects(), RunsInPlace())
    assembly_format = "$count attr-dict"

    def __init__(self, count: int):
        super().__init__(properties={"count": IntegerAttr(count, i64)})

    def verify_(self) -> None:
        if self.count.value.data <= 0:
            raise VerifyException("a marker stands for at least one operator")


@irdl_op_definition
class LoopHeaderOp(IRDLOperation):
    """The start of a former `loop`, whether or not anything branches back."""

    name = "wasmir.loop_header"
    traits = traits_def(_MarkerEffects(), RunsInPlace())
    assembly_format = "attr-dict"


class _Everything(MemoryEffect):
    """As a call: nothing that reads or writes state passes it."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return EVERYTHING


@irdl_op_definition
class TrapFenceOp(IRDLOperation):
    """A border of a region in which nothing can trap, call or leave the function, where the order of
    accesses does not matter therefore: those before it stay before it, those after it after it. It
    costs no code."""

    name = "wasmir.trap_fence"
    traits = traits_def(_Everything(), RunsInPlace())
    assembly_format = "attr-dict"


MARKER_OPS: list[type[IRDLOperation]] = [OperatorsOp, LoopHeaderOp, TrapFenceOp]
