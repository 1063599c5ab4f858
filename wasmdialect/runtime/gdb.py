"""gdb's interface for code generated at run time: names and frames of loaded modules.

gdb stops at the function `__jit_debug_register_code` and then reads `__jit_debug_descriptor`, a list of
object files in memory. Both are symbols of a small library next to the native glue, since they must be
found by name. Each module becomes an ELF file with its code at its actual addresses. Source: the GDB
manual, "JIT Compilation Interface".
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wasmdialect.object.elf import (
    ELF_MACHINES,
    ET_EXEC,
    FILE_HEADER,
    SECTION_HEADER,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHT_PROGBITS,
    SHT_STRTAB,
    SHT_SYMTAB,
    STT_FUNC,
    SYMBOL,
)
from wasmdialect.runtime.host_cpu import host_architecture
from wasmdialect.runtime.module import LoadedCode, LoadedModule
from wasmdialect.runtime.native import native

_REGISTER, _UNREGISTER = 1, 2


class _Entry(ctypes.Structure):
    """`struct jit_code_entry`."""


_Entry._fields_ = [  # pyright: ignore[reportPrivateUsage]
    ("next", ctypes.POINTER(_Entry)),
    ("previous", ctypes.POINTER(_Entry)),
    ("file", ctypes.c_void_p),
    ("size", ctypes.c_uint64),
]


class _Descriptor(ctypes.Structure):
    """`struct jit_descriptor`."""

    _fields_ = (
        ("version", ctypes.c_uint32),
        ("action", ctypes.c_uint32),
        ("relevant", ctypes.POINTER(_Entry)),
        ("first", ctypes.POINTER(_Entry)),
    )


class _Registry:
    """The list of modules known to gdb."""

    def __init__(self) -> None:
        path = Path(__file__).parent / "native" / f"{host_architecture()}-gdb.so"
        library = ctypes.CDLL(str(path))
        self._descriptor: Any = _Descriptor.in_dll(library, "__jit_debug_descriptor")
        self._changed: Any = getattr(library, "__jit_debug_register_code")
        self._lock = threading.Lock()
        self._entries: dict[int, tuple[Any, Any]] = {}
        """By address: an entry and its file, kept alive."""

    def add(self, file: bytes) -> int:
        """Show gdb an ELF file; returns the argument for `remove`."""
        content = ctypes.create_string_buffer(file, len(file))
        entry: Any = _Entry()
        entry.file, entry.size = ctypes.addressof(content), len(file)
        with self._lock:
            first = self._descriptor.first
            entry.next = first
            if first:
                first.contents.previous = ctypes.pointer(entry)
            self._descriptor.first = ctypes.pointer(entry)
            self._entries[ctypes.addressof(entry)] = (entry, content)
            self._announce(_REGISTER, entry)
        return ctypes.addressof(entry)

    def remove(self, key: int) -> None:
        """Take a file back."""
        with self._lock:
            entry, _ = self._entries.pop(key)
            if entry.previous:
                entry.previous.contents.next = entry.next
            else:
                self._descriptor.first = entry.next
            if entry.next:
                entry.next.contents.previous = entry.previous
            self._announce(_UNREGISTER, entry)

    def _announce(self, action: int, entry: Any) -> None:
        self._descriptor.action = action
        self._descriptor.relevant = ctypes.pointer(entry)
        self._changed()
        self._descriptor.action = 0


_lock = threading.Lock()
_registry: _Registry | None = None


def show_to_gdb(module: LoadedModule, code: LoadedCode) -> None:
    """Let gdb see the functions in some code of a module as long as that is loaded."""
    global _registry
    with _lock:
        if _registry is None:
            _registry = _Registry()
            _registry.add(_glue_file())
    key = _registry.add(object_file(module, code))
    weakref.finalize(module, _registry.remove, key).atexit = False


def object_file(module: LoadedModule, code: LoadedCode) -> bytes:
    """An ELF file with the text and unwind tables of some code of a module at their addresses, and its
    functions under the names they have in backtraces."""
    artifact, address = code.artifact, code.text_address
    functions = [
        (module.display_name(f.symbol), address + f.offset, f.size) for f in artifact.functions
    ]
    frames_at = address + len(artifact.text)
    return _elf((address, artifact.text), (frames_at, artifact.eh_frame), functions)


def _glue_file() -> bytes:
    """The same for the native glue, through which compiled code is entered."""
    glue = native()
    start, end = glue.code_range
    frames_at = glue.symbols["eh_frame"]
    functions = [(n, at, 0) for n, at in glue.symbols.items() if start <= at < frames_at]
    text = ctypes.string_at(start, frames_at - start)
    frames = ctypes.string_at(frames_at, end - frames_at)
    return _elf((start, text), (frames_at, frames), functions)


def _elf(
    text: tuple[int, bytes | memoryview],
    eh_frame: tuple[int, bytes | memoryview],
    functions: Sequence[tuple[str, int, int]],
) -> bytes:
    """A file from the address and content of two sections, and (name, address, size) of functions."""
    names, symbols = bytearray(b"\0"), bytearray(SYMBOL.size)
    for name, address, size in functions:
        symbols += SYMBOL.pack(len(names), STT_FUNC, 0, 1, address, size)
        names += name.encode() + b"\0"
    rows: list[tuple[str, int, int, int, bytes | memoryview]] = [
        # name, type, flags, address, content
        (".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, *text),
        (".eh_frame", SHT_PROGBITS, SHF_ALLOC, *eh_frame),
        (".symtab", SHT_SYMTAB, 0, 0, bytes(symbols)),
        (".strtab", SHT_STRTAB, 0, 0, bytes(names)),
    ]
    section_names = b"\0" + b"".join(f"{row[0]}\0".encode() for row in rows) + b".shstrtab\0"
    rows.append((".shstrtab", SHT_STRTAB, 0, 0, section_names))
    file, headers = bytearray(FILE_HEADER.size), bytearray(SECTION_HEADER.size)
    for name, kind, flags, place, content in rows:
        file += bytes(-len(file) % 16)
        link, info, size = (4, len(symbols) // SYMBOL.size, SYMBOL.size)
        if kind != SHT_SYMTAB:
            link = info = size = 0
        name_offset = section_names.index(f"\0{name}\0".encode()) + 1
        headers += SECTION_HEADER.pack(
            name_offset, kind, flags, place, len(file), len(content), link, info, 16, size
        )
        file += content
    file += bytes(-len(file) % 16)
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    FILE_HEADER.pack_into(
        file, 0, ident, ET_EXEC, ELF_MACHINES[host_architecture()], 1, 0, 0, len(file), 0,
        FILE_HEADER.size, 0, 0, SECTION_HEADER.size, len(rows) + 1, len(rows),
    )  # fmt: skip
    return bytes(file + headers)
