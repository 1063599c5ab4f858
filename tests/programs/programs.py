"""Real programs from PyPI packages, run by either engine through the API they share."""

from __future__ import annotations

import fcntl
import os
import tempfile
from functools import cache
from importlib.metadata import files
from pathlib import Path
from types import ModuleType
from typing import Any

import wasmtime

import wasmdialect

ENGINES: dict[str, ModuleType] = {"wasmdialect": wasmdialect, "wasmtime": wasmtime}


def wasm_of(package: str, name: str) -> bytes:
    """A .wasm file that an installed package ships."""
    (path,) = [p for p in files(package) or [] if p.name == name]
    return Path(str(path.locate())).read_bytes()


SHARED = Path(tempfile.gettempdir()) / f"wasmdialect-programs-{os.getppid()}"
"""Artifacts, shared by the processes of one test run (they have one parent)."""


@cache
def compiled(package: str, name: str, level: int) -> bytes:
    """The artifact of a package's module. Whoever needs it first compiles it."""
    SHARED.mkdir(exist_ok=True)
    artifact = SHARED / f"{name}-O{level}.cwasm"
    with open(SHARED / f"{name}-O{level}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not artifact.exists():
            artifact.write_bytes(_compile(package, name, level))
    return artifact.read_bytes()


def _compile(package: str, name: str, level: int) -> bytes:
    config = wasmdialect.Config(opt_level=level)  # pyright: ignore[reportArgumentType]
    module = wasmdialect.Module(wasmdialect.Engine(config), wasm_of(package, name))
    assert [r for r in module.reports if r["kind"] == "fallback"] == []
    return bytes(module.serialize())


class Program:
    """A program with its output going to files, on one of the engines."""

    def __init__(self, engine: str, package: str, name: str, folder: Path, level: int = 2):
        self.api: Any = ENGINES[engine]
        self.out, self.err = folder / f"{engine}.out", folder / f"{engine}.err"
        wasi = self.api.WasiConfig()
        wasi.stdout_file, wasi.stderr_file = str(self.out), str(self.err)
        self.wasi = wasi
        self.engine = self.api.Engine()
        if engine == "wasmdialect":
            self.engine = wasmdialect.Engine(wasmdialect.Config(opt_level=level))  # pyright: ignore[reportArgumentType]
            self.module = wasmdialect.Module.deserialize(
                self.engine, compiled(package, name, level)
            )
        else:
            self.module = wasmtime.Module(self.engine, wasm_of(package, name))

    def start(self) -> Any:
        """Instantiate; returns the exports."""
        self.store = self.api.Store(self.engine)
        self.store.set_wasi(self.wasi)
        linker = self.api.Linker(self.engine)
        linker.define_wasi()
        return linker.instantiate(self.store, self.module).exports(self.store)

    def run(self) -> int:
        """Run `_start`; the exit code."""
        try:
            self.start()["_start"](self.store)
        except self.api.ExitTrap as exit_:
            return exit_.code
        return 0

    def output(self) -> tuple[bytes, bytes]:
        """What went to standard output and standard error."""
        return self.out.read_bytes(), self.err.read_bytes()
