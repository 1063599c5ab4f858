"""Running two variants in turns: first once, to see that they do the same; then in blocks of rounds,
with the first variant twice, as a control."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, NamedTuple, Self

from wasmdialect.bench.build import Build
from wasmdialect.bench.engines import Engine
from wasmdialect.bench.process import RunFailure, RunProcess, Sample, memory_file
from wasmdialect.bench.workload import OUTCOME, Workload, differences

A, CONTROL, B = "A", "A again", "B"
SAMPLE = 0.002
"""Seconds of a measurement: so short that what disturbs a shared machine is often the same for the
next one, which is another role's. Shorter runs are repeated, longer ones are not."""
INSTANCE = 0.03
"""Seconds of the measurements in one instance, unless a run takes longer."""
_MOST_RUNS = 1 << 20
_MOST_TIMES = 4
"""Measurements in a row, of which the median counts. On a busy machine a process waits for the
processor ten times as long as it measures: it may as well measure more than once when it has it."""
_LONGER = 3
"""How many times as long as planned is measured, if the result is not precise enough."""
_LEAST_BLOCKS = 5
"""Measured however long they take."""
_LONG = 0.1
"""Seconds of a run from which on it need not be warmed up, and once in a block is enough."""
_LEAST_ROUNDS = 5
"""In a block, unless a run is long."""


class Disagreement(Exception):
    """The variants do not do the same; the message shows both."""


@dataclass(frozen=True)
class Side:
    """A variant to run."""

    build: Build
    engine: Engine


class Observed(NamedTuple):
    """One run of each variant."""

    sides: dict[str, dict[str, Any]]
    """By variant, A and B: outcome, memories, globals, counters."""
    load_seconds: dict[str, float]
    unrepeatable: list[str]
    """What was different in two runs of A, so that it is not compared with B."""


@dataclass
class Block:
    """The measurements with one layout of each variant: seconds of a run, by role and in the order
    of the rounds."""

    number: int
    cpu: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    wall: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    instructions: dict[str, float | None] = field(default_factory=dict[str, "float | None"])

    def add(self, role: str, sample: Sample) -> None:
        """Add a measurement."""
        self.cpu.setdefault(role, []).append(sample.cpu)
        self.wall.setdefault(role, []).append(sample.wall)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    runs: int
    """Of a measurement."""
    rounds: int
    """In an instance."""
    blocks: int
    is_long: bool
    """Whether a run takes long."""
    times: int = 1
    """Measurements in a row."""


