"""Module: compiled from bytes or text, or loaded from an artifact."""

from __future__ import annotations

import os

from wasmdialect._closable import Closable
from wasmdialect._settings import snapshot
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.config import Engine
from wasmdialect.api.types import (
    ExportType,
    FuncType,
    GlobalType,
    ImportType,
    Limits,
    MemoryType,
    TableType,
    TagType,
    ValType,
)
from wasmdialect.object.artifact import ArtifactError, is_artifact
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.module import load_bytes, load_file

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.api.cached import CachedModule
    from wasmdialect.api.config import Config
    from wasmdialect.api.functions import ModuleFunction
    from wasmdialect.api.lazily import LazySource
    from wasmdialect.api.types import ExternType
    from wasmdialect.codegen.compiler import Compilation
    from wasmdialect.codegen.inspection import Inspection
    from wasmdialect.codegen.lazy import LazyCompiler
    from wasmdialect.object.artifact import EngineInfo
    from wasmdialect.runtime.module import LoadedCode, LoadedModule
    from wasmdialect.wasm.text import ParsedModule


def wat2wasm(wat: str | bytes) -> bytearray:
    """The binary of a module in the text format. Raises WasmtimeError."""
    from wasmdialect.codegen.importing import importing

    with importing:
        from wasmdialect.wasm.errors import WasmError
    try:
        return bytearray(_parse(wat, "all").binary)
    except WasmError as error:
        raise WasmtimeError(error.in_context()) from error


def _parse(wat: str | bytes | bytearray, features: str) -> ParsedModule:
    from wasmdialect.codegen.importing import importing

    with importing:
        from wasmdialect.wasm.features import parse_features
        from wasmdialect.wasm.text import parse_module
        from wasmdialect.wasm.text.syntax import parser

        parser()
    text = wat if isinstance(wat, str) else bytes(wat).decode("utf-8", "surrogateescape")
    return parse_module(text, parse_features(features))


def _compile(config: Config, wasm: str | bytes) -> Compilation | LazyCompiler:
    """Compile binary or text, of Wasm or of IR; text starts with anything but a zero byte. Raises
    WasmError, which knows its position in the text."""
    from wasmdialect.codegen.importing import importing
    from wasmdialect.wasm.errors import WasmError

    with importing:
        from wasmdialect.api.compile import compile_to_run
        from wasmdialect.api.forms import is_mlir
    if not isinstance(wasm, str) and (not wasm or wasm[0] == 0):
        return compile_to_run(config, wasm, "module.wasm")
    text = wasm.encode("utf-8", "surrogateescape") if isinstance(wasm, str) else wasm
    if is_mlir(text):
        return compile_to_run(config, text, "module.mlir")
    parsed = _parse(text, config.features)
    try:
        return compile_to_run(config, parsed.binary, "module.wasm")
    except WasmError as error:
        parsed.source_map.locate(error)
        raise


def _compiled(config: Config, wasm: str | bytes) -> Compilation | LazyCompiler:
    """Like `_compile`. Raises WasmtimeError for a bad module."""
    from wasmdialect.wasm.errors import WasmError

    try:
        return _compile(config, wasm)
    except WasmError as error:
        raise WasmtimeError(error.in_context()) from error


