"""Every atomic instruction on memories that are not shared: results, contents and traps are those of
Wasmtime."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import wasmtime
from compare_atomics import ACCESSES, OUT_OF_BOUNDS, UNALIGNED, Machine, compare

import wasmdialect
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS


@pytest.fixture(scope="module", params=["i32", "i64"])
def oracle(request: pytest.FixtureRequest) -> Iterator[tuple[str, Machine]]:
    yield request.param, Machine(wasmtime, request.param)
    gc.collect()  # wasmtime cannot free its objects when Python exits


def test_all_atomic_instructions_are_called():
    assert len(ACCESSES) == sum(i.feature is Feature.THREADS for i in INSTRUCTIONS) - 1  # the fence


@pytest.mark.parametrize(("level", "bounds"), [(0, "explicit"), (2, "guard")])
def test_results_contents_and_traps_are_those_of_wasmtime(
    oracle: tuple[str, Machine], level: int, bounds: str
):
    address, theirs = oracle
    ours = Machine(wasmdialect, address, opt_level=level, bounds=bounds)
    wrong, outcomes = compare(address, ours, theirs, 25, level)
    assert not wrong
    assert outcomes == {
        "value",
        UNALIGNED,
        OUT_OF_BOUNDS,
        "wasm trap: atomic wait on non-shared memory",
    }
