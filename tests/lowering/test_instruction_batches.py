"""Every vector instruction on batches of inputs: against the instruction table at both ends of the
optimiser, and against Wasmtime."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import wasmtime
from fuzz_vectors import compare
from instruction_batches import (
    ApiMachine,
    Batch,
    batch_module,
    batches,
    difference,
    pages_for,
    random_inputs,
    trapping_inputs,
)

import wasmdialect
from wasmdialect.types import V128
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.relaxed_semantics import CHOICES, relaxed_choice

VECTORS = [b for b in batches() if b.row.feature in (Feature.SIMD, Feature.RELAXED_SIMD)]
COUNT = 150
TEXT = batch_module(VECTORS, pages_for(COUNT))
OPERATIONS = sorted({batch.row.operation for batch in VECTORS})


@cache
def machine(level: int, deterministic: bool, bounds: str = "guard") -> ApiMachine:
    def configure(config: Any) -> None:
        config.opt_level, config.bounds = level, bounds
        config.relaxed_simd_deterministic = deterministic

    return ApiMachine(wasmdialect, TEXT, configure)


@pytest.fixture(scope="module")
def oracle() -> Iterator[ApiMachine]:
    yield ApiMachine(wasmtime, TEXT)
    gc.collect()  # wasmtime cannot free its objects when Python exits


def differences(batch: Batch, found: list[int], expected: list[int], inputs: Any) -> list[str]:
    triples = zip(inputs, found, expected, strict=True)
    return [d for triple in triples if (d := difference(batch, *triple)) is not None]


@pytest.mark.parametrize(("level", "bounds"), [(0, "guard"), (3, "explicit")])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_same_as_the_table(operation: str, level: int, bounds: str):
    """Relaxed instructions, too, where they are deterministic."""
    run = machine(level, True, bounds).run
    for number, batch in enumerate(VECTORS):
        if batch.row.operation == operation:
            inputs = random_inputs(batch, COUNT, level)
            expected: Any = [batch.expected(operands) for operands in inputs]
            assert not differences(batch, run(number, inputs), expected, inputs)[:3]


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "relaxed" not in o])
def test_same_as_wasmtime(operation: str, oracle: ApiMachine):
    for number, batch in enumerate(VECTORS):
        if batch.row.operation == operation:
            inputs = random_inputs(batch, COUNT, 2)
            found, expected = machine(2, False).run(number, inputs), oracle.run(number, inputs)
            assert not differences(batch, found, expected, inputs)[:3]


@pytest.mark.parametrize("operation", sorted(CHOICES))
def test_relaxed_results_are_one_of_the_choices(operation: str):
    """An operation has one of its semantics for all inputs: the choice is made for good."""
    for number, batch in enumerate(VECTORS):
        if batch.row.operation != operation:
            continue
        inputs = random_inputs(batch, COUNT, 3)
        found = machine(2, False).run(number, inputs)
        other = relaxed_choice(batch.row)
        assert other is not None
        choices: list[Any] = [[batch.expected(i) for i in inputs], [other(*i) for i in inputs]]
        assert any(not differences(batch, found, choice, inputs) for choice in choices)


def test_relaxed_choices_differ_from_the_deterministic_profile():
    """On some input: else comparing with both would show nothing."""
    same = set(CHOICES)
    for batch in VECTORS:
        other = relaxed_choice(batch.row)
        if other is not None:
            inputs = random_inputs(batch, 400, 4)
            if any(other(*operands) != batch.expected(operands) for operands in inputs):
                same.discard(batch.row.operation)
    assert not same


def test_expressions_are_the_same_as_wasmtimes():
    """A few of `tools/fuzz_vectors.py`: what LLVM makes of several instructions and constants."""
    assert not compare(7, 25)


def test_a_wrong_lane_is_found():
    batch = next(b for b in VECTORS if b.row.mnemonic == "f32x4.add")
    nan, quiet = 0x7F80_0001, 0x7FC0_0001
    assert difference(batch, (nan, 0), quiet, quiet | 2) is None
    assert "signalling" in (difference(batch, (nan, 0), nan, quiet) or "")
    assert "canonical" in (difference(batch, (0x7FC0_0000, 0), quiet, 0x7FC0_0000) or "")
    assert difference(batch, (0, 0), 1 << 96, 0) is not None


def test_no_vector_instruction_is_left_out():
    """But constants and accesses of memory, which the scripts of the test-suite cover."""
    assert len({batch.row.mnemonic for batch in VECTORS}) == 256 - 23
    assert not [batch for batch in VECTORS if batch.row.traps]
    assert all(V128 in (*(b.row.params or ()), *(b.row.results or ())) for b in VECTORS)


def test_scalar_instructions_are_compared_the_same_way():
    """A few: test_numeric.py has all of them."""
    chosen = [b for b in batches() if b.row.mnemonic in ("i32.div_s", "f32.min", "i64.trunc_f64_u")]
    text = batch_module(chosen, pages_for(COUNT))
    ours, theirs = ApiMachine(wasmdialect, text), ApiMachine(wasmtime, text)
    for number, batch in enumerate(chosen):
        inputs = random_inputs(batch, COUNT, 5)
        assert not differences(batch, ours.run(number, inputs), theirs.run(number, inputs), inputs)
        for operands in trapping_inputs(batch, 5, 5):
            assert ours.traps(number, operands)
            assert theirs.traps(number, operands)
