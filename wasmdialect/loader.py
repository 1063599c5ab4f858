"""`import wasmdialect.loader`: from then on `import name` takes `name.wasm` or `name.wat` too.

As in the `wasmtime.loader` that wasmtime-py had up to its release 39, the file is looked for where
Python looks for modules, after everything that Python finds itself. It is compiled and instantiated,
in one store for all of them, and its exports are the attributes of the Python module; functions are
called without a store. Imports are attributes of the Python modules of their names, or functions of
WASI; a program has no arguments and no directories then, and its output is dropped.

Two things are refused. A file named like a module of the standard library is not imported, even where
Python does not have that module: `import msvcrt` must not run a file `msvcrt.wasm` that lies around.
And a Wasm module cannot import from the standard library: it would get `os.system` by asking for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from wasmdialect._printable import printable
from wasmdialect.api.extern import Extern, Global, Memory, Table
from wasmdialect.api.func import Func
from wasmdialect.api.linker import Linker
from wasmdialect.api.module import Module
from wasmdialect.api.store import Store
from wasmdialect.api.types import FuncType, ImportType
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.wasi import WasiConfig

WASI = "wasi_snapshot_preview1"
SUFFIXES = (".wasm", ".wat")

store = Store()
"""The store of all modules that are imported."""
store.set_wasi(WasiConfig())


class WasmFinder(MetaPathFinder):
    """Finds files with modules where Python looks for its own."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a module, None if there is no file for it."""
        if _is_standard(fullname):
            return None
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for suffix in SUFFIXES:
                file = os.path.abspath(os.path.join(folder, name + suffix))
                if os.path.isfile(file):
                    return ModuleSpec(fullname, WasmLoader(), origin=file)
        return None


class WasmLoader(Loader):
    """Makes a Python module of a file with a module."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Instantiate the file, and set its exports. Raises ImportError for an import that cannot be
        given, WasmtimeError for a bad module, Trap."""
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        wasm = Module.from_file(store.engine, module.__spec__.origin)
        linker = Linker(store.engine)
        linker.define_wasi()
        linker.allow_shadowing = True  # a module may import one thing several times
        for item in wasm.imports:
            if item.module != WASI:
                linker.define(store, item.module, item.name, _imported(item))
        for name, item in linker.instantiate(store, wasm).exports(store).items():
            setattr(module, name, _bound(item) if isinstance(item, Func) else item)


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _imported(item: ImportType) -> Extern:
    """What a module imports, from the Python module of the name. Raises ImportError."""
    shown = printable(f"{item.module}::{item.name}")
    if _is_standard(item.module):
        raise ImportError(f"{shown} cannot be imported: it is of Python's standard library")
    source = import_module(item.module)
    if not hasattr(source, item.name):
        raise ImportError(f"{shown} cannot be imported: the Python module has no such attribute")
    found = getattr(source, item.name)
    if isinstance(found, _Bound):
        return found.function
    if isinstance(found, Func | Table | Global | Memory):
        return found
    if not isinstance(item.type, FuncType) or not callable(found):
        raise WasmtimeError(f"{shown} cannot be imported: it is {found!r}")
    return Func(store, item.type, found)


class _Bound:
    """An exported function that is called without a store."""

    def __init__(self, function: Func):
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        return self.function(store, *arguments)


def _bound(function: Func) -> Callable[..., Any]:
    return _Bound(function)


if not any(isinstance(finder, WasmFinder) for finder in sys.meta_path):
    sys.meta_path.append(WasmFinder())
