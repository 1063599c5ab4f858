"""Tiers: functions of a lazily compiled module are compiled quickly first, and those that run often
again, better, while the program runs (docs/lazy.md, "Tiers").

Nothing runs by itself: the program asks now and then, which starts what is wanted in workers of its own
and takes what they have finished.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from wasmdialect.abi.layout import TIER_PERIOD
from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.codegen.pool import PoolRun, shared_pool
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.tasks import Item, UnitTask
from wasmdialect.object.compiled import NamedFunction

FIRST_TIER = 0
"""The level of functions that are called for the first time."""
PERIOD = TIER_PERIOD
"""Entries and iterations from one sample to the next."""
PATIENCE = 0.002
"""Seconds from one look at the workers to the next."""


def first_tier(run: Run) -> Run | None:
    """The run that compiles functions for their first calls, None if there are no tiers: a level is
    asked for, or passes look at what is inserted."""
    config = run.settings.config
    has_late_passes = not {"wasmvm-end", "llvm-end"}.isdisjoint(config.at)
    if config.opt_level is not None or config.pipeline is not None or has_late_passes:
        return None
    if run.session.objects:
        return None  # such passes run in this process, which is busy with the program
    if config.consume_fuel:
        return None  # what is left after a trap depends on when the program called something
    session = run.session.with_pass(f"insert-tier-checks{{period={PERIOD}}}", FIRST_TIER)
    first = Run(session, run.binary, run.file, run.jobs, run.store, run.progress)
    first.pass_inputs, first.is_repeatable = run.pass_inputs, run.is_repeatable
    first.seconds = run.seconds
    return first


class _Job(NamedTuple):
    """What is compiled at once."""

    run: Run
    items: Sequence[Item]
    loop: tuple[int, int] | None = None
    """A function and the number of its loop that it is to be entered at."""


class BetterCode:
    """Compiles functions that run often at the level of the settings."""

    def __init__(self, run: Run):
        self._run = run
        self._pool = shared_pool(max(run.jobs - 1, 1), background=True)
        self._asked: set[int] = set()
        self._loops: dict[tuple[int, int], Sequence[NamedFunction]] = {}
        """The code of loops, empty as long as it is not there."""
        self._wanted: list[int] = []
        self._jobs: deque[_Job] = deque()
        """Loops to compile."""
        self._job: _Job | None = None
        self._work: PoolRun | None = None
        self._next_look = 0.0

    def ask(self, index: int) -> None:
        """Have a function compiled."""
        if index not in self._asked:
            self._asked.add(index)
            self._wanted.append(index)

    def loop(self, index: int, loop: int) -> Sequence[NamedFunction]:
        """A function that begins at one of its loops; nothing as long as it is being compiled."""
        key = (index, loop)
        if key not in self._loops:
            self._loops[key] = ()
            run = self._run
            session = run.session.with_pass(f"enter-loop{{loop={loop}}}", run.settings.level)
            entered = Run(session, run.binary, run.file, run.jobs)
            self._jobs.append(_Job(entered, (Item((index,)),), key))
        return self._loops[key]

    def go_on(self) -> None:
        """Start what is wanted, and take what is done, unless that has just been tried: it is then
        among the functions of the run. Raises the errors of compiling."""
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + PATIENCE
        try:
            self._go_on()
        except BaseException:
            self._stop()
            raise

    @property
    def is_busy(self) -> bool:
        """Whether there is something to compile."""
        return bool(self._work or self._jobs or self._wanted)

    def _go_on(self) -> None:
        if self._work is None:
            self._job = self._next_job()
            if self._job is None:
                return
            run, level = self._job.run, self._job.run.settings.level
            # The passes have printed what they print before.
            tasks = [UnitTask(run, item, level, shows=False) for item in self._job.items]
            self._work = run.begin(tasks, self._pool)
        self._work.step(wait=False)
        if self._work.is_done:
            self._finish()

    def _next_job(self) -> _Job | None:
        if self._jobs:
            return self._jobs.popleft()
        if not self._wanted:
            return None
        items = [Item((index,)) for index in self._wanted]
        self._wanted = []
        return _Job(self._run, items)

    def _finish(self) -> None:
        job, self._job, self._work = self._job, None, None
        assert job is not None
        if job.loop is not None:
            self._loops[job.loop] = [f for f in job.run.functions if _is_of_loop(f.symbol)]

    def _stop(self) -> None:
        """Forget what is being compiled; it can be asked for again."""
        job, work, self._job, self._work = self._job, self._work, None, None
        if work is not None:
            work.close()
        if job is None:
            return
        if job.loop is not None:
            del self._loops[job.loop]
        else:
            unfinished = {
                i for item in job.items for i in item.functions if item not in job.run.finished
            }
            self._asked -= unfinished

    def close(self) -> None:
        """End what is being compiled."""
        self._stop()


def _is_of_loop(symbol: str) -> bool:
    """Whether code of a function that begins at a loop is needed: not its trampolines."""
    parsed = parse_symbol(symbol)
    return parsed is None or parsed[0] == "loop-entry"
