"""Running scripts of the WebAssembly test-suite on the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from wasmdialect import types as wt
from wasmdialect.api.wast import SPECTEST_GLOBALS, SPECTEST_PRINTS, run_on
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.interpreter import (
    Global,
    HostFunction,
    Instance,
    LinkFailure,
    Machine,
    Memory,
    Table,
    Trapped,
    Uncaught,
    WasmFunction,
)
from wasmdialect.runtime.errors import LinkError, Trap
from wasmdialect.runtime.exceptions import Thrown
from wasmdialect.runtime.tag import StoreTag
from wasmdialect.wasm.features import parse_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.interpreter import Extern
    from wasmdialect.wasm.wast import Command
    from wasmdialect.wasm.wast_check import ScriptResult

_T = TypeVar("_T")


def interpret_commands(commands: Sequence[Command], settings: CompileSettings) -> ScriptResult:
    """Run a script that has been parsed, as `api.wast.run_commands` does; the modules go through the
    passes of the settings' pipeline, and are then interpreted."""
    features = parse_features(settings.config.features)
    return run_on(commands, features, lambda: _InterpretedScripts(settings))


class _InterpretedScripts:
    """Imports the modules of a script, and interprets them."""

    def __init__(self, settings: CompileSettings):
        self._settings = settings
        self._machine = Machine(threads=True)
        self._references: list[object] = [None]
        """What the bits of references stand for."""

    def spectest(self) -> Mapping[str, Extern]:
        exports: dict[str, Extern] = {
            name: HostFunction(wt.func_def_type(params, ()), lambda *_: (), name)
            for name, params in SPECTEST_PRINTS.items()
        }
        for t, bits in SPECTEST_GLOBALS:
            exports[f"global_{t}"] = Global(t, False, bits)
        for name, is_64 in (("table", False), ("table64", True)):
            exports[name] = Table(wt.FUNCREF, 10, 20, is_64=is_64)
        for name, shared in (("memory", False), ("shared_memory", True)):
            exports[name] = Memory(1, 2, shared=shared)
        return exports

    def compile(self, binary: bytes) -> ModuleOp:
        pipeline = self._settings.config.pipeline or ""
        session = CompileSession(binary, "module.wasm", self._settings, pipeline)
        module = session.import_everything()
        session.run_passes(module)
        return module

    def instantiate(
        self, module: ModuleOp, importable: Callable[[str], Mapping[str, Extern]]
    ) -> Instance:
        return _translated(lambda: Instance(self._machine, module, _Imports(importable)))

    def read(self, exported: Any) -> tuple[wt.ValType, int] | None:
        if not isinstance(exported, Global):
            return None
        return exported.type, self._to_bits(exported.type, exported.value)

    def call(self, exported: Any, arguments: list[int]) -> list[tuple[wt.ValType, int]] | None:
        if not isinstance(exported, WasmFunction | HostFunction):
            return None
        signature = exported.type.composite
        assert isinstance(signature, wt.FuncType)
        values = [
            self._references[bits] if isinstance(t, wt.RefType) else bits
            for t, bits in zip(signature.params, arguments, strict=True)
        ]
        results = _translated(lambda: self._machine.invoke(exported, values))
        return [(t, self._to_bits(t, v)) for t, v in zip(signature.results, results, strict=True)]

    def _to_bits(self, t: wt.ValType, value: Any) -> int:
        return self.extern(value) if isinstance(t, wt.RefType) else value

    def extern(self, referent: object) -> int:
        for number, known in enumerate(self._references):
            if known is referent:
                return number
        self._references.append(referent)
        return len(self._references) - 1

    def close(self) -> None:
        """Nothing is held."""


class _Imports(dict[tuple[str, str], Any]):
    """What can be imported, looked up when it is."""

    def __init__(self, importable: Callable[[str], Mapping[str, Extern]]):
        super().__init__()
        self._importable = importable

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        module, name = key
        return self._importable(module).get(name, default)


def _translated(run: Callable[[], _T]) -> _T:
    """The result, with errors as the runtime raises them."""
    try:
        return run()
    except Trapped as error:
        raise Trap.from_code(error.code, []) from error
    except Uncaught as error:
        raise Thrown(StoreTag(error.exception.tag.type), None) from error
    except LinkFailure as error:
        raise LinkError(str(error)) from error
