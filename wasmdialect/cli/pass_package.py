"""The files of a package with one pass, its tests and its entry point."""

from __future__ import annotations

from wasmdialect import __version__

_PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "A pass over WebAssembly for wasmdialect"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["wasmdialect>={version}"]

[project.optional-dependencies]
test = ["filecheck>=1.0.6", "lit>=18", "pytest>=8"]

# With this, every command of wasmdialect and xDSL knows the pass where the package is installed.
[project.entry-points."xdsl.universe"]
{module} = "{module}:UNIVERSE"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}"]
"""

_README = """\
# {name}

A pass for wasmdialect. It counts the calls of each function, until you
change it: `src/{module}/{module}.py`.

    pip install -e '.[test]'
    wasm-opt-py prog.wat -p {name}
    wasmdialect run prog.wasm --at wasmir-end={name} --counters
    wasmdialect check prog.wasm -p {name}

    pytest
    lit tests/filecheck
"""

_INIT = '''\
"""The pass {name}, for wasmdialect."""

from xdsl.passes import ModulePass
from xdsl.universe import Universe


def _{module}() -> type[ModulePass]:
    from {module}.{module} import {cls}

    return {cls}


UNIVERSE = Universe(all_passes={{"{name}": _{module}}})
"""Found through the entry point in pyproject.toml; the pass is loaded when it is used."""
'''

_PASS = '''\
"""{name}: count the calls of each function."""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder


class {cls}(FunctionPass):
    name = "{name}"

    def declare(self, declarations: Declarations) -> None:
        for function in declarations.functions:
            if function.imported is None:
                declarations.add_counter(function.symbol)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        WasmBuilder.at_start(function.entry).count(function.sym_name.data)
'''

_TEST = '''\
"""{name}: results are what they were, and the counters are right."""

from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store

FIB = """
(module
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2))))))))
"""


def instantiate(**settings: Any) -> tuple[Store, Instance]:
    engine = Engine(Config(**settings))
    store = Store(engine)
    return store, Instance(store, Module(engine, FIB), [])


@pytest.mark.parametrize("compilation", ["eager", "lazy"])
def test_calls_are_counted(compilation: str):
    """By its name, so the package has to be installed."""
    store, plain = instantiate()
    counting_store, counting = instantiate(at={{"wasmir-end": "{name}"}}, compilation=compilation)
    assert counting.exports(counting_store)["fib"](counting_store, 10) == 55
    assert plain.exports(store)["fib"](store, 10) == 55
    assert (plain.counters(), counting.counters()) == ({{}}, {{"fib": 177}})
'''

_LIT_CFG = """\
# lit's configuration: `lit tests/filecheck` runs every file here.

import os
import sys

import lit.formats

config.name = "{name}"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".wat"]
config.test_source_root = os.path.dirname(__file__)
# The tools of the environment that lit itself runs in come first.
tools = [os.path.dirname(sys.executable), os.environ["PATH"]]
config.environment["PATH"] = os.pathsep.join(tools)
"""

_LIT_TEST = """\
;; RUN: wasm-opt-py %s -p {name} --verify each | filecheck %s

;; CHECK-LABEL: @callee(
;; CHECK-NEXT:    wasmvm.count "callee"
;; CHECK-NEXT:    wasmir.return
;; CHECK-LABEL: @caller(
;; CHECK-NEXT:    wasmvm.count "caller"
;; CHECK-NEXT:    wasmir.call @callee
(module
  (func $callee)
  (func $caller (call $callee)))
"""

_FILES = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "src/{module}/__init__.py": _INIT,
    "src/{module}/{module}.py": _PASS,
    "tests/test_{module}.py": _TEST,
    "tests/filecheck/lit.cfg": _LIT_CFG,
    "tests/filecheck/{name}.wat": _LIT_TEST,
}


def package_files(name: str, module: str, cls: str) -> dict[str, str]:
    """The contents of each file, by path."""
    words = {"name": name, "module": module, "cls": cls, "version": __version__}
    return {path.format(**words): text.format(**words) for path, text in _FILES.items()}
