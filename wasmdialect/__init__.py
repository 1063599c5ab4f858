"""wasmdialect: WebAssembly in an SSA dialect, transformed by your passes, compiled by LLVM.

This module has the names and behaviour of wasmtime-py: `import wasmdialect as wasmtime` runs
programs written for it. They are loaded on first use.
"""

from __future__ import annotations

import sys

# For its time: what is loaded from here on is as it was then, or newer.
import wasmdialect._loaded  # noqa: F401  # pyright: ignore[reportUnusedImport]
from wasmdialect._static import TYPE_CHECKING
from wasmdialect._version import __version__

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.abi.traps import TrapCode
    from wasmdialect.api.config import Config, Engine
    from wasmdialect.api.exception import WasmException
    from wasmdialect.api.export import to_wasm
    from wasmdialect.api.extern import Global, Memory, Table
    from wasmdialect.api.func import Caller, Func, Val
    from wasmdialect.api.instance import Instance
    from wasmdialect.api.linker import InstancePre, Linker
    from wasmdialect.api.module import Module, wat2wasm
    from wasmdialect.api.shared_memory import SharedMemory
    from wasmdialect.api.store import Store
    from wasmdialect.api.tag import Tag
    from wasmdialect.api.types import (
        ExportType,
        FuncType,
        GlobalType,
        ImportType,
        Limits,
        MemoryType,
        TableType,
        TagType,
        ValType,
    )
    from wasmdialect.runtime.errors import ExitTrap, Frame, LinkError, Trap, WasmtimeError
    from wasmdialect.wasi import WasiConfig
    from wasmdialect.wasi.permissions import DirPerms, FilePerms

_HOMES = {
    "wasmdialect.abi.traps": ("TrapCode",),
    "wasmdialect.api.config": ("Config", "Engine"),
    "wasmdialect.api.exception": ("WasmException",),
    "wasmdialect.api.export": ("to_wasm",),
    "wasmdialect.api.extern": ("Global", "Memory", "Table"),
    "wasmdialect.api.func": ("Caller", "Func", "Val"),
    "wasmdialect.api.instance": ("Instance",),
    "wasmdialect.api.linker": ("InstancePre", "Linker"),
    "wasmdialect.api.module": ("Module", "wat2wasm"),
    "wasmdialect.api.shared_memory": ("SharedMemory",),
    "wasmdialect.api.store": ("Store",),
    "wasmdialect.api.types": (
        "ExportType", "FuncType", "GlobalType", "ImportType", "Limits", "MemoryType", "TableType",
        "TagType", "ValType",
    ),
    "wasmdialect.api.tag": ("Tag",),
    "wasmdialect.runtime.errors": ("ExitTrap", "Frame", "LinkError", "Trap", "WasmtimeError"),
    "wasmdialect.wasi": ("WasiConfig",),
    "wasmdialect.wasi.permissions": ("DirPerms", "FilePerms"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Caller",
    "Config",
    "DirPerms",
    "Engine",
    "ExitTrap",
    "ExportType",
    "FilePerms",
    "Frame",
    "Func",
    "FuncType",
    "Global",
    "GlobalType",
    "ImportType",
    "Instance",
    "InstancePre",
    "Limits",
    "LinkError",
    "Linker",
    "Memory",
    "MemoryType",
    "Module",
    "SharedMemory",
    "Store",
    "Table",
    "TableType",
    "Tag",
    "TagType",
    "Trap",
    "TrapCode",
    "Val",
    "ValType",
    "WasiConfig",
    "WasmException",
    "WasmtimeError",
    "__version__",
    "to_wasm",
    "wat2wasm",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    __import__(home)  # `importlib` would have to be loaded too
    value = globals()[name] = getattr(sys.modules[home], name)
    return value
