"""Local ranges: what is found without ranges is what they say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from interpreter.running import imported
from xdsl.ir import SSAValue

from wasmdialect.analyses.intervals import BINARY, UNARY, Range, everything
from wasmdialect.analyses.local_ranges import (
    MIXING,
    MOVING,
    is_inside,
    local_range,
    may_be_anything,
)
from wasmdialect.dialects import wasmir

WORDS = ("add", "sub", "or", "xor", "shl", "shr_s", "shr_u", "and", "mul", "rem_u")
LEAVES = (
    "(local.get 0)",
    "(i32.const 7)",
    "(i32.const -1)",
    "(i32.load (i32.const 8))",
    "(i32.load8_u (i32.const 8))",
    "(i32.load8_s (i32.const 8))",
    "(i32.wrap_i64 (i64.load (i32.const 8)))",
    "(i32.wrap_i64 (i64.load16_u (i32.const 8)))",
)
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.builds("(i32.{} {} {})".format, st.sampled_from(WORDS), inner, inner)
        | st.builds("(select {} {} (local.get 0))".format, inner, inner)
    ),
    max_leaves=9,
)


def address_of(expression: str) -> SSAValue:
    """The address of the last load of a function."""
    module = imported(
        f"(module (memory 1) (func (param i32) (result i32) (i64.load8_u {expression}) i32.wrap_i64))",
        "wasmir-verify-ssa",
    )
    loads = [op for op in module.walk() if op.name == "wasmir.i64.load8_u"]
    assert isinstance(loads[-1], wasmir.LoadOp)
    return loads[-1].address_operand


@given(EXPRESSIONS, st.integers(0, 1 << 33), st.sampled_from((1 << 16, 1 << 32, 1 << 33)))
def test_what_may_be_anything_has_the_largest_range(expression: str, end: int, size: int):
    address = address_of(expression)
    high = local_range(address).high
    if may_be_anything(address):
        assert high == (1 << 32) - 1
    assert is_inside(address, end, size) == (high + end <= size)


@given(st.sampled_from((32, 64)), st.data())
def test_nothing_bounds_what_mixes_with_anything(width: int, data: st.DataObject):
    low = data.draw(st.integers(0, (1 << width) - 1))
    other = Range(low, data.draw(st.integers(low, (1 << width) - 1)))
    anything, largest = everything(width), (1 << width) - 1
    for word in MIXING:
        assert BINARY[word](anything, other, width).high == largest
        assert BINARY[word](other, anything, width).high == largest
    for word in MOVING - {"wrap_i64"}:
        assert BINARY[word](anything, other, width).high == largest
    assert UNARY["wrap_i64"](everything(64), 64).high == (1 << 32) - 1
