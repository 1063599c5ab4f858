"""Large and deep programs: nesting, locals, long blocks, many functions, wide jump tables."""

from __future__ import annotations

from typing import Any

import pytest

import wasmdialect
from wasmdialect import Config, Engine, Linker, Module, Store


def exports_of(text: str, **config: Any) -> tuple[Store, Any]:
    engine = Engine(Config(jobs=1, **config))
    store = Store(engine)
    return store, Linker(engine).instantiate(store, Module(engine, text)).exports(store)


@pytest.fixture(params=[0, 2])
def level(request: pytest.FixtureRequest) -> int:
    return request.param


def test_nested_blocks(level: int):
    depth = 1000
    text = (
        '(module (func (export "f") (param i32) (result i32)'
        + "(block " * depth
        + f"(br_table 0 {depth - 1} 5 (local.get 0))"
        + ")" * depth
        + " (i32.const 7)))"
    )
    store, exports = exports_of(text, opt_level=level)
    assert [exports["f"](store, i) for i in (0, 1, 2, -1)] == [7, 7, 7, 7]


def test_nested_loops_and_ifs(level: int):
    depth = 1000
    text = (
        '(module (func (export "f") (param i32) (result i32) (local i32)'
        + "(loop (if (local.get 0) (then (local.set 1 (i32.add (local.get 1) (i32.const 1))) "
        * (depth // 2)
        + ")))" * (depth // 2)
        + "(local.get 1)))"
    )
    store, exports = exports_of(text, opt_level=level)
    assert (exports["f"](store, 1), exports["f"](store, 0)) == (depth // 2, 0)


def test_folded_expression(level: int):
    depth = 1000
    text = (
        '(module (func (export "f") (param i32) (result i32)'
        + "(i32.add (i32.const 1) " * depth
        + "(local.get 0)"
        + ")" * depth
        + "))"
    )
    store, exports = exports_of(text, opt_level=level)
    assert exports["f"](store, 5) == depth + 5


def test_many_locals(level: int):
    count = 10_000
    text = (
        f'(module (func (export "f") (param i32) (result i32) (local {"i32 " * count})'
        + "".join(
            f"(local.set {i + 1} (i32.add (local.get {i}) (i32.const 1)))" for i in range(count)
        )
        + f"(local.get {count})))"
    )
    store, exports = exports_of(text, opt_level=level)
    assert exports["f"](store, 1) == count + 1


def test_locals_across_a_loop():
    """Every local is an argument of the loop header."""
    count = 2000
    text = (
        f'(module (func (export "f") (param i32) (result i32) (local {"i32 " * count}) (loop $l'
        + "".join(
            f"(local.set {i} (i32.add (local.get {i}) (local.get {i - 1})))"
            for i in range(1, count)
        )
        + "(local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))"
        + f"(local.get {count - 1})))"
    )
    store, exports = exports_of(text, opt_level=0)
    values = [2] + [0] * (count - 1)
    while values[0]:
        for i in range(1, count):
            values[i] = (values[i] + values[i - 1]) & 0xFFFF_FFFF
        values[0] -= 1
    assert exports["f"](store, 2) & 0xFFFF_FFFF == values[-1]


def test_long_block(level: int):
    """100 000 instructions in one block."""
    steps = 33_333
    text = (
        '(module (func (export "f") (param i32) (result i32) (local.get 0)'
        + "(i32.const 3) (i32.mul) (i32.const 1) (i32.xor)" * (steps * 3 // 4)
        + "))"
    )
    store, exports = exports_of(text, opt_level=level)
    value = 5
    for _ in range(steps * 3 // 4):
        value = (value * 3 & 0xFFFF_FFFF) ^ 1
    assert exports["f"](store, 5) & 0xFFFF_FFFF == value


def test_many_functions():
    count = 1000
    text = (
        '(module (func (export "f") (param i32) (result i32) (call 1 (local.get 0)))'
        + "".join(
            f"(func (param i32) (result i32) (call {i + 1} (i32.add (local.get 0) (i32.const 1))))"
            for i in range(1, count)
        )
        + "(func (param i32) (result i32) (local.get 0)))"
    )
    store, exports = exports_of(text, opt_level=2)
    assert exports["f"](store, 0) == count - 1


def test_wide_jump_table():
    targets = 10_000
    labels = " ".join(str(i % 3) for i in range(targets))
    text = (
        '(module (func (export "f") (param i32) (result i32)'
        f"(block (block (block (br_table {labels} 0 (local.get 0))) (return (i32.const 0)))"
        " (return (i32.const 1))) (i32.const 2)))"
    )
    store, exports = exports_of(text)
    assert [exports["f"](store, i) for i in (0, 1, 2, 9998, 9999, 10_000, -1)] == [
        0,
        1,
        2,
        2,
        0,
        0,
        0,
    ]


def test_many_parameters_and_results():
    count = 100
    types = "i32 i64 f32 f64 " * (count // 4)
    gets = " ".join(f"(local.get {i})" for i in range(count))
    text = (
        f"(module (func $g (param {types}) (result {types}) {gets})"
        f' (func (export "f") (param {types}) (result {types}) (call $g {gets})))'
    )
    store, exports = exports_of(text)
    values = [v for i in range(count // 4) for v in (i, -i, i + 0.5, i * 0.25)]
    assert exports["f"](store, *values) == values


def test_jobs_do_not_change_the_bytes():
    text = (
        "(module"
        + "".join(
            f'(func (export "f{i}") (param i32) (result i32) (i32.rotl (local.get 0) (i32.const {i})))'
            f" (func (result f64) (f64.const {i}.25))"
            for i in range(300)
        )
        + ")"
    )
    artifacts = {
        bytes(Module(Engine(Config(jobs=jobs)), text).serialize()) for jobs in (0, 1, 2, 4)
    }
    assert len(artifacts) == 1


def test_all_names_are_there():
    """Every name of the package loads."""
    for name in wasmdialect.__all__:
        assert getattr(wasmdialect, name) is not None
    assert not hasattr(wasmdialect, "Nothing")
