"""A check: the same calls before and after each pass, interpreted and compiled, until one differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wasmdialect.check.calls import Call, generate
from wasmdialect.check.changes import first_bad_change
from wasmdialect.check.interpreted import interpret
from wasmdialect.check.locate import Suspect, culprit, suspect
from wasmdialect.check.native import named, run_natively
from wasmdialect.check.outcome import INSTANTIATED, Outcome, difference
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.interpreter import NotInterpreted

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.check.prove import Proof
    from wasmdialect.check.stages import Pipeline, Stage

Say = Callable[[str], None]

PATIENCE = 3
"""Generated calls of an export that may be left out before the rest is."""
BUDGET = 4_000_000
"""Operations that all generated calls may take together."""


@dataclass(frozen=True)
class Request:
    """What is to be checked."""

    calls: Sequence[Call] | None
    """None for generated calls of every export."""
    inputs: int
    """Generated calls of each export."""
    seed: int
    steps: int
    """Operations of a call before it is left out."""
    timeout: float
    """Seconds for a call in machine code."""
    bisect: bool
    native: bool
    prove: bool = False
    """Whether a solver looks at each replacement of a pass over wasmir."""


@dataclass(frozen=True)
class Finding:
    """A difference."""

    cause: str
    """The pass, or what else is to blame."""
    engine: str
    call: str = ""
    difference: str = ""
    places: tuple[str, ...] = ()
    """Where the new version trapped."""
    function: str | None = None
    suspect: Suspect | None = None
    change: tuple[int, int, str] | None = None
    refuted: Sequence[Proof] = ()
    """The replacements of the pass that a solver has refuted."""


def check(pipeline: Pipeline, request: Request, say: Say) -> Finding | None:
    """The first difference, None if there is none; `say` is called with a line for each comparison.
    Raises what the compiler raises, NotInterpreted, NativeFailure."""
    return _Check(pipeline, request, say).run()


class _Check:
    """The calls and their outcomes without passes."""

    def __init__(self, pipeline: Pipeline, request: Request, say: Say):
        self.pipeline, self.request, self.say = pipeline, request, say
        self.calls: list[Call] = []
        self.baseline: list[Outcome] = []

    def run(self) -> Finding | None:
        """Compare everything."""
        module = self.pipeline.imported()
        declared = ModuleDeclarations(module)
        asked = self.request.calls
        calls = asked or generate(declared, self.request.inputs, self.request.seed)
        self._make_baseline(module, calls)
        is_interpreted = True
        try:
            for stage in self.pipeline.stages():
                finding = self._compare(stage)
                refuted = self._refuted(stage) if self.request.prove else []
                if finding is not None:
                    return replace(finding, refuted=refuted)
                if refuted:
                    cause, function = f"pass {stage.name}", refuted[0].function
                    return Finding(cause, "solver", function=function, refuted=refuted)
        except NotInterpreted as reason:
            self.say(f"not interpreted from here on: {reason}")
            is_interpreted = False
        if not self.request.native:
            return None
        return self._compare_natively(declared, is_interpreted=is_interpreted)

    def _make_baseline(self, module: ModuleOp, calls: Sequence[Call]) -> None:
        """Make the calls without passes; of generated ones, not those that take too long together."""
        if self.request.calls is None:
            calls_made = self._within_budget(calls)
        else:
            calls_made = map(self._note, calls)
        for outcome in interpret(module, calls_made, steps=self.request.steps):
            self.baseline.append(outcome)
        made = zip(self.calls, self.baseline[1:], strict=True)
        left_out = [str(call) for call, outcome in made if outcome.left_out]
        exports = len({call.export for call in self.calls})
        total = sum(outcome.steps for outcome in self.baseline)
        self.say(f"{len(self.calls)} calls of {exports} exports, {total} operations")
        if self.baseline[0].result != INSTANTIATED:
            self.say(
                f"nothing can be called: the instantiation ends with {self.baseline[0].result}"
            )
        elif len(self.calls) < len(calls):
            self.say(f"not made, as they would take too long: {len(calls) - len(self.calls)} more")
        if left_out:
            self.say(
                f"left out, without end or too deep: {', '.join(left_out[:5])}{_more(left_out)}"
            )

    def _note(self, call: Call) -> Call:
        self.calls.append(call)
        return call

    def _within_budget(self, calls: Sequence[Call]) -> Iterator[Call]:
        """The calls until they have taken too many operations, and of an export until some of its were
        left out. The outcomes of those before are in the baseline when the next is asked for."""
        patience = Counter[str]()
        for call in calls:
            if self.calls and self.baseline[-1].left_out:
                patience[self.calls[-1].export] += 1
            if sum(outcome.steps for outcome in self.baseline) > BUDGET:
                return
            if patience[call.export] < PATIENCE:
                yield self._note(call)

    def _name(self, number: int) -> str:
        """What has the outcome of a number."""
        return "the instantiation" if number == 0 else str(self.calls[number - 1])

    def _refuted(self, stage: Stage) -> list[Proof]:
        """The replacements of a pass that are wrong for some inputs."""
        from wasmdialect.check.prove import prove  # which needs a solver

        proofs = prove(self.pipeline, stage)
        count = Counter(proof.verdict for proof in proofs)
        verdicts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
        self.say(f"{stage.name}: {len(proofs)} replacements{': ' if proofs else ''}{verdicts}")
        return [proof for proof in proofs if proof.verdict == "refuted"]

    # --- interpreted

    def _compare(self, stage: Stage) -> Finding | None:
        outcomes = interpret(stage.after, self.calls, self.baseline)
        for number, (old, new) in enumerate(zip(self.baseline, outcomes, strict=False)):
            what = _longer(old, new) or difference(old, new)
            if what is not None:
                self.say(f"{stage.name}: differs in the interpreter")
                return self._locate(stage, number, what, new)
        self.say(f"{stage.name}: the same in the interpreter")
        return None

    def _locate(self, stage: Stage, number: int, what: str, new: Outcome) -> Finding:
        calls, baseline = self.calls[:number], self.baseline[: number + 1]

        def differs(bodies: Mapping[str, wasmir.FuncOp]) -> bool:
            return self._differs(stage.after, bodies, calls, baseline)

        name = culprit(stage.before, stage.after, differs)
        found = change = None
        if name is not None:
            found = suspect(stage.before, stage.after, name, calls, baseline) or _trapped(new)
            if self.request.bisect:

                def is_bad(op: wasmir.FuncOp) -> bool:
                    return self._differs(stage.before, {op.sym_name.data: op}, calls, baseline)

                change = first_bad_change(self.pipeline, stage, name, is_bad)
        cause, call = f"pass {stage.name}", self._name(number)
        return Finding(cause, "interpreter", call, what, new.places, name, found, change)

    def _differs(
        self,
        module: ModuleOp,
        bodies: Mapping[str, wasmir.FuncOp],
        calls: Sequence[Call],
        baseline: Sequence[Outcome],
    ) -> bool:
        outcomes = interpret(module, calls, baseline, bodies=bodies)
        return any(
            (_longer(old, new) or difference(old, new)) is not None
            for old, new in zip(baseline, outcomes, strict=False)
        )

    # --- compiled

    def _compare_natively(
        self, declared: ModuleDeclarations, *, is_interpreted: bool
    ) -> Finding | None:
        self._symbols = [
            [op.sym_name.data for op in declared.of(cls)]
            for cls in (wasmir.MemoryOp, wasmir.GlobalOp)
        ]
        own = [*self.pipeline.interpreted, *self.pipeline.lowered]
        base = self._natively(None)
        finding = self._first_difference("wasmdialect itself", self.baseline, base)
        self.say(f"without passes: {_word(finding)} in machine code")
        if finding is not None or not own:
            return finding
        last = self._natively(max(own))
        finding = self._first_difference("", base, last)
        self.say(f"with all passes: {_word(finding)} in machine code")
        if finding is None:
            return None
        for number in own:
            outcomes = last if number == max(own) else self._natively(number)
            cause = f"pass {self.pipeline.passes[number]}"
            finding = self._first_difference(cause, base, outcomes)
            if finding is not None:
                break
        return finding

    def _natively(self, last: int | None) -> list[Outcome]:
        pipeline = self.pipeline
        config = pipeline.native_config(last)
        arguments = (pipeline.binary, pipeline.file, config, self.calls, self.baseline)
        return named(run_natively(*arguments, self.request.timeout), *self._symbols)

    def _first_difference(
        self, cause: str, before: Sequence[Outcome], after: Sequence[Outcome]
    ) -> Finding | None:
        for number, (old, new) in enumerate(zip(before, after, strict=False)):
            what = difference(_without_tables(old), _without_tables(new))
            if what is not None:
                return Finding(cause, "machine code", self._name(number), what, new.places)
            if new.left_out and not old.left_out:  # a smaller stack: the instance is another now
                return None
        return None


def _without_tables(outcome: Outcome) -> Outcome:
    """Tables are not compared in machine code."""
    return replace(outcome, tables={})


def _longer(old: Outcome, new: Outcome) -> str | None:
    """A call that ended before, and does not now."""
    if new.left_out and not old.left_out:
        return f"{old.result} before, after {old.steps} operations; after: {new.result}"
    return None


def _trapped(outcome: Outcome) -> Suspect | None:
    """The operation that trapped."""
    if not outcome.places:
        return None
    operation, _, _ = outcome.places[0].partition(" in @")
    return Suspect(operation, "traps there after the pass")


def _word(finding: Finding | None) -> str:
    return "the same" if finding is None else "differs"


def _more(items: Sequence[str]) -> str:
    return "" if len(items) <= 5 else f" and {len(items) - 5} more"
