"""The pool of worker processes: tasks out, results back, and what happens when a worker dies."""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from wasmdialect.codegen.errors import error_from_plain
from wasmdialect.codegen.worker import read_message, write_message
from wasmdialect.passes.watch import NOTES_DESCRIPTOR

Request = tuple[Any, ...]
Missing = Callable[[list[str]], list[bool]]
"""Tells for the digests of texts which ones there is no code for."""


class WorkerDied(Exception):
    """The worker process is gone; `status` is its return code, `said` what it printed last."""

    def __init__(self, status: int, said: str):
        super().__init__(f"the worker died with status {status}" + (f": {said}" if said else ""))
        self.status = status
        self.said = said


class Worker:
    """One worker process."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the worker)
        self._process = _start(self._errors)
        self.session: object = None
        """The session that it has open, by identity."""

    def ask(self, request: Request, missing: Missing | None = None) -> Any:
        """The result of a request; `missing` answers what the worker asks before it compiles.
        Raises WorkerDied, or what the request failed with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            write_message(self._process.stdin, request)
            status, result = read_message(self._process.stdout)
            while status == "missing":
                assert missing is not None
                write_message(self._process.stdin, missing(result))
                status, result = read_message(self._process.stdout)
        except (EOFError, BrokenPipeError):
            status = self._process.wait()
            raise WorkerDied(status, _last_line(self._printed())) from None
        sys.stderr.write(self._printed())
        if status == "error":
            raise error_from_plain(result)
        return result

    def _printed(self) -> str:
        """What the worker has written to its standard error since the last call: what passes print,
        and why LLVM aborts."""
        end = os.fstat(self._errors.fileno()).st_size
        start = self._errors.tell()
        return self._errors.read(end - start).decode("utf-8", "replace") if end > start else ""

    def restart(self) -> None:
        """A new process in the place of one that died; it has no session open."""
        self._end()
        self._process = _start(self._errors)
        self.session = None

    def close(self) -> None:
        """End the process."""
        self._end()
        self._errors.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def _start(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    with contextlib.ExitStack() as opened:
        # Appending, so that the worker's position in the file and ours are two.
        appending = opened.enter_context(open(f"/dev/fd/{errors.fileno()}", "ab"))
        notes: tuple[int, ...] = ()
        with contextlib.suppress(OSError):  # what a worker says about slow passes does not wait
            notes = (os.dup(2),)
            opened.callback(os.close, *notes)
            environment[NOTES_DESCRIPTOR] = str(*notes)
        return subprocess.Popen(
            [sys.executable, "-m", "wasmdialect.codegen.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=appending,
            env=environment,
            pass_fds=notes,
        )


class WorkerPool:
    """Workers that are kept for the next module. Starting one takes a third of a second."""

    def __init__(self, size: int):
        self.size = size
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    def run(
        self,
        session: Request | None,
        tasks: Sequence[Request],
        on_result: Callable[[int, Any], None],
        on_death: Callable[[int, Worker, WorkerDied], Any],
        missing: Missing | None = None,
    ) -> None:
        """Do all tasks for a session; `on_result` gets each one's number and result, in any order,
        in the calling thread; `missing` is called in others. If a worker dies, `on_death` gets the
        number and a fresh worker with the session open, and gives the result. Raises the first
        error of a task."""
        token = object()
        pending: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(tasks)):
            pending.put(number)
        done: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        stop = threading.Event()

        def open_session(worker: Worker) -> Worker:
            if session is not None and worker.session is not token:
                worker.ask(session)
                worker.session = token
            return worker

        def serve() -> None:
            worker = self._take()
            number = -1
            try:
                while not stop.is_set():
                    try:
                        number = pending.get_nowait()
                    except queue.Empty:
                        break
                    try:
                        result = open_session(worker).ask(tasks[number], missing)
                    except WorkerDied as death:
                        worker.restart()
                        result = on_death(number, open_session(worker), death)
                    done.put((number, result, None))
            except BaseException as error:
                done.put((number, None, error))
            self._give_back(worker)

        threads = [
            threading.Thread(target=serve, daemon=True) for _ in range(min(self.size, len(tasks)))
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in tasks:
                number, result, error = done.get()
                if error is not None:
                    raise error
                on_result(number, result)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Worker()

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            for worker in self._idle:
                worker.close()
            self._idle.clear()


def default_jobs() -> int:
    """One worker for each processor this process may use."""
    return len(os.sched_getaffinity(0))


_pools: dict[int, WorkerPool] = {}


def shared_pool(jobs: int) -> WorkerPool:
    """The process's pool of that size."""
    pool = _pools.get(jobs)
    if pool is None:
        pool = _pools[jobs] = WorkerPool(jobs)
        atexit.register(pool.close)
    return pool
