"""What is inlined where in a module that is compiled in units, and what calls through tables call
directly: planned in the process that hands them to workers, from the calls in all bodies, and part of
the key of each function in the cache.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from wasmdialect.codegen.call_counts import CallCounts, weigh_calls
from wasmdialect.codegen.input import Input
from wasmdialect.wasm.fixed_tables import Targets
from wasmdialect.wasm.inline_plan import HOT, Body, Calls, Plan, plan_inlining, size_with_products
from wasmdialect.wasm.validate import BodyCalls


def make_plan(
    source: Input,
    calls: Mapping[int, BodyCalls],
    kept: Collection[int],
    pipeline: str,
    targets: Targets,
    counts: CallCounts | None = None,
) -> Plan:
    """The plan for a module with these calls, in which some functions are not inlined, nor those that
    passes have added: they have no byte offsets. Functions that multiply in halves have the size that
    the pipeline gives them. `targets` are what calls through tables call directly.
    `counts` are those of an earlier run."""
    if counts is not None:
        calls = weigh_calls(source, calls, counts)
    added = source.added_calls
    sizes = dict(source.body_sizes)
    if "wasmir-wide-multiply" in pipeline:
        sizes |= {n: size_with_products(source.body(n)[1]) for n in calls if n not in added}
    small = {
        key: [callee for _, callee in slots if sizes.get(callee, HOT + 1) <= HOT]
        for key, slots in targets.items()
    }
    bodies = {index: Body(sizes[index], _calls(each, small)) for index, each in calls.items()}
    tail = {index for index, each in calls.items() if each.has_tail_calls}
    return plan_inlining(bodies, tail.union(kept, added), source.roots)


def _calls(calls: BodyCalls, small: Mapping[tuple[int, int], Sequence[int]]) -> Mapping[int, Calls]:
    """The calls that can be replaced, with those through tables. (References to the callees exist, so
    what is larger than `HOT` is not inlined; as an edge of the graph it would only make circles.)"""
    if small.keys().isdisjoint(calls.indirect):
        return calls.replaceable
    found = dict(calls.replaceable)
    for key, indirect in calls.indirect.items():
        for callee in small.get(key, ()) if indirect.sites else ():
            known = found.get(callee)
            found[callee] = indirect if known is None else known.joined(indirect)
    return found


def targets_in(
    calls: Mapping[int, BodyCalls], targets: Targets, functions: Iterable[int]
) -> Targets:
    """Those of the targets that matter for some functions."""
    keys = {key for index in functions if index in calls for key in calls[index].indirect}
    return {key: targets[key] for key in sorted(keys & targets.keys())}


def inlined_everywhere(source: Input, calls: Mapping[int, BodyCalls], plan: Plan) -> set[int]:
    """The functions that are probably never called, as they are inlined wherever they are named: calls
    of them may be left where something is against inlining them."""
    inlined = {callee for callees in plan.values() for callee in callees}
    left = {
        callee
        for index, each in calls.items()
        for callee in each.callees
        if callee not in plan.get(index, ())
    }
    return inlined.difference(left, source.roots)
