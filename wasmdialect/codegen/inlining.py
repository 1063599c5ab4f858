"""What is inlined where in a module that is compiled in units: planned in the process that hands them
to workers, from the calls in all bodies, and part of the key of each function in the cache.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wasmdialect.codegen.input import Input
from wasmdialect.wasm.inline_plan import Body, Plan, plan_inlining, size_with_products
from wasmdialect.wasm.validate import BodyCalls


def make_plan(
    source: Input, calls: Mapping[int, BodyCalls], kept: Collection[int], pipeline: str
) -> Plan:
    """The plan for a module with these calls, in which some functions are not inlined, nor those that
    passes have added: they have no byte offsets. Functions that multiply in halves have the size that
    the pipeline gives them."""
    added = source.added_calls
    sizes = dict(source.body_sizes)
    if "wasmir-wide-multiply" in pipeline:
        sizes |= {n: size_with_products(source.body(n)[1]) for n in calls if n not in added}
    bodies = {index: Body(sizes[index], each.replaceable) for index, each in calls.items()}
    tail = {index for index, each in calls.items() if each.has_tail_calls}
    return plan_inlining(bodies, tail.union(kept, added), source.roots)


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
