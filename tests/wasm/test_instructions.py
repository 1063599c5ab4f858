"""Columns of the instruction table that its mnemonics spell."""

from __future__ import annotations

import pytest

from wasmdialect.wasm.instructions import BY_MNEMONIC, INSTRUCTIONS
from wasmdialect.wasm.instructions.model import parse_mnemonic
from wasmdialect.wasm.numerics import NumericTrap


@pytest.mark.parametrize(
    ("mnemonic", "columns"),
    [
        ("i32.add", ("i32", None, None, "add", None)),
        ("i64.extend_i32_u", ("i64", "i32", None, "extend", False)),
        ("i64.extend8_s", ("i64", None, None, "extend8", True)),
        ("f32.convert_i64_s", ("f32", "i64", None, "convert", True)),
        ("i32.trunc_sat_f64_u", ("i32", "f64", None, "trunc_sat", False)),
        ("i32x4.trunc_sat_f64x2_s_zero", ("i32x4", "f64x2", None, "trunc_sat_zero", True)),
        ("i16x8.extend_high_i8x16_u", ("i16x8", "i8x16", "high", "extend", False)),
        ("f64x2.promote_low_f32x4", ("f64x2", "f32x4", "low", "promote", None)),
        ("i16x8.relaxed_dot_i8x16_i7x16_s", ("i16x8", "i8x16", None, "relaxed_dot", True)),
        ("v128.load32_zero", ("v128", None, None, "load32_zero", None)),
        ("struct.get_s", (None, None, None, "struct.get", True)),
        ("memory.size", (None, None, None, "memory.size", None)),
        ("br_table", (None, None, None, "br_table", None)),
    ],
)
def test_columns(mnemonic: str, columns: tuple[str | bool | None, ...]):
    assert mnemonic in BY_MNEMONIC
    assert parse_mnemonic(mnemonic) == columns


NUMBERS = (0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x3F80_0000, 0xBF80_0000)


def test_commutative_operations_commute():
    """And every integer operation that does is marked."""
    for row in INSTRUCTIONS:
        if row.semantics is None or row.params is None or len(row.params) != 2:
            continue
        if row.shape is None or "x" in row.shape or row.results != row.results[:1]:
            continue
        assert row.commutative == (commutes(row.semantics) and not is_float_arithmetic(row)), row


def commutes(semantics) -> bool:
    def outcome(x: int, y: int) -> object:
        try:
            return semantics(x, y)
        except NumericTrap as trap:
            return trap.args

    return all(outcome(x, y) == outcome(y, x) for x in NUMBERS for y in NUMBERS)


def is_float_arithmetic(row) -> bool:
    """Which NaN it gives may depend on the order."""
    return row.shape[0] == "f" and row.operation not in ("eq", "ne")
