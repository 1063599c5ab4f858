"""The compiler behind a lazily compiled module: units of functions on request, through the same cache
and workers as a compilation of the whole module.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wasmdialect.abi.returns import RETURN_AREA_PARAMETER
from wasmdialect.abi.tail_calls import INTEGER_REGISTERS, VECTOR_REGISTERS
from wasmdialect.codegen.budget import owner_of, signature_of
from wasmdialect.codegen.compiler import describe_compiler, link_run
from wasmdialect.codegen.first_calls import FirstCalls
from wasmdialect.codegen.module_entry import PassInputs
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.codegen.store import Store
from wasmdialect.codegen.tasks import Item
from wasmdialect.codegen.tiers import BetterCode, first_tier
from wasmdialect.object.artifact import Artifact
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.object.sections import TrapTable
from wasmdialect.object.veneers import LAZY_VENEERS
from wasmdialect.types import F32, F64, V128
from wasmdialect.wasm.validate import BodyCalls

SMALL_MODULE = 32 * 1024
"""Bytes of function bodies below which a module is compiled at once unless laziness is asked for: in
two units or less, there is little to save."""
LIKELY = 64
"""Functions that one call makes likely to be called next."""
_CACHED_AT_ONCE = 16 * 1024
"""Bytes of function bodies whose code is taken from the cache for one call: the function that is
called, and those that it is likely to call."""


def open_lazily(run: Run, *, is_wanted: bool) -> LazyCompiler | str:
    """The compiler for a module that is to be compiled lazily, or why it has to be compiled as a whole:
    errors in function bodies, which are reported then, are a reason. `is_wanted` says that the user
    wants laziness for small modules too."""
    reason = _reason_against(run, is_wanted)
    if reason is not None:
        return reason
    calls = run.calls
    if calls is None:
        return "a function body is not valid"
    if any(c.has_tail_calls and not _in_registers(run, index) for index, c in calls.items()):
        return "it makes tail calls in functions with many parameters"
    return LazyCompiler(run, calls)


def _in_registers(run: Run, index: int) -> bool:
    """Whether the parameters of a function certainly travel in registers in tail calls (docs/abi.md,
    "Tail calls"). Elsewhere it has a second entry, which lazy code has no veneer for."""
    signature = run.session.source.signature_of(index)
    vectors = sum(t in (F32, F64, V128) for t in signature.params)
    others = len(signature.params) - vectors
    return vectors <= VECTOR_REGISTERS and others < INTEGER_REGISTERS - RETURN_AREA_PARAMETER


def _reason_against(run: Run, is_wanted: bool) -> str | None:
    config, target = run.settings.config, run.settings.target
    if run.settings.level == 3:
        return "-O3 compiles across functions"
    if not run.session.function_scoped:
        return "a pass, or the input, is for the module as a whole"
    if run.jobs == 0:
        return "there are no workers"
    if config.shuffle_layout is not None:
        return "the layout is of the whole module"
    if target.elf_machine not in LAZY_VENEERS:
        return f"code for {target.triple} cannot be compiled lazily"
    if not is_wanted and sum(run.session.source.body_sizes.values()) < SMALL_MODULE:
        return "it is small"
    return None


class LazyCompiler:
    """Compiles functions of a module when they are asked for."""

    def __init__(self, run: Run, calls: Mapping[int, BodyCalls]):
        """`calls` are those in all bodies."""
        self._run = run
        first = first_tier(run)
        self._first = run if first is None else first
        """The run in which functions are compiled for their first call."""
        self._better = None if first is None else BetterCode(run)
        self._first_calls = FirstCalls(self._first, self._take_from_cache)
        self._calls = calls
        self._sizes = run.session.source.body_sizes
        self._taken = {id(each): 0 for each in (run, self._first)}
        """How many of the functions of each run have been handed out."""
        self._noted = dict(self._taken)
        """How many of the reports of each run have been taken."""
        self._uncached: set[Item] = set()
        """Items that were not in the cache: many functions are likely to call the same ones."""
        self._reported = 0
        self._called: set[int] = set()
        """The functions that have been called, as far as calls go through veneers."""
        self._memory_key = key_of("called", run.binary)
        self._has_remembered = False
        run.describe()
        assert run.description is not None
        info, wasm_data, names = run.description
        imported = {info.functions[i.index] for i in info.imports if i.kind == "func"}
        self._import_signatures = {
            number for number, index in enumerate(info.signatures) if index in imported
        }
        """Types of imported functions whose trampolines have not been compiled."""
        engine, provenance = describe_compiler(run)
        self.artifact = Artifact(
            *(engine, info, b"", b"", b"", 0, (), None, TrapTable((), ()).to_bytes()),
            *(wasm_data, names, provenance, run.settings.target.elf_machine),
        )
        """Everything of the module's artifact but the code."""
        self.body_bytes = sum(self._sizes.values())
        self.pipeline = run.session.pipeline
        self.seconds = run.seconds
        self.reports: list[dict[str, Any]] = []
        self.earlier: set[int] = set()
        """The functions that another process had compiled for their first call only."""
        self.on_report: Callable[[dict[str, Any]], None] | None = None
        """Called with each report of a pass."""

    def function(self, index: int, is_known: Callable[[int], bool]) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.function`."""
        self._called.add(index)
        remembered = (each for each in self._remembered() if not is_known(each))
        first = [index, *(each for each in remembered if each != index)]
        missing = [Item((each,)) for each in first if not self._take_from_cache(Item((each,)))]
        likely: list[int] = []
        cached = 0
        seen, todo = {*first}, deque(self._callees(first))
        while todo and len(likely) < LIKELY and cached < _CACHED_AT_ONCE:
            next_ = todo.popleft()
            if next_ in seen or is_known(next_):
                continue
            seen.add(next_)
            if self._take_from_cache(Item((next_,))):
                cached += self._sizes[next_]
            else:
                likely.append(next_)
            todo += self._callees([next_])
        self._first_calls.expect(likely)
        if len(missing) > 1:
            self._first.compile_items(missing)
        elif missing:
            self._first_calls.compile(missing[0].functions[0])
        return self._take()

    def _take_from_cache(self, item: Item) -> bool:
        """Take the best code of an item that there is in the cache."""
        if item in self._uncached:
            return False
        is_taken = self._run.take_from_cache(item) or (
            self._first is not self._run and self._first.take_from_cache(item)
        )
        if not is_taken:
            self._uncached.add(item)
        return is_taken

    def is_improvable(self, index: int) -> bool:
        """As `runtime.lazy.CodeSource.is_improvable`."""
        item = Item((index,))
        return (
            self._better is not None
            and (item in self._first.finished or index in self.earlier)
            and item not in self._run.finished
        )

    def improvable(self) -> list[int]:
        """The functions that have been compiled for their first call only."""
        return [index for index in self._sizes if self.is_improvable(index)]

    def improve(self, index: int) -> bool:
        """As `runtime.lazy.CodeSource.improve`."""
        if self._better is None or Item((index,)) in self._run.finished:
            return False
        self._better.ask(index)
        return True

    def loop(self, index: int, loop: int) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.loop`."""
        return () if self._better is None else self._better.loop(index, loop)

    def improved(self) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.improved`."""
        if self._better is None:
            return ()
        self._better.go_on()
        return self._take() if len(self._run.functions) > self._taken[id(self._run)] else ()

    def close(self) -> None:
        """End what goes on in the background."""
        self._first_calls.close()
        if self._better is not None:
            self._better.close()

    def _callees(self, indices: Sequence[int]) -> list[int]:
        """What functions call directly, as far as it is defined here."""
        calls = (callee for index in indices for callee in self._calls[index].callees)
        return [callee for callee in calls if callee in self._sizes]

    def _remembered(self) -> list[int]:
        """Once: the functions that were compiled the last time the module ran, with any passes."""
        store = self._run.store
        if store is None or self._has_remembered:
            return []
        self._has_remembered = True
        return self._read_remembered(store)

    def _read_remembered(self, store: Store) -> list[int]:
        found: list[int] = unseal(self._memory_key, store.get(self._memory_key)) or []
        return [index for index in found if index in self._sizes]

    def note_call(self, index: int) -> None:
        """As `runtime.lazy.CodeSource.note_call`."""
        self._called.add(index)

    def remember(self) -> None:
        """Remember what was called, for the next time the module is compiled, perhaps with other
        passes."""
        store = self._run.store
        if store is not None:
            called = self._called
            if self._better is None:  # then calls of what was compiled before are direct
                called = {index for item in self._run.finished for index in item.functions}
            indices = sorted(called.union(self._read_remembered(store)))
            store.insert(self._memory_key, seal(self._memory_key, indices))

    def signature(self, number: int) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.signature`."""
        wanted = {number, *self._import_signatures}
        self._import_signatures.clear()
        items = [Item((), (each,)) for each in sorted(wanted)]
        missing = [item for item in items if not self._run.take_from_cache(item)]
        if missing:
            self._run.compile_items(missing)
        return self._take()

    def everything(self) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.everything`."""
        self._first_calls.close()
        self._run.compile_rest()
        self._taken[id(self._run)] = 0
        return self._take()

    @property
    def inputs(self) -> PassInputs | None:
        """What passes import."""
        return self._run.pass_inputs

    def so_far(self, earlier: Sequence[str]) -> Sequence[NamedFunction] | None:
        """All that has been compiled, and the code in the cache of what symbols belong to that another
        process had. None if it may be different the next time."""
        runs = (self._first, self._run)
        if not all(run.is_repeatable for run in runs):
            return None
        functions: dict[str, NamedFunction] = {}
        items = {owner for symbol in earlier if (owner := _item_of(symbol)) is not None}
        for run in runs:
            cached = (function for item in items for function in run.cached_functions(item))
            functions.update((function.symbol, function) for function in (*cached, *run.functions))
        return [*functions.values()]

    def printed(self, *, with_set_up: bool) -> str:
        """The output of passes so far."""
        rows = self._run.printed_rows() | self._first.printed_rows()
        return "".join(text for index, text in sorted(rows.items()) if with_set_up or index >= 0)

    def continue_reports(self, reports: list[dict[str, Any]]) -> None:
        """Add further reports to a list that has those of another process."""
        reports += self.reports
        self.reports = reports
        self._reported = len(reports)

    def write_artifact(self) -> bytes:
        """The artifact of the module. Raises the errors of compiling."""
        return link_run(self._run, self._run.needed(self.everything()))

    def _take(self) -> Sequence[NamedFunction]:
        """The functions that have been compiled since the last time."""
        functions: list[NamedFunction] = []
        for run in {id(run): run for run in (self._first, self._run)}.values():
            new = run.functions[self._taken[id(run)] :]
            self._taken[id(run)] += len(new)
            functions += new
            reports = run.reports[self._noted[id(run)] :]
            self._noted[id(run)] += len(reports)
            self.reports += filter(self._is_new if run is self._run else None, reports)
        if self.on_report is not None:
            for report in self.reports[self._reported :]:
                self.on_report(report)
        self._reported = len(self.reports)
        # After an interruption, or by a signal handler, some are compiled again.
        return [*{function.symbol: function for function in functions}.values()]

    def _is_new(self, report: dict[str, Any]) -> bool:
        """Whether a report is not about what a function was like when it was compiled first."""
        is_again = Item((report["function_index"],)) in self._first.finished
        return self._first is self._run or not is_again or report["pass"] == "llvm"


def _item_of(symbol: str) -> Item | None:
    """What a symbol is compiled with."""
    index, signature = owner_of(symbol), signature_of(symbol)
    if index is not None:
        return Item((index,)) if index >= 0 else None
    return None if signature is None else Item((), (signature,))
