"""Where control goes from an operation, for the passes that every program goes through."""

from __future__ import annotations

from functools import cache

from xdsl.dialects import llvm
from xdsl.ir import Operation
from xdsl.traits import NoMemoryEffect
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import (
    Branches,
    CallsCode,
    ControlTransfer,
    LeavesFunction,
    RunsInPlace,
)
from wasmdialect.wasm.instructions.control import CONTROL_OPCODES

_LLVM: dict[type[Operation], type[ControlTransfer]] = {
    llvm.CallOp: CallsCode,
    llvm.InlineAsmOp: CallsCode,
    llvm.BrOp: Branches,
    llvm.CondBrOp: Branches,
    llvm.ReturnOp: LeavesFunction,
    llvm.UnreachableOp: LeavesFunction,
}
"""xDSL's operations that do not run in place; it declares nothing."""


@cache
def transfer_of(cls: type[Operation]) -> type[ControlTransfer] | None:
    """Where control goes when an operation of a class runs; None if nothing says so."""
    for trait in cls.traits:
        if isinstance(trait, ControlTransfer):
            return type(trait)
    if cls in _LLVM:
        return _LLVM[cls]
    row = wasmir.instruction_of(cls)
    in_place = (
        (row is not None and row.opcode not in CONTROL_OPCODES)
        or cls in _LLVM_IN_PLACE
        or any(isinstance(trait, NoMemoryEffect) for trait in cls.traits)
    )
    return RunsInPlace if in_place else None


_LLVM_IN_PLACE = frozenset(llvm.LLVM.operations) - {llvm.FuncOp, llvm.GlobalOp}


def require_transfer(op: Operation) -> type[ControlTransfer]:
    """Where control goes when an operation runs. Raises PassFailedException if nothing says so."""
    transfer = transfer_of(type(op))
    if transfer is None:
        raise PassFailedException(
            f"{op.name} does not say where control goes when it runs: give it RunsInPlace, CallsCode,"
            " Branches or LeavesFunction of wasmdialect.dialects.control_transfer as a trait, or lower"
            " it before this pass"
        )
    return transfer
