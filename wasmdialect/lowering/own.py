"""Lowering of operations that say themselves how: those of a user's dialect with a method `to_llvm`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from xdsl.dialects.builtin import f32, f64, i32, i64
from xdsl.ir import Operation, SSAValue
from xdsl.traits import IsTerminator

from wasmdialect.dialects.wasmir import V128
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.signature import llvm_type

if TYPE_CHECKING:
    from wasmdialect.lowering.function import FunctionLowering

Values: TypeAlias = SSAValue | Sequence[SSAValue] | None


class LowersItself(Protocol):
    """An operation with the hook."""

    def to_llvm(self, b: FunctionLowering, *operands: SSAValue) -> Values:
        """Build the operation's code with `b`, from the LLVM values of its operands; return the values
        of its results: one, a sequence, or None if it has none.

        The values may be used with the methods of `b` only: usually no graph is built, and they stand
        for text."""
        ...


_COMPARED = (i32, i64, f32, f64, V128, PTR)


def lower_own(f: FunctionLowering, op: Operation) -> None:
    """Call the hook of an operation. Raises ValueError if it returns something else than the values of
    the results, or cannot be called."""
    if op.regions or op.successors:
        raise ValueError(
            f"{op.name} has regions or successors, which `to_llvm` cannot lower: a pass turns it into"
            " branches first"
        )
    hook = cast(Any, op).to_llvm
    made: Any = hook(f, *(f.values[operand] for operand in op.operands))
    values: list[Any] = [] if made is None else [made]
    if isinstance(made, Sequence):
        values = [*cast("Sequence[Any]", made)]
    returned = [getattr(value, "type", value) for value in values]
    expected = [llvm_type(t) for t in op.result_types]
    if len(returned) != len(expected) or any(
        t in _COMPARED and got != t for t, got in zip(expected, returned, strict=True)
    ):
        raise ValueError(
            f"to_llvm of {op.name} returned ({', '.join(map(str, returned))}); its results are"
            f" ({', '.join(map(str, expected))})"
        )
    if f.has_ended != op.has_trait(IsTerminator):
        raise ValueError(
            f"to_llvm of {op.name} has ended its block: begin another one, where the code goes on"
            if f.has_ended
            else f"to_llvm of {op.name} has not ended its block: return, branch or trap there"
        )
    f.values.update(zip(op.results, values, strict=True))
