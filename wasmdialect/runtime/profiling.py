"""Telling Linux's perf the names of compiled functions, in one of its two formats.

`perfmap` is a text file that perf reads afterwards: start, size, name. `jitdump` is a binary log with
the code itself, which `perf inject --jit` turns into object files.
Sources: linux/tools/perf/Documentation/{jit-interface.txt,jitdump-specification.txt}.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import threading
import time

from wasmdialect._locks import lock_across_forks
from wasmdialect.runtime.module import LoadedCode, LoadedModule

_lock = lock_across_forks()


def write_perf_map(module: LoadedModule, code: LoadedCode) -> None:
    """Append the functions in some code of a module to /tmp/perf-PID.map. Raises OSError."""
    lines = [
        f"{code.text_address + f.offset:x} {f.size:x} {module.display_name(f.symbol)}\n"
        for f in code.artifact.functions
    ]
    with _lock, open(f"/tmp/perf-{os.getpid()}.map", "a", encoding="utf-8") as file:
        file.writelines(lines)


_HEADER = struct.Struct("<IIIIIIQQ")
_RECORD = struct.Struct("<IIQ")
_LOAD = struct.Struct("<IIQQQQ")
_MAGIC = 0x4A695444
_VERSION = 1
_CODE_LOAD = 0


class _JitDump:
    """The file of this process. perf finds it by an executable mapping of it."""

    def __init__(self, elf_machine: int):
        self.path = f"jit-{os.getpid()}.dump"
        self._file = open(self.path, "wb+", buffering=0)  # noqa: SIM115 (lives as long as the process)
        header = _HEADER.pack(
            _MAGIC, _VERSION, _HEADER.size, elf_machine, 0, os.getpid(), _timestamp(), 0
        )
        self._file.write(header)
        self._marker = mmap.mmap(
            self._file.fileno(),
            _HEADER.size,  # the kernel maps the whole page
            mmap.MAP_PRIVATE,
            mmap.PROT_READ | mmap.PROT_EXEC,
        )
        self._index = 0

    def add(self, name: str, address: int, code: bytes) -> None:
        """Log a function."""
        encoded = name.encode() + b"\0"
        size = _RECORD.size + _LOAD.size + len(encoded) + len(code)
        record = _RECORD.pack(_CODE_LOAD, size, _timestamp())
        thread = threading.get_native_id()
        load = _LOAD.pack(os.getpid(), thread, address, address, len(code), self._index)
        self._index += 1
        self._file.write(record + load + encoded + code)


_dump: _JitDump | None = None
_dump_process = 0


def write_jitdump(module: LoadedModule, code: LoadedCode) -> None:
    """Log the functions in some code of a module in jit-PID.dump in the current directory. Raises
    OSError."""
    global _dump, _dump_process
    with _lock:
        if _dump is None or _dump_process != os.getpid():
            _dump, _dump_process = _JitDump(module.artifact.elf_machine), os.getpid()
        for f in code.artifact.functions:
            address = code.text_address + f.offset
            _dump.add(module.display_name(f.symbol), address, ctypes.string_at(address, f.size))


def _timestamp() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
