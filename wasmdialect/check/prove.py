"""Proving the replacements that a pass makes: wherever it replaces a value by another, both go to a
solver as expressions of the same unknowns. Proved: they are equal for all inputs, and trap for the
same. Refuted: the solver gives inputs for which they are not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from wasmdialect.check.locate import describe
from wasmdialect.check.meaning import Meaning
from wasmdialect.check.stages import Pipeline, Stage
from wasmdialect.check.ways import Undecided, z3
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.builder import OpBuilder

TIMEOUT = 5000
"""Milliseconds for a question to the solver."""
Verdict = Literal["proved", "refuted", "not decided"]


@dataclass(frozen=True)
class Proof:
    """A replacement, and what the solver says of it."""

    verdict: Verdict
    function: str
    operation: str
    inputs: str = ""
    """For which a refuted one is wrong, and what the values are then."""


def prove(pipeline: Pipeline, stage: Stage) -> list[Proof]:
    """The replacements that a pass makes, in order. Raises what the pass raises."""
    proofs: list[Proof] = []
    module = stage.before.clone()
    with _watching(proofs, {*module.walk()}):
        pipeline.apply(stage.ran, module)
    return proofs


@contextmanager
def _watching(proofs: list[Proof], known: AbstractSet[Operation]) -> Generator[None]:
    """Looks at each replacement before it happens, through the builder or by replacing all uses.
    `known` are the operations from before the pass."""
    replace, replace_uses = OpBuilder.replace, SSAValue.replace_all_uses_with
    depth = 0

    def inside(call: Any, old: Sequence[SSAValue], new: Sequence[SSAValue]) -> None:
        nonlocal depth
        if depth == 0 and len(old) == len(new):
            pairs = zip(old, new, strict=True)
            proofs.extend(_judge(a, b, known) for a, b in pairs if _is_judged(a, b))
        depth += 1
        try:
            call()
        finally:
            depth -= 1

    def watched_replace(self: OpBuilder, op: Operation, *values: SSAValue) -> None:
        inside(lambda: replace(self, op, *values), op.results, values)

    def watched_uses(self: SSAValue, value: SSAValue) -> None:
        inside(lambda: replace_uses(self, value), [self], [value])

    OpBuilder.replace = watched_replace
    SSAValue.replace_all_uses_with = watched_uses
    try:
        yield
    finally:
        OpBuilder.replace = replace
        SSAValue.replace_all_uses_with = replace_uses


def _is_judged(old: SSAValue, new: SSAValue) -> bool:
    """Whether the result of an operation of wasmir gets another value, and is not just erased."""
    return isinstance(old.owner, wasmir.WasmOp) and isinstance(new, OpResult | BlockArgument)


def _function_of(op: Operation) -> str:
    parent: Operation | None = op
    while parent is not None and not isinstance(parent, wasmir.FuncOp):
        parent = parent.parent_op()
    return "" if parent is None else parent.sym_name.data


def _judge(old: SSAValue, new: SSAValue, known: AbstractSet[Operation]) -> Proof:
    op = old.owner
    assert isinstance(op, Operation)
    where = _function_of(op), describe(op)
    try:
        verdict, inputs = _compare(old, new, known)
    except (Undecided, z3.Z3Exception):
        verdict, inputs = "not decided", ""
    return Proof(verdict, *where, inputs)


def _compare(old: SSAValue, new: SSAValue, known: AbstractSet[Operation]) -> tuple[Verdict, str]:
    op = old.owner
    assert isinstance(op, Operation)
    meaning = Meaning(known)
    results, trap = meaning.operation(op)
    if results is None:
        return "not decided", ""
    before = results[op.results.index(old)]
    trap = z3.BoolVal(False) if trap is None else trap
    meaning.assumptions += map(z3.Not, meaning.new_traps)  # its operands run in any case
    meaning.new_traps.clear()
    after = meaning.of(new)
    new_trap = z3.Or(*meaning.new_traps)
    wrong = z3.Or(
        z3.And(z3.Not(trap), z3.Not(new_trap), before != after),
        trap != new_trap,
    )
    undecided = z3.Or(*meaning.undecided)
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT)
    solver.add(*meaning.assumptions)
    answer = solver.check(wrong, z3.Not(undecided))
    if answer == z3.sat:
        if len(meaning.memories) > 1 or meaning.is_cut_off:
            return "not decided", ""  # the states, or the values, may be related
        return "refuted", _show(solver.model(), meaning, before, after)
    if answer == z3.unsat and solver.check(wrong, undecided) == z3.unsat:
        return "proved", ""
    return "not decided", ""


def _show(model: Any, meaning: Meaning, before: Any, after: Any) -> str:
    """The inputs of a counterexample, and both values."""
    inputs = [
        f"{name} = {_number(model.eval(value, model_completion=True))}"
        for name, value in meaning.unknowns.items()
    ]
    old, new = (_number(model.eval(v, model_completion=True)) for v in (before, after))
    given = f"with {', '.join(inputs)}: " if inputs else ""
    return f"{given}{old} before, {new} after"


def _number(value: Any) -> str:
    number: int = value.as_long()
    return str(number) if number < 1 << 16 else hex(number)
