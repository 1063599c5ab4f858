"""The pool of worker processes: tasks out, messages in, and handling of failed workers.

One thread does everything for a compilation: it waits for all its workers at once. So nothing can be
lost in another thread, and an exception (Ctrl-C too) leaves nothing behind: busy workers are ended.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol

from wasmdialect.codegen.crashes import CompileCrash, WorkerUnavailableError
from wasmdialect.codegen.importing import importing
from wasmdialect.codegen.process import Request, Worker, WorkerFailure, WorkerStartError
from wasmdialect.codegen.show import show

START_TIMEOUT = 120.0
"""Seconds that a worker may take to start; it takes a third of one."""
_CHECK_EVERY = 1.0
"""Seconds of silence after which the pool checks whether the processes still exist."""


class Task(Protocol):
    """Work for a worker."""

    @property
    def request(self) -> Request:
        """The request to the worker."""
        ...

    needs_session: ClassVar[bool]
    """Whether the worker must have opened the session."""

    @property
    def shows(self) -> bool:
        """Whether the output during the task goes to standard error."""
        ...

    def message(self, kind: str, content: Any) -> Any:
        """Take a message before the reply; returns the answer if it is a question, else None."""
        ...

    def done(self, reply: Any) -> Iterable[Task]:
        """Take the reply; returns the next tasks."""
        ...

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """The worker failed, or took too long: returns the tasks to try instead. Raises CompileCrash
        if there are none."""
        ...


OnError = Callable[[Task, Exception], None]


def raise_it(task: Task, error: Exception) -> None:
    """An error of a task is one of the compilation."""
    raise error


class SingleTask:
    """A task with only a reply, which is not retried."""

    shows = True
    needs_session: ClassVar[bool] = True

    def __init__(
        self,
        request: Request,
        on_reply: Callable[[Any], None],
        on_failure: Callable[[WorkerFailure], None],
    ):
        self.request = request
        self._on_reply = on_reply
        self._on_failure = on_failure

    def message(self, kind: str, content: Any) -> Any:
        """There are none."""
        raise AssertionError(kind)

    def done(self, reply: Any) -> Iterable[Task]:
        """Take the reply."""
        self._on_reply(reply)
        return ()

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """Take the failure."""
        self._on_failure(failure)
        return ()


class WorkerPool:
    """Workers kept for the next module. Starting one takes a third of a second."""

    def __init__(self, size: int):
        self.size = size
        self.idle: list[Worker] = []
        """Idle workers."""
        self._lock = threading.Lock()

    def run(
        self,
        session: Request | None,
        tasks: Iterable[Task],
        timeout: float | None,
        token: object = None,
    ) -> None:
        """Do all tasks for a session. The methods of tasks are called in this thread, in any order. A
        worker that is silent for `timeout` seconds has failed. A worker that opened the session in an
        earlier run with the same `token` need not open it again. Raises the first error of a task, and
        CompileCrash for a session that cannot be opened.
        """
        PoolRun(self, session, tasks, timeout, token).run()

    def begin(
        self,
        session: Request | None,
        tasks: Iterable[Task],
        timeout: float | None,
        token: object = None,
        on_error: OnError = raise_it,
    ) -> PoolRun:
        """As `run`, but nothing is done before `PoolRun.step` is called, and `on_error` is called with
        each task that has an error for an answer, and with the error."""
        return PoolRun(self, session, tasks, timeout, token, on_error)

    @property
    def is_loading(self) -> bool:
        """Whether there are workers, and the compiler is still being loaded for all of them."""
        with self._lock:
            return bool(self.idle) and all(worker.is_starting for worker in self.idle)

    def prepare(self, count: int) -> None:
        """Start workers now that are needed soon, so that there are this many. One that cannot be
        started is an error when it is needed."""
        with self._lock:
            missing = min(count, self.size) - len(self.idle)
        with contextlib.suppress(WorkerStartError):
            for _ in range(missing):
                self.give_back(Worker())

    def take(self) -> Worker:
        """A worker that is idle, or a new one. Raises WorkerStartError."""
        while True:
            with self._lock:
                if not self.idle:
                    break
                worker = self.idle.pop()
            if worker.is_usable():
                return worker
            worker.close()
        return Worker()

    def give_back(self, worker: Worker) -> None:
        """Keep an idle worker, or end it if there are enough."""
        with self._lock:
            if len(self.idle) < self.size:
                self.idle.append(worker)
                return
        worker.close()

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            workers, self.idle = self.idle, []
        for worker in workers:
            worker.close()

    def reset_after_fork(self) -> None:
        """In the child of a fork: the workers belong to the parent."""
        self.idle = []
        self._lock = threading.Lock()


class PoolRun:
    """The tasks of one compilation, and the workers on them."""

    def __init__(
        self,
        pool: WorkerPool,
        session: Request | None,
        tasks: Iterable[Task],
        timeout: float | None,
        token: object,
        on_error: OnError = raise_it,
    ):
        self._pool = pool
        self._on_error = on_error
        self._session = session
        self._token = object() if token is None else token
        self._pending = deque(tasks)
        self._timeout = timeout
        self._taken: set[Worker] = set()
        """Workers of the pool that belong to this run."""
        self._starting: set[Worker] = set()
        self._opening: dict[Worker, Task] = {}
        """Workers that open the session, for a task."""
        self._working: dict[Worker, Task] = {}
        self._has_failed_to_open = False

    def run(self) -> None:
        """Do everything."""
        try:
            while not self.is_done:
                self.step(wait=True)
        finally:
            self.close()

    def add(self, task: Task) -> None:
        """Do another task, after those that are waiting for a worker."""
        self._pending.append(task)

    @property
    def tasks(self) -> list[Task]:
        """The tasks that are not done."""
        return [*self._pending, *self._opening.values(), *self._working.values()]

    @property
    def is_done(self) -> bool:
        """Whether all tasks are."""
        return not (self._pending or self._working or self._opening)

    def step(self, *, wait: bool) -> None:
        """Give work to workers, and take what they have sent; `wait` until they send something."""
        self._employ()
        for worker in self._wait(wait):
            self._listen(worker)

    def close(self) -> None:
        """End the workers that are busy or between two requests: after an exception, or when the tasks
        are not needed any more."""
        for worker in [*self._taken]:
            if worker in self._starting:
                self._give_back(worker)
            else:
                worker.close()

    # --- giving work ---

    def _employ(self) -> None:
        """Assign pending tasks, to as many workers as are allowed."""
        while True:
            busy = len(self._opening) + len(self._working)
            if len(self._starting) >= min(self._pool.size - busy, len(self._pending)):
                return
            try:
                worker = self._pool.take()
            except WorkerStartError as error:
                raise _unavailable(error) from None
            self._taken.add(worker)
            if worker.is_ready:
                self._give_task(worker)
            else:
                self._starting.add(worker)

    def _give_task(self, worker: Worker) -> None:
        task = self._pending.popleft()
        has_session = self._session is None or worker.session is self._token
        if has_session or not task.needs_session:
            self._working[worker] = task
            worker.send(*task.request)
        else:
            self._opening[worker] = task
            worker.session = None
            assert self._session is not None
            worker.send(*self._session)

    # --- waiting ---

    def _wait(self, wait: bool) -> list[Worker]:
        """The workers that have sent something, or have been silent for too long; `wait` until there
        are any."""
        workers = [*self._starting, *self._opening, *self._working]
        poll = select.poll()
        by_descriptor: dict[int, Worker] = {}
        for worker in workers:
            if worker.fileno() < 0:  # left to the parent of a fork
                return [worker]
            by_descriptor[worker.fileno()] = worker
            poll.register(worker, select.POLLIN | (select.POLLOUT if worker.is_sending else 0))
        limits = [self._limit(worker) for worker in workers]
        left = min((limit for limit in limits if limit is not None), default=_CHECK_EVERY)
        events = poll.poll(max(0, min(left, _CHECK_EVERY)) * 1000 if wait else 0)
        since = time.monotonic() - _CHECK_EVERY
        ready = {worker for worker in workers if worker.said_last < since}
        for descriptor, event in events:
            worker = by_descriptor[descriptor]
            if event & select.POLLOUT:
                worker.flush()
            if event & ~select.POLLOUT:
                ready.add(worker)
        return [*ready]

    def _limit(self, worker: Worker) -> float | None:
        """Seconds that a worker may stay silent from now on."""
        allowed = START_TIMEOUT if worker in self._starting else self._timeout
        return None if allowed is None else worker.said_last + allowed - time.monotonic()

    # --- listening ---

    def _listen(self, worker: Worker) -> None:
        try:
            message = worker.receive()
            if message is None:
                worker.check()
                limit = self._limit(worker)
                if limit is not None and limit < 0:
                    raise self._too_slow(worker)
            while message is not None:
                self._take(worker, *message)
                message = worker.receive() if worker in self._working else None
        except WorkerFailure as failure:
            self._fail(worker, failure)

    def _too_slow(self, worker: Worker) -> WorkerFailure:
        seconds = START_TIMEOUT if worker in self._starting else self._timeout
        return WorkerFailure(
            f"a worker said nothing for {seconds:g} s", worker.printed(), timed_out=True
        )

    def _take(self, worker: Worker, kind: str, content: Any) -> None:
        if worker in self._starting:
            self._starting.remove(worker)
            worker.take_ready(content)
            self._go_on(worker)
        elif worker in self._opening:
            self._take_opened(worker, kind, content)
        elif kind in ("ok", "error"):
            self._take_reply(worker, kind, content)
        else:
            task = self._working[worker]
            self._show(worker, task)
            answer = task.message(kind, content)
            if answer is not None:
                worker.answer(answer)

    def _take_opened(self, worker: Worker, kind: str, content: Any) -> None:
        task = self._opening.pop(worker)
        printed = worker.printed()  # as in this process, which has set up the same passes
        if kind == "error":
            show(printed)
            self._give_back(worker)
            raise _error_from(content)
        worker.session = self._token
        self._working[worker] = task
        worker.send(*task.request)

    def _take_reply(self, worker: Worker, kind: str, content: Any) -> None:
        task = self._working.pop(worker)
        self._show(worker, task)
        worker.forget_printed()
        if kind == "error":
            self._give_back(worker)
            self._on_error(task, _error_from(content))
            return
        self._go_on(worker)
        self._put_first(task.done(content))

    def _put_first(self, tasks: Iterable[Task]) -> None:
        self._pending.extendleft(reversed([*tasks]))

    def _show(self, worker: Worker, task: Task) -> None:
        printed = worker.printed()
        if task.shows:
            show(printed)

    def _go_on(self, worker: Worker) -> None:
        if self._pending:
            self._give_task(worker)
        else:
            self._give_back(worker)

    def _give_back(self, worker: Worker) -> None:
        self._taken.discard(worker)
        self._pool.give_back(worker)

    def _fail(self, worker: Worker, failure: WorkerFailure) -> None:
        starting = worker in self._starting
        self._starting.discard(worker)
        opening = self._opening.pop(worker, None)
        task = self._working.pop(worker, None)
        self._taken.discard(worker)
        worker.close()
        if starting:
            show(failure.printed)
            raise _unavailable(failure)
        if opening is not None:
            self._fail_to_open(failure)
            self._pending.appendleft(opening)
        if task is not None:
            self._put_first(task.failed(failure))

    def _fail_to_open(self, failure: WorkerFailure) -> None:
        """One worker may fail while opening the session: it may have been ended or stopped before."""
        if self._has_failed_to_open:
            show(failure.printed)
            raise CompileCrash(f"a worker cannot set up the module and its passes: {failure}")
        self._has_failed_to_open = True


def _error_from(content: Any) -> Exception:
    with importing:
        from wasmdialect.codegen.errors import error_from_plain  # which loads the compiler
    return error_from_plain(content)


def _unavailable(failure: WorkerFailure) -> WorkerUnavailableError:
    return WorkerUnavailableError(
        f"{failure}. (--jobs 0 or Config(jobs=0) compiles without worker processes.)"
    )


def default_jobs() -> int:
    """One worker for each processor this process may use."""
    return len(os.sched_getaffinity(0))


_pools: dict[tuple[int, bool], WorkerPool] = {}


def shared_pool(jobs: int, *, background: bool = False) -> WorkerPool:
    """The process's pool of that size; another one for what is compiled while programs run, whose
    workers have other sessions open."""
    pool = _pools.get((jobs, background))
    if pool is None:
        pool = _pools.setdefault((jobs, background), WorkerPool(jobs))
    return pool


@atexit.register
def close_pools() -> None:
    """End all idle workers of this process."""
    for pool in _pools.values():
        with contextlib.suppress(OSError):
            pool.close()


def _after_fork_in_child() -> None:
    for pool in _pools.values():
        pool.reset_after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)
