"""canonicalize-nans: a float instruction that gives a NaN gives the canonical one.

WebAssembly leaves open which NaN arithmetic gives, and processors differ. With this pass every
processor and level of optimisation gives the NaN with sign 0 and only the first bit of the payload
set, as Wasmtime's `cranelift_nan_canonicalization` does. Instructions that work on bits (`neg`, `abs`,
`copysign`, `reinterpret`) keep theirs; those of vectors are canonicalized lane by lane. To arithmetic,
comparisons and truncations all NaNs are the same, so a value that reaches only these stays as it is:
`a * b + c` is canonicalized once, the sum of a loop after the loop.
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
from wasmdialect.wasm.nans import may_give_any_nan
from wasmdialect.wasm.shapes import SHAPES

_NAN_32, _NAN_64 = 0x7FC0_0000, 0x7FF8_0000_0000_0000
_CANONICAL: dict[str, Callable[[WasmBuilder], SSAValue]] = {
    "f32": lambda b: b.f32_const(_NAN_32),
    "f64": lambda b: b.f64_const(_NAN_64),
    "f32x4": lambda b: b.v128_const(SHAPES["f32x4"].join([_NAN_32] * 4)),
    "f64x2": lambda b: b.v128_const(SHAPES["f64x2"].join([_NAN_64] * 2)),
}
"""The canonical NaN by number type or lane shape."""
_BLIND = frozenset(
    {
        *("eq", "ne", "lt", "gt", "le", "ge"),
        *("trunc", "trunc_sat", "trunc_sat_zero", "relaxed_trunc", "relaxed_trunc_zero"),
    }
)
"""The other operations to which all NaNs are the same."""
_SCALARS: dict[Attribute, str] = {f32: "f32", f64: "f64"}


@dataclass(frozen=True)
class CanonicalizeNaNs(FunctionPass):
    """Let float instructions give the canonical NaN only."""

    name = "canonicalize-nans"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        observed = _observed_values(function)
        constants: dict[str, SSAValue] = {}
        for block in function.body.blocks:
            for op in [*block.ops]:
                if isinstance(op, wasmir.NumericOp) and may_give_any_nan(op.INSTRUCTION):
                    _canonicalize(function, op, observed, constants)


def _canonicalize(
    function: wasmir.FuncOp,
    op: wasmir.NumericOp,
    observed: set[SSAValue],
    constants: dict[str, SSAValue],
) -> None:
    """Let the uses of a result that can tell see the canonical NaN if it is a NaN."""
    result, shape = op.result, op.SHAPE
    users = [use for use in users_of(result) if _tells(*use, shape, observed)]
    if not users:
        return
    canonical = constants.get(shape)
    if canonical is None:
        build = _CANONICAL[shape]
        canonical = constants[shape] = build(WasmBuilder.at_start(function.entry))
    builder = WasmBuilder.after(op)
    is_number = builder.numeric(f"{shape}.eq", result, result)
    if result.type in _SCALARS:
        chosen = builder.select(is_number, result, canonical)
    else:
        chosen = builder.v128_bitselect(result, canonical, is_number)
    for user, index in users:
        user.operands[index] = chosen


# --- which values something can tell apart ---


def _observed_values(function: wasmir.FuncOp) -> set[SSAValue]:
    """The block arguments and results of `select` that reach a use that tells NaNs apart."""
    sources: dict[SSAValue, list[SSAValue]] = {}
    for block in function.body.blocks:
        for op in block.ops:
            for index, value in enumerate(operands_of(op)):
                target = _carried_to(op, index)
                if target is not None:
                    sources.setdefault(target, []).append(value)
    observed = {
        value
        for value in sources
        if any(_tells(*use, _SCALARS[value.type], set()) for use in users_of(value))
    }
    work = [*observed]
    while work:
        for source in sources.get(work.pop(), ()):
            if source not in observed:
                observed.add(source)
                work.append(source)
    return observed


def _tells(user: Operation, index: int, shape: str, observed: set[SSAValue]) -> bool:
    """Whether a use of a value tells apart NaNs of a shape."""
    if isinstance(user, wasmir.NumericOp):
        row = user.INSTRUCTION
        is_blind = may_give_any_nan(row) or row.operation in _BLIND
        return not is_blind or (row.source or row.shape) != shape
    target = _carried_to(user, index)
    return target is None or target in observed


def _carried_to(user: Operation, index: int) -> SSAValue | None:
    """The block argument or result of a `select` that a float operand becomes, if it only becomes
    that. Not of vectors: others may read them in another shape."""
    if operands_of(user)[index].type not in _SCALARS:
        return None
    if isinstance(user, wasmir.SelectOp):
        return user.result
    arguments = [argument for block, _ in branch_edges(user) for argument in block.args]
    position = index - (len(operands_of(user)) - len(arguments))
    return arguments[position] if arguments and position >= 0 else None
