"""Typed calls, by the native convention: the same results as calls through an array."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    Trap,
    ValType,
    WasmtimeError,
)

TYPES = ("i32", "i64", "f32", "f64")
VALUES = {
    "i32": st.integers(-(1 << 31), (1 << 31) - 1),
    "i64": st.integers(-(1 << 63), (1 << 63) - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64": st.floats(allow_nan=False),
}
ENGINE = Engine(Config(jobs=0, opt_level=0))


@given(st.data())
def test_all_signatures(data: st.DataObject):
    """Parameters come back as results: in registers, on the stack, at the return pointer."""
    params = data.draw(st.lists(st.sampled_from(TYPES), max_size=20))
    order = data.draw(st.permutations(range(len(params))))
    results = [params[i] for i in order][: data.draw(st.integers(0, len(params)))]
    gets = " ".join(f"(local.get {i})" for i in order[: len(results)])
    signature = f"(param {' '.join(params)}) (result {' '.join(results)})"
    store = Store(ENGINE)
    module = Module(ENGINE, f'(module (func (export "f") {signature} {gets}))')
    function: Any = Instance(store, module, []).exports(store)["f"]
    values = [data.draw(VALUES[t]) for t in params]
    returned = function.typed(store)(store, *values)
    assert returned == function(store, *values)
    expected = [values[i] for i in order[: len(results)]]
    assert returned == (None if not expected else expected[0] if len(expected) == 1 else expected)


TEXT = """(module
  (import "m" "f" (func $host (param i32) (result i32)))
  (func (export "trap") (param f64) (result f64) unreachable)
  (func (export "host") (param i32) (result i32) (call $host (local.get 0)))
  (func (export "nan") (result f64) (f64.const nan:0x4))
  (func (export "deep") (param i32) (result i32) (call 4 (local.get 0)))
  (func (export "reference") (param externref)))
"""


def exports_of(host: Any) -> tuple[Store, Any]:
    store = Store(ENGINE)
    imported = Func(store, FuncType([ValType.i32()], [ValType.i32()]), host)
    return store, Instance(store, Module(ENGINE, TEXT), [imported]).exports(store)


def test_traps():
    store, exports = exports_of(lambda x: x)
    for _ in range(3):
        with pytest.raises(Trap, match="unreachable") as caught:
            exports["trap"].typed(store)(store, 1.0)
        assert [f.func_index for f in caught.value.frames] == [1]
    with pytest.raises(Trap, match="call stack exhausted"):
        exports["deep"].typed(store)(store, 1)


def test_host_functions_nested():
    """A typed call inside a host function of a typed call, of the same function."""

    def host(x: int) -> int:
        return 0 if x == 0 else 1 + typed(store, x - 1)

    store, exports = exports_of(host)
    typed = exports["host"].typed(store)
    assert typed(store, 20) == 20


def test_errors_of_host_functions():
    def host(x: int) -> int:
        raise ValueError("mine")

    store, exports = exports_of(host)
    with pytest.raises(ValueError, match="mine"):
        exports["host"].typed(store)(store, 1)


def test_nan():
    store, exports = exports_of(lambda x: x)
    assert math.isnan(exports["nan"].typed(store)(store))


@pytest.mark.parametrize("arguments", [(), (1, 2), (1.5,), ("1",), (1 << 32,)])
def test_wrong_arguments(arguments: Any):
    store, exports = exports_of(lambda x: x)
    with pytest.raises((WasmtimeError, TypeError, OverflowError)):
        exports["host"].typed(store)(store, *arguments)
    assert exports["host"].typed(store)(store, 4) == 4


def test_references_have_no_typed_calls():
    store, exports = exports_of(lambda x: x)
    with pytest.raises(WasmtimeError, match="numbers only, not for externref"):
        exports["reference"].typed(store)
