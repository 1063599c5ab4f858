"""The call graph, against the bodies and by following calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from interpreter.running import imported

from wasmdialect.analyses import CallGraph
from wasmdialect.dialects import wasmir

MODULE = """
(module
  (type $t (func (param i32) (result i32)))
  (import "m" "host" (func $host (type $t)))
  (table 3 funcref) (elem (i32.const 0) $a $b $host)
  (func $a (type $t) (call $b (local.get 0)))
  (func $b (type $t) (i32.add (call $a (local.get 0)) (call $host (local.get 0))))
  (func $c (call_indirect (i32.const 0)))
  (func $d (export "d") (param i32) (result i32)
    (call $c) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $e (result i32) (return_call $a (i32.const 1)))
  (func $s) (start $s))
"""


def test_calls_of_every_kind():
    graph = CallGraph(imported(MODULE))
    assert [*graph.functions] == ["host", "a", "b", "c", "d", "e", "s"]
    assert {name: graph.callees(name) for name in graph.functions} == {
        **{"host": [], "a": ["b"], "b": ["a", "host"], "c": [], "d": ["c"], "e": ["a"], "s": []}
    }
    assert graph.callers("a") == ["b", "e"]
    assert graph.callers("host") == ["b"]
    assert {"d", "s", "a", "b", "host"} == {*graph.roots}
    assert "host" not in graph.calls
    assert graph.is_recursive("a")
    assert not graph.is_recursive("e")


def test_an_indirect_call_reaches_what_has_its_type():
    graph = CallGraph(imported(MODULE))
    (first,) = graph.calls["c"]
    assert graph.targets(first) == ["s"]
    direct, tail = graph.calls["d"]
    assert graph.targets(direct) == ["c"]
    # `d` is exported, so that references to it can exist.
    assert graph.targets(tail) == ["host", "a", "b", "d"]


def test_a_unit_knows_its_own_functions_only():
    from wasmdialect import Config, wat2wasm
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings

    session = CompileSession(bytes(wat2wasm(MODULE)), "m.wasm", CompileSettings.of(Config()))
    graph = CallGraph(session.import_functions([2]))
    assert [*graph.calls] == ["b"]
    assert graph.callees("b") == ["a", "host"]


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=6, max_size=6))
def test_functions_come_after_those_they_call(calls: list[list[int]]):
    functions = "".join(
        f"(func $f{n} {' '.join(f'(call $f{to})' for to in callees)})"
        for n, callees in enumerate(calls)
    )
    graph = CallGraph(imported(f"(module {functions})"))
    reach = {n: {*callees} for n, callees in enumerate(calls)}
    for _ in calls:
        reach = {n: seen | {m for to in seen for m in reach[to]} for n, seen in reach.items()}
    groups = graph.bottom_up()
    place = {name: n for n, group in enumerate(groups) for name in group}
    assert sorted(place) == [f"f{n}" for n in range(6)]
    for n, seen in reach.items():
        assert {*graph.reachable([f"f{n}"])} == {f"f{m}" for m in seen | {n}}
        assert graph.is_recursive(f"f{n}") == (n in seen)
        for m in range(6):
            together = n == m or (m in seen and n in reach[m])
            assert (place[f"f{n}"] == place[f"f{m}"]) == together
            if m in seen:
                assert place[f"f{m}"] <= place[f"f{n}"]
    assert all(isinstance(op, wasmir.FuncOp) for op in graph.functions.values())