class Bench:
    """A workload, the two variants that do it, and a process for each role. As a process may be a bit
    faster than another for all its life, roles take turns in those of an engine."""

    def __init__(self, workload: Workload, a: Side, b: Side, timeout: float, source: random.Random):
        """Starts the processes. Raises RunFailure, MissingEngine."""
        self._workload = workload
        self._sides = {A: a, CONTROL: a, B: b}
        self._random = source
        self._plain = workload.to_plain()
        self._is_repeatable = True
        with ExitStack() as on_error:

            def file(content: bytes) -> int:
                return on_error.enter_context(memory_file("bench", content))

            stdin = file(workload.stdin)
            own = {id(side): [file(binary) for binary in side.build.binaries] for side in (a, b)}
            self._modules = {role: own[id(side)] for role, side in self._sides.items()}
            modules = [number for numbers in own.values() for number in numbers]
            self._processes: dict[str, RunProcess] = {}
            for role, side in self._sides.items():
                with _named(role):
                    process = RunProcess(side.engine.command(), modules, stdin, timeout)
                self._processes[role] = on_error.enter_context(process)
            self._resources = on_error.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def no_instructions(self) -> str:
        """Why no instructions are counted; empty if they are."""
        return self._processes[A].instructions.reason

    def observe(self) -> Observed:
        """Run each variant once, and A again. Raises Disagreement, RunFailure."""
        seen: dict[str, dict[str, Any]] = {}
        seconds: dict[str, float] = {}
        for role in self._sides:
            seconds[role] = self._load(role, 0)
            with _named(role):
                seen[role] = self._processes[role].observe()
        unrepeatable = differences(self._workload, seen[A], seen[CONTROL])
        self._is_repeatable = OUTCOME not in unrepeatable
        found = differences(self._workload, seen[A], seen[B])
        wrong = [texts for what, texts in found.items() if what not in unrepeatable]
        if wrong:
            raise Disagreement(_in_lines(wrong))
        return Observed({A: seen[A], B: seen[B]}, seconds, [*unrepeatable])

    def plan(self, seconds: float, layouts: int) -> Plan:
        """Find out how long a run of A takes, which `observe` has loaded, and how much fits into so
        many seconds. Raises RunFailure."""
        with _named(A):
            process = self._processes[A]
            process.prepare()
            runs, sample = 1, process.measure(1)
            is_program = self._workload.is_program
            while sample.cpu * runs < SAMPLE and runs < _MOST_RUNS and not is_program:
                runs *= 2
                sample = process.measure(runs)
            times = 1 if is_program else self._times(process, runs)
        rounds = 1 if is_program else max(1, round(INSTANCE / max(SAMPLE, sample.cpu * runs)))
        plan = Plan(runs, rounds, layouts, sample.cpu >= _LONG, times)
        began = time.monotonic()
        self._block(0, plan, deadline=0)
        fitting = int(seconds / (time.monotonic() - began))
        return replace(plan, blocks=min(layouts, max(_LEAST_BLOCKS, fitting)))

    def _times(self, process: RunProcess, runs: int) -> int:
        """How often to measure in a row, so that measuring takes about as long as waiting for it."""
        shares: list[float] = []
        for _ in range(_LEAST_ROUNDS):
            began = time.monotonic()
            measuring = process.measure(runs).measuring
            shares.append((time.monotonic() - began) / max(measuring, 1e-9) - 1)
        return min(_MOST_TIMES, max(1, round(median(shares))))

    def measure(
        self,
        plan: Plan,
        seconds: float,
        layouts: int,
        is_enough: Callable[[Sequence[Block]], bool] = lambda _: True,
        on_block: Callable[[int], None] = lambda _: None,
    ) -> list[Block]:
        """The measurements of all blocks; `on_block` is told how many are done. If they are not
        enough, further layouts follow, and further rounds of the blocks, up to `_LONGER` times as
        long. Raises Disagreement, RunFailure."""
        began = time.monotonic()
        deadline = began + seconds
        blocks: list[Block] = []
        for number in range(plan.blocks):
            now = time.monotonic()
            blocks.append(
                self._block(number, plan, now + (deadline - now) / (plan.blocks - number))
            )
            on_block(number + 1)
        last = began + _LONGER * seconds
        some = max(1, plan.blocks // 2)
        each = (time.monotonic() - began) / plan.blocks
        while time.monotonic() + each <= last and not is_enough(blocks):
            for _ in range(some):
                if time.monotonic() + each <= last:
                    self._go_on(blocks, plan, layouts, time.monotonic() + seconds / plan.blocks)
        return blocks

    def _go_on(self, blocks: list[Block], plan: Plan, layouts: int, deadline: float) -> None:
        """Measure another layout, or if there is none, more rounds of the block that has the fewest."""
        if len(blocks) < layouts:
            blocks.append(self._block(len(blocks), plan, deadline))
            return
        block = min(blocks, key=lambda block: len(block.cpu[A]))
        more = self._block(block.number, plan, deadline)
        for seconds, further in ((block.cpu, more.cpu), (block.wall, more.wall)):
            for role, values in further.items():
                seconds[role] += values

    def _block(self, number: int, plan: Plan, deadline: float) -> Block:
        self._change_processes()
        built = len(self._modules[A])
        places = {A: number, CONTROL: (number + built // 2) % built, B: number}
        for role in self._in_any_order():
            self._load(role, places[role])
        least = 1 if plan.is_long else _LEAST_ROUNDS
        if plan.rounds < least:  # runs of one instance do not warm up the next one as well
            self._measure_instance(Block(number), plan, least, deadline)
        block, took = Block(number), 0.0
        while len(block.cpu.get(A, ())) < least or time.monotonic() + took < deadline:
            began = time.monotonic()
            self._measure_instance(block, plan, least, deadline)
            took = time.monotonic() - began
        for role, process in self._processes.items():
            with _named(role):
                process.prepare()
                block.instructions[role] = process.count_instructions(plan.runs)
        return block

    def _measure_instance(self, block: Block, plan: Plan, least: int, deadline: float) -> None:
        """Measure rounds in a new instance of each role, at least so many if there are."""
        for role in self._in_any_order():
            with _named(role):
                self._processes[role].prepare()
                if plan.rounds > 1:  # to warm up
                    self._processes[role].measure(plan.runs)
        for number in range(plan.rounds):
            if number >= least and time.monotonic() > deadline:
                return
            outcomes: dict[str, Any] = {}
            for role in self._in_any_order():
                with _named(role):
                    sample = self._processes[role].measure(plan.runs, plan.times)
                block.add(role, sample)
                outcomes[role] = sample.outcome
            self._compare(outcomes)

    def _compare(self, outcomes: Mapping[str, Any]) -> None:
        """Compare what the roles have computed. Raises Disagreement."""
        if not self._is_repeatable or outcomes[A] == outcomes[B]:
            return
        if outcomes[A] != outcomes[CONTROL]:
            self._is_repeatable = False
            return
        describe = self._workload.describe
        raise Disagreement(_in_lines([(describe(outcomes[A]), describe(outcomes[B]))]))

    def _change_processes(self) -> None:
        """Move each role to the next process of its engine."""
        for engine in {id(side.engine) for side in self._sides.values()}:
            roles = [role for role, side in self._sides.items() if id(side.engine) == engine]
            processes = [self._processes[role] for role in roles]
            self._processes.update(zip(roles, [*processes[1:], processes[0]], strict=True))

    def _load(self, role: str, layout: int) -> float:
        with _named(role):
            api = self._sides[role].engine.api
            return self._processes[role].load(api, self._modules[role][layout], self._plain)

    def _in_any_order(self) -> list[str]:
        return self._random.sample([*self._sides], len(self._sides))


def _in_lines(texts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"\n  A: {old}\n  B: {new}" for old, new in texts)


@contextmanager
def _named(role: str) -> Generator[None]:
    """Add the role to the message of a RunFailure."""
    try:
        yield
    except RunFailure as error:
        raise RunFailure(f"{role}: {error}") from None
