"""One compilation: its items, those in the cache, and the units of the rest in workers. An *item* is
cached as a whole: a function with its trampolines, the trampolines of the function types, at `-O3` a
unit of functions, and with a pass that sees the whole module, the module. Items that are missing are
compiled in *units* of some functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wasmdialect.codegen.budget import fallback_report, owner_of, signature_of
from wasmdialect.codegen.cache import (
    Bodies,
    CacheStatistics,
    CodeCache,
    CompiledText,
    SourceEntry,
    TextUse,
)
from wasmdialect.codegen.call_counts import call_counts_of
from wasmdialect.codegen.description import Description
from wasmdialect.codegen.digests import PassDigest, digest, tool_digest
from wasmdialect.codegen.inlining import inlined_everywhere, make_plan, targets_in
from wasmdialect.codegen.lowered_unit import Printed
from wasmdialect.codegen.module_entry import PassInputs
from wasmdialect.codegen.plain_session import Session
from wasmdialect.codegen.pool import (
    OnError,
    PoolRun,
    Task,
    WorkerPool,
    raise_it,
    shared_pool,
)
from wasmdialect.codegen.process import Request
from wasmdialect.codegen.settings import Level
from wasmdialect.codegen.show import show
from wasmdialect.codegen.store import Store
from wasmdialect.codegen.survey import survey
from wasmdialect.codegen.tasks import Item, UnitTask
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.passes.mandatory import default_passes
from wasmdialect.wasm.fixed_tables import Targets
from wasmdialect.wasm.inline_plan import Plan, guests, part_of
from wasmdialect.wasm.validate import BodyCalls

UNIT_BYTES = 16 * 1024
"""Bytes of function bodies in a unit, unless one function has more: enough to spread the fixed cost
of a unit, few enough that a unit that kills its worker costs little."""

Progress = Callable[[int, int], None]
"""Called with the finished and the total bytes of function bodies."""


@dataclass(slots=True)
class FunctionLog:
    """The cost of compiling one function."""

    symbol: str
    bytes: int
    """Of machine code."""
    llvm_seconds: float
    """Of LLVM and reading its object, now or when the code was put into the cache."""
    cached: bool
    """Whether the code existed already, from the store or an equal function."""
    level: Level
    """The level it was compiled at: lower than requested if that would have taken too long."""


@dataclass
class Run:
    """The items of one compilation and their results."""

    session: Session
    binary: bytes
    file: str
    jobs: int
    store: Store | None = None
    progress: Progress | None = None
    functions: list[NamedFunction] = field(default_factory=list[NamedFunction])
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    log: list[FunctionLog] = field(default_factory=list[FunctionLog])
    cache: CacheStatistics = field(default_factory=CacheStatistics)
    description: Description | None = None
    """The artifact's description of the module, once everything is compiled."""
    is_repeatable: bool = True
    """Whether another compilation would give the same, as far as can be told: nothing has failed or
    taken too long, and it is known what passes import."""
    pass_inputs: PassInputs | None = None
    """What passes import."""

    def __post_init__(self) -> None:
        self.settings = self.session.settings
        # Now: a fault in the file is an error, whether and whenever something is inlined by it.
        self._counts = call_counts_of(self.settings.config)
        self.codes = CodeCache(self.store)
        self._done = 0
        self._sizes = self.session.source.body_sizes
        self._total = sum(self._sizes.values())
        self._used: set[str] = set()
        self.finished: set[Item] = set()
        """The functions and signatures that are compiled."""
        self._wholes: frozenset[Item] = frozenset()
        self._source_prefix = ""
        self._passes: list[PassDigest] = []
        self._objects: str | None = None
        """The digest of the passes that are objects, None if there is none for certain."""
        self._printed: list[tuple[int, str]] = []
        if self.store is not None:
            # Files of passes are there by their source.
            settings = self.settings.to_plain() | {"load": None}
            self._objects = self._objects_digest()
            self._passes = self.session.pass_digests()
            self._source_prefix = digest(
                "source",
                tool_digest(),
                repr(settings),
                self.session.pipeline,
                str(self._objects),
                self.session.source.declarations_digest(),
            )

    def _objects_digest(self) -> str | None:
        """The digest of the passes that are objects, None with a line in the log if it cannot be told
        what they depend on. Here there are none."""
        return digest()

    @property
    def _keeps_sources(self) -> bool:
        """Whether the results of import and passes are the same the next time: the passes are what they
        were when the compilation began."""
        if self.store is None:
            return False
        objects = self.session.objects
        return not objects or (
            self._objects is not None and self._objects == self._objects_digest()
        )

    def note_set_up(self, printed: str) -> None:
        """Note the output of passes that were set up just now, and what they import."""
        self._printed.append((-1, printed))
        if self.session.objects:
            self.is_repeatable = False
            return
        try:
            self.pass_inputs = self.session.pass_inputs()
        except LookupError:
            self.is_repeatable = False

    @cached_property
    def calls(self) -> Mapping[int, BodyCalls] | None:
        """The calls in all bodies, which are checked; None if something in one of them is an error, or
        they cannot be looked at one by one."""
        return survey(self)

    @cached_property
    def plan(self) -> Plan:
        """What is inlined where in functions that are compiled in units. Raises PassError."""
        kept = self.session.kept if self.session.function_scoped else None
        if kept is None or self.calls is None:
            return {}
        session = self.session
        return make_plan(
            *(session.source, self.calls, kept, session.pipeline, self.targets, self._counts)
        )

    @cached_property
    def targets(self) -> Targets:
        """What calls through tables call directly in functions that are compiled in units."""
        session = self.session
        if not session.function_scoped or not session.has_direct_calls or self.calls is None:
            return {}
        return session.source.targets(self.calls)

    def needed(self, functions: Sequence[NamedFunction]) -> list[NamedFunction]:
        """Those of some functions that a compilation of the whole module has: some that are inlined
        everywhere may have been compiled before their callers were."""
        left_out = self._inlined_everywhere
        owners = {f.symbol: owner_of(f.symbol) for f in functions}
        called = {
            owner_of(symbol)
            for f in functions
            if owners[f.symbol] not in left_out
            for symbol in f.symbols
        }
        return [f for f in functions if (at := owners[f.symbol]) not in left_out or at in called]

    @cached_property
    def _inlined_everywhere(self) -> set[int]:
        """The functions that need not be compiled. Passes that the user has added see all functions."""
        if not self.plan or self.settings.level == 3 or self.calls is None:
            return set()
        own = ",".join(default_passes(self.settings.config).values())
        if self.session.pipeline != own:  # which may be given as text, too: an artifact has it
            return set()
        return inlined_everywhere(self.session.source, self.calls, self.plan)

    def plan_of(self, item: Item) -> Plan:
        """As `tasks.Owner.plan_of`."""
        return part_of(self.plan, item.functions)

    def targets_of(self, item: Item) -> Targets:
        """As `tasks.Owner.targets_of`."""
        # Targets first: without any, as at level 0, nothing else may ask for the calls.
        if not self.targets or self.calls is None:
            return {}
        functions = (*item.functions, *guests(self.plan, item.functions))
        return targets_in(self.calls, self.targets, functions)

    def compile(self) -> None:
        """Compile everything. Raises WasmError, PassFailure, CompileCrash."""
        items = self._items()
        self._wholes = frozenset(items)
        missing = [item for item in items if not self.take_from_cache(item)]
        self._compile_units(missing)
        self._compile_called()
        self.describe()

    def describe(self) -> None:
        """Describe the module, for which a function-scoped pipeline need not have run."""
        self.description = self.session.source.describe(guarded=self._is_guarded)

    @property
    def _is_guarded(self) -> bool:
        return self.settings.config.bounds == "guard"

    def printed_rows(self) -> dict[int, str]:
        """The output of passes about each function, and under -1 that of setting them up."""
        rows: dict[int, str] = {}
        for index, text in self._printed:
            rows[index] = rows.get(index, "") + text
        return rows

    def cached_functions(self, item: Item) -> list[NamedFunction]:
        """The code of an item, if it is in the cache: as it is, without its reports and output."""
        entry = self.codes.source(self._source_key(item), self._origin(item), self._bodies)
        found: list[NamedFunction] = []
        for use in [] if entry is None else entry.uses:
            code = self.codes.code(use.key)
            assert code is not None
            found += [NamedFunction(f, use.symbols, use.base, use.inlined) for f in code.functions]
        return found

    def compile_items(self, items: Sequence[Item]) -> None:
        """Compile items that are not in the cache, in as many units as there are workers. Raises what
        `compile` raises."""
        size = sum(self._size_of(index) for item in items for index in item.functions)
        self._compile_units(items, max(size // self.jobs, 1))

    def begin(
        self, tasks: Sequence[Task], pool: WorkerPool, on_error: OnError = raise_it
    ) -> PoolRun:
        """Let workers do tasks while the program runs. The parameters are those of
        `WorkerPool.begin`."""
        timeout = self.settings.config.compile_timeout
        return pool.begin(self._session_request, tasks, timeout, self.session, on_error)

    def compile_rest(self) -> None:
        """Compile all items that have not been. Raises what `compile` raises."""
        items = [item for item in self._items() if not self.finished.issuperset(item.parts())]
        self._compile_units([item for item in items if not self.take_from_cache(item)])
        self._compile_called()

    def _compile_called(self) -> None:
        """Compile functions that were taken to be inlined everywhere, and are called all the same."""
        while self._inlined_everywhere:
            symbols = {symbol for f in self.functions for symbol in f.symbols}
            called = {
                Item((index,)) for symbol in symbols if (index := owner_of(symbol)) is not None
            }
            items = sorted(
                item
                for item in called - self.finished
                if item.functions[0] in self._inlined_everywhere
            )
            if not items:
                return
            self._compile_units([item for item in items if not self.take_from_cache(item)])

    @property
    def printed(self) -> str:
        """The output of passes, in the order of the module."""
        return "".join(text for _, text in sorted(self.printed_rows().items()))

    def _note_printed(self, item: Item, text: str) -> None:
        if text:
            self._printed.append((min(item.functions, default=-1), text))

    # --- items ---

    def _items(self) -> list[Item]:
        defined = [index for index in self._sizes if index not in self._inlined_everywhere]
        signatures = self.session.source.signatures
        if self.settings.level < 3:
            return Item(tuple(defined), signatures).parts()
        # Across functions: the unit is the item, and its bounds depend on nothing but the module.
        return [Item((), signatures), *self._units([Item((index,)) for index in defined])]

    def _units(self, items: Sequence[Item], most: int = UNIT_BYTES) -> list[Item]:
        """Items joined to units, in order, of so many bytes of function bodies."""
        units: list[Item] = []
        functions: tuple[int, ...] = ()
        signatures: tuple[int, ...] = ()
        size = 0
        for item in items:
            added = sum(map(self._size_of, item.functions))
            if functions and size + added > most:
                units.append(Item(functions, signatures))
                functions, signatures, size = (), (), 0
            functions += item.functions
            signatures += item.signatures
            size += added
        if functions or signatures:
            units.append(Item(functions, signatures))
        return units

    def _size_of(self, index: int) -> int:
        return self._sizes.get(index, 0)

    # --- the cache ---

    def code_key(self, text_digest: str, level: Level) -> str:
        """The key of the code of a text."""
        target = self.settings.target
        return digest(
            "code",
            tool_digest(),
            target.triple,
            target.cpu,
            target.features,
            str(level),
            text_digest,
        )

    def _source_key(self, item: Item) -> str:
        source = self.session.source
        plan = self.plan_of(item)
        needed = [*item.functions, *guests(plan, item.functions)]
        bodies = [part for index in needed for part in (str(index), source.body(index)[1])]
        hints = [(index, each) for index in needed if (each := source.branch_hints(index))]
        wanting = [p.digest for p in self._passes if not p.leaves_alone(needed)]
        passes, inlined = digest(*wanting), str(sorted(plan.items()))
        # Their functions are declarations.
        inlined += str([*self.targets_of(item).items()]) + (str(hints) if hints else "")
        return digest(self._source_prefix, passes, str(item.signatures), inlined, *bodies)

    def _origin(self, item: Item) -> int:
        """The origin of the offsets of a source entry."""
        if not item.functions:
            return 0
        return self.session.source.body(item.functions[0])[0]

    @property
    def _bodies(self) -> Bodies:
        return self.session.source

    def take_from_cache(self, item: Item) -> bool:
        """Take the results of an item from the cache, if they are there."""
        if self.store is None or (self.session.objects and self._objects is None):
            return False
        entry = self.codes.source(self._source_key(item), self._origin(item), self._bodies)
        if entry is None:
            return False
        if entry.description is not None:
            self.description = Description.from_plain(entry.description)
        show(entry.printed)
        self._note_printed(item, entry.printed)
        self._add(entry)
        self.cache.seconds_saved += entry.seconds
        self._advance(item)
        return True

    # --- results ---

    def _add(self, entry: SourceEntry) -> None:
        """Take the functions of an entry, all of whose code is there."""
        for use in entry.uses:
            code = self.codes.code(use.key)
            assert code is not None
            known = self._count(use.key, code)
            count = len(code.functions)
            for function in code.functions:
                named = NamedFunction(function, use.symbols, use.base, use.inlined)
                self.functions.append(named)
                seconds = code.seconds / count
                self.log.append(FunctionLog(named.symbol, function.size, seconds, known, use.level))
        # Cached reports have no source lines, which are not in their key.
        self.reports += map(self.session.source.located, entry.reports)

    def _count(self, key: str, code: CompiledText) -> bool:
        """Count a use of code in the statistics; returns whether it existed already."""
        count = len(code.functions)
        if key in self.codes.found:
            self.cache.hits += count
            self.cache.seconds_saved += code.seconds
            return True
        if key in self._used:
            self.cache.shared += count
            return True
        self._used.add(key)
        self.cache.misses += count
        return False

    def _add_seconds(self, added: dict[str, float]) -> None:
        for stage, seconds in added.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def _advance(self, item: Item) -> None:
        self.finished.update(item.parts())
        self._done += sum(map(self._size_of, item.functions))
        if self.progress is not None:
            self.progress(self._done, self._total)

    # --- function-scoped pipelines: units of functions ---

    def _compile_units(self, items: Sequence[Item], most: int = UNIT_BYTES) -> None:
        # Nothing else refers to a task that is done, so the list of its texts goes with it.
        self._do_units(items if self.settings.level == 3 else self._units(items, most))

    def _do_units(self, units: Iterable[Item]) -> None:
        """Compile units."""
        self.work(UnitTask(self, unit, self.settings.level) for unit in units)

    def work(self, tasks: Iterable[Task]) -> None:
        """Let workers do tasks."""
        timeout = self.settings.config.compile_timeout
        shared_pool(self.jobs).run(self._session_request, tasks, timeout, self.session)

    @property
    def _session_request(self) -> Request | None:
        """What workers set up; nothing if the passes are objects of this process."""
        if self.session.objects:
            return None
        return self.session.request(self.binary, self.file)

    def finish_unit(self, unit: UnitTask, seconds: dict[str, float]) -> None:
        """Take a finished unit."""
        lowered = unit.lowered
        assert lowered is not None
        self._add_seconds(seconds)
        uses = [TextUse(unit.key(t), t.symbols, t.base, t.level, t.inlined) for t in lowered.texts]
        front = sum(seconds[stage] for stage in ("import", "passes", "emit"))
        if unit.fallback is None and self._keeps_sources:
            self._keep_source(unit.item, uses, lowered.reports, lowered.printed, front)
        self._note_printed(unit.item, "".join(text for _, text in lowered.printed))
        reports = [*lowered.reports]
        if unit.fallback is not None:
            self.is_repeatable = False
            reports += [
                fallback_report(t.symbols, unit.level, str(unit.fallback))
                for t in lowered.texts
                if t.level == unit.level
            ]
        self._add(SourceEntry(uses, reports))
        self._advance(unit.item)

    def _keep_source(
        self,
        unit: Item,
        uses: list[TextUse],
        reports: list[dict[str, Any]],
        printed: Printed,
        seconds: float,
    ) -> None:
        """Cache the results of a unit under its items."""
        if self.settings.level == 3:
            if unit not in self._wholes:
                return
            entry = SourceEntry(uses, reports, seconds, "".join(text for _, text in printed))
            self.codes.insert_source(
                self._source_key(unit), entry, self._origin(unit), self._bodies
            )
            return
        entries = {index: SourceEntry([]) for index in unit.functions}
        signatures: dict[int | None, SourceEntry] = {n: SourceEntry([]) for n in unit.signatures}
        for use in uses:
            owner, number = owner_of(use.symbols[0]), signature_of(use.symbols[0])
            entry = entries.get(owner) if owner is not None else signatures.get(number)
            if entry is None:
                return  # functions created by a pass do not belong to an item
            entry.uses.append(use)
        for report in reports:
            if report["function_index"] in entries:
                entries[report["function_index"]].reports.append(report)
        for index, text in printed:
            if index not in entries:
                return  # the function is unknown: the passes run again, and print again
            entries[index].printed += text
        size = sum(map(self._size_of, unit.functions)) or 1
        for index, entry in entries.items():
            entry.seconds = seconds * self._size_of(index) / size
            item = Item((index,))
            self.codes.insert_source(
                self._source_key(item), entry, self._origin(item), self._bodies
            )
        for number in unit.signatures:
            key = self._source_key(Item((), (number,)))
            self.codes.insert_source(key, signatures[number], 0, self._bodies)

    def name_of(self, item: Item) -> str:
        """The name of an item, a function or another, for humans."""
        if not item.functions:
            return "the trampolines of the function types"
        index = item.functions[0]
        return f"function {index} ({self.session.source.name_of(index)})"
