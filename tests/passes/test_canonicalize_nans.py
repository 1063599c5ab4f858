"""With `canonicalize_nans` the bits of every float are decided: they are Wasmtime's."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wasmdialect
from wasmdialect.dialects import wasmir
from wasmdialect.types import F32, F64, V128
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import Instruction
from wasmdialect.wasm.nans import may_give_any_nan
from wasmdialect.wasm.numerics import is_nan
from wasmdialect.wasm.shapes import SHAPES

ROWS = [
    cls.INSTRUCTION
    for cls in wasmir.NUMERIC_OPS.values()
    if cls.INSTRUCTION.results in ((F32,), (F64,))
]
CANONICAL = {32: 0x7FC0_0000, 64: 0x7FF8 << 48}
NANS = {
    32: (0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0xFFA1_2345, 0x7FFF_FFFF),
    64: (0x7FF8 << 48, 0xFFF8 << 48, 0x7FF0_0000_0000_0001, 0xFFF4_1234_5678_9ABC),
}
OTHERS = {
    32: (0, 1 << 31, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 1, 0x7F7F_FFFF),
    64: (0, 1 << 63, 0x3FF0 << 48, 0xBFF0 << 48, 0x7FF0 << 48, 0xFFF0 << 48, 1, 0x7FEF << 48),
}


def bits(width: int) -> st.SearchStrategy[int]:
    return st.one_of(
        st.sampled_from((*NANS[width], *OTHERS[width])), st.integers(0, (1 << width) - 1)
    )


def as_bits(value: str, t: Any) -> str:
    """An expression of bits for one of a number type."""
    return f"(i{t.size * 8}.reinterpret_{t} {value})" if t in (F32, F64) else value


def from_bits(value: str, t: Any) -> str:
    return f"({t}.reinterpret_i{t.size * 8} {value})" if t in (F32, F64) else value


def each_row() -> str:
    """A module with each instruction, from bits to bits: hosts may change NaNs."""
    functions: list[str] = []
    for row in ROWS:
        assert row.params is not None
        assert row.results is not None
        operands = " ".join(from_bits(f"(local.get {i})", t) for i, t in enumerate(row.params))
        params = " ".join(f"i{t.size * 8}" for t in row.params)
        (result,) = row.results
        functions.append(
            f'(func (export "{row.mnemonic}") (param {params}) (result i{result.size * 8})'
            f" {as_bits(f'({row.mnemonic} {operands})', result)})"
        )
    return f"(module {' '.join(functions)})"


def exports(api: Any, config: Any, text: str) -> tuple[Any, Any]:
    config.cranelift_nan_canonicalization = True
    config.wasm_relaxed_simd_deterministic = True  # they leave more open than NaNs
    engine = api.Engine(config)
    store = api.Store(engine)
    return store, api.Instance(store, api.Module(engine, text), []).exports(store)


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


@pytest.mark.parametrize("level", [0, 3])
def test_every_instruction_gives_the_bits_of_wasmtime(level: int):
    text = each_row()
    store, ours = exports(wasmdialect, wasmdialect.Config(opt_level=level, jobs=0), text)
    other, theirs = exports(wasmtime, wasmtime.Config(), text)

    def check(row: Instruction) -> None:
        assert row.params is not None
        assert row.results is not None
        widths = [t.size * 8 for t in row.params]
        width = row.results[0].size * 8

        @settings(max_examples=20)
        @given(st.tuples(*map(bits, widths)))
        def same(operands: tuple[int, ...]) -> None:
            arguments = [signed(o, w) for o, w in zip(operands, widths, strict=True)]
            found = ours[row.mnemonic](store, *arguments) & ((1 << width) - 1)
            expected = theirs[row.mnemonic](other, *arguments) & ((1 << width) - 1)
            assert found == expected, f"{row.mnemonic} {[hex(o) for o in operands]}"
            if may_give_any_nan(row) and is_nan(found, width):
                assert found == CANONICAL[width]

        for first in NANS.get(widths[0], ()):
            for second in (first, *NANS[widths[-1]], *OTHERS[widths[-1]]):
                same = example((first, second)[: len(widths)])(same)
        same()

    for row in ROWS:
        check(row)


def test_an_instruction_is_left_alone_only_if_its_bits_are_decided():
    """On every NaN, what is not canonicalized gives the bits of its semantics."""
    left = [row for row in ROWS if not may_give_any_nan(row)]
    store, ours = exports(wasmdialect, wasmdialect.Config(opt_level=3, jobs=0), each_row())
    assert {row.operation for row in left} == {"neg", "abs", "copysign", "reinterpret", "convert"}
    for row in left:
        assert row.params is not None
        assert row.results is not None
        assert row.semantics is not None
        width, result = row.params[0].size * 8, row.results[0].size * 8
        for value in NANS[width]:
            operands = (value,) * len(row.params)
            found = ours[row.mnemonic](store, *(signed(o, width) for o in operands))
            assert found & ((1 << result) - 1) == row.semantics(*operands), row.mnemonic


VECTOR_ROWS = [
    cls.INSTRUCTION
    for cls in wasmir.NUMERIC_OPS.values()
    if cls.SHAPE in ("f32x4", "f64x2")
    and cls.RESULT_TYPE == wasmir.V128
    and cls.INSTRUCTION.params == (V128,) * len(cls.OPERAND_TYPES)
]
FUSED = frozenset({"relaxed_madd", "relaxed_nmadd"})
"""In Wasmtime's deterministic mode, but not in the specification's."""


def each_vector_row() -> str:
    """A module with each instruction, from and to the halves of vectors. The other function adds
    in another shape what the first one gives."""
    functions: list[str] = []
    for row in VECTOR_ROWS:
        assert row.params is not None
        operands = " ".join(
            f"(i64x2.replace_lane 1 (i64x2.splat (local.get {2 * i})) (local.get {2 * i + 1}))"
            for i in range(len(row.params))
        )
        other = "f64x2" if row.shape == "f32x4" else "f32x4"
        for name, value in (
            (row.mnemonic, f"({row.mnemonic} {operands})"),
            (
                f"{row.mnemonic} again",
                f"({other}.add (local.tee $v ({row.mnemonic} {operands})) (local.get $v))",
            ),
        ):
            functions.append(
                f'(func (export "{name}") (param {"i64 " * 2 * len(row.params)}) (result i64 i64)'
                f" (local $v v128) (local.set $v {value})"
                f" (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)))"
            )
    return f"(module {' '.join(functions)})"


@pytest.mark.parametrize("level", [0, 3])
def test_every_vector_instruction_gives_the_bits_of_wasmtime(level: int):
    text = each_vector_row()
    store, ours = exports(wasmdialect, wasmdialect.Config(opt_level=level, jobs=0), text)
    other, theirs = exports(wasmtime, wasmtime.Config(), text)
    vectors = st.one_of(
        st.tuples(bits(64), bits(64)),
        st.tuples(*[bits(32)] * 4).map(lambda v: (v[0] | v[1] << 32, v[2] | v[3] << 32)),
    )

    def check(row: Instruction, name: str) -> None:
        assert row.params is not None

        @settings(max_examples=8)
        @given(st.tuples(*[vectors] * len(row.params)))
        def same(operands: tuple[tuple[int, int], ...]) -> None:
            arguments = [signed(half, 64) for vector in operands for half in vector]
            assert ours[name](store, *arguments) == theirs[name](other, *arguments), name

        narrow = [a | b << 32 for a in NANS[32] for b in (a, NANS[32][0], OTHERS[32][2])]
        for half in (*NANS[64], *narrow):
            first, second = (half, OTHERS[64][2]), (NANS[64][2], half)
            same = example((first, second, first)[: len(row.params)])(same)
        same()

    assert len(VECTOR_ROWS) > 30
    assert any(row.feature is Feature.RELAXED_SIMD for row in VECTOR_ROWS)
    for row in VECTOR_ROWS:
        if row.operation not in FUSED:
            check(row, row.mnemonic)
            check(row, f"{row.mnemonic} again")


@pytest.mark.parametrize("level", [0, 3])
def test_relaxed_multiply_add_gives_the_bits_of_its_semantics_and_the_canonical_nan(level: int):
    store, ours = exports(
        wasmdialect, wasmdialect.Config(opt_level=level, jobs=0), each_vector_row()
    )
    rows = [row for row in VECTOR_ROWS if row.operation in FUSED]
    assert len(rows) == 4
    for row in rows:
        assert row.semantics is not None
        assert row.shape is not None
        shape = SHAPES[row.shape]
        width = 128 // len(shape.split(0))
        values = (*NANS[width], *OTHERS[width])
        for number, third in enumerate(values):
            lanes = [values[(number + k) % len(values)] for k in range(128 // width)]
            operands = [
                shape.join(lanes),
                shape.join([third] * len(lanes)),
                shape.join(lanes[::-1]),
            ]
            halves = [v >> at & (1 << 64) - 1 for v in operands for at in (0, 64)]
            low, high = ours[row.mnemonic](store, *(signed(half, 64) for half in halves))
            found = shape.split(low % (1 << 64) | high % (1 << 64) << 64)
            expected = shape.split(row.semantics(*operands))
            assert [*found] == [CANONICAL[width] if is_nan(e, width) else e for e in expected]


@pytest.mark.parametrize(
    "vector",
    [
        "(f32x4.splat (f32.add {0} {1}))",
        "(f32x4.replace_lane 0 (v128.const i32x4 0 0 0 0) (f32.mul {0} {1}))",
        "(f32x4.splat (f32x4.extract_lane 3 (f32x4.sub (f32x4.splat {0}) (f32x4.splat {1}))))",
        "(v128.xor (v128.const i32x4 1 1 1 1) (f32x4.div (f32x4.splat {0}) (f32x4.splat {1})))",
        "(f32x4.pmin (f32x4.min (f32x4.splat {0}) (f32x4.splat {1})) (v128.const i32x4 0 0 0 0))",
        "(select (f32x4.add (f32x4.splat {0}) (f32x4.splat {1})) (f32x4.splat {0}) (local.get 0))",
    ],
)
def test_a_nan_that_moves_between_floats_and_vectors_is_canonical(vector: str):
    operands = [f"(f32.reinterpret_i32 (local.get {i}))" for i in range(2)]
    text = (
        f'(module (func (export "f") (param i32 i32) (result i32) (i32x4.extract_lane 0 {vector})))'
    )
    text = text.format(*operands)
    store, ours = exports(wasmdialect, wasmdialect.Config(opt_level=2, jobs=0), text)
    other, theirs = exports(wasmtime, wasmtime.Config(), text)
    for a in NANS[32]:
        for b in (*NANS[32], *OTHERS[32]):
            for pair in ((a, b), (b, a)):
                arguments = [signed(x, 32) for x in pair]
                assert ours["f"](store, *arguments) == theirs["f"](other, *arguments), pair


OPERATIONS = ("add", "sub", "mul", "div", "min", "max", "copysign")
trees = st.recursive(
    st.integers(0, 2),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(OPERATIONS), inner, inner),
        st.tuples(
            st.sampled_from(("sqrt", "neg", "abs", "floor", "nearest", "round", "bits")), inner
        ),
    ),
    max_leaves=5,
)


def expression(tree: Any) -> str:
    if isinstance(tree, int):
        return f"(local.get {tree})"
    operation, *operands = tree
    inner = " ".join(map(expression, operands))
    if operation == "round":
        return f"(f64.promote_f32 (f32.demote_f64 {inner}))"
    if operation == "bits":
        return f"(f64.reinterpret_i64 (i64.reinterpret_f64 {inner}))"
    return f"(f64.{operation} {inner})"


bits_of_three = st.tuples(bits(64), bits(64), bits(64))


@settings(max_examples=15)
@given(trees, trees, st.lists(bits_of_three, min_size=4, max_size=12))
def test_programs_give_the_bits_of_wasmtime(
    first: Any, second: Any, inputs: list[tuple[int, int, int]]
):
    """What is carried around a loop, chosen, stored, kept in a global and returned."""
    one, two = expression(first), expression(second)
    text = f"""(module
      (memory 1) (global $g (mut f64) (f64.const 0))
      (func $f (param f64 f64 f64) (result f64) (local $n i32)
        (loop $again
          (local.set 0 (select {one} {two} (i32.and (local.get $n) (i32.const 1))))
          (if (i32.eq (local.get $n) (i32.const 2)) (then (local.set 1 {two})))
          (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
            (i32.const 4))))
        (global.set $g {one})
        (f64.store (i32.const 8) {two})
        (local.get 0))
      (func (export "f") (param i64 i64 i64) (result i64 i64 i64)
        (i64.reinterpret_f64 (call $f (f64.reinterpret_i64 (local.get 0))
          (f64.reinterpret_i64 (local.get 1)) (f64.reinterpret_i64 (local.get 2))))
        (i64.reinterpret_f64 (global.get $g)) (i64.load (i32.const 8))))"""
    config = wasmdialect.Config(opt_level=3, jobs=0, at={"wasmir-end": "wasmir-canonicalize"})
    store, ours = exports(wasmdialect, config, text)
    other, theirs = exports(wasmtime, wasmtime.Config(), text)
    for operands in inputs:
        arguments = [signed(o, 64) for o in operands]
        assert ours["f"](store, *arguments) == theirs["f"](other, *arguments), list(
            map(hex, operands)
        )
