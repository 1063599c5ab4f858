"""A WASI program that does what a test tells it: each function is exported again, on either engine."""

from __future__ import annotations

import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import wasmtime

import wasmdialect
from wasmdialect.wasi.signatures import MODULE, SIGNATURES

ENGINES: dict[str, ModuleType] = {"wasmdialect": wasmdialect, "wasmtime": wasmtime}
SUCCESS = 0


def _text() -> str:
    imports, exports = [], []
    for name, signature in SIGNATURES.items():
        params = f"(param {' '.join(map(str, signature.params))})" if signature.params else ""
        result = "(result i32)" if signature.results else ""
        imports.append(f'(import "{MODULE}" "{name}" (func ${name} {params} {result}))')
        gets = " ".join(f"(local.get {i})" for i in range(len(signature.params)))
        exports.append(f'(func (export "{name}") {params} {result} (call ${name} {gets}))')
    return f'(module {" ".join(imports)} (memory (export "memory") 4) {" ".join(exports)})'


TEXT = _text()
_MODULES: dict[str, tuple[Any, Any]] = {}


class Program:
    """A program with a scratch memory: paths at 1000, results at 0, buffers from 4096 on."""

    def __init__(self, engine: str, folder: Path, *permissions: Any, stdout: Any = None):
        """`permissions` are those of the folder, for `WasiConfig.preopen_dir`."""
        self.api: Any = ENGINES[engine]
        self.folder = folder
        if engine not in _MODULES:
            made = self.api.Engine()
            _MODULES[engine] = made, self.api.Module(made, TEXT)
        made, module = _MODULES[engine]
        self.store = self.api.Store(made)
        wasi = self.api.WasiConfig()
        wasi.argv = ["prog", "one", "zwei \u00fc"]
        wasi.env = [("A", "1"), ("B", "x=y")]
        if stdout is None:
            wasi.stdout_file = str(folder.parent / f"{engine}.stdout")
        else:
            wasi.stdout_custom = stdout
        wasi.preopen_dir(str(folder), "/w", *permissions)
        self.store.set_wasi(wasi)
        linker = self.api.Linker(made)
        linker.define_wasi()
        self.exports = linker.instantiate(self.store, module).exports(self.store)
        self.memory = self.exports["memory"]

    def call(self, name: str, *arguments: int) -> Any:
        """Call a function; its error number."""
        types = SIGNATURES[name].params
        signed = [
            a - (1 << 8 * t.size) if a >> (8 * t.size - 1) else a
            for a, t in zip(arguments, types, strict=True)
        ]
        return self.exports[name](self.store, *signed)

    def put(self, address: int, data: bytes) -> int:
        """Write bytes into memory; their number."""
        self.memory.write(self.store, data, address)
        return len(data)

    def get(self, address: int, size: int) -> bytes:
        """Read bytes from memory."""
        return bytes(self.memory.read(self.store, address, address + size))

    def u32(self, address: int = 0) -> int:
        """Read an integer of 32 bits."""
        return struct.unpack("<I", self.get(address, 4))[0]

    def u64(self, address: int = 0) -> int:
        """Read an integer of 64 bits."""
        return struct.unpack("<Q", self.get(address, 8))[0]

    def path(self, text: str | bytes, at: int = 1000) -> tuple[int, int]:
        """A path in memory: address and size."""
        data = text.encode() if isinstance(text, str) else text
        return at, self.put(at, data)

    def open(
        self,
        path: str | bytes,
        oflags: int = 0,
        rights: int = 0x1FFFFFFF,
        fdflags: int = 0,
        follow: int = 1,
        fd: int = 3,
    ) -> tuple[int, int]:
        """`path_open`; error number and descriptor."""
        self.put(0, bytes(4))
        error = self.call(
            "path_open", fd, follow, *self.path(path), oflags, rights, rights, fdflags, 0
        )
        return error, self.u32()

    def write(self, fd: int, *parts: bytes) -> tuple[int, int]:
        """`fd_write` of some buffers; error number and bytes written."""
        self._vectors([self.put(8192 + 256 * i, part) for i, part in enumerate(parts)])
        return self.call("fd_write", fd, 4096, len(parts), 0), self.u32()

    def read(self, fd: int, *sizes: int) -> tuple[int, bytes]:
        """`fd_read` into some buffers; error number and the bytes read."""
        self._vectors(list(sizes))
        error = self.call("fd_read", fd, 4096, len(sizes), 0)
        left = self.u32() if error == SUCCESS else 0
        out = b""
        for i, size in enumerate(sizes):
            out += self.get(8192 + 256 * i, min(size, left))
            left -= min(size, left)
        return error, out

    def _vectors(self, sizes: list[int]) -> None:
        self.put(4096, b"".join(struct.pack("<II", 8192 + 256 * i, s) for i, s in enumerate(sizes)))

    def stat(self, path: str, follow: int = 1) -> tuple[int, int, int]:
        """`path_filestat_get`; error number, type, size."""
        self.put(64, bytes(64))
        error = self.call("path_filestat_get", 3, follow, *self.path(path), 64)
        return error, self.get(80, 1)[0], self.u64(96)

    def list(self, path: str, size: int = 4000) -> list[tuple[bytes, int]]:
        """All entries of a directory, read through a buffer of this size: names and types."""
        _, fd = self.open(path, oflags=2, rights=1 << 14)
        entries: list[tuple[bytes, int]] = []
        cookie = 0
        while True:
            assert self.call("fd_readdir", fd, 16384, size, cookie, 0) == SUCCESS
            used = self.u32()
            data = self.get(16384, used)
            while len(data) >= 24:
                next_cookie, _, length, kind = struct.unpack_from("<QQIB", data)
                if len(data) < 24 + length:
                    break
                entries.append((data[24 : 24 + length], kind))
                cookie = next_cookie
                data = data[24 + length :]
            if used < size:
                assert self.call("fd_close", fd) == SUCCESS
                return sorted(entries)
