"""A process that runs builds, as seen from outside: started, asked, watched and ended. Whatever
happens to it is a RunFailure. Modules and output are files in memory, so that nothing is left
behind."""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from statistics import median
from typing import Any, NamedTuple, Self

from wasmdialect.bench.perf_events import InstructionCounter
from wasmdialect.codegen.search_path import worker_path

_LOADING = 600.0
"""Seconds that loading a module may take: other engines compile it then."""
_RESOLUTION = 1e-6
"""Seconds below which clocks may say that no time passed."""
_MOST_CPU = 24 * 3600
"""Seconds of processor time after which the system ends a process that nobody watches any more."""


class RunFailure(Exception):
    """A run did not come to its end; the message says how."""


class Sample(NamedTuple):
    """A measurement of some runs, or the median of several measurements."""

    cpu: float
    """Seconds of a run that the thread was running."""
    wall: float
    """Seconds of a run that passed."""
    measuring: float
    """Seconds that passed in all measurements; the rest of those that asking takes is waiting."""
    outcome: dict[str, Any]
    """What the last run gave."""


class RunProcess:
    """A process, which builds are loaded into."""

    def __init__(self, command: Sequence[str], modules: Sequence[int], stdin: int, timeout: float):
        """Starts it. `modules` are the files of all builds, `stdin` that of the program; `timeout` is
        for a run, in seconds. Raises RunFailure."""
        self._timeout = timeout
        with ExitStack() as on_error:
            output, errors, self._said = (
                on_error.enter_context(memory_file(name)) for name in ("stdout", "stderr", "said")
            )
            self._files = {"stdin": stdin, "stdout": output, "stderr": errors}
            try:
                # In a group of its own: Ctrl-C reaches us alone, and we end it.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._said,
                    pass_fds=(*modules, *self._files.values()),
                    start_new_session=True,
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(worker_path(with_program=False)),
                    },
                )
            except OSError as error:
                raise RunFailure(f"{command[0]} cannot be started: {error.strerror}") from None
            on_error.callback(self._end)
            with suppress(OSError, ValueError):
                resource.prlimit(self._process.pid, resource.RLIMIT_CPU, (_MOST_CPU, _MOST_CPU))
            assert self._process.stdout is not None
            os.set_blocking(self._process.stdout.fileno(), False)
            self.instructions = InstructionCounter(self._process.pid)
            on_error.callback(self.instructions.close)
            self._resources = on_error.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def load(self, api: str, module: int, workload: dict[str, Any]) -> float:
        """Load a build in the place of the one before; returns the seconds that took. Raises
        RunFailure."""
        request = {"do": "load", "api": api, "module": module, **self._files, **workload}
        return self._ask(request, _LOADING)["seconds"]

    def observe(self) -> dict[str, Any]:
        """One run in a new instance: outcome, memories, globals, counters. Raises RunFailure."""
        return self._ask({"do": "observe"}, self._timeout)

    def prepare(self) -> None:
        """Make a new instance for what is measured from now on. Raises RunFailure."""
        self._ask({"do": "prepare"}, self._timeout)

    def measure(self, runs: int, times: int = 1) -> Sample:
        """Measure so many runs in the instance, several times in a row. Raises RunFailure."""
        answer = self._run(runs, times)
        cpu, wall = max(median(answer["cpu"]), _RESOLUTION), median(answer["wall"])
        return Sample(cpu / runs, wall / runs, sum(answer["wall"]), answer["outcome"])

    def count_instructions(self, runs: int) -> float | None:
        """The instructions of a run in the instance, outside of the kernel, without those of asking for
        it; None if they cannot be counted. Raises RunFailure."""
        if self.instructions.reason:
            return None
        counts = [self.instructions.read()]
        for number in (0, runs):
            self._run(number)
            counts.append(self.instructions.read())
        before, asking, both = counts
        if before is None or asking is None or both is None:
            return None
        return (both - asking - (asking - before)) / runs

    def _run(self, runs: int, times: int = 1) -> dict[str, Any]:
        return self._ask({"do": "run", "runs": runs, "times": times}, self._timeout * times)

    def _ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it is gone, as reading tells
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        answer = json.loads(self._read_line(timeout))
        if "error" in answer:
            raise RunFailure(answer["error"])
        return answer

    def _read_line(self, timeout: float) -> bytes:
        assert self._process.stdout is not None
        deadline, line = time.monotonic() + timeout, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    if time.monotonic() >= deadline:
                        raise RunFailure(f"it did not end within {timeout:g} s")
                    continue
                data = self._process.stdout.read(1 << 16)
                if not data:
                    raise RunFailure(self._how_it_ended())
                line += data
        return line

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the process closed its output"
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        size = os.fstat(self._said).st_size
        said = os.pread(self._said, 1 << 16, max(0, size - (1 << 16))).decode("utf-8", "replace")
        last = said.strip().splitlines()[-1:]
        return f"the process ended with {what}" + "".join(f": {line}" for line in last)

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


@contextmanager
def memory_file(name: str, content: bytes = b"") -> Generator[int]:
    """The number of a file in memory; a process that inherits it opens it as `/proc/self/fd/NUMBER`."""
    number = os.memfd_create(name)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(number, rest) :]
        yield number
    finally:
        os.close(number)
