"""The engines that variants can run on: how their builds are made, and which process runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from wasmdialect.bench.build import Builder, build_artifacts, build_modules

_V8_FLAGS = (
    "--no-warnings",
    "--no-liftoff",
    "--no-wasm-lazy-compilation",
    "--no-turbo-fast-api-calls",
)
"""Everything is optimised before it runs, so no function changes its code between two measurements.
Fast calls of Node's WASI crash after some instances (nodejs/node#53087)."""


class MissingEngine(Exception):
    """An engine is not installed; the message says what to do."""


@dataclass(frozen=True)
class Engine:
    """Something that runs builds."""

    build: Builder
    command: Callable[[], list[str]]
    """The process that runs one. Raises MissingEngine."""
    api: str = ""
    """The Python package that the process imports."""
    takes_vectors: bool = False
    """Whether functions with vectors as parameters or results can be called from outside."""


def _python_child(package: str) -> list[str]:
    if find_spec(package) is None:
        raise MissingEngine(f"--engine wasmtime needs the package {package}: pip install {package}")
    return [sys.executable, "-P", "-m", "wasmdialect.bench.child"]


def _node_child() -> list[str]:
    node = which("node")
    if node is None:
        raise MissingEngine("--engine v8 needs Node.js: there is no `node` on PATH")
    return [node, *_V8_FLAGS, str(Path(__file__).with_name("child.mjs"))]


ENGINES = {
    "ours": Engine(build_artifacts, lambda: _python_child("wasmdialect"), "wasmdialect", True),
    "wasmtime": Engine(build_modules, lambda: _python_child("wasmtime"), "wasmtime"),
    "v8": Engine(build_modules, _node_child),
}
