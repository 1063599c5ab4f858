"""A process that runs builds: every way in which it can fail is a RunFailure."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wasmdialect.bench.process import RunFailure, RunProcess, memory_file

LOAD = "import sys; sys.stdin.readline(); print('{\"seconds\": 1}', flush=True)\n"


@contextmanager
def running(code: str, timeout: float = 100) -> Iterator[RunProcess]:
    with (
        memory_file("stdin") as stdin,
        RunProcess([sys.executable, "-c", code], [], stdin, timeout) as process,
    ):
        process.load("", 0, {})
        yield process


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "the process ended with signal 11"),
        ("sys.exit(3)", "the process ended with exit code 3"),
        ("raise ValueError('no such')", "the process ended with exit code 1: ValueError: no such"),
        ("import os, time; os.close(1); time.sleep(9)", "the process closed its output"),
        ("import time; time.sleep(9)", "it did not end within 0.5 s"),
        ("while True: pass", "it did not end within 0.5 s"),
        ("input(); print('{', end='', flush=True); input()", "it did not end within 0.5 s"),
        ('input(); print(\'{"error": "Trap: x"}\', flush=True); input()', "Trap: x"),
    ],
)
def test_what_goes_wrong_is_said(code: str, message: str):
    timeout = 0.5 if "within" in message else 100
    with running(LOAD + code, timeout) as process, pytest.raises(RunFailure) as caught:
        process.prepare()
    assert str(caught.value) == message


def test_a_process_that_cannot_be_started_is_named():
    with (
        memory_file("stdin") as stdin,
        pytest.raises(RunFailure, match="/no/such cannot be started"),
    ):
        RunProcess(["/no/such"], [], stdin, 1)


def test_no_file_and_no_process_is_left():
    before = sorted(os.listdir("/proc/self/fd"))
    with running(LOAD + "input()") as process:
        pid = process._process.pid  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(RunFailure), running("sys.exit()"):
        pass
    assert sorted(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_long_answer_arrives_in_pieces():
    code = "sys.stdin.readline(); print('{\"x\": \"' + 'y' * 500_000 + '\"}', flush=True); input()"
    with running(LOAD + code, 100) as process:
        process.prepare()
