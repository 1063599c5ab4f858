"""The input of a compilation as the process that hands it to workers sees it: declarations, sizes and
bytes, calls in bodies, and what the artifact says about the module. There are no operations here, so
none of it loads xDSL; `source` adds them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from wasmdialect import types as wt
from wasmdialect.codegen.description import Description, describe_wasm
from wasmdialect.codegen.digests import declarations_digest
from wasmdialect.codegen.importing import importing
from wasmdialect.importer.numbers import ModuleNumbers
from wasmdialect.importer.supported import UNSUPPORTED, check_supported
from wasmdialect.wasm.call_sites import CallSite, call_sites
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.fixed_tables import Targets, fixed_tables
from wasmdialect.wasm.hints import NO_HINTS, module_hints
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.source_lines import SourceLines
from wasmdialect.wasm.validate import (
    BodyCalls,
    survey_calls,
    validate_declarations,
    validate_function,
)


class Input(ABC):
    """A module to compile."""

    @property
    @abstractmethod
    def signatures(self) -> tuple[int, ...]:
        """The numbers of the function types that get trampolines."""

    @property
    @abstractmethod
    def roots(self) -> Collection[int]:
        """The functions that others than the module's own functions may call."""

    @abstractmethod
    def name_of(self, index: int) -> str:
        """The symbol of a function."""

    @abstractmethod
    def signature_of(self, index: int) -> wt.FuncType:
        """The parameters and results of a function."""

    @abstractmethod
    def describe(self, *, guarded: bool) -> Description:
        """The artifact's description of the module. `guarded` says whether compiled code relies on
        guard pages around 32-bit memories."""

    @property
    def catches_without_tags(self) -> bool | None:
        """Whether a Wasm module has no tags and uses exceptions all the same: its workers need not look
        for them again."""
        return None

    @property
    @abstractmethod
    def body_sizes(self) -> dict[int, int]:
        """The defined functions by index, each with a measure of its size."""

    @abstractmethod
    def declarations_digest(self) -> str:
        """The digest of everything that the code of a function can depend on besides its body."""

    @abstractmethod
    def body(self, index: int) -> tuple[int, bytes]:
        """The offset and the bytes of a body that the cache may keep alone."""

    def branch_hints(self, index: int) -> Mapping[int, bool]:
        """Which branches of a function the module says are likely to be taken, or not."""
        return {}

    def call_sites(self, index: int) -> Iterable[CallSite]:
        """The calls in the body of a function that come from Wasm and are outside of `try_table`."""
        return ()

    def place_of(self, offset: int) -> tuple[int, int]:
        """As `cache.Bodies`. Here a cache entry is for the module as it is."""
        return 0, offset

    def offset_at(self, place: tuple[int, int]) -> int:
        """As `cache.Bodies`."""
        return place[1]

    def located(self, report: dict[str, Any]) -> dict[str, Any]:
        """A report of a pass, with the line of source code if the module says what that is."""
        return report

    @abstractmethod
    def survey(self, indices: Sequence[int]) -> Mapping[int, BodyCalls] | None:
        """The direct calls of these bodies, which are checked; None if something in one of them is an
        error, or may be one of the importer, which is found when the body is imported."""

    def targets(self, calls: Mapping[int, BodyCalls]) -> Targets:
        """What the calls through tables in all bodies call directly: here nothing is known of that."""
        return {}

    @property
    def added_calls(self) -> Mapping[int, BodyCalls]:
        """The direct calls of the functions that passes have added, which `survey` does not know."""
        return {}


class WasmInput(Input):
    """A binary module, decoded; its bodies are decoded on demand."""

    def __init__(self, binary: bytes, features: frozenset[Feature], catches: bool | None = None):
        """`features` is what the module may use. `catches` is `catches_without_tags` in another
        process, which has checked the declarations. Raises WasmError."""
        self._binary = binary
        self.wasm = decode_module(binary, features)
        if catches is None:
            validate_declarations(self.wasm)
            check_supported(self.wasm)
        self.numbers = ModuleNumbers(self.wasm, catches)
        self._sizes = {
            f.index: len(f.code.bytes) for f in self.wasm.functions if f.code is not None
        }

    def is_of(self, binary: bytes, features: frozenset[Feature]) -> bool:
        """Whether it is that of a module, for the same features."""
        return self.wasm.features == features and self._binary == binary

    @property
    def signatures(self) -> tuple[int, ...]:
        return tuple(range(len(self.numbers.signatures)))

    @property
    def roots(self) -> Collection[int]:
        return self.numbers.func_refs

    def name_of(self, index: int) -> str:
        with importing:
            from wasmdialect.importer.symbols import SymbolNames  # which loads xDSL
        return SymbolNames(self.wasm).spaces["func"][index]

    def signature_of(self, index: int) -> wt.FuncType:
        return self.wasm.functions[index].signature

    def describe(self, *, guarded: bool) -> Description:
        return describe_wasm(self.wasm, self.numbers, guarded=guarded)

    @property
    def catches_without_tags(self) -> bool | None:
        return self.numbers.catches_without_tags

    @property
    def body_sizes(self) -> dict[int, int]:
        return self._sizes

    def declarations_digest(self) -> str:
        return declarations_digest(self._binary)

    def body(self, index: int) -> tuple[int, bytes]:
        code = self.wasm.functions[index].code
        assert code is not None
        return code.offset, bytes(code.bytes)

    def branch_hints(self, index: int) -> Mapping[int, bool]:
        return module_hints(self.wasm).get(index, NO_HINTS).branches

    def call_sites(self, index: int) -> Iterable[CallSite]:
        _, instructions = validate_function(self._importable, self.wasm.functions[index])
        return call_sites(instructions, self.body(index)[0])

    def place_of(self, offset: int) -> tuple[int, int]:
        index = self._indices[max(bisect_right(self._starts, offset) - 1, 0)]
        return index, offset - self.body(index)[0]

    def offset_at(self, place: tuple[int, int]) -> int:
        index, distance = place
        return self.body(index)[0] + distance

    @cached_property
    def _indices(self) -> list[int]:
        return [*self._sizes]

    @cached_property
    def _starts(self) -> list[int]:
        return [self.body(index)[0] for index in self._indices]

    def located(self, report: dict[str, Any]) -> dict[str, Any]:
        offset = report.get("wasm_offset")
        line = None if offset is None else self._source_lines.at(offset)
        return report if line is None else {**report, "source": line}

    @cached_property
    def _source_lines(self) -> SourceLines:
        return SourceLines(self._binary)

    @cached_property
    def _importable(self) -> Module:
        """The module, without the features of which something cannot be imported."""
        return replace(self.wasm, features=self.wasm.features - UNSUPPORTED)

    def survey(self, indices: Sequence[int]) -> Mapping[int, BodyCalls] | None:
        try:
            return survey_calls(self._importable, indices)
        except WasmError:
            return None

    def targets(self, calls: Mapping[int, BodyCalls]) -> Targets:
        written = {table for each in calls.values() for table in each.written_tables}
        tables, types = fixed_tables(self.wasm, written), self.wasm.types
        keys = {key for each in calls.values() for key in each.indirect if key[0] in tables}
        found = {key: tables[key[0]].targets(types[key[1]]) for key in sorted(keys)}
        return {key: slots for key, slots in found.items() if slots}


def is_ir(data: bytes) -> bool:
    """Whether these are the bytes of a module as IR, not as Wasm. (A module in the text format of
    Wasm has been encoded before.)"""
    return data[:1] not in (b"", b"\0")
