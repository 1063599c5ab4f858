"""What tests of instrumentation share: a pass from a file, and the ways in which a module that it
changes is compiled and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import wasmtime

from wasmdialect import Config, Engine, Linker, Module, Store, to_wasm, wat2wasm
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.interpreter import Instance, Machine

WAYS = ("eager", "worker", "lazy", "inlined", "saved", "cached")

HEADER = """
from xdsl.dialects.builtin import i32, i64
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report
from wasmdialect.abi.traps import TrapCode

class Added(FunctionPass):
    name = "added"

    def declare(self, d):
"""


def write_pass(folder: Path, declare: str, apply: str) -> Path:
    """A file with a pass `added`: the bodies of `declare` (with `d`) and of `apply_to_function` (with
    `b` at the start of the function)."""
    file = folder / "added.py"
    start = "    def apply_to_function(self, ctx, function):\n" + _indented(
        "b = WasmBuilder.at_start(function.entry)"
    )
    file.write_text(HEADER + _indented(declare) + start + _indented(apply))
    return file


def _indented(text: str) -> str:
    return "".join(f"        {line}\n" for line in text.strip("\n").splitlines())


def settings(file: Path, **more: Any) -> Config:
    """The settings for compiling with the pass."""
    values: dict[str, Any] = {"jobs": 0, "cache": False}
    values |= {"load": (str(file),), "at": {"wasmir-end": "added"}, **more}
    return Config(**values)


class Program(NamedTuple):
    """A module and its engine."""

    engine: Engine
    module: Module

    def instantiate(self, **builtins: Callable[..., Any]) -> tuple[Store, Any, Any]:
        """A store, an instance in it, and its exports, with builtins bound."""
        linker, store = Linker(self.engine), Store(self.engine)
        for name, function in builtins.items():
            linker.define_builtin(name, function)
        instance = linker.instantiate(store, self.module)
        return store, instance, instance.exports(store)


def made(way: str, file: Path, text: str, **more: Any) -> Program:
    """A program after the pass, made in a way of `WAYS`."""
    if way == "saved":
        saved = Module(Engine(settings(file, **more)), text).serialize()
        engine = Engine(settings(file, **more))
        return Program(engine, Module.deserialize(engine, saved))
    if way == "cached":
        config = settings(file, cache=MemoryStore(), **more)
        binary = bytes(wat2wasm(text))
        cold = compile_wasm(config, binary, "m.wasm")
        again = compile_wasm(config, binary, "m.wasm")
        assert (again.cache.misses, again.artifact) == (0, cold.artifact)
        engine = Engine(config)
        return Program(engine, Module.deserialize(engine, again.artifact))
    engine = Engine(settings(file, **_SETTINGS[way], **more))
    return Program(engine, Module(engine, text))


def instantiated(config: Config, text: str | bytes) -> tuple[Store, Any]:
    """A store, and the exports of a module without imports in it."""
    engine = Engine(config)
    store = Store(engine)
    return store, Linker(engine).instantiate(store, Module(engine, text)).exports(store)


_SETTINGS: dict[str, dict[str, Any]] = {
    "eager": {"compilation": "eager"},
    "worker": {"compilation": "eager", "jobs": 1},
    "lazy": {"compilation": "lazy"},
    "inlined": {"opt_level": 3},
}


def interpreted(file: Path, text: str, imports: Any = None) -> Instance:
    """An instance in the interpreter, after the pass."""
    compiled = CompileSettings.of(settings(file))
    session = CompileSession(bytes(wat2wasm(text)), "m.wasm", compiled, "added")
    module = session.import_everything()
    session.run_passes(module)
    return Instance(Machine(), module, imports or {})


class Exported:
    """The exported module after the pass, in Wasmtime."""

    def __init__(self, file: Path, text: str):
        self.binary = bytes(to_wasm(text, settings(file)))
        self.engine = wasmtime.Engine()
        self.store = wasmtime.Store(self.engine)
        self.linker = wasmtime.Linker(self.engine)

    def exports(self) -> Any:
        """The exports of an instance."""
        module = wasmtime.Module(self.engine, self.binary)
        return self.linker.instantiate(self.store, module).exports(self.store)
