"""Encoding and decoding of instructions: every row of the table, and hostile bodies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import types as wt
from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.errors import DecodeError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.module import Catch, CatchKind
from wasmdialect.wasm.reader import Reader

ALL = frozenset(Feature)
INDEX = st.integers(0, 2**32 - 1)
HEAP = st.one_of(
    st.sampled_from(list(wt.ABSTRACT_HEAP_TYPES.values())), st.builds(wt.TypeIndex, INDEX)
)
REF = st.builds(wt.ref_type, st.booleans(), HEAP)
VALUE = st.one_of(st.sampled_from(list(wt.NUM_TYPES.values())), REF)
CATCH = st.one_of(
    st.builds(Catch, st.sampled_from([CatchKind.CATCH, CatchKind.CATCH_REF]), INDEX, INDEX),
    st.builds(
        Catch, st.sampled_from([CatchKind.CATCH_ALL, CatchKind.CATCH_ALL_REF]), st.none(), INDEX
    ),
)


def tuples(strategy: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(strategy, min_size=least, max_size=5).map(tuple)


STRATEGIES: dict[Immediate, st.SearchStrategy[Any]] = {
    Immediate.BLOCK_TYPE: st.one_of(
        st.just(wt.FuncType()),
        st.builds(lambda t: wt.FuncType((), (t,)), VALUE),
        st.builds(wt.TypeIndex, INDEX),
    ),
    Immediate.LABELS: tuples(INDEX, 1),
    Immediate.CATCHES: tuples(CATCH),
    Immediate.VAL_TYPES: tuples(VALUE),
    Immediate.HEAP_TYPE: HEAP,
    Immediate.I64: st.integers(0, 2**64 - 1),
    Immediate.F64: st.integers(0, 2**64 - 1),
    Immediate.V128: st.integers(0, 2**128 - 1),
    Immediate.MEMARG: st.tuples(st.integers(0, 63), st.integers(0, 2**64 - 1), INDEX),
    Immediate.LANE: st.integers(0, 255),
    Immediate.LANES: st.lists(st.integers(0, 255), min_size=16, max_size=16).map(tuple),
    Immediate.ZERO: st.just(0),
}


def immediate_of(row: Instruction) -> st.SearchStrategy[Any]:
    if not row.immediates:
        return st.none()
    if row.immediates[-1] is Immediate.CAST_FLAGS:
        return st.tuples(INDEX, REF, REF)
    parts = [STRATEGIES.get(kind, INDEX) for kind in row.immediates]
    return parts[0] if len(parts) == 1 else st.tuples(*parts)


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: f"{row.mnemonic}-{row.opcode:x}")
def test_every_row_round_trips(row: Instruction):
    opens = row.mnemonic in ("block", "loop", "if", "try_table", "try")

    @given(immediate_of(row))
    def round_trip(immediate: Any) -> None:
        ends = 2 if opens else 0 if row.mnemonic == "end" else 1
        prefix = b""
        if row.mnemonic in ("else", "delegate"):
            prefix = encode_instruction(0x04 if row.mnemonic == "else" else 0x06, wt.FuncType())
        ends += row.mnemonic == "else"
        data = prefix + encode_instruction(row.opcode, immediate) + b"\x0b" * ends
        decoded = decode_instructions(Reader(data, 0, ALL), len(data))
        assert decoded[1 if prefix else 0] == (row.opcode, immediate, len(prefix))
        assert len(decoded) == ends + (2 if prefix else 1)

    round_trip()


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes):
    """Hostile bodies give an error with an offset, never anything else."""
    try:
        decode_instructions(Reader(data, 0, ALL), len(data))
    except DecodeError as error:
        assert error.offset is not None


def test_deep_nesting():
    depth = 100_000
    data = b"\x02\x40" * depth + b"\x0b" * (depth + 1)
    assert len(decode_instructions(Reader(data, 0, ALL), len(data))) == 2 * depth + 1


def test_too_many_locals():
    data = b"\x02\xd0\x86\x03\x7f\x01\x7e"  # 50 000 of i32, then one more
    with pytest.raises(DecodeError, match="too many locals"):
        decode_locals(Reader(data, 0, ALL))
    assert len(decode_locals(Reader(b"\x01" + data[1:5], 0, ALL))) == 50_000


def test_huge_counts_cost_nothing():
    with pytest.raises(DecodeError, match="unexpected end"):
        decode_instructions(Reader(b"\x0e\xff\xff\xff\xff\x0f\x00\x0b", 0, ALL), 8)


@pytest.mark.parametrize(
    ("feature", "data"),
    [(Feature.TAIL_CALL, b"\x12\x00\x0b"), (Feature.SIMD, b"\xfd\x0c" + bytes(16) + b"\x0b")],
)
def test_features_are_asked_for(feature: Feature, data: bytes):
    decode_instructions(Reader(data, 0, ALL), len(data))
    with pytest.raises(DecodeError, match="illegal opcode"):
        decode_instructions(Reader(data, 0, ALL - {feature}), len(data))
