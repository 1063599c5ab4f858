"""Every numeric instruction, compiled at both ends of the optimiser, against its semantics on bits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wasmdialect import Config
from wasmdialect.abi.traps import TrapCode
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target
from wasmdialect.runtime.errors import Trap
from wasmdialect.runtime.instance import ModuleInstance
from wasmdialect.runtime.module import load_bytes
from wasmdialect.runtime.store import StoreState
from wasmdialect.runtime.values import new_slots, pack_bits, unpack_bits
from wasmdialect.wasm.features import WASM_2_0, Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS, Instruction
from wasmdialect.wasm.numerics import NumericTrap, is_nan
from wasmdialect.wasm.text import wat2wasm

ROWS = [
    row
    for row in INSTRUCTIONS
    if row.semantics is not None and row.feature in WASM_2_0 and row.feature is not Feature.SIMD
]
# fmt: off
EDGES = {
    32: [
        0, 1, 2, 31, 32, 0x7F, 0x80, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FC0_0000, 0x7F80_0001,
        0x7FA0_0000, 0x3F80_0000, 0xBF00_0000, 0x4F00_0000, 0xCF00_0000, 0x4F80_0000,
    ],
    64: [
        0, 1, 2, 63, 64, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, (1 << 63) - 1, 1 << 63,
        (1 << 64) - 1, 0x7FF8 << 48, 0x7FF0_0000_0000_0001, 0x3FF0 << 48, 0x41E0 << 48,
        0xC1E0_0000_0020_0000, 0x43E0 << 48, 0xC3E0 << 48, 0x43F0 << 48, 0x36A0 << 48,
    ],
}
# fmt: on
"""Integers at the limits, and the floats whose bits they are: NaNs, halves, powers of two."""


def bits(width: int) -> st.SearchStrategy[int]:
    return st.one_of(
        st.sampled_from(EDGES[width]),
        st.integers(0, (1 << width) - 1),
        st.integers(0, 255),
        st.floats(width=width).map(lambda x: _float_bits(x, width)),  # pyright: ignore
    )


def _float_bits(value: float, width: int) -> int:
    import struct

    return int.from_bytes(struct.pack("<f" if width == 32 else "<d", value), "little")


@cache
def instance(level: Any) -> tuple[StoreState, ModuleInstance]:
    functions = []
    for row in ROWS:
        assert row.params is not None
        assert row.results is not None
        params = " ".join(map(str, row.params))
        operands = " ".join(f"(local.get {i})" for i in range(len(row.params)))
        functions.append(
            f'(func (export "{row.mnemonic}") (param {params}) (result {row.results[0]})'
            f" ({row.mnemonic} {operands}))"
        )
    wasm = wat2wasm(f"(module {' '.join(functions)})")
    settings = CompileSettings(host_target(), Config(opt_level=level))
    artifact = compile_module(wasm, settings, jobs=1).artifact
    store = StoreState()
    return store, ModuleInstance(store, load_bytes(artifact), [])


def compiled(level: int, row: Instruction) -> Callable[..., int | TrapCode]:
    """The instruction as machine code: bits to bits, or a trap code."""
    store, owner = instance(level)
    function: Any = owner.exports[row.mnemonic]

    def call(*operands: int) -> int | TrapCode:
        slots = new_slots(function.signature)
        pack_bits(slots, operands)
        try:
            store.call(function, slots)
        except Trap as trap:
            assert trap.trap_code is not None
            return trap.trap_code
        return unpack_bits(slots, function.signature.results)[0]

    return call


def semantics(row: Instruction, operands: tuple[int, ...]) -> int | TrapCode:
    assert row.semantics is not None
    try:
        value = row.semantics(*operands)
    except NumericTrap as trap:
        return trap.code
    assert isinstance(value, int)
    return value


KEEPS_NAN_BITS = ("neg", "abs", "copysign", "reinterpret")


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mnemonic)
def test_same_as_its_meaning(row: Instruction, level: int):
    assert row.params is not None
    assert row.results is not None
    result = row.results[0].name
    exact = any(word in row.mnemonic for word in KEEPS_NAN_BITS)
    run = compiled(level, row)

    @settings(max_examples=60)
    @given(st.tuples(*(bits(t.size * 8) for t in row.params)))  # pyright: ignore
    def same(operands: tuple[int, ...]) -> None:
        expected, found = semantics(row, operands), run(*operands)
        width = 32 if result == "f32" else 64
        if result in ("f32", "f64") and isinstance(expected, int) and is_nan(expected, width):
            assert isinstance(found, int)
            assert found == expected if exact else is_nan(found, width)
            quiet = 1 << (22 if width == 32 else 51)
            assert exact or found & quiet, f"{found:#x} is signalling"
        else:
            assert found == expected, f"{row.mnemonic} {[hex(o) for o in operands]}"

    for operand in EDGES[row.params[0].size * 8]:
        others = (operand,) * (len(row.params) - 1)
        same = example((operand, *others))(same)
    same()


def test_no_instruction_is_left_out():
    assert len(ROWS) > 120
