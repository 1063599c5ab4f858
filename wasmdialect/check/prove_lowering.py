"""Proving the rules of the lowering: the LLVM IR that a function with one instruction becomes does, for
all operands, what the instruction table says, with the same traps, and nothing undefined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from xdsl.ir import Operation

from wasmdialect._settings import Config
from wasmdialect.abi.layout import VMContextLayout
from wasmdialect.abi.reservation import GUARD_SIZE, RESERVATION
from wasmdialect.abi.traps import TrapCode
from wasmdialect.check.abstraction import abstracted
from wasmdialect.check.llvm_meaning import Behaviour, Exit, LinearMemory, behaviour
from wasmdialect.check.llvm_reader import LLVMFunction, Unread, read_functions
from wasmdialect.check.lowering_rules import Rule
from wasmdialect.check.meaning import Meaning
from wasmdialect.check.ways import Undecided, z3
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.counts import read_counts
from wasmdialect.lowering.emit import emit_functions
from wasmdialect.passes.base import defined_functions
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.nans import may_give_any_nan
from wasmdialect.wasm.text import parse_module

EFFORT = 30_000_000
"""What a question to the solver may cost, in its own unit, which does not depend on the machine: about
ten seconds."""

Verdict = Literal["proved", "proved but for NaNs", "refuted", "not decided"]


@dataclass(frozen=True)
class RuleProof:
    """A rule, and what the solver says of it."""

    rule: Rule
    verdict: Verdict
    detail: str = ""
    """The inputs for which it is wrong, or why it is not decided."""


def prove_rules(rules: Iterable[Rule], effort: int = EFFORT) -> Iterator[RuleProof]:
    """What the solver says of each rule, with at most some effort for a question."""
    for _, group in groupby(rules, lambda rule: (rule.memory, rule.bounds, _is_relaxed(rule))):
        some = [*group]
        for rule, lowered in zip(some, _lowered(some), strict=True):
            try:
                yield RuleProof(rule, *_judge(lowered, effort))
            except Unread as unread:
                yield RuleProof(rule, "not decided", f"the meaning of `{unread}` is not known")
            except Undecided:
                yield RuleProof(rule, "not decided", "the table's semantics is not on bit vectors")


@dataclass(frozen=True)
class _Lowered:
    """A function before and after."""

    before: wasmir.FuncOp
    after: LLVMFunction | Unread
    memory_type: str
    base_field: int
    length_field: int
    is_guarded: bool


def _is_relaxed(rule: Rule) -> bool:
    return ".relaxed_" in rule.name


def _lowered(rules: Sequence[Rule]) -> Iterator[_Lowered]:
    """Compile functions with the same memory and settings up to the text that LLVM gets."""
    memory, bounds = rules[0].memory, rules[0].bounds
    text = "\n".join(f"(func {rule.function})" for rule in rules)
    # The table has one of the results that relaxed instructions may have: that of this setting.
    config = Config(
        opt_level=0,
        bounds=bounds,
        features="all",
        jobs=0,
        relaxed_simd_deterministic=_is_relaxed(rules[0]),
    )
    settings = CompileSettings.of(config)
    source = parse_module(f"(module {memory}\n{text})", parse_features("all"))
    session = CompileSession(source.binary, "rules.wat", settings)
    module = session.import_everything()
    before = [*defined_functions(module.clone())]
    layout = VMContextLayout(read_counts(module))
    base, length = (
        layout.offset("owned_memories", 0, field) if memory else 0
        for field in ("base", "current_length")
    )
    written = session.run_passes(module, write_for=2)
    texts = emit_functions(module, "", settings.target.emitters, written)
    by_symbol = {text.symbols[0]: text.text for text in texts if text.symbols}
    is_guarded = bounds == "guard" and "i64" not in memory
    for number, function in enumerate(before):
        try:
            (after,) = read_functions(by_symbol[f"wasm[0]::function[{number}]"])
        except Unread as unread:
            after = unread
        yield _Lowered(function, after, memory, base, length, is_guarded)


# --- both sides


@dataclass
class _Specified:
    """What a function does by the instruction table."""

    meaning: Meaning
    parameters: list[Any]
    results: list[Any]
    any_nan: list[bool]
    """Whether the specification leaves open which NaN a result is."""
    traps: list[tuple[TrapCode, Any]]
    start: tuple[Any, Any] | None = None
    """The memory before, and its length."""
    end: Any = None
    """The memory after."""


def _specified(function: wasmir.FuncOp) -> _Specified:
    block = function.entry
    meaning = Meaning({*block.ops})
    found = _Specified(meaning, [meaning.of(a) for a in block.args], [], [], [])
    trapped = z3.BoolVal(False)
    for op in block.ops:
        if isinstance(op, wasmir.ReturnOp):
            found.results = [meaning.of(value) for value in op.operands]
            found.any_nan = [_may_be_any_nan(value.owner) for value in op.operands]
            continue
        if isinstance(op, wasmir.MemoryAccess):
            found.start = meaning.memory_before(op)
        if isinstance(op, wasmir.StoreOp):
            found.end, _, outside = meaning.memory_after(op)
            meaning.traps[op] = [(TrapCode.MEMORY_OUT_OF_BOUNDS, outside)]
        else:
            meaning.operation(op)
        for code, condition in meaning.traps.get(op, ()):
            found.traps.append((code, z3.And(z3.Not(trapped), condition)))
        trapped = z3.Or(trapped, *(condition for _, condition in meaning.traps.get(op, ())))
    if found.start is not None and found.end is None:
        found.end = found.start[0]
    return found


def _may_be_any_nan(owner: Any) -> bool:
    return isinstance(owner, Operation) and (
        isinstance(owner, wasmir.NumericOp) and may_give_any_nan(owner.INSTRUCTION)
    )


def _memory_of(lowered: _Lowered, start: tuple[Any, Any] | None) -> LinearMemory | None:
    if start is None:
        return None
    reserved = RESERVATION + GUARD_SIZE if lowered.is_guarded else 0
    return LinearMemory(*start, lowered.base_field, lowered.length_field, reserved)


def _facts(lowered: _Lowered, memory: LinearMemory | None) -> list[Any]:
    """What the runtime keeps true of a memory of one page at least."""
    if memory is None:
        return []
    most = 1 << 63 if "i64" in lowered.memory_type else RESERVATION
    return [z3.UGE(memory.length, 1 << 16), z3.ULE(memory.length, most)]


# --- the question


def _judge(lowered: _Lowered, effort: int) -> tuple[Verdict, str]:
    if isinstance(lowered.after, Unread):
        raise lowered.after
    given = _specified(lowered.before)
    memory = _memory_of(lowered, given.start)
    made = behaviour(lowered.after, given.parameters, memory)
    question = _Question(given, made, [*_facts(lowered, memory), *made.facts], effort)
    undecided = z3.Or(*given.meaning.undecided)
    answer, model = question.ask(z3.Not(undecided))
    if answer == z3.sat:
        return "refuted", question.show(model)
    if answer != z3.unsat:
        return "not decided", "too hard for the solver"
    if question.can_be(undecided):
        return "not decided", "the table's semantics is not on bit vectors"
    return "proved but for NaNs" if any(given.any_nan) else "proved", ""


class _Question:
    """Whether two sides can differ."""

    def __init__(self, given: _Specified, made: Behaviour, facts: Sequence[Any], effort: int):
        self._given, self._made, self._facts, self._effort = given, made, facts, effort

    def ask(self, *assumptions: Any) -> tuple[Any, Any]:
        """The solver's answer, and a model if they can."""
        undefined = z3.Or(*(condition for condition, _ in self._made.undefined))
        answer, model = self._solve([*self._facts, *assumptions, undefined], z3.Solver())
        if answer == z3.sat:  # which is quickly found
            return answer, model
        wrong = z3.Or(*self._differences())
        terms = [*self._facts, *assumptions, wrong]
        abstract = abstracted(terms)
        if abstract is not None:
            answer, model = self._solve(abstract, _solver(abstract))
            if answer == z3.unsat:
                return answer, model
        return self._solve(terms, z3.Solver())

    def _solve(self, terms: Sequence[Any], solver: Any) -> tuple[Any, Any]:
        solver.set("rlimit", self._effort)
        answer = solver.check(*terms)
        return answer, solver.model() if answer == z3.sat else None

    def can_be(self, condition: Any) -> bool:
        """Whether a condition is not known to be impossible."""
        return self._solve([*self._facts, condition], z3.Solver())[0] != z3.unsat

    def _differences(self) -> Iterator[Any]:
        for condition, _ in self._made.undefined:
            yield condition
        for found in self._made.exits:
            yield z3.And(found.condition, self._differs(found))

    def _differs(self, found: Exit) -> Any:
        given = self._given
        if found.trap is not None:
            same = z3.Or(*(condition for code, condition in given.traps if code is found.trap))
            kept = z3.BoolVal(True) if given.start is None else found.array == given.start[0]
            return z3.Not(z3.And(same, kept))
        wrong = [condition for _, condition in given.traps]
        if len(found.values) != len(given.results):
            return z3.BoolVal(True)
        for value, expected, open_nan in zip(
            found.values, given.results, given.any_nan, strict=True
        ):
            differs = value.bits != expected
            if open_nan:
                if value.bits.size() > 64:
                    raise Unread("NaNs of lanes")
                both = z3.And(_is_nan(value.bits), _is_nan(expected))
                differs = z3.And(differs, z3.Not(both))
            wrong += [differs, value.poison]
        if given.start is not None:
            wrong.append(found.array != given.end)
        return z3.Or(*wrong)

    # --- a counterexample in words

    def show(self, model: Any) -> str:
        """The operands of a counterexample, and what both sides do."""

        def number(expression: Any) -> str:
            value: int = model.eval(expression, model_completion=True).as_long()
            return str(value) if value < 1 << 16 else hex(value)

        def holds(condition: Any) -> bool:
            return bool(z3.is_true(model.eval(condition, model_completion=True)))

        given = self._given
        operands = ", ".join(map(number, given.parameters))
        expected = ", ".join(map(number, given.results)) or "no trap"
        expected = next((f"trap: {c.message}" for c, when in given.traps if holds(when)), expected)
        lowered = [why for when, why in self._made.undefined if holds(when)]
        for found in self._made.exits:
            if holds(found.condition):
                values = ", ".join(
                    "poison" if holds(v.poison) else number(v.bits) for v in found.values
                )
                values = values or "no trap"
                lowered.append(values if found.trap is None else f"trap: {found.trap.message}")
        return f"({operands}): {expected} by the table, {lowered[0]} as lowered"


def _solver(terms: Sequence[Any]) -> Any:
    """One for bit vectors and functions of them, if there is nothing else: it is quicker."""
    if all(map(_is_of_bits, _parts(terms))):
        steps = ("simplify", "ackermannize_bv", "simplify", "bit-blast", "sat")
        return z3.Then(*steps).solver()
    return z3.Solver()


def _is_of_bits(term: Any) -> bool:
    return z3.is_bv(term) or z3.is_bool(term)


def _parts(terms: Sequence[Any]) -> Iterator[Any]:
    """All expressions in some."""
    pending, seen = [*terms], set[int]()
    while pending:
        term = pending.pop()
        if term.get_id() not in seen:
            seen.add(term.get_id())
            yield term
            pending += term.children()


def _is_nan(bits: Any) -> Any:
    sort = z3.Float32() if bits.size() == 32 else z3.Float64()
    return z3.fpIsNaN(z3.fpBVToFP(bits, sort))
