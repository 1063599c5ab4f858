"""LLVM does not fold vector arithmetic with 0, 1 and -1: a signalling NaN becomes quiet at every level,
wherever the constant comes from."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store

SIGNALLING = {"f32x4": 0x7F80_0001, "f64x2": 0x7FF0_0000_0000_0001}
QUIET = {"f32x4": 1 << 22, "f64x2": 1 << 51}
WIDTH = {"f32x4": 32, "f64x2": 64}
ONE = {"f32x4": "f32x4 1 1 1 1", "f64x2": "f64x2 1 1"}
ZERO = {"f32x4": "f32x4 -0 -0 -0 -0", "f64x2": "f64x2 -0 -0"}
ONE_BITS = {"f32x4": "i32x4 0x3f800000 0x3f800000 0x3f800000 0x3f800000",
            "f64x2": "i64x2 0x3ff0000000000000 0x3ff0000000000000"}  # fmt: skip

SOURCES = {
    "constant": "(v128.const {one})",
    "one lane": "({shape}.replace_lane 0 (v128.const {two}) ({t}.const 1))",
    "splat": "({shape}.splat ({t}.const 1))",
    "bits": "(v128.and (v128.const {bits}) (v128.not (v128.const i64x2 0 0)))",
    "shuffle": "(i8x16.shuffle 16 17 18 19 20 21 22 23 0 1 2 3 4 5 6 7"
    " (v128.const {one}) (v128.const {one}))",
    "call": "(call $one)",
    "select": "(select (v128.const {one}) (v128.const {one}) (local.get $i))",
    "block": "(if (result v128) (local.get $i) (then (v128.const {one})) (else (v128.const {one})))",
    "memory": "(block (result v128) (v128.store (i32.const 32) (v128.const {one}))"
    " (v128.load (i32.const 32)))",
    "global": "(global.get $one)",
    "variable": "(block (result v128) (global.set $var (v128.const {one})) (global.get $var))",
}
OPERATIONS = {
    "x * 1": "({shape}.mul (local.get $x) {one})",
    "1 * x": "({shape}.mul {one} (local.get $x))",
    "x / 1": "({shape}.div (local.get $x) {one})",
    "x - 0": "({shape}.sub (local.get $x) ({shape}.sub {one} {one}))",
    "x + -0": "({shape}.add (local.get $x) (v128.const {zero}))",
    "lane * 1": "({shape}.splat ({t}.mul ({shape}.extract_lane 0 (local.get $x))"
    " ({shape}.extract_lane 0 {one})))",
    "madd": "({shape}.relaxed_madd (local.get $x) {one} (v128.const {zero}))",
}
CASES = [(s, o, shape) for s in SOURCES for o in OPERATIONS for shape in SIGNALLING]


def function(source: str, operation: str, shape: str) -> str:
    words = {"shape": shape, "t": shape[:3], "one": ONE[shape], "bits": ONE_BITS[shape]}
    words["two"] = ONE[shape].replace(" 1", " 2")
    value = SOURCES[source].format(**words)
    body = OPERATIONS[operation].format(**words | {"one": value, "zero": ZERO[shape]})
    name, suffix = f"{source} {operation} {shape}", shape[:3]
    body = body.replace("$one", f"$one_{suffix}")
    return f'(func (export "{name}") (param $x v128) (param $i i32) (result v128) {body})'


@cache
def instance(level: Any, bounds: Any) -> tuple[Store, Any]:
    constants = "".join(
        f"(func $one_{shape[:3]} (result v128) (v128.const {ONE[shape]}))"
        f"(global $one_{shape[:3]} v128 (v128.const {ONE[shape]}))"
        for shape in ONE
    )
    functions = "\n".join(function(*case) for case in CASES)
    variable = "(global $var (mut v128) (v128.const i64x2 0 0))"
    text = f"(module (memory 1) {variable} {constants} {functions})"
    engine = Engine(Config(opt_level=level, bounds=bounds))
    store = Store(engine)
    return store, Instance(store, Module(engine, text), []).exports(store)


@pytest.mark.parametrize(("level", "bounds"), [(0, "guard"), (2, "guard"), (3, "explicit")])
@pytest.mark.parametrize("source", SOURCES)
def test_signalling_nan_becomes_quiet(source: str, level: int, bounds: str):
    store, exports = instance(level, bounds)
    for operation in OPERATIONS:
        for shape, nan in SIGNALLING.items():
            width = WIDTH[shape]
            vector = sum(nan << (width * lane) for lane in range(128 // width))
            found = exports[f"{source} {operation} {shape}"](store, vector, 1)
            for lane in range(128 // width):
                bits = found >> (width * lane) & ((1 << width) - 1)
                assert bits & QUIET[shape], f"{operation} of {shape}, lane {lane}: {bits:#x}"


def test_promotion_and_demotion_do_not_cancel():
    for level in (0, 3):
        engine = Engine(Config(opt_level=level))
        store = Store(engine)
        text = """(module (func (export "f") (param v128) (result v128)
            (f32x4.demote_f64x2_zero (f64x2.promote_low_f32x4 (local.get 0)))))"""
        f: Any = Instance(store, Module(engine, text), []).exports(store)["f"]
        assert f(store, 0x7F80_0001) == 0x7FC0_0001


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_constants_are_not_forwarded_from_volatile_stores(level: Any, bounds: Any):
    """Of scalars, too: LLVM replaces a plain load by the value of a volatile store before it."""
    engine = Engine(Config(opt_level=level, bounds=bounds))
    store = Store(engine)
    text = """(module (memory 1) (global $g (mut f32) (f32.const 0))
      (func (export "memory") (param i32) (result i32)
        (f32.store (i32.const 32) (f32.const 1))
        (i32.reinterpret_f32 (f32.mul (f32.reinterpret_i32 (local.get 0)) (f32.load (i32.const 32)))))
      (func (export "global") (param i32) (result i32)
        (global.set $g (f32.const 1))
        (i32.reinterpret_f32 (f32.mul (f32.reinterpret_i32 (local.get 0)) (global.get $g)))))"""
    exports: Any = Instance(store, Module(engine, text), []).exports(store)
    for name in ("memory", "global"):
        assert exports[name](store, 0x7F80_0001) == 0x7FC0_0001, name
