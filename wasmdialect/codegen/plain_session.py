"""A module being compiled, as the process that hands it to workers knows it. As long as the user has
added no passes, everything about the pipeline is in its text, and only workers set up the passes: then
nothing of the compiler is loaded here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from wasmdialect._settings import SETTINGS, Config
from wasmdialect.codegen.digests import PassDigest, own_pass_digest
from wasmdialect.codegen.input import Input, WasmInput, is_ir
from wasmdialect.codegen.search_path import current_folder, worker_path
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.object.provenance import PassProvenance
from wasmdialect.passes.mandatory import OPTIMIZING_PASSES, default_passes
from wasmdialect.wasm.features import parse_features

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    from wasmdialect.codegen.module_entry import PassInputs


class Session(ABC):
    """One module, and the passes it goes through."""

    settings: CompileSettings
    pipeline: str
    """The passes as text."""
    objects: Sequence[ModulePass] = ()
    """Those of the passes that were given as objects: workers cannot set them up."""
    function_scoped: bool = True
    """Whether all passes can run on units of a few functions."""

    @property
    @abstractmethod
    def source(self) -> Input:
        """The module."""

    @property
    @abstractmethod
    def kept(self) -> Collection[int] | None:
        """The functions that are not to be inlined, None if the passes inline nothing. Raises
        PassError."""

    @property
    @abstractmethod
    def has_direct_calls(self) -> bool:
        """Whether calls through tables become direct calls: no pass can write a table, or let others
        reach one, that the module's own functions do not."""

    @property
    @abstractmethod
    def files(self) -> list[str]:
        """The files given with `--load`, in order, as absolute paths."""

    @abstractmethod
    def pass_digests(self) -> list[PassDigest]:
        """The digests of the source of the passes, but those that are objects."""

    @abstractmethod
    def pass_inputs(self) -> PassInputs | None:
        """What the passes of files import. Raises LookupError if that cannot be told."""

    @abstractmethod
    def provenance(self) -> list[PassProvenance]:
        """What an artifact says about the passes."""

    @abstractmethod
    def with_pass(self, inserted: str, level: Level) -> Self:
        """The same module with one more pass of this package, before those of the default pipeline, at
        a level."""

    def request(self, binary: bytes, file: str) -> tuple[Any, ...]:
        """The data for setting up the same session in a worker. Relative paths resolve there as
        here."""
        settings = self.settings.to_plain() | {"load": self.files}
        path = worker_path(with_program=len(self.files) > 0)
        catches = self.source.catches_without_tags
        return "session", binary, file, settings, path, current_folder(), catches


def with_pipeline(settings: CompileSettings, pipeline: str, level: Level) -> CompileSettings:
    """The same settings with a complete pipeline and a level."""
    values: dict[str, Any] = {row.name: getattr(settings.config, row.name) for row in SETTINGS}
    values |= {"pipeline": pipeline, "at": {}, "passes": {}, "opt_level": level}
    return replace(settings, config=Config(**values))


def is_plain(binary: bytes, config: Config) -> bool:
    """Whether a module goes through the default pipeline's own passes only, each as the settings have
    it."""
    added = config.pipeline is not None or config.at or config.passes or config.load
    return not added and not is_ir(binary)


class PlainSession(Session):
    """A Wasm module that goes through passes of this package only."""

    def __init__(self, binary: bytes, settings: CompileSettings):
        """Raises WasmError."""
        self._source = WasmInput(binary, parse_features(settings.config.features))
        self.settings = settings
        self._passes = [*default_passes(settings.config).values()]
        self.pipeline = ",".join(self._passes)

    @property
    def source(self) -> Input:
        return self._source

    @property
    def kept(self) -> Collection[int] | None:
        return () if "wasmir-inline" in self._passes else None

    @property
    def has_direct_calls(self) -> bool:
        return "wasmir-direct-calls" in self._passes

    @property
    def files(self) -> list[str]:
        return []

    def pass_digests(self) -> list[PassDigest]:
        return [PassDigest(own_pass_digest(_name(text))) for text in self._passes]

    def pass_inputs(self) -> PassInputs | None:
        return None

    def provenance(self) -> list[PassProvenance]:
        return [PassProvenance(text, own_pass_digest(_name(text))) for text in self._passes]

    def with_pass(self, inserted: str, level: Level) -> Self:
        left_out = OPTIMIZING_PASSES if level < 2 else ()
        kept = [text for text in self._passes if _name(text) not in left_out]
        session = copy(self)
        session._passes = [inserted, *kept]
        session.pipeline = ",".join(session._passes)
        session.settings = with_pipeline(self.settings, session.pipeline, level)
        return session


def _name(text: str) -> str:
    return text.partition("{")[0]
