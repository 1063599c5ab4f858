"""Running small modules with and without the passes of examples/passes, lazily and eagerly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdsl.passes import ModulePass

from wasmdialect import Config, Engine, Instance, Linker, Module, Store, Trap
from wasmdialect.passes.base import pass_scope
from wasmdialect.passes.registry import PassRegistry

FOLDER = Path(__file__).parents[2] / "examples" / "passes"
MODES = ("eager", "lazy")
JOBS = 1
"""Without a worker nothing is compiled lazily."""
Call = tuple[Any, ...]
"""The name of an export, and the arguments."""


def example(name: str) -> type[ModulePass]:
    """The pass of a file in examples/passes."""
    registry = PassRegistry()
    registry.load_file(str(FOLDER / f"{name.replace('-', '_')}.py"))
    return registry.find(name)


@dataclass
class Ran:
    """What came of some calls."""

    results: list[Any]
    """Of each call: results, or the code of its trap."""
    memory: bytes
    """The exported memory of that name afterwards."""
    instance: Instance
    store: Store
    module: Module

    @property
    def exports(self) -> Any:
        return self.instance.exports(self.store)

    def reports(self, kind: str) -> list[dict[str, Any]]:
        """The reports of that kind."""
        return [report for report in self.module.reports if report["kind"] == kind]


def run(
    text: str,
    calls: Sequence[Call],
    passes: Mapping[str, Sequence[ModulePass | type[ModulePass]]] | None = None,
    define: Callable[[Linker, Store], object] | None = None,
    **settings: Any,
) -> Ran:
    """Make calls, one after the other, on one instance."""
    engine = Engine(Config(passes=passes or {}, jobs=JOBS, **settings))
    store, linker = Store(engine), Linker(engine)
    if define is not None:
        define(linker, store)
    module = Module(engine, text)
    is_whole = any(pass_scope(p) == "module" for each in (passes or {}).values() for p in each)
    assert module.is_lazy == (settings.get("compilation") == "lazy" and not is_whole)
    instance = linker.instantiate(store, module)
    exports: Any = instance.exports(store)
    results: list[Any] = []
    for name, *arguments in calls:
        try:
            results.append(exports[name](store, *arguments))
        except Trap as trap:
            results.append(trap.trap_code)
    memory = exports.get("memory")
    contents = b"" if memory is None else bytes(memory.read(store))
    return Ran(results, contents, instance, store, module)
