"""A module that somebody published, in either engine: its imports, memory and exports, and its run as a
WASI command.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

PAGE = 65536

Host = Callable[..., Any]
"""A function of the host: it takes the program and the arguments of Wasm."""


@dataclass(frozen=True)
class Subject:
    """What a driver drives: a module, in the files of its package, on an engine."""

    api: ModuleType
    """wasmtime, or wasmdialect, which has the same names."""
    engine: Any
    package: Path
    """The folder of the unpacked package."""
    binary: bytes

    @cached_property
    def module(self) -> Any:
        """Compiled once, however many programs run."""
        return self.api.Module(self.engine, self.binary)

    def file(self) -> Path:
        """The file of the module in its package."""
        files = self.package.rglob("*.wasm")
        return next(path for path in files if path.read_bytes() == self.binary)

    def program(
        self,
        host: Mapping[str, Host] | None = None,
        names: Mapping[str, str] | None = None,
        **wasi: Any,
    ) -> Program:
        """An instance; see `Program`."""
        return Program(self, host or {}, names or {}, Wasi(**wasi))

    @contextmanager
    def python_package(self, name: str) -> Generator[Any]:
        """The package's own Python module, with this engine under the name `wasmtime`."""
        before = dict(sys.modules)
        sys.modules["wasmtime"] = self.api
        sys.path.insert(0, str(self.package))
        try:
            yield __import__(name)
        finally:
            sys.path.remove(str(self.package))
            for added in set(sys.modules) - set(before):
                if added.split(".")[0] == name.split(".")[0]:
                    del sys.modules[added]
            sys.modules["wasmtime"] = before["wasmtime"]


@dataclass(frozen=True)
class Wasi:
    """What a program is given by WASI."""

    arguments: Sequence[str] = ()
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """In the folder `/`, where it can also write some."""


class Program:
    """An instance of a module."""

    def __init__(
        self, subject: Subject, host: Mapping[str, Host], names: Mapping[str, str], wasi: Wasi
    ):
        """`host` has the functions of imports, by `module.name`; a memory is made as the import says.
        `names` are the meanings of exports whose names are short."""
        self.api, self.names, self.wasi = subject.api, names, wasi
        self.store = self.api.Store(subject.engine)
        self.folder = tempfile.TemporaryDirectory()
        self.events: list[Any] = []
        """What host functions have noted."""
        linker = self.api.Linker(subject.engine)
        linker.define_wasi()
        self.store.set_wasi(self._wasi_config())
        module = subject.module
        for wanted in module.imports:
            if wanted.module.startswith("wasi_"):
                continue
            linker.define(self.store, wanted.module, wanted.name, self._item(wanted, host))
        self.exports = linker.instantiate(self.store, module).exports(self.store)

    def close(self) -> None:
        """Free the store and remove the files."""
        self.store.close()
        self.folder.cleanup()

    def _item(self, wanted: Any, host: Mapping[str, Host]) -> Any:
        t = wanted.type
        if isinstance(t, self.api.MemoryType):
            self.imported = self.api.Memory(self.store, t)
            return self.imported
        function = host[f"{wanted.module}.{wanted.name}"]
        has_result = bool([*t.results])

        def call(*arguments: Any) -> Any:
            result = function(self, *arguments)
            return result if has_result else None

        return self.api.Func(self.store, t, call)

    def _wasi_config(self) -> Any:
        root = Path(self.folder.name)
        for name in ("files", "streams"):
            (root / name).mkdir()
        for name, data in self.wasi.files.items():
            (root / "files" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "files" / name).write_bytes(data)
        (root / "streams" / "in").write_bytes(self.wasi.stdin)
        config = self.api.WasiConfig()
        config.argv = list(self.wasi.arguments)
        config.stdin_file = str(root / "streams" / "in")
        config.stdout_file = str(root / "streams" / "out")
        config.stderr_file = str(root / "streams" / "err")
        config.preopen_dir(str(root / "files"), "/")
        return config

    # --- the instance

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """An export that is a function, to be called without the store."""
        item = self.exports[self.names.get(name, name)]
        return lambda *arguments: item(self.store, *arguments)

    @property
    def memory(self) -> Any:
        """The memory that is exported or else imported."""
        return self.exports.get(self.names.get("memory", "memory")) or self.imported

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the memory."""
        address &= 0xFFFF_FFFF
        return bytes(self.memory.read(self.store, address, address + size))

    def text(self, address: int) -> str:
        """The text that ends with a zero."""
        end = address = address & 0xFFFF_FFFF
        while self.read(end, 1) != b"\0":
            end += 1
        return self.read(address, end - address).decode()

    def write(self, address: int, data: bytes) -> None:
        """Bytes of the memory."""
        self.memory.write(self.store, data, address & 0xFFFF_FFFF)

    def put(self, data: bytes, allocate: str = "malloc") -> int:
        """The address of a copy, from the program's own allocator."""
        address = getattr(self, allocate)(len(data) or 1)
        self.write(address, data)
        return address

    def value(self, name: str) -> Any:
        """The value of an exported global."""
        return self.exports[name].value(self.store)

    # --- as a command

    def run(self) -> dict[str, Any]:
        """Run `_start`: the exit code, what was printed, and the files that it leaves."""
        try:
            self.exports["_start"](self.store)
            code = 0
        except self.api.ExitTrap as exit_:
            code = exit_.code
        return {"code": code, **self.left()}

    def left(self) -> dict[str, bytes]:
        """What was printed and written."""
        root = Path(self.folder.name)
        found = {name: (root / "streams" / name).read_bytes() for name in ("out", "err")}
        for path in sorted((root / "files").rglob("*")):
            name = str(path.relative_to(root / "files"))
            if path.is_file() and name not in self.wasi.files:
                found[name] = path.read_bytes()
        return found


