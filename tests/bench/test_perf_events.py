"""Counting instructions, with an event that every machine has, and where it is not possible."""

from __future__ import annotations

import os
import platform

import pytest

from wasmdialect.bench.perf_events import INSTRUCTIONS, TASK_CLOCK, Event, InstructionCounter


def test_what_is_counted_grows_and_is_of_the_process():
    counter = InstructionCounter(os.getpid(), TASK_CLOCK)
    if counter.reason:
        pytest.skip(f"perf_event_open: {counter.reason}")
    before = counter.read()
    used = os.times().user
    while os.times().user - used < 0.05:
        sum(range(10_000))
    after = counter.read()
    assert before is not None
    assert after is not None
    assert 40_000_000 <= after - before < 10_000_000_000
    counter.close()
    assert counter.read() is None
    counter.close()


def test_instructions_are_counted_or_it_is_said_why_not():
    counter = InstructionCounter(os.getpid(), INSTRUCTIONS)
    assert (counter.read() is None) == (counter.reason != "")
    counter.close()


@pytest.mark.parametrize(
    ("event", "process", "reason"),
    [(Event(99, 0), 0, "no counters"), (TASK_CLOCK, 2**22 + 1, "No such process")],
)
def test_what_cannot_be_counted_has_a_reason(event: Event, process: int, reason: str):
    counter = InstructionCounter(process, event)
    assert reason in counter.reason
    assert counter.read() is None


def test_an_unknown_machine_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert InstructionCounter(0).reason == "unknown on pdp11"
