"""One compilation: its items, what the cache has of them, and the units of the rest in workers.

An *item* is what the cache keeps whole: a function with its trampolines, the trampolines of the
function types, at `-O3` a unit of functions, and with a pass that sees the whole module, the module.
Items that are missing are compiled in *units* of some functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.codegen.cache import (
    CacheStatistics,
    CodeCache,
    CompiledText,
    SourceEntry,
    TextUse,
)
from wasmdialect.codegen.digests import (
    declarations_digest,
    digest,
    passes_digest,
    tool_digest,
)
from wasmdialect.codegen.errors import CompileCrash
from wasmdialect.codegen.llvm import CodegenError, verify_text
from wasmdialect.codegen.pool import Request, Worker, WorkerDied, shared_pool
from wasmdialect.codegen.refusal import explain_refusal
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import Level
from wasmdialect.codegen.store import Store
from wasmdialect.codegen.unit import Clock, UnitResult, compile_text, compile_unit, emit_texts
from wasmdialect.dialects.fast import relaxed_gc
from wasmdialect.lowering.emit import CodeText
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure

UNIT_BYTES = 16 * 1024
"""Bytes of function bodies in a unit, unless one function has more: enough to spread the fixed cost
of a unit, few enough that one that kills its worker costs little."""
_BATCH_CHARACTERS = 1_000_000
"""Characters of LLVM IR text that a worker gets at once."""

Progress = Callable[[int, int], None]
"""Called with the bytes of function bodies that are done and that there are."""


class Item(NamedTuple):
    """What the cache keeps whole."""

    functions: tuple[int, ...]
    signatures: bool = False
    """Whether the trampolines of the function types belong to it."""


@dataclass(slots=True)
class _Retried:
    """The parts of a task that killed its worker, each compiled for itself."""

    parts: list[Any]


@dataclass(slots=True)
class FunctionLog:
    """What compiling one function took."""

    symbol: str
    bytes: int
    """Of machine code."""
    llvm_seconds: float
    """Of LLVM and reading its object, now or when the code was put into the cache."""
    cached: bool
    """Whether the code was there already, from the store or an equal function."""


@dataclass
class Run:
    """The items of one compilation and what has come of them."""

    session: CompileSession
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

    def __post_init__(self) -> None:
        self.settings = self.session.settings
        self._codes = CodeCache(self.store)
        self._open: Request = ("session", self.binary, self.file, self.settings.to_plain())
        self._done = 0
        self._total = sum(self._size_of(f.index) for f in self.session.module.defined_functions())
        self._used: set[str] = set()
        self._source_prefix = ""
        if self.store is not None:
            # Files of passes are there by their source; how the image is laid out comes later.
            settings = {**self.settings.to_plain(), "link": None, "load": None}
            self._source_prefix = digest(
                "source",
                tool_digest(),
                repr(settings),
                self.session.pipeline,
                passes_digest(self.session.passes),
                declarations_digest(self.binary),
            )

    def compile(self) -> None:
        """Compile everything. Raises WasmError, PassFailure, CompileCrash."""
        if not self.session.function_scoped:
            self._compile_module()
            return
        missing = [item for item in self._items() if not self._take_from_cache(item)]
        self._compile_units(missing)

    # --- items ---

    def _items(self) -> list[Item]:
        defined = [f.index for f in self.session.module.defined_functions()]
        if self.settings.level < 3:
            return [Item((), True), *(Item((index,)) for index in defined)]
        # Across functions: the unit is the item, and its bounds depend on nothing but the module.
        return [Item((), True), *self._units([Item((index,)) for index in defined])]

    def _units(self, items: Sequence[Item]) -> list[Item]:
        """Items joined to units, in order."""
        units: list[Item] = []
        functions: tuple[int, ...] = ()
        signatures, size = False, 0
        for item in items:
            added = sum(map(self._size_of, item.functions))
            if functions and size + added > UNIT_BYTES:
                units.append(Item(functions, signatures))
                functions, signatures, size = (), False, 0
            functions += item.functions
            signatures |= item.signatures
            size += added
        if functions or signatures:
            units.append(Item(functions, signatures))
        return units

    def _size_of(self, index: int) -> int:
        code = self.session.module.functions[index].code
        return 0 if code is None else len(code.bytes)

    # --- the cache ---

    def _code_key(self, text_digest: str, level: Level) -> str:
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
        bodies = [
            part for index in item.functions for part in (str(index), self._body_bytes(index))
        ]
        return digest(self._source_prefix, str(item.signatures), *bodies)

    def _body_bytes(self, index: int) -> bytes:
        code = self.session.module.functions[index].code
        assert code is not None
        return bytes(code.bytes)

    def _origin(self, item: Item) -> int:
        """What offsets of a source entry count from."""
        if not item.functions:
            return 0
        code = self.session.module.functions[item.functions[0]].code
        assert code is not None
        return code.offset

    def _take_from_cache(self, item: Item) -> bool:
        if self.store is None:
            return False
        entry = self._codes.source(self._source_key(item), self._origin(item))
        if entry is None:
            return False
        self._add(entry)
        self.cache.seconds_saved += entry.seconds
        self._advance(item)
        return True

    def _missing(self, level: Level) -> Callable[[list[str]], list[bool]]:
        def missing(digests: list[str]) -> list[bool]:
            return [self._codes.code(self._code_key(d, level)) is None for d in digests]

        return missing

    # --- results ---

    def _add(self, entry: SourceEntry) -> None:
        """Take the functions of an entry, all of whose code is there."""
        for use in entry.uses:
            code = self._codes.code(use.key)
            assert code is not None
            known = self._count(use.key, code)
            count = len(code.functions)
            for function in code.functions:
                named = NamedFunction(function, use.symbols, use.base)
                self.functions.append(named)
                size, seconds = len(function.code), code.seconds / count
                self.log.append(FunctionLog(named.symbol, size, seconds, known))
        self.reports += entry.reports

    def _count(self, key: str, code: CompiledText) -> bool:
        """Note a use of code for the statistics; whether it was there already."""
        count = len(code.functions)
        if key in self._codes.found:
            self.cache.hits += count
            self.cache.seconds_saved += code.seconds
            return True
        if key in self._used:
            self.cache.shared += count
            return True
        self._used.add(key)
        self.cache.misses += count
        return False

    def _collect(self, result: UnitResult, level: Level) -> list[TextUse]:
        """Keep the code of a unit; the uses of its texts."""
        for text_digest, compiled in result.compiled.items():
            self._codes.insert_code(self._code_key(text_digest, level), compiled)
        for stage, seconds in result.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        return [
            TextUse(self._code_key(text_digest, level), symbols, base)
            for text_digest, symbols, base in result.texts
        ]

    def _advance(self, item: Item) -> None:
        self._done += sum(map(self._size_of, item.functions))
        if self.progress is not None:
            self.progress(self._done, self._total)

    # --- function-scoped pipelines: units of functions ---

    def _compile_units(self, items: list[Item]) -> None:
        units = items if self.settings.level == 3 else self._units(items)
        level = self.settings.level
        if self.jobs == 0:
            with relaxed_gc():
                for unit in units:
                    result = compile_unit(
                        self.session,
                        unit.functions,
                        signatures=unit.signatures,
                        level=level,
                        missing=self._missing(level),
                        verify=True,
                    )
                    self._finish_unit(unit, [(result, level)])
            return

        def on_result(number: int, result: Any) -> None:
            if isinstance(result, _Retried):
                self._finish_unit(units[number], result.parts)
            else:
                self._finish_unit(units[number], [(UnitResult.from_plain(result), level)])

        def on_death(number: int, worker: Worker, death: WorkerDied) -> _Retried:
            return _Retried(self._retry(units[number], worker, death))

        tasks: list[Request] = [("unit", unit.functions, unit.signatures, level) for unit in units]
        shared_pool(self.jobs).run(self._open, tasks, on_result, on_death, self._missing(level))

    def _finish_unit(self, unit: Item, parts: Sequence[tuple[UnitResult, Level]]) -> None:
        uses: list[TextUse] = []
        reports: list[dict[str, Any]] = []
        for result, level in parts:
            uses += self._collect(result, level)
            reports += result.reports
        self._add(SourceEntry(uses, reports))
        self._advance(unit)
        if self.store is not None and len(parts) == 1:
            seconds = parts[0][0].seconds
            front = sum(seconds.get(stage, 0.0) for stage in ("import", "passes", "emit"))
            self._keep_source(unit, uses, reports, front)

    def _keep_source(
        self, unit: Item, uses: list[TextUse], reports: list[dict[str, Any]], seconds: float
    ) -> None:
        """Keep what a unit gave under the items it was made of."""
        if self.settings.level == 3:
            entry = SourceEntry(uses, reports, seconds)
            self._codes.insert_source(self._source_key(unit), entry, self._origin(unit))
            return
        entries = {index: SourceEntry([]) for index in unit.functions}
        types = SourceEntry([])
        for use in uses:
            owner = _owner(use.symbols[0])
            entry = types if owner is None else entries.get(owner)
            if entry is None:
                return  # a pass made functions of its own: they belong to no item
            entry.uses.append(use)
        for report in reports:
            if report["function_index"] in entries:
                entries[report["function_index"]].reports.append(report)
        size = sum(map(self._size_of, unit.functions)) or 1
        for index, entry in entries.items():
            entry.seconds = seconds * self._size_of(index) / size
            item = Item((index,))
            self._codes.insert_source(self._source_key(item), entry, self._origin(item))
        if unit.signatures:
            self._codes.insert_source(self._source_key(Item((), True)), types, 0)

    # --- workers that die ---

    def _retry(
        self, unit: Item, worker: Worker, death: WorkerDied
    ) -> list[tuple[UnitResult, Level]]:
        """A unit killed its worker: compile its functions one by one, the culprit at a lower level."""
        self._explain(worker, unit.functions, signatures=unit.signatures)
        parts = [Item((index,)) for index in unit.functions]
        if unit.signatures:
            parts.insert(0, Item((), True))
        results: list[tuple[UnitResult, Level]] = []
        for part in parts:
            plain, level, reason = self._try_levels(
                worker,
                death,
                lambda level, part=part: ("unit", part.functions, part.signatures, level),
                self._name_of(part),
            )
            result = UnitResult.from_plain(plain)
            if reason is not None and part.functions:
                result.reports.append(self._fallback(part.functions[0], level, reason))
            results.append((result, level))
        return results

    def _try_levels(
        self,
        worker: Worker,
        death: WorkerDied,
        request: Callable[[Level], Request],
        name: str,
    ) -> tuple[Any, Level, WorkerDied | None]:
        """The answer to a request at the highest level that does not kill the worker; that level,
        and what was wrong with the one before it. Raises CompileCrash."""
        wanted = self.settings.level
        lower: tuple[Level, ...] = (1, 0)
        reason: WorkerDied | None = None
        levels: list[Level] = [wanted, *(level for level in lower if level < wanted)]
        for level in levels:
            try:
                return worker.ask(request(level), self._missing(level)), level, reason
            except WorkerDied as again:
                worker.restart()
                worker.ask(self._open)
                reason = death = again
        raise CompileCrash(f"compiling {name} kills the compiler: {death}")

    def _name_of(self, part: Item) -> str:
        if not part.functions:
            return "the trampolines of the function types"
        index = part.functions[0]
        return f"function {index} ({self.session.plan.function_symbols[index]})"

    def _fallback(self, index: int, level: Level, death: WorkerDied) -> dict[str, Any]:
        """The report of a function that LLVM could compile only at a lower level."""
        return {
            "pass": "llvm",
            "function": self.session.plan.function_symbols[index],
            "function_index": index,
            "kind": "fallback",
            "level": level,
            "reason": str(death),
        }

    # --- other pipelines: the whole module here, then its texts ---

    def _compile_module(self) -> None:
        """Run all passes over the whole module in this process, then compile its functions."""
        item = Item(tuple(f.index for f in self.session.module.defined_functions()))
        # Such a pass may look at everything in the module.
        self._source_prefix = digest(self._source_prefix, self.binary)
        if self._take_from_cache(item):
            return
        clock = Clock()
        take_reports()
        with relaxed_gc():
            module = self.session.import_everything()
            clock.lap("import")
            try:
                self.session.run_passes(module)
            except PassFailure as failure:
                raise self.session.reproduce(failure, None) from failure.__cause__
            clock.lap("passes")
            texts = emit_texts(module, self.settings, self.settings.level)
            clock.lap("emit")
        self.seconds.update(clock.seconds)
        uses, fallbacks = self._compile_texts(texts)
        reports = [report.to_plain() for report in take_reports()] + fallbacks
        entry = SourceEntry(uses, reports, clock.total)
        self._add(entry)
        self._advance(item)
        if self.store is not None and not fallbacks:
            self._codes.insert_source(self._source_key(item), entry, self._origin(item))

    def _compile_texts(self, texts: list[CodeText]) -> tuple[list[TextUse], list[dict[str, Any]]]:
        """The uses of texts, compiled now if they were not before, and reports of fallbacks."""
        level, target = self.settings.level, self.settings.target
        keys = [self._code_key(digest(text.text), level) for text in texts]
        todo: dict[str, CodeText] = {}
        for key, text in zip(keys, texts, strict=True):
            if self._codes.code(key) is None:
                todo.setdefault(key, text)
        fallbacks: list[dict[str, Any]] = []
        lowered: dict[str, str] = {}
        """The key of the code that is used instead, for a text that needed a lower level."""

        def take(key: str, compiled: CompiledText) -> None:
            self._codes.insert_code(key, compiled)
            self.seconds["llvm"] = self.seconds.get("llvm", 0.0) + compiled.seconds

        if self.jobs == 0:
            for key, text in todo.items():
                try:
                    verify_text(text.text)  # LLVM would abort this process
                    take(key, compile_text(text.text, target, level))
                except CodegenError as error:
                    raise explain_refusal(self.session, None, signatures=True) or error from None
            return [TextUse(k, t.symbols, t.base) for k, t in zip(keys, texts, strict=True)], []

        batches = _batches([*todo.items()])

        def on_result(number: int, results: Any) -> None:
            if not isinstance(results, _Retried):
                for (key, _), plain in zip(batches[number], results, strict=True):
                    take(key, CompiledText.from_plain(plain))
                return
            for (key, text), part in zip(batches[number], results.parts, strict=True):
                (plain,), at_level, reason = part
                if reason is not None:
                    key = lowered[key] = self._code_key(digest(text.text), at_level)
                    fallbacks.append(self._text_fallback(text, at_level, reason))
                take(key, CompiledText.from_plain(plain))

        def on_death(number: int, worker: Worker, death: WorkerDied) -> _Retried:
            self._explain(worker, None)
            return _Retried(
                [
                    self._try_levels(
                        worker,
                        death,
                        lambda level, text=text: ("texts", [text.text], asdict(target), level),
                        text.symbols[0],
                    )
                    for _, text in batches[number]
                ]
            )

        tasks: list[Request] = [
            ("texts", [text.text for _, text in batch], asdict(target), level) for batch in batches
        ]
        try:
            shared_pool(self.jobs).run(self._open, tasks, on_result, on_death)
        except CodegenError:
            explain: list[Request] = [("explain", None, True)]
            shared_pool(self.jobs).run(
                self._open, explain, lambda number, result: None, lambda number, worker, death: None
            )
            raise
        uses = [
            TextUse(lowered.get(key, key), text.symbols, text.base)
            for key, text in zip(keys, texts, strict=True)
        ]
        return uses, fallbacks

    def _explain(
        self, worker: Worker, indices: tuple[int, ...] | None, *, signatures: bool = True
    ) -> None:
        """Raise PassFailure if a worker died or failed since LLVM refuses a function; it is looked for
        in a worker, where LLVM may abort."""
        try:
            worker.ask(("explain", indices, signatures))
        except WorkerDied:
            worker.restart()
            worker.ask(self._open)

    def _text_fallback(self, text: CodeText, level: Level, reason: WorkerDied) -> dict[str, Any]:
        index = _owner(text.symbols[0])
        return self._fallback(0 if index is None else index, level, reason)


def _owner(symbol: str) -> int | None:
    """The function that a symbol, or the trampoline it names, belongs to; None for trampolines of
    function types; -1 for what a pass made."""
    parsed = parse_symbol(symbol)
    if parsed is None:
        return -1
    kind, number = parsed
    return number if kind in ("function", "array-to-wasm", "native-to-wasm") else None


def _batches(texts: list[tuple[str, CodeText]]) -> list[list[tuple[str, CodeText]]]:
    batches: list[list[tuple[str, CodeText]]] = []
    size = _BATCH_CHARACTERS
    for key, text in texts:
        if size >= _BATCH_CHARACTERS:
            batches.append([])
            size = 0
        batches[-1].append((key, text))
        size += len(text.text)
    return batches
