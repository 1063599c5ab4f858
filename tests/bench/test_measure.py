"""How long is measured: until the result is precise enough, or the time is up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from wasmdialect.bench import measure
from wasmdialect.bench.measure import CONTROL, A, B, Bench, Block, Plan

PLAN = Plan(runs=1, rounds=1, blocks=4, is_long=False)


class Clock:
    """Time that passes when blocks are measured."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, list[int]]:
    """A Bench whose blocks take a second each, and the numbers of those that are measured."""
    clock, numbers = Clock(), list[int]()
    monkeypatch.setattr(measure, "time", clock)

    def block(_: Any, number: int, plan: Plan, deadline: float) -> Block:
        clock.now += 1
        numbers.append(number)
        rows = {role: [1.0, 1.0] for role in (A, CONTROL, B)}
        return Block(number, rows, {role: [*values] for role, values in rows.items()})

    monkeypatch.setattr(Bench, "_block", block)
    bench: Any = object.__new__(Bench)
    bench._random = random.Random(1)
    return bench, numbers


def never(_: Sequence[Block]) -> bool:
    return False


def test_a_precise_result_is_not_measured_again(measured: tuple[Bench, list[int]]):
    bench, numbers = measured
    bench.measure(PLAN, 4, 4, lambda _: True)
    assert numbers == [0, 1, 2, 3]


def test_measuring_goes_on_three_times_as_long_with_new_layouts_first(
    measured: tuple[Bench, list[int]],
):
    bench, numbers = measured
    blocks = bench.measure(PLAN, 4, 6, never)
    assert numbers[:6] == [0, 1, 2, 3, 4, 5]
    assert len(numbers) == 12
    assert sorted(numbers[6:]) == [0, 1, 2, 3, 4, 5]
    assert [block.number for block in blocks] == [0, 1, 2, 3, 4, 5]
    assert {len(block.cpu[role]) for block in blocks for role in (A, CONTROL, B)} == {4}
    assert {len(block.wall[A]) for block in blocks} == {4}


def test_measuring_ends_when_the_result_is_precise(measured: tuple[Bench, list[int]]):
    bench, numbers = measured
    bench.measure(PLAN, 4, 4, lambda blocks: sum(len(block.cpu[A]) for block in blocks) >= 12)
    assert len(numbers) == 6


def test_measurements_in_a_row_fill_the_time_that_is_waited_for_the_processor(
    monkeypatch: pytest.MonkeyPatch,
):
    from wasmdialect.bench.process import Sample

    clock = Clock()
    monkeypatch.setattr(measure, "time", clock)

    class Process:
        def __init__(self, waiting: float):
            self.waiting = waiting

        def measure(self, runs: int) -> Sample:
            clock.now += 0.002 + self.waiting
            return Sample(0.002, 0.002, 0.002, {})

    bench: Any = object.__new__(Bench)
    assert [bench._times(Process(w), 1) for w in (0.0, 0.001, 0.004, 0.006, 1.0)] == [1, 1, 2, 3, 4]
