"""The tests' own processes: how signals reach them, and that none is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import processes
import pytest

ROOT = Path(__file__).parents[1]
HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def wait_for_the_end_of(pid: int) -> None:
    for _ in range(500):
        if not is_running(pid):
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")


def test_a_test_that_fails_leaves_no_process(tmp_path: Path):
    """Neither the one that it started nor what that started."""
    pids: list[int] = []

    def a_test() -> None:
        command = [sys.executable, "-c", HANGS]
        with processes.started(command, stdout=subprocess.PIPE, text=True) as process:
            pids.extend((process.pid, int(process.stdout.readline())))
            raise AssertionError("the test's own")

    with pytest.raises(AssertionError, match="the test's own"):
        a_test()
    for pid in pids:
        wait_for_the_end_of(pid)


def test_a_timeout_leaves_no_process():
    """Also if a grandchild has the pipes open that the test reads."""
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        processes.run([sys.executable, "-c", HANGS], timeout=3, text=True)
    output = caught.value.stdout
    assert output is not None
    wait_for_the_end_of(int(output))


def test_signals_that_the_parent_ignores_and_blocks():
    """What `make test &` in a script gives to every test."""
    tests = "tests/runtime/native/test_interrupt.py"
    command = [sys.executable, "-m", "pytest", "-q", tests, "-k", "uncaught or (ignored and after)"]
    shell = ["bash", "-c", 'trap "" INT; exec "$@"', "bash", *command]
    done = processes.run(shell, timeout=120, cwd=ROOT, text=True, env={**os.environ, "CI": ""})
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
