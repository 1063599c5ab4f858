"""canonicalize-nans: a float instruction that gives a NaN gives the canonical one.

WebAssembly leaves open which NaN arithmetic gives, and processors differ. With this pass every
processor and level of optimisation gives the NaN with sign 0 and only the first bit of the payload
set, as Wasmtime's `cranelift_nan_canonicalization` does. Instructions that work on bits (`neg`, `abs`,
`copysign`, `reinterpret`) keep theirs. To arithmetic, comparisons and truncations all NaNs are the
same, so a value that reaches only these stays as it is: `a * b + c` is canonicalized once, the sum of
a loop after the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Attribute, Operation, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.fast import operands_of, users_of
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass
from wasmdialect.types import F32, F64
from wasmdialect.wasm.instructions import Instruction

_CANONICAL: dict[Attribute, Callable[[WasmBuilder], SSAValue]] = {
    f32: lambda b: b.f32_const(0x7FC0_0000),
    f64: lambda b: b.f64_const(0x7FF8_0000_0000_0000),
}
"""The canonical NaN by float type."""
_FLOATS = (F32, F64)
_BIT_OPERATIONS = frozenset({"neg", "abs", "copysign", "reinterpret"})
"""The operations to which NaNs differ, and whose bits are decided."""


@dataclass(frozen=True)
class CanonicalizeNaNs(FunctionPass):
    """Let float instructions give the canonical NaN only."""

    name = "canonicalize-nans"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        observed = _observed_values(function)
        constants: dict[Attribute, SSAValue] = {}
        for block in function.body.blocks:
            for op in [*block.ops]:
                if isinstance(op, wasmir.NumericOp) and may_give_any_nan(op.INSTRUCTION):
                    _canonicalize(function, op, observed, constants)


def may_give_any_nan(row: Instruction) -> bool:
    """Whether the specification leaves open which NaN an instruction gives."""
    if row.operation in _BIT_OPERATIONS or not row.params or not row.results:
        return False
    return row.params[0] in _FLOATS and row.results[0] in _FLOATS


def _canonicalize(
    function: wasmir.FuncOp,
    op: wasmir.NumericOp,
    observed: set[SSAValue],
    constants: dict[Attribute, SSAValue],
) -> None:
    """Let the uses of a result that can tell see the canonical NaN if it is a NaN."""
    result = op.result
    users = [(user, index) for user, index in users_of(result) if _tells(user, index, observed)]
    if not users:
        return
    canonical = constants.get(result.type)
    if canonical is None:
        build = _CANONICAL[result.type]
        canonical = constants[result.type] = build(WasmBuilder.at_start(function.entry))
    builder = WasmBuilder.after(op)
    is_number = builder.numeric(f"{op.SHAPE}.eq", result, result)
    chosen = builder.select(is_number, result, canonical)
    for user, index in users:
        user.operands[index] = chosen


# --- which values something can tell apart ---


def _observed_values(function: wasmir.FuncOp) -> set[SSAValue]:
    """The block arguments and results of `select` that reach a use that tells NaNs apart."""
    sources: dict[SSAValue, list[SSAValue]] = {}
    for block in function.body.blocks:
        for op in block.ops:
            for index, value in enumerate(operands_of(op)):
                target = _carried_to(op, index) if value.type in _CANONICAL else None
                if target is not None:
                    sources.setdefault(target, []).append(value)
    observed = {
        value for value in sources if any(_tells(user, i, set()) for user, i in users_of(value))
    }
    work = [*observed]
    while work:
        for source in sources.get(work.pop(), ()):
            if source not in observed:
                observed.add(source)
                work.append(source)
    return observed


def _tells(user: Operation, index: int, observed: set[SSAValue]) -> bool:
    """Whether a use tells NaNs apart."""
    if isinstance(user, wasmir.NumericOp):
        return user.INSTRUCTION.operation in _BIT_OPERATIONS
    target = _carried_to(user, index)
    return target is None or target in observed


def _carried_to(user: Operation, index: int) -> SSAValue | None:
    """The block argument or result of a `select` that an operand becomes, if it only becomes that."""
    if isinstance(user, wasmir.SelectOp):
        return user.result
    arguments = [argument for block, _ in branch_edges(user) for argument in block.args]
    position = index - (len(operands_of(user)) - len(arguments))
    return arguments[position] if arguments and position >= 0 else None