def packed_module(folder: Path, file: str, variable: str) -> bytes:
    """A module of meshoptimizer, in the coding of its scripts."""
    script = next(folder.rglob(file)).read_text()
    frequent = re.search(r"wasmpack = new Uint8Array\(\[([^]]*)\]", script)
    text = re.search(rf"var {variable} =\s*'([^']*)'", script)
    assert frequent is not None
    assert text is not None
    common = [int(number) for number in frequent[1].split(",") if number.strip()]
    codes = iter(
        ord(c) - 97 if c > "`" else ord(c) - 39 if c > "@" else ord(c) + 4 for c in text[1]
    )
    return bytes(common[c] if c < 60 else (c - 60) * 64 + next(codes) for c in codes)


# --- what Emscripten's JavaScript does


def memcpy(program: Program, to: int, source: int, size: int) -> int:
    """`emscripten_memcpy_big`, which old releases let return the first address."""
    program.write(to, program.read(source, size & 0xFFFF_FFFF))
    return to


def resize_heap(program: Program, size: int) -> int:
    """`emscripten_resize_heap`: whether the memory has this size now."""
    missing = (size & 0xFFFF_FFFF) - program.memory.data_len(program.store)
    if missing > 0:
        program.memory.grow(program.store, -(-missing // PAGE))
    return 1


def fail(program: Program, *arguments: int) -> None:
    """`abort` and `__assert_fail`."""
    raise RuntimeError(f"the program gave up: {arguments}")


def note(program: Program, *arguments: Any) -> int:
    """A callback: its arguments are part of what is compared."""
    program.events.append(arguments)
    return 0


def silent_host(subject: Subject) -> dict[str, Host]:
    """Functions that note their arguments and return zero, for all imports."""

    def silent(name: str, zero: float) -> Host:
        def call(program: Program, *arguments: Any) -> float:
            program.events.append((name, *arguments))
            return zero

        return call

    functions: dict[str, Host] = {}
    for wanted in subject.module.imports:
        results = [*getattr(wanted.type, "results", ())]
        is_float = bool(results) and str(results[0]).startswith("f")
        functions[f"{wanted.module}.{wanted.name}"] = silent(wanted.name, 0.0 if is_float else 0)
    return functions
