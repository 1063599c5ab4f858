"""What others see of compiled code: glibc's unwinder, gdb, perf."""

from __future__ import annotations

import ctypes
import io
import os
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import processes
import pytest
from elftools.elf.elffile import ELFFile

from wasmdialect import Config, Engine, Func, FuncType, Instance, Module, Store
from wasmdialect.abi.symbols import function_symbol
from wasmdialect.runtime.gdb import object_file
from wasmdialect.runtime.native import native

TEXT = """(module (import "a" "b" (func $host))
  (func $inner (call $host) (call $host))
  (func $outer (export "f") (call $inner) (call $inner)))"""


def call(config: Config, host: Any) -> Module:
    config.inlining = False  # both functions have frames
    store = Store(Engine(config))
    module = Module(store.engine, TEXT)
    function = Func(store, FuncType([], []), host)
    Instance(store, module, [function]).exports(store)["f"](store)  # pyright: ignore
    return module


@pytest.mark.parametrize("level", [0, 2])
def test_backtrace_of_the_c_library(level: int):
    """It goes through trampolines, functions and the native glue up to the start of the process."""
    libc: Any = ctypes.CDLL(None)
    traces: list[list[int]] = []

    def host() -> None:
        pcs = (ctypes.c_void_p * 300)()
        traces.append([pc or 0 for pc in pcs[: libc.backtrace(pcs, 300)]])

    module = call(Config(jobs=0, opt_level=level), host)
    start = module.loaded.text_address
    end = start + len(module.loaded.artifact.text)
    glue = native().code_range
    assert len(traces) == 4
    for trace in traces:
        inside = [number for number, pc in enumerate(trace) if start <= pc < end]
        assert len(inside) == 4  # wasm-to-array, inner, outer, array-to-wasm
        assert inside == [*range(inside[0], inside[0] + 4)]
        assert glue[0] <= trace[inside[-1] + 1] < glue[1]
        assert len(trace) > inside[-1] + 10  # Python below


def test_unwind_tables_go_with_the_module():
    """Loading and dropping many modules leaves nothing behind that an unwinder would trip over."""
    libc: Any = ctypes.CDLL(None)
    for _ in range(50):
        call(Config(jobs=0, opt_level=0), lambda: None)
    pcs = (ctypes.c_void_p * 100)()
    assert libc.backtrace(pcs, 100) > 5


def test_file_for_gdb():
    module = call(Config(jobs=0, debug_info=True), lambda: None)
    elf = ELFFile(io.BytesIO(object_file(module.loaded, module.loaded.code[0])))
    assert elf["e_type"] == "ET_EXEC"
    text = elf.get_section_by_name(".text")
    assert text["sh_addr"] == module.loaded.text_address
    assert text.data() == bytes(module.loaded.artifact.text)
    symbols = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
    assert symbols["inner"] == module.loaded.address_of(function_symbol(1))
    frames = elf.get_section_by_name(".eh_frame")
    assert frames["sh_addr"] == text["sh_addr"] + text["sh_size"]


SCRIPT = """
import os, signal
from wasmdialect import *
store = Store(Engine(Config(jobs=0, opt_level=0, debug_info=True)))
module = Module(store.engine, {text!r})
host = Func(store, FuncType([], []), lambda: os.kill(os.getpid(), signal.SIGUSR1))
Instance(store, module, [host]).exports(store)["f"](store)
"""


@pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed")
def test_gdb():
    """Names and frames, through the glue to Python."""
    script = SCRIPT.format(text=TEXT)
    command = ["gdb", "-q", "-nx", "-batch", "-ex", "run", "-ex", "bt", "--args"]
    done = processes.run([*command, sys.executable, "-c", script], text=True, timeout=300)
    if "SIGUSR1" not in done.stdout:
        pytest.skip(f"gdb cannot run programs here: {done.stderr[-200:]}")
    frames = [line.split(" in ", 1)[-1] for line in done.stdout.splitlines() if line[:1] == "#"]
    names = [frame.split(" (")[0] for frame in frames]
    at = names.index("inner")
    assert names[at - 1] == "signatures[0]::wasm_to_array_trampoline"
    assert names[at : at + 3] == ["inner", "outer", "wasm[0]::array_to_wasm_trampoline[2]"]
    assert names[at + 3 : at + 5] == ["call_array", "enter"]
    assert len(names) > at + 8


def test_perf_map():
    module = call(Config(jobs=0, profiler="perfmap"), lambda: None)
    path = Path(f"/tmp/perf-{os.getpid()}.map")
    rows = [line.split(maxsplit=2) for line in path.read_text().splitlines()]
    path.unlink()
    functions = {name: (int(start, 16), int(size, 16)) for start, size, name in rows}
    assert functions["inner"][0] == module.loaded.address_of(function_symbol(1))
    assert {"outer", "signatures[0]::wasm_to_array_trampoline"} <= set(functions)
    assert all(size > 0 for _, size in functions.values())


def test_jitdump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In a process of its own, since a process has one such file."""
    monkeypatch.chdir(tmp_path)
    script = SCRIPT.format(text=TEXT).replace("debug_info=True", 'profiler="jitdump"')
    script = script.replace("os.kill(os.getpid(), signal.SIGUSR1)", "None")
    done = processes.run([sys.executable, "-c", script], text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("jit-*.dump")
    data = path.read_bytes()
    magic, version, size, machine, _, pid = struct.unpack_from("<6I", data)
    assert (magic, version, machine) == (0x4A695444, 1, 62)
    assert path.name == f"jit-{pid}.dump"
    names: list[str] = []
    position = size
    while position < len(data):
        kind, length, _ = struct.unpack_from("<IIQ", data, position)
        assert kind == 0
        fields = struct.unpack_from("<IIQQQQ", data, position + 16)
        assert fields[0] == pid
        assert fields[5] == len(names)
        name, code = data[position + 56 : position + length].split(b"\0", 1)
        assert len(code) == fields[4]
        names.append(name.decode())
        position += length
    assert {"inner", "outer"} <= set(names)
