"""The plan of inlining: what is chosen, and the bounds of what it costs."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.wasm.inline_plan import (
    GROWTH,
    HOT,
    LARGEST,
    ONLY,
    SMALL,
    Body,
    Calls,
    Plan,
    guests,
    plan_inlining,
    size_with_products,
)


def plan(*bodies: tuple[int, dict[int, int]], kept: Collection[int] = ()) -> Plan:
    """Of functions with sizes and, for each callee, the depth of its only call; all are exported."""
    table = {
        index: Body(size, {callee: Calls(1, depth) for callee, depth in calls.items()})
        for index, (size, calls) in enumerate(bodies)
    }
    return plan_inlining(table, kept, range(len(bodies)))


def test_small_callees_are_inlined():
    assert plan((SMALL, {}), (100, {0: 0})) == {1: (0,)}
    assert plan((SMALL + 1, {}), (100, {0: 0})) == {}
    assert plan((SMALL, {}), (100, {0: 0}), kept={0}) == {}


def test_larger_ones_are_inlined_into_loops():
    assert plan((HOT, {}), (100, {0: 1})) == {1: (0,)}
    assert plan((HOT + 1, {}), (100, {0: 1})) == {}


def test_the_only_call_of_a_function_that_nothing_else_calls():
    bodies = {0: Body(ONLY, {}), 1: Body(100, {0: Calls(1, 0)}), 2: Body(100, {})}
    assert plan_inlining(bodies, (), [1, 2]) == {1: (0,)}
    assert plan_inlining(bodies, (), [0, 1, 2]) == {}
    twice = {**bodies, 2: Body(100, {0: Calls(1, 0)})}
    assert plan_inlining(twice, (), [1, 2]) == {}


def test_no_function_is_inlined_where_it_calls_itself():
    assert plan((10, {0: 0}), (10, {0: 0}), (10, {3: 0}), (10, {2: 0})) == {}


def test_what_is_inlined_brings_what_it_inlines():
    found = plan((20, {}), (30, {0: 0}), (40, {1: 0}), (50, {2: 0}))
    assert found == {1: (0,), 2: (1,)}  # and 2 has grown too large for 3
    assert guests(found, [2]) == [0, 1]
    assert guests(found, [3]) == []


def test_large_modules_grow_by_a_twentieth():
    def grown(callers: int, size: int) -> float:
        """How much a module grows in which functions of 1000 bytes call one of this size in loops."""
        callee = Body(size, {})
        bodies = {0: callee} | {n: Body(1000, {0: Calls(2, 1)}) for n in range(1, callers + 1)}
        return 2 * size * len(plan_inlining(bodies, (), bodies)) / (1000 * callers)

    assert grown(callers=40, size=HOT) == 0.4  # a small module
    assert grown(callers=41, size=HOT) == 0
    assert grown(callers=400, size=37) == 0
    assert grown(callers=400, size=36) == 0.072


def test_imports_are_not_inlined():
    assert plan_inlining({1: Body(10, {0: Calls(1, 0)})}, (), [1]) == {}


SIZES = st.integers(1, 4000)
BODIES = st.lists(
    st.tuples(
        SIZES, st.dictionaries(st.integers(0, 9), st.tuples(st.integers(1, 30), st.integers(0, 2)))
    ),
    min_size=1,
    max_size=10,
)


@given(BODIES, st.sets(st.integers(0, 9)))
def test_functions_grow_within_bounds(
    given_bodies: list[tuple[int, dict[int, tuple[int, int]]]], roots: set[int]
):
    bodies = {
        index: Body(size, {callee: Calls(*each) for callee, each in calls.items()})
        for index, (size, calls) in enumerate(given_bodies)
    }
    found = plan_inlining(bodies, (), roots)
    grown: dict[int, int] = {}

    def size_of(index: int, above: tuple[int, ...] = ()) -> int:
        assert index not in above, "a function is inlined into itself"
        if index not in grown:
            body = bodies[index]
            grown[index] = body.size + sum(
                body.calls[callee].sites * size_of(callee, (*above, index))
                for callee in found.get(index, ())
            )
        return grown[index]

    for index, body in bodies.items():
        assert size_of(index) <= max(body.size, LARGEST)
        only = sum(
            size_of(callee)
            for callee in found.get(index, ())
            if body.calls[callee].sites == 1 and callee not in roots
        )
        tiny = sum(24 * body.calls[callee].sites for callee in found.get(index, ()))
        assert size_of(index) - only - tiny <= body.size + max(GROWTH, body.size)


class CountedIndex(int):
    """An index that counts how often it is compared with others."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountedIndex.comparisons += 1
        return int(self) == other

    __hash__ = int.__hash__


def test_functions_that_all_call_each_other_take_linear_time():
    """In cc1plus, thousands of functions are in one circle: looking each callee up in a list of them
    took six seconds."""
    count = 500
    bodies = {
        CountedIndex(k): Body(
            SMALL, {CountedIndex((k + step) % count): Calls(1, 0) for step in (1, 2, 3)}
        )
        for k in range(count)
    }
    CountedIndex.comparisons = 0
    assert plan_inlining(bodies, (), ()) == {}
    assert CountedIndex.comparisons < 100 * count


def test_the_size_of_products_in_halves_is_that_of_one_operation_each():
    shift, product = b"\x42\x20\x88", b"\x7e"
    halves = shift * 3 + product * 4
    assert size_with_products(halves + bytes(100)) == 13 + 100 - 80
    assert size_with_products(halves * 2 + bytes(300)) == 26 + 300 - 160
    assert size_with_products(halves) == 12  # at least
    assert size_with_products(shift * 2 + product * 4 + bytes(100)) == 110
    assert size_with_products(shift * 3 + product * 3 + bytes(100)) == 112
