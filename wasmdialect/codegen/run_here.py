"""A compilation whose passes are set up in this process, where their output and errors appear: with
passes that the user has added. Passes that are objects, and those that see the whole module, run here,
and without workers everything does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from wasmdialect.codegen.batch import compile_texts
from wasmdialect.codegen.budget import fallback_report
from wasmdialect.codegen.cache import CompiledText, SourceEntry, TextUse
from wasmdialect.codegen.clock import Clock
from wasmdialect.codegen.digests import digest
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.llvm import CodegenError, verify_text
from wasmdialect.codegen.lowered_unit import LoweredUnit
from wasmdialect.codegen.metadata import describe_module
from wasmdialect.codegen.object_digest import object_digest
from wasmdialect.codegen.pool import SingleTask, shared_pool
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.refusal import explain_refusal
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import Level
from wasmdialect.codegen.tasks import ExplainTask, Item, PlacedCode, TextsTask, UnitTask
from wasmdialect.codegen.unit import compile_unit, emit_texts, lower_unit
from wasmdialect.dialects.fast import dismantle
from wasmdialect.lowering.emit import CodeText
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import PassFailure

_BATCH_CHARACTERS = 1_000_000
"""Characters of LLVM IR text that a worker gets at once."""

_log = logging.getLogger("wasmdialect")


class RunHere(Run):
    """A run with a session that has been set up in this process."""

    @property
    def _opened(self) -> CompileSession:
        assert isinstance(self.session, CompileSession)
        return self.session

    def _objects_digest(self) -> str | None:
        """The digest of the passes that are objects, None with a line in the log if it cannot be told
        what they depend on."""
        for p in self.session.objects:
            try:
                object_digest(p)
            except LookupError as error:
                _log.info("functions are not cached after pass %s: %s", p.name, error)
                return None
        return digest(*map(object_digest, self.session.objects))

    # --- units of functions ---

    def _do_units(self, units: Iterable[Item]) -> None:
        if self.jobs == 0:
            self._compile_units_alone(units)
        elif self.session.objects:
            self._compile_units_here(units)
        else:
            super()._do_units(units)

    def _compile_units_alone(self, units: Iterable[Item]) -> None:
        """Compile units without workers."""
        level = self.settings.level
        with relaxed_gc(), printing_to_errors() as output:
            for unit in units:
                task = UnitTask(self, unit, level)
                self._opened.plan, self._opened.targets = self.plan, self.targets_of(unit)
                seconds = compile_unit(
                    self._opened,
                    task.item.functions,
                    signatures=task.item.signatures,
                    level=task.level,
                    output=output,
                    missing=task.missing,
                    on_start=task.start,
                    on_code=task.take_code,
                    verify=True,
                )
                task.done(seconds)

    def _compile_units_here(self, units: Iterable[Item]) -> None:
        """Compile units whose passes are objects of this process: passes run here, while workers are
        busy with the texts of earlier units."""
        lowered: list[tuple[Item, LoweredUnit, dict[str, float]]] = []

        def texts() -> Iterator[tuple[CodeText, Level]]:
            level = self.settings.level
            self._opened.plan = self.plan
            for item in units:
                self._opened.targets = self.targets_of(item)
                with relaxed_gc(), printing_to_errors() as output:
                    made, unit, clock = lower_unit(
                        self._opened, item.functions, item.signatures, level, output
                    )
                lowered.append((item, unit, clock.seconds))
                yield from made

        uses, fallbacks = self._compile_texts(
            texts(), lambda: [index for item, *_ in lowered for index in item.functions]
        )
        self.is_repeatable &= not fallbacks
        self.reports += fallbacks
        position = 0
        for item, unit, seconds in lowered:
            own = uses[position : position + len(unit.texts)]
            position += len(own)
            self._add_seconds(seconds)
            is_kept = self._keeps_sources and all(
                use.level == text.level for use, text in zip(own, unit.texts, strict=True)
            )
            if is_kept:
                self._keep_source(item, own, unit.reports, unit.printed, sum(seconds.values()))
            self._note_printed(item, "".join(text for _, text in unit.printed))
            self._add(SourceEntry(own, unit.reports))
            self._advance(item)

    # --- the whole module, then its texts ---

    def compile(self) -> None:
        if self.session.function_scoped:
            super().compile()
        else:
            self._compile_module()

    def _compile_module(self) -> None:
        """Run all passes over the whole module in this process, then compile its functions."""
        item = Item(tuple(self._sizes))
        # Such a pass may look at everything in the module.
        self._source_prefix = digest(self._source_prefix, self.binary)
        if self.take_from_cache(item):
            return
        clock = Clock()
        take_reports()
        level = self.settings.level
        with relaxed_gc():
            module = self._opened.import_everything()
            clock.lap("import")
            with printing_to_errors() as output:
                try:
                    written = self._opened.run_passes(module, write_for=level)
                except PassFailure as failure:
                    raise self._opened.reproduce(failure, None) from failure.__cause__
            clock.lap("passes")
            description = self.description = describe_module(module, guarded=self._is_guarded)
            texts, too_large = emit_texts(module, self.settings, level, written)
            dismantle(module)
            written.clear()
            clock.lap("emit")
        self.seconds.update(clock.seconds)
        reports = [report.to_plain() for report in take_reports()] + too_large
        uses, fallbacks = self._compile_texts(texts)
        printed = "".join(text for _, text in output.take())
        self._note_printed(item, printed)
        self.is_repeatable &= not fallbacks
        self._add(SourceEntry(uses, reports + fallbacks))
        self._advance(item)
        if self._keeps_sources and not fallbacks:
            entry = SourceEntry(uses, reports, clock.total, printed, description.to_plain())
            self.codes.insert_source(
                self._source_key(item), entry, self._origin(item), self._bodies
            )

    def _compile_texts(
        self,
        texts: Iterable[tuple[CodeText, Level]],
        functions: Callable[[], Sequence[int] | None] = lambda: None,
    ) -> tuple[list[TextUse], list[dict[str, Any]]]:
        """The uses of texts, compiled now if they were not before, and reports of fallbacks. The texts
        may be made while workers compile; `functions` are those they were made of so far, None for
        all."""
        order: list[tuple[str, CodeText]] = []
        used: dict[str, tuple[str, Level]] = {}
        fallbacks: list[dict[str, Any]] = []

        def missing() -> Iterator[PlacedCode]:
            asked: set[str] = set()
            for text, level in texts:
                key = self.code_key(digest(text.text), level)
                order.append((key, replace(text, text="")))
                if key in asked:
                    continue
                asked.add(key)
                if self.codes.code(key) is None:
                    yield PlacedCode(text, level, key)
                else:
                    used[key] = key, level

        def take(placed: PlacedCode, compiled: CompiledText) -> None:
            key = self.code_key(digest(placed.text.text), placed.level)
            self.codes.insert_code(key, compiled)
            used[placed.key] = key, placed.level
            self._add_seconds({"llvm": compiled.seconds})

        def fall_back(placed: PlacedCode, failure: WorkerFailure) -> None:
            fallbacks.append(fallback_report(placed.text.symbols, placed.level, str(failure)))

        target, runs_here = self.settings.target, len(self.session.objects) > 0
        try:
            if self.jobs == 0:
                todo = [*missing()]
                for placed in todo:
                    verify_text(placed.text.text)  # LLVM would abort this process
                contents: dict[int, tuple[str, Level]] = {
                    n: (placed.text.text, placed.level) for n, placed in enumerate(todo)
                }
                compile_texts(contents, target, _ignore, lambda n, code: take(todo[n], code))
            else:
                self.work(
                    TextsTask(batch, target, take, fall_back, explains=not runs_here)
                    for batch in _batches(missing())
                )
        except CodegenError as error:
            if self.jobs > 0 and not runs_here:
                self.work([ExplainTask(None)])
                raise
            verify = verify_text if self.jobs == 0 else self._verify_elsewhere
            raise explain_refusal(self._opened, functions(), verify=verify) or error from None
        uses: list[TextUse] = []
        for first_key, text in order:
            key, level = used[first_key]
            uses.append(TextUse(key, text.symbols, text.base, level, text.inlined))
        return uses, fallbacks

    def _verify_elsewhere(self, text: str) -> None:
        """Let a worker verify a text, on which LLVM may end it. Raises CodegenError."""

        def on_failure(failure: WorkerFailure) -> None:
            raise CodegenError(str(failure))

        timeout = self.settings.config.compile_timeout
        task = SingleTask(("verify", text), _ignore, on_failure)
        shared_pool(self.jobs).run(None, [task], timeout)


def _ignore(reply: Any) -> None:
    """Nobody asks."""


def _batches(texts: Iterable[PlacedCode]) -> Iterator[list[PlacedCode]]:
    batch: list[PlacedCode] = []
    size = 0
    for placed in texts:
        batch.append(placed)
        size += len(placed.text.text)
        if size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
