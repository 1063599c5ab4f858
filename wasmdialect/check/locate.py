"""Where a pass changed what a module does: the function whose new body makes the difference, and in it
the first operation that computed or did something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from xdsl.ir import Operation
from xdsl.traits import IsTerminator

from wasmdialect.check.interpreted import interpret
from wasmdialect.check.outcome import Outcome
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.interpreter import Observer
from wasmdialect.passes.base import defined_functions
from wasmdialect.wasm.instructions import State

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.check.calls import Call

MOST_EVENTS = 300_000
"""Operations of a function that are taken down."""

Differs = Callable[[Mapping[str, wasmir.FuncOp]], bool]
"""Whether the new module differs from the old one with some bodies exchanged."""


def bodies_of(module: ModuleOp) -> dict[str, wasmir.FuncOp]:
    """The functions with a body, by symbol."""
    return {f.sym_name.data: f for f in defined_functions(module)}


def changed_functions(before: ModuleOp, after: ModuleOp) -> list[str]:
    """The symbols of functions of both that are not the same text, in the order of the module."""
    old, new = bodies_of(before), bodies_of(after)
    both = [name for name in old if name in new]
    return [name for name in both if not old[name].is_structurally_equivalent(new[name])]


def culprit(before: ModuleOp, after: ModuleOp, differs: Differs) -> str | None:
    """The first function whose new body makes the difference, given those before it; None if it is not
    in the functions that both have."""
    old = bodies_of(before)
    changed = changed_functions(before, after)

    def with_new(count: int) -> bool:
        """Whether it differs with only the first changed functions new."""
        return differs({name: old[name] for name in changed[count:]})

    if not changed or not with_new(len(changed)) or with_new(0):
        return None
    good, bad = 0, len(changed)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if with_new(middle) else (middle, bad)
    return changed[bad - 1]


class Event(NamedTuple):
    """An operation that ran, or a call or terminator that is about to."""

    op: Operation
    operands: tuple[Any, ...]
    results: tuple[Any, ...]


class Suspect(NamedTuple):
    """The operation that is probably wrong, in words."""

    operation: str
    explanation: str


class _Full(Exception):
    """Enough has been taken down."""


def _trace(
    module: ModuleOp,
    function: wasmir.FuncOp,
    calls: Sequence[Call],
    baseline: Sequence[Outcome],
    bodies: Mapping[str, wasmir.FuncOp],
) -> list[Event]:
    """The operations of a function that run in the last of some calls, or in the instantiation."""
    events: list[Event] = []
    inside = set(function.walk())
    recording = False

    def see(op: Operation, operands: Sequence[Any], results: Sequence[Any]) -> None:
        if not recording:
            return
        events.append(Event(op, tuple(operands), tuple(results)))
        if len(events) >= MOST_EVENTS:
            raise _Full

    observer = Observer(inside.__contains__, see)
    outcomes = interpret(module, calls, baseline, bodies=bodies, observer=observer)
    try:
        for _ in range(len(calls)):
            next(outcomes)
        recording = True
        next(outcomes, None)
    except _Full:
        pass
    return events


def suspect(
    before: ModuleOp,
    after: ModuleOp,
    name: str,
    calls: Sequence[Call],
    baseline: Sequence[Outcome],
) -> Suspect | None:
    """The operation of a function that first did something else in the last of the calls."""
    old_bodies, new_bodies = bodies_of(before), bodies_of(after)
    others = {symbol: op for symbol, op in old_bodies.items() if symbol != name}
    others = {symbol: op for symbol, op in others.items() if symbol in new_bodies}
    old = _trace(before, old_bodies[name], calls, baseline, {})
    new = _trace(after, new_bodies[name], calls, baseline, others)
    return _compare(_Side(old_bodies[name], old), _Side(new_bodies[name], new))


class _Side:
    """The trace of a version of a function, by byte offset of the operations."""

    def __init__(self, function: wasmir.FuncOp, events: Sequence[Event]):
        self.events = events
        self.static = {_key(op) for op in function.walk() if not isinstance(op, wasmir.ConstOp)}
        self.by_key: dict[object, list[tuple[int, Event]]] = {}
        for time, event in enumerate(events):
            self.by_key.setdefault(_key(event.op), []).append((time, event))


def _key(op: Operation) -> object:
    """What tells which operations of two versions are the same."""
    offset = wasm_offset(op.location)
    return (offset, _has_effect(op), op.has_trait(IsTerminator))


def _has_effect(op: Operation) -> bool:
    """Whether others can see that it has run."""
    if isinstance(op, wasmir.CallLike):
        return True
    row = getattr(op, "INSTRUCTION", None)
    return row is not None and row.writes != State.NONE


def _compare(old: _Side, new: _Side) -> Suspect | None:
    found = [s for s in (_first_change(old, new), _first_lost(old, new)) if s is not None]
    if not found:
        return None
    return min(found, key=lambda item: item[0])[1]


def _first_change(old: _Side, new: _Side) -> tuple[int, Suspect] | None:
    """The first operation of the new version with other values than in the old one."""
    count: dict[object, int] = {}
    for time, event in enumerate(new.events):
        key = _key(event.op)
        number = count[key] = count.get(key, 0) + 1
        known = old.by_key.get(key, ())
        if not known or key not in old.static:
            if _has_effect(event.op):
                what = f"did not run there before the pass{_with(event)}"
                return time, Suspect(describe(event.op), what)
            continue
        if number > len(known):
            if _has_effect(event.op):
                what = f"runs more often than before the pass{_with(event)}"
                return time, Suspect(describe(event.op), what)
            continue
        then, before = known[number - 1]
        changed = _explain(before, event, new)
        if changed is not None:
            return then, changed
    return None


def _explain(before: Event, after: Event, new: _Side) -> Suspect | None:
    """How an operation differs from what it did before, None if it does not."""
    if len(before.operands) == len(after.operands) and before.operands != after.operands:
        for old_value, new_value, value in zip(
            before.operands, after.operands, before.op.operands, strict=True
        ):
            if old_value is new_value or old_value == new_value:
                continue
            owner = value.owner
            if isinstance(owner, Operation) and _key(owner) not in new.static:
                what = f"is gone, and gave {_show(old_value)}; {describe(after.op)} gets"
                return Suspect(describe(owner), f"{what} {_show(new_value)} after the pass")
        if type(before.op) is type(after.op) or before.results != after.results:
            return Suspect(describe(after.op), _both("operands", before.operands, after.operands))
    if len(before.results) == len(after.results) and before.results != after.results:
        was = (
            "" if before.op.name == after.op.name else f" (before the pass it was {before.op.name})"
        )
        return Suspect(describe(after.op), _both("results", before.results, after.results) + was)
    return None


def _first_lost(old: _Side, new: _Side) -> tuple[int, Suspect] | None:
    """The first effect of the old version that the new one does not have."""
    for time, event in enumerate(old.events):
        if _has_effect(event.op):
            key = _key(event.op)
            had = len([t for t, _ in old.by_key[key] if t <= time])
            if had > len(new.by_key.get(key, ())):
                what = f"does not run after the pass{_with(event)}"
                return time, Suspect(describe(event.op), what)
    return None


def _with(event: Event) -> str:
    return f", with {_show(*event.operands)}" if event.operands else ""


def _both(what: str, before: Sequence[Any], after: Sequence[Any]) -> str:
    return f"{what} {_show(*before)} before the pass, {_show(*after)} after it"


def _show(*values: Any) -> str:
    """Bits of numbers and references, in brackets."""
    return "(" + ", ".join(_one(value) for value in values) + ")"


def _one(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value) if value < 1 << 16 else hex(value)
    return "ref"


def describe(op: Operation) -> str:
    """An operation by its name and byte offset."""
    offset = wasm_offset(op.location)
    return op.name if offset is None else f"{op.name} at 0x{offset:x}"
