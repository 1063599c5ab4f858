"""The incremental cache: compiled functions, found by the inputs of their compilation.

There are two kinds of entries. *Code* is kept under the digest of the text that LLVM compiles, which
holds every fact of the module that the code depends on and nothing about its position
(`lowering.emit`), with target, level and tool. *Source* is kept under the digest of a function's
bytes, the module's declarations, the passes with their source, and the settings; it names the
resulting texts, and so saves import and passes. A source entry whose code is gone is a miss; so is one
that is damaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from wasmdialect.codegen.sealing import seal, unseal
from wasmdialect.codegen.settings import Level
from wasmdialect.codegen.store import Store
from wasmdialect.object.compiled import InlinedRows, PackedFunction


@dataclass(slots=True)
class CompiledText:
    """The compiled code of a text."""

    functions: list[PackedFunction]
    seconds: float
    """The time of LLVM and of reading its object."""

    def to_plain(self) -> Any:
        """Values that `marshal` can write."""
        return ([tuple(f) for f in self.functions], self.seconds)

    @staticmethod
    def from_plain(plain: Any) -> CompiledText:
        """The inverse of `to_plain`."""
        functions, seconds = plain
        return CompiledText([PackedFunction(*f) for f in functions], seconds)


class Bodies(Protocol):
    """Where the bodies of functions are in a module."""

    def place_of(self, offset: int) -> tuple[int, int]:
        """The function that a byte offset is in, and the distance from the start of its body."""
        ...

    def offset_at(self, place: tuple[int, int]) -> int:
        """The byte offset at such a place."""
        ...


@dataclass(slots=True)
class TextUse:
    """A text at its position in a module."""

    key: str
    """The key of its code."""
    symbols: tuple[str, ...]
    base: int
    level: Level
    """The level of the code."""
    inlined: InlinedRows = ()

    def to_plain(self, origin: int, bodies: Bodies) -> Any:
        """Values for `marshal`; offsets count from `origin`, those of inlined instructions from the
        functions they are in."""
        inlined = [[bodies.place_of(at) for at in row] for row in self.inlined]
        return (self.key, self.symbols, self.base - origin, self.level, inlined)

    @staticmethod
    def from_plain(plain: Any, origin: int, bodies: Bodies) -> TextUse:
        """The inverse of `to_plain`, for another origin."""
        key, symbols, distance, level, inlined = plain
        rows = [tuple(bodies.offset_at(at) for at in row) for row in inlined]
        return TextUse(key, symbols, distance + origin, level, rows)


@dataclass(slots=True)
class SourceEntry:
    """The result of import and passes for a function (or unit, or module)."""

    uses: list[TextUse]
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    seconds: float = 0.0
    """The time of import and passes."""
    printed: str = ""
    """The output of passes."""
    description: tuple[bytes, bytes, bytes] | None = None
    """The artifact's description of the module, if a module pass has seen and perhaps changed it."""

    def to_plain(self, origin: int, bodies: Bodies) -> Any:
        """Values for `marshal`; offsets count from `origin`, the start of the function."""
        reports = [_moved(report, -origin) for report in self.reports]
        uses = [use.to_plain(origin, bodies) for use in self.uses]
        return (uses, reports, self.seconds, self.printed, self.description)

    @staticmethod
    def from_plain(plain: Any, origin: int, bodies: Bodies) -> SourceEntry:
        """The inverse of `to_plain`, for another origin."""
        uses, reports, seconds, printed, description = plain
        return SourceEntry(
            [TextUse.from_plain(use, origin, bodies) for use in uses],
            [_moved(report, origin) for report in reports],
            seconds,
            printed,
            description,
        )


def _moved(report: dict[str, Any], distance: int) -> dict[str, Any]:
    offset = report.get("wasm_offset")
    return report if offset is None else {**report, "wasm_offset": offset + distance}


@dataclass(slots=True)
class CacheStatistics:
    """Statistics of the cache for a compilation."""

    hits: int = 0
    """Functions and trampolines whose code was in the store."""
    misses: int = 0
    """Compiled functions and trampolines."""
    shared: int = 0
    """Those that are equal to a compiled one."""
    seconds_saved: float = 0.0
    """The time that the hits took when they were compiled."""

    def __str__(self) -> str:
        return (
            f"{self.hits} functions and trampolines from the cache ({self.seconds_saved:.1f} s saved),"
            f" {self.misses} compiled, {self.shared} equal to one of these"
        )


class CodeCache:
    """Checked entries in a store, and all results of one compilation so far. Without a store it only
    prevents equal functions of the compilation from being compiled twice.
    """

    def __init__(self, store: Store | None):
        self._store = store
        self._texts: dict[str, CompiledText] = {}
        self.found: set[str] = set()
        """Keys of the code that came from the store."""

    def code(self, key: str) -> CompiledText | None:
        """The code under a key."""
        known = self._texts.get(key)
        if known is None:
            plain = self._get(key)
            if plain is None:
                return None
            known = CompiledText.from_plain(plain)
            self._texts[key] = known
            self.found.add(key)
        return known

    def insert_code(self, key: str, compiled: CompiledText) -> None:
        """Keep new code."""
        is_new = key not in self._texts
        self._texts[key] = compiled
        if is_new:
            self._insert(key, compiled.to_plain())

    def source(self, key: str, origin: int, bodies: Bodies) -> SourceEntry | None:
        """The source entry under a key, if all its code is there."""
        plain = self._get(key)
        if plain is None:
            return None
        entry = SourceEntry.from_plain(plain, origin, bodies)
        return entry if all(self.code(use.key) is not None for use in entry.uses) else None

    def insert_source(self, key: str, entry: SourceEntry, origin: int, bodies: Bodies) -> None:
        """Keep a source entry."""
        self._insert(key, entry.to_plain(origin, bodies))

    def _get(self, key: str) -> Any:
        return None if self._store is None else unseal(key, self._store.get(key))

    def _insert(self, key: str, plain: Any) -> None:
        if self._store is not None:
            self._store.insert(key, seal(key, plain))
