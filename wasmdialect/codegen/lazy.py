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
from wasmdialect.codegen.module_entry import PassInputs
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.codegen.tasks import Item
from wasmdialect.object.artifact import Artifact
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.object.sections import TrapTable
from wasmdialect.object.veneers import LAZY_MACHINES
from wasmdialect.types import F32, F64, V128, FuncType
from wasmdialect.wasm.validate import BodyCalls

SMALL_MODULE = 32 * 1024
"""Bytes of function bodies below which a module is compiled at once unless laziness is asked for: in
two units or less, there is little to save."""
AT_ONCE = 1024
"""Bytes of function bodies for each worker that are compiled for one call: the function that is called,
and those that it is likely to call."""
_CACHED_AT_ONCE = 16 * AT_ONCE
"""The same for functions that are in the cache."""


def open_lazily(run: Run, *, is_wanted: bool) -> LazyCompiler | str:
    """The compiler for a module that is to be compiled lazily, or why it has to be compiled as a whole:
    errors in function bodies, which are reported then, are a reason. `is_wanted` says that the user
    wants laziness for small modules too."""
    reason = _reason_against(run, is_wanted)
    if reason is not None:
        return reason
    calls = run.session.source.survey()
    if calls is None:
        return "a function body is not valid"
    if any(c.has_tail_calls and not _in_registers(run, index) for index, c in calls.items()):
        return "it makes tail calls in functions with many parameters"
    return LazyCompiler(run, calls)


def _in_registers(run: Run, index: int) -> bool:
    """Whether the parameters of a function certainly travel in registers in tail calls (docs/abi.md,
    "Tail calls"). Elsewhere it has a second entry, which lazy code has no veneer for."""
    declared = run.session.source.declared
    signature = declared.types.function(declared.functions[index]).composite
    assert isinstance(signature, FuncType)
    vectors = sum(t in (F32, F64, V128) for t in signature.params)
    others = len(signature.params) - vectors
    return vectors <= VECTOR_REGISTERS and others < INTEGER_REGISTERS - RETURN_AREA_PARAMETER


def _reason_against(run: Run, is_wanted: bool) -> str | None:
    config, target = run.settings.config, run.settings.target
    if config.opt_level == 3:
        return "-O3 compiles across functions"
    if not run.session.function_scoped:
        return "a pass, or the input, is for the module as a whole"
    if run.jobs == 0:
        return "there are no workers"
    if config.shuffle_layout is not None:
        return "the layout is of the whole module"
    if target.elf_machine not in LAZY_MACHINES:
        return f"code for {target.triple} cannot be compiled lazily"
    if not is_wanted and sum(run.session.source.body_sizes.values()) < SMALL_MODULE:
        return "it is small"
    return None


class LazyCompiler:
    """Compiles functions of a module when they are asked for."""

    def __init__(self, run: Run, calls: Mapping[int, BodyCalls]):
        """`calls` are those in all bodies."""
        self._run = run
        self._calls = calls
        self._sizes = run.session.source.body_sizes
        self._taken = 0
        """How many of the functions of the run have been handed out."""
        self._reported = 0
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
        self.reports, self.seconds = run.reports, run.seconds
        self.on_report: Callable[[dict[str, Any]], None] | None = None
        """Called with each report of a pass."""

    def function(self, index: int, is_known: Callable[[int], bool]) -> Sequence[NamedFunction]:
        """As `runtime.lazy.CodeSource.function`."""
        run = self._run
        remembered = (each for each in self._remembered() if not is_known(each))
        first = [index, *(each for each in remembered if each != index)]
        missing = [Item((each,)) for each in first if not run.take_from_cache(Item((each,)))]
        size = sum(self._sizes[item.functions[0]] for item in missing)
        cached = 0
        seen, todo = {*first}, deque(self._callees(first))
        while todo and size < AT_ONCE * run.jobs and cached < _CACHED_AT_ONCE:
            next_ = todo.popleft()
            if next_ in seen or is_known(next_):
                continue
            seen.add(next_)
            if run.take_from_cache(Item((next_,))):
                cached += self._sizes[next_]
            else:
                missing.append(Item((next_,)))
                size += self._sizes[next_]
            todo += self._callees([next_])
        if missing:
            run.compile_items(missing)
        return self._take()

    def _callees(self, indices: Sequence[int]) -> list[int]:
        """What functions call directly, as far as it is defined here."""
        calls = (callee for index in indices for callee in self._calls[index].callees)
        return [callee for callee in calls if callee in self._sizes]

    def _remembered(self) -> list[int]:
        """Once: the functions that were compiled the last time the module ran, with any passes."""
        store, key = self._run.store, self._memory_key
        if store is None or self._has_remembered:
            return []
        self._has_remembered = True
        found: list[int] = unseal(key, store.get(key)) or []
        return [index for index in found if index in self._sizes]

    def remember(self, earlier: Sequence[str]) -> None:
        """Remember what was compiled, and what symbols belong to that another process had, for the next
        time the module is compiled, perhaps with other passes."""
        store = self._run.store
        if store is not None:
            items = {item for symbol in earlier if (item := _item_of(symbol)) is not None}
            indices = sorted({i for item in (*items, *self._run.finished) for i in item.functions})
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
        self._run.compile_rest()
        self._taken = 0
        return self._take()

    @property
    def inputs(self) -> PassInputs | None:
        """What passes import."""
        return self._run.pass_inputs

    def so_far(self, earlier: Sequence[str]) -> Sequence[NamedFunction] | None:
        """All that has been compiled, and the code in the cache of what symbols belong to that another
        process had. None if it may be different the next time."""
        run = self._run
        if not run.is_repeatable:
            return None
        functions = {function.symbol: function for function in run.functions}
        items = {owner for symbol in earlier if (owner := _item_of(symbol)) is not None}
        for item in items:
            for function in run.cached_functions(item):
                functions.setdefault(function.symbol, function)
        return [*functions.values()]

    def printed(self, *, with_set_up: bool) -> str:
        """The output of passes so far."""
        return self._run.printed if with_set_up else self._run.printed_about_functions

    def continue_reports(self, reports: list[dict[str, Any]]) -> None:
        """Add further reports to a list that has those of another process."""
        reports += self.reports
        self.reports = self._run.reports = reports
        self._reported = len(reports)

    def write_artifact(self) -> bytes:
        """The artifact of the module. Raises the errors of compiling."""
        return link_run(self._run, self.everything())

    def _take(self) -> Sequence[NamedFunction]:
        """The functions that have been compiled since the last time."""
        run = self._run
        functions = run.functions[self._taken :]
        self._taken += len(functions)
        if self.on_report is not None:
            for report in run.reports[self._reported :]:
                self.on_report(report)
        self._reported = len(run.reports)
        # After an interruption, or by a signal handler, some are compiled again.
        return [*{function.symbol: function for function in functions}.values()]


def _item_of(symbol: str) -> Item | None:
    """What a symbol is compiled with."""
    index, signature = owner_of(symbol), signature_of(symbol)
    if index is not None:
        return Item((index,)) if index >= 0 else None
    return None if signature is None else Item((), (signature,))
