"""The progress of a compilation on a terminal: its share, the estimate, and silence elsewhere."""

from __future__ import annotations

import io
import re
import sys
import threading

import pytest

from wasmdialect.cli.progress import compile_progress


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Each state of the line that was shown, without colours and movements of the cursor."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())
        return [line for line in re.split(r"[\r\n]+", text) if line.strip()]


class Clock:
    """A time that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A new standard error. (Not a fixture: pytest sets its own after those.)"""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return terminal


def test_share_and_time_left(monkeypatch: pytest.MonkeyPatch):
    terminal, clock = a_terminal(monkeypatch), Clock()
    with compile_progress("big.wasm", clock) as advance:
        assert advance is not None
        for second in range(1, 31):
            clock.now += 1
            advance(second * 1000, 120_000)
    last = terminal.lines()[-1]
    assert last.startswith("compiling big.wasm")
    assert "25%" in last
    assert "0:01:30" in last


def test_nothing_is_shown_of_a_short_compilation(monkeypatch: pytest.MonkeyPatch):
    terminal, clock = a_terminal(monkeypatch), Clock()
    with compile_progress("small.wasm", clock) as advance:
        assert advance is not None
        for done in range(100):
            clock.now += 0.009
            advance(done, 100)
    assert terminal.getvalue() == ""


def test_many_small_steps_are_not_all_shown(monkeypatch: pytest.MonkeyPatch):
    terminal, clock = a_terminal(monkeypatch), Clock()
    with compile_progress("cached.wasm", clock) as advance:
        assert advance is not None
        for done in range(5000):
            clock.now += 0.001
            advance(done, 5000)
    assert len(terminal.lines()) < 60


def test_no_thread_is_left_behind_for_processes_that_are_forked(monkeypatch: pytest.MonkeyPatch):
    before = threading.active_count()
    terminal, clock = a_terminal(monkeypatch), Clock()
    with compile_progress("big.wasm", clock) as advance:
        assert advance is not None
        clock.now += 5
        advance(1, 2)
        assert terminal.getvalue() != ""
        assert threading.active_count() == before


def test_silence_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with compile_progress("big.wasm") as advance:
        assert advance is None
