"""Every atomic instruction on memories that are not shared: results, contents and traps are those of
Wasmtime."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from typing import Any

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


@pytest.mark.parametrize(
    ("address", "at"), [("i32", 0xFFFF_FFFF), ("i64", 0xFFFF_FFFF_FFFF_FFFF), ("i32", 0xFFFF_FFFE)]
)
@pytest.mark.parametrize(
    ("instruction", "operands"),
    [
        ("memory.atomic.wait32", "(i32.const 0) (i64.const 0)"),
        ("memory.atomic.wait64", "(i64.const 0) (i64.const 0)"),
        ("memory.atomic.notify", "(i32.const 0)"),
        ("i32.atomic.load", ""),
        ("i32.atomic.rmw.add", "(i32.const 0)"),
    ],
)
def test_overflow_of_address_plus_offset_traps_before_misalignment_in_waits_only(
    address: str, at: int, instruction: str, operands: str
):
    text = f"""(module (memory {address} 1 1 shared)
      (func (export "run") (param {address}) (result i32)
        ({instruction} offset=3 (local.get 0) {operands})))"""
    traps: list[str] = []
    for api in (wasmdialect, wasmtime):
        config: Any = api.Config()
        config.wasm_threads = config.shared_memory = True
        engine: Any = api.Engine(config)
        store: Any = api.Store(engine)
        instance: Any = api.Instance(store, api.Module(engine, text), [])
        with pytest.raises(api.Trap) as raised:
            instance.exports(store)["run"](store, at)
        traps += re.findall("wasm trap: .*", str(raised.value))
    is_wait = instruction.startswith("memory.atomic")
    assert traps == [OUT_OF_BOUNDS if is_wait else UNALIGNED] * 2