@final
class Module(Closable):
    """A compiled module, ready to be instantiated."""

    loaded: LoadedModule
    pipeline: str | None
    """The pipeline it was compiled with, as text; None if it was loaded."""
    reports: list[dict[str, Any]]
    """The reports of passes while it was compiled. Lazy compilation adds to them."""
    seconds: dict[str, float]
    """Time of each stage of its compilation, so far; empty if it was loaded."""
    _artifact: bytes | memoryview | None
    _source: LazySource | None
    """What compiles its functions when they are first called."""
    _input: tuple[Config, str | bytes] | None
    """What it was compiled from, for looking at its IR."""
    _inspection: Inspection | None

    def __init__(self, engine: Engine, wasm: str | bytes | bytearray):
        from wasmdialect.api.cached import find_or_compile

        if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        if not isinstance(wasm, str | bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected wasm bytes")
        source = wasm if isinstance(wasm, str) else bytes(wasm)
        config = engine.config
        self._take(find_or_compile(config, source, lambda: _compiled(config, source)), engine)
        self._input = snapshot(config), source

    @classmethod
    def from_compilation(
        cls, engine: Engine, compiled: CachedModule | Compilation | LazySource
    ) -> Module:
        """The Module for one from the cache, or a result of `compile_wasm` or `compile_to_run`. Raises
        ArtifactError if it is for another machine."""
        self = cls.__new__(cls)
        self._take(compiled, engine)
        return self

    def _take(self, compiled: CachedModule | Compilation | LazySource, engine: Engine) -> None:
        from wasmdialect.api.cached import CachedModule

        def announce(module: LoadedModule, code: LoadedCode) -> None:
            _announce(module, code, engine.config)

        self.pipeline, self.reports = compiled.pipeline, compiled.reports
        self.seconds, self._source = compiled.seconds, None
        self._input = self._inspection = None
        if isinstance(compiled, CachedModule):
            self.loaded, self._artifact = compiled.loaded, compiled.artifact
            announce(self.loaded, self.loaded.code[0])
            return
        from wasmdialect.api.lazily import LazySource

        if isinstance(compiled, LazySource):
            self._artifact, self._source = None, compiled
            self.loaded = compiled.load(engine.config, announce)
        else:
            self._artifact = compiled.artifact
            self.loaded = load_bytes(compiled.artifact)
            announce(self.loaded, self.loaded.code[0])

    @classmethod
    def from_file(cls, engine: Engine, path: str | bytes | os.PathLike[str]) -> Module:
        """Compile the module in a file, binary or text."""
        with open(path, "rb") as file:
            return cls(engine, file.read())

    @classmethod
    def deserialize(cls, engine: Engine, encoded: bytes | bytearray) -> Module:
        """Load a result of `serialize`. Raises WasmtimeError if it does not fit this machine."""
        if not isinstance(encoded, bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected bytes")
        try:
            return cls._loaded(engine, load_bytes(encoded), bytes(encoded))
        except ArtifactError as error:
            raise WasmtimeError(str(error)) from error

    @classmethod
    def deserialize_file(cls, engine: Engine, path: str | os.PathLike[str]) -> Module:
        """Load a saved artifact from its file, which may change or disappear afterwards."""
        try:
            return cls._loaded(engine, load_file(path), None)
        except ArtifactError as error:
            raise WasmtimeError(f"{os.fspath(path)}: {error}") from error

    @classmethod
    def _loaded(cls, engine: Engine, loaded: LoadedModule, artifact: bytes | None) -> Module:
        check_settings(loaded.artifact.engine, engine.config)
        _announce(loaded, loaded.code[0], engine.config)
        self = cls.__new__(cls)
        self.loaded, self._artifact, self._source = loaded, artifact, None
        self._input = self._inspection = None
        self.pipeline = None
        self.reports, self.seconds = [], {}
        return self

    @classmethod
    def validate(cls, engine: Engine, wasm: bytes | bytearray) -> None:
        """Check a binary module. Raises WasmtimeError if it is not valid, or needs a feature that
        is switched off."""
        from wasmdialect.codegen.importing import importing

        with importing:
            from wasmdialect.wasm.decode import decode_module
            from wasmdialect.wasm.errors import WasmError
            from wasmdialect.wasm.features import parse_features
            from wasmdialect.wasm.validate import validate_module
        if not isinstance(wasm, bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected wasm bytes")
        try:
            features = parse_features(engine.config.features)
            validate_module(decode_module(bytes(wasm), features))
        except WasmError as error:
            raise WasmtimeError(str(error)) from error

    @property
    def is_lazy(self) -> bool:
        """Whether its functions are compiled when they are first called."""
        return self._source is not None

    def compile_all(self) -> None:
        """Compile the functions of a lazily compiled module that have not been called, and let calls go
        directly to their targets. Raises the errors of compiling."""
        if self._source is not None:
            self.loaded.compile_all()

    def serialize(self) -> bytearray:
        """The artifact, as accepted by `deserialize`. Compiles what has not been compiled."""
        if self._artifact is None and self._source is not None:
            self._artifact = self._source.write_artifact()
        if self._artifact is None:
            raise WasmtimeError("the module was loaded from a file: that file is the artifact")
        return bytearray(self._artifact)

    @property
    def functions(self) -> list[ModuleFunction]:
        """Its functions in the order of their indices, to look at as IR. Raises WasmtimeError if it was
        loaded from an artifact."""
        from wasmdialect.api.functions import ModuleFunction

        inspection = self._inspect()
        count = len(inspection.source.declared.functions)
        return [ModuleFunction(inspection, index) for index in range(count)]

    def function(self, which: str | int) -> ModuleFunction:
        """A function by its index, its name or an export, to look at as IR. Raises WasmtimeError if
        there is none, or the module was loaded from an artifact."""
        from wasmdialect.api.functions import find

        return find(self._inspect(), which)

    def _inspect(self) -> Inspection:
        if self._inspection is None:
            from wasmdialect.api.functions import inspect_module

            if self._input is None:
                raise WasmtimeError("the module was loaded from an artifact, which has no IR")
            self._inspection = inspect_module(*self._input)
        return self._inspection

    @property
    def imports(self) -> list[ImportType]:
        """Its imports, in order."""
        return [
            ImportType(i.module, i.name, extern_type(self.loaded, i.kind, i.index))
            for i in self.loaded.info.imports
        ]

    @property
    def exports(self) -> list[ExportType]:
        """Its exports, in order."""
        return [
            ExportType(e.name, extern_type(self.loaded, e.kind, e.index))
            for e in self.loaded.info.exports
        ]


def check_settings(engine: EngineInfo, config: Config) -> None:
    """Raises ArtifactError if an artifact was not compiled as an Engine would compile it; the
    message names every setting that differs."""
    wanted = {name: getattr(config, name) for name in engine.settings} | {"opt_level": config.level}
    differing = [
        f"{name} is {value!r} in the artifact and {wanted[name]!r} in the engine"
        for name, value in engine.settings.items()
        if wanted[name] != value
    ]
    if differing:
        raise ArtifactError(f"compiled with other settings: {'; '.join(differing)}")


def _announce(module: LoadedModule, code: LoadedCode, config: Config) -> None:
    """Register code of a module with debuggers and profilers, if the Config asks for it."""
    if config.debug_info:
        from wasmdialect.runtime.gdb import show_to_gdb

        show_to_gdb(module, code)
    if config.profiler != "none":
        from wasmdialect.runtime import profiling

        writers = {"perfmap": profiling.write_perf_map, "jitdump": profiling.write_jitdump}
        writers[config.profiler](module, code)


def extern_type(module: LoadedModule, kind: str, index: int) -> ExternType:
    """The type of an import or export."""
    info = module.info
    if kind == "func":
        return FuncType.from_definition(module.functions[index])
    if kind == "table":
        table = info.tables[index]
        limits = Limits(table.minimum, table.maximum)
        return TableType(ValType.of(table.element), limits, table.is_64)
    if kind == "memory":
        memory = info.memories[index]
        limits = Limits(memory.minimum, memory.maximum)
        return MemoryType(limits, memory.is_64, memory.shared, memory.page_size_log2)
    if kind == "tag":
        return TagType(FuncType.from_definition(info.types[info.tags[index]]))
    variable = info.globals[index]
    return GlobalType(ValType.of(variable.type), variable.mutable)


__all__ = ["Module", "extern_type", "is_artifact", "wat2wasm"]
