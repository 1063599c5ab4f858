"""Making the calls of a check in machine code, in a process of its own: wrong code may crash, or never
end.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from wasmdialect._settings import SETTINGS, Config
from wasmdialect.check.calls import Call
from wasmdialect.check.outcome import Outcome
from wasmdialect.codegen.search_path import worker_path

TIMEOUT = 30.0
"""Seconds for a call."""


class NativeFailure(Exception):
    """The module could not be compiled; the message is the compiler's."""


def run_natively(
    binary: bytes,
    file: str,
    config: Config,
    calls: Sequence[Call],
    baseline: Sequence[Outcome],
    timeout: float = TIMEOUT,
) -> list[Outcome]:
    """The outcomes of instantiating and of the calls, as far as they got. Raises NativeFailure."""
    left_out = [outcome.left_out for outcome in baseline]
    plain_calls = [(call.export, call.arguments) for call in calls]
    values = {row.name: getattr(config, row.name) for row in SETTINGS}
    request = pickle.dumps((binary, file, values, plain_calls, left_out))
    outcomes: list[Outcome] = []
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "wasmdialect.check.native_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(worker_path(with_program=False))},
    ) as process:
        watch = _Watch(process)
        try:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(request)
            for line in watch.lines(_COMPILING * timeout, timeout):
                answer = json.loads(line)
                if "error" in answer:
                    raise NativeFailure(answer["error"])
                outcomes.append(Outcome.from_plain(answer))
            process.wait()
        finally:
            process.kill()
    if process.returncode != 0:
        outcomes.append(Outcome(f"no result: {watch.reason()}"))
    return outcomes


_SMALL = 100_000
"""Bytes of a module that one process compiles soon enough."""
_COMPILING = 10
"""How much longer than a call compiling may take."""


class _Watch:
    """Reads the lines of a process, and ends it if it takes too long for one."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self._process = process
        self._late = False

    def lines(self, first: float, each: float) -> Iterator[bytes]:
        """The lines until it ends; the first may take some seconds, and each other one."""
        assert self._process.stdout is not None
        seconds = first
        while True:
            timer = threading.Timer(seconds, self._end)
            timer.start()
            line = self._process.stdout.readline()
            timer.cancel()
            if not line:
                return
            yield line
            seconds = each

    def _end(self) -> None:
        self._late = True
        self._process.kill()

    def reason(self) -> str:
        """Why it ended early."""
        if self._late:
            return "it did not end in time"
        code = self._process.returncode
        return f"the process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def named(
    outcomes: Sequence[Outcome], memories: Sequence[str], variables: Sequence[str]
) -> list[Outcome]:
    """Outcomes with memories and globals by symbol instead of index."""

    def rename(state: Any, symbols: Sequence[str]) -> dict[str, str]:
        return {symbols[int(i)]: value for i, value in state.items() if int(i) < len(symbols)}

    return [
        replace(o, memories=rename(o.memories, memories), globals=rename(o.globals, variables))
        for o in outcomes
    ]
