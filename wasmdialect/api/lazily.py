"""Modules that are compiled when they run: from compiler or cache to the runtime, and with their code
back to the cache.
"""

from __future__ import annotations

import weakref

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.lazy_entry import LazyEntry, keep_lazy_entry, keep_samples, read_samples
from wasmdialect.codegen.module_entry import is_unchanged
from wasmdialect.codegen.tools import is_current
from wasmdialect.object.link import PlacementError
from wasmdialect.runtime.lazy import LazyModule, link_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from wasmdialect.api.config import Config
    from wasmdialect.codegen.compiler import Compilation
    from wasmdialect.codegen.lazy import LazyCompiler
    from wasmdialect.codegen.store import Store
    from wasmdialect.object.compiled import NamedFunction
    from wasmdialect.runtime.module import LoadedCode, LoadedModule

    Announce: TypeAlias = Callable[[LoadedModule, LoadedCode], None]


SAMPLES_BEFORE_COMPILER = 500
"""Samples of code that could be better before a compiler is opened for it: half a second. The program
waits for that."""


class LazySource:
    """What compiles the functions of a module (`runtime.lazy.CodeSource`): a compiler, or what the
    cache has, and how to open a compiler when that is not enough."""

    def __init__(
        self,
        found: LazyCompiler | LazyEntry,
        reopen: Callable[[], Compilation | LazyCompiler],
        place: tuple[Store, str] | None,
    ):
        """`place` is the cache that the code is kept in, and the key of the module there."""
        self._entry = found if isinstance(found, LazyEntry) else None
        self._compiler = None if isinstance(found, LazyEntry) else found
        self._reopen, self._place = reopen, place
        self._asked = 0
        """How often better code was wanted while no compiler was open."""
        self.pipeline = found.pipeline
        self.reports: list[dict[str, Any]] = found.reports
        self.seconds: dict[str, float] = {} if isinstance(found, LazyEntry) else found.seconds

    def load(self, config: Config, announce: Announce | None = None) -> LoadedModule:
        """The module in memory. `announce` is called with all its code. Raises ArtifactError,
        MemoryError."""
        entry = self._entry
        found = self._open() if entry is None else entry
        code = None if entry is None else entry.code
        samples = {} if self._place is None else read_samples(*self._place)
        before = sum(samples.values())
        module = LazyModule(found.artifact, config, self, found.body_bytes, announce, code, samples)
        # When it is collected, or Python ends.
        weakref.finalize(module, self._end, config, samples, before)
        return module

    def function(self, index: int, is_known: Callable[[int], bool]) -> Sequence[NamedFunction]:
        """As `CodeSource.function`."""
        return self._open().function(index, is_known)

    def note_call(self, index: int) -> None:
        """As `CodeSource.note_call`."""
        if self._compiler is not None:
            self._compiler.note_call(index)

    def signature(self, number: int) -> Sequence[NamedFunction]:
        """As `CodeSource.signature`."""
        return self._open().signature(number)

    def is_improvable(self, index: int) -> bool:
        """As `CodeSource.is_improvable`."""
        return self._open().is_improvable(index)

    def improve(self, index: int) -> bool:
        """As `CodeSource.improve`."""
        if self._compiler is None and self._asked < SAMPLES_BEFORE_COMPILER:
            self._asked += 1
            return True
        return self._open().improve(index)

    def loop(self, index: int, loop: int) -> Sequence[NamedFunction]:
        """As `CodeSource.loop`."""
        return self._open().loop(index, loop)

    def improved(self) -> Sequence[NamedFunction]:
        """As `CodeSource.improved`."""
        return () if self._compiler is None else self._compiler.improved()

    def everything(self) -> Sequence[NamedFunction]:
        """As `CodeSource.everything`."""
        return self._open().everything()

    def write_artifact(self) -> bytes:
        """The artifact of the module. Raises the errors of compiling."""
        return self._open().write_artifact()

    def _open(self) -> LazyCompiler:
        if self._compiler is None:
            from wasmdialect.codegen.lazy import LazyCompiler

            compiler = self._reopen()
            # The same module was compiled lazily before, with the same settings.
            assert isinstance(compiler, LazyCompiler)
            compiler.continue_reports(self.reports)
            if self._entry is not None:
                compiler.earlier.update(self._entry.improvable)
            self._compiler = compiler
        return self._compiler

    def _end(self, config: Config, samples: dict[int, int], before: int) -> None:
        if self._place is not None and sum(samples.values()) > before:
            keep_samples(*self._place, samples)
        if self._compiler is not None:
            self._compiler.close()
            if self._place is not None:
                self._keep(self._compiler, config, *self._place)

    def _keep(self, compiler: LazyCompiler, config: Config, store: Store, key: str) -> None:
        """Keep the code so far, if there is more than there was, for the next process."""
        earlier = self._entry
        if not is_current() or not is_unchanged(compiler.inputs):
            return
        symbols = [] if earlier is None else [f.symbol for f in earlier.code.functions]
        compiler.remember()
        functions = compiler.so_far(symbols)
        if not functions:
            return
        improvable = compiler.improvable()
        try:
            code = link_first(functions, compiler.artifact, config, improvable)
        except PlacementError:
            return  # which was an error when it was called, too
        printed = compiler.printed(with_set_up=earlier is None)
        entry = LazyEntry(
            *(self.pipeline, self.reports),
            printed if earlier is None else earlier.printed + printed,
            *(compiler.inputs, compiler.body_bytes, compiler.artifact, improvable, code),
        )
        keep_lazy_entry(store, key, entry)
