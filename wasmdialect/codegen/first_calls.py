"""Functions that are called for the first time: the one that the program waits for is compiled, and,
beside it, in workers that would be idle, those that it is likely to call next.

Nothing runs by itself: workers get work, and what they have finished is taken, while the program waits
for a function. So what is compiled in vain costs no more than the other workers' time of such waits.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable

from wasmdialect.codegen.pool import PoolRun, Task, shared_pool
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.tasks import Item, UnitTask

MOST_WORKERS = 3
"""Workers that compile ahead, if there are so many beside the one that is waited for."""
UNIT_BYTES = 512
"""Bytes of function bodies that are compiled ahead at once: few, since the program may come to wait for
one of the functions."""
_MOST_LIKELY = 1024
"""Functions to compile ahead: the older ones are forgotten."""


class FirstCalls:
    """Compiles functions of a run one by one, and others ahead."""

    def __init__(self, run: Run, take_from_cache: Callable[[Item], bool]):
        self._run = run
        self._take_from_cache = take_from_cache
        self._sizes = run.session.source.body_sizes
        self._most = min(run.jobs - 1, MOST_WORKERS)
        self._likely: deque[int] = deque(maxlen=_MOST_LIKELY)
        self._work: PoolRun | None = None
        self._is_waiting = False
        self._process = os.getpid()

    def expect(self, indices: Iterable[int]) -> None:
        """Compile these functions ahead, the first of them first."""
        self._likely.extendleft(reversed([*indices]))

    def compile(self, index: int) -> None:
        """Compile a function: it is among the functions of the run then. Raises what `Run.compile`
        raises."""
        item = Item((index,))
        if self._process != os.getpid():  # in the child of a fork: the workers belong to the parent
            self._process, self._work, self._is_waiting = os.getpid(), None, False
        # Passes that are objects run in this process. Or by a signal handler; or after an interruption
        # that has lost what had been compiled.
        if self._run.session.objects or self._is_waiting or item in self._run.finished:
            self._run.compile_items([item])
            return
        self._is_waiting = True
        try:
            self._wait_for(item)
        except BaseException:
            self.close()
            raise
        finally:
            self._is_waiting = False

    def _wait_for(self, item: Item) -> None:
        work = self._work
        if work is None:
            work = self._work = self._run.begin([], shared_pool(self._run.jobs), _raise_if_needed)
        is_asked = False
        while item not in self._run.finished:
            if not is_asked and item.functions[0] not in self._ahead(work):
                work.add(UnitTask(self._run, item, self._run.settings.level))
                is_asked = True
            self._employ(work, self._most + (not is_asked))
            work.step(wait=True)

    def _ahead(self, work: PoolRun) -> set[int]:
        """The functions that are being compiled ahead."""
        tasks = (task for task in work.tasks if isinstance(task, _TaskAhead))
        return {index for task in tasks for index in task.item.functions}

    def _employ(self, work: PoolRun, most: int) -> None:
        """Give work to workers that would be idle: so many of them compile ahead."""
        busy = sum(isinstance(task, _TaskAhead) for task in work.tasks)
        while busy < most and (item := self._next(self._ahead(work))) is not None:
            work.add(_TaskAhead(self._run, item, self._run.settings.level))
            busy += 1

    def _next(self, asked: set[int]) -> Item | None:
        """The functions to compile ahead next, if there are any."""
        functions: list[int] = []
        size = 0
        while self._likely and size < UNIT_BYTES:
            index = self._likely.popleft()
            item = Item((index,))
            if index in asked or index in functions or item in self._run.finished:
                continue
            if not self._take_from_cache(item):
                functions.append(index)
                size += self._sizes[index]
        return Item(tuple(functions)) if functions else None

    def close(self) -> None:
        """End what is being compiled ahead."""
        work, self._work = self._work, None
        if work is not None:
            work.close()


class _TaskAhead(UnitTask):
    """Compiling functions that nobody has called. If it fails, they are tried again, and the error is
    reported, when they are called."""

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """Forget it."""
        return ()


def _raise_if_needed(task: Task, error: Exception) -> None:
    if not isinstance(task, _TaskAhead):
        raise error
