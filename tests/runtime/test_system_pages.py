"""Systems with larger pages than 4 KiB, and processes with few addresses."""

from __future__ import annotations

import os
import resource
import sys

import processes
import pytest

PAGES = """
import ctypes, os, sys
size = int(sys.argv[1])
from wasmdialect.runtime.native import native
glue = native()  # that of x86-64 is made for pages of 4 KiB
real = os.sysconf
os.sysconf = lambda name: size if name == "SC_PAGESIZE" else real(name)
from wasmdialect.runtime import pages
pages.PAGE_SIZE = size
reserve, protect, unmap = pages._reserve, pages.libc.mprotect, pages.unmap

def aligned(wanted):
    # As a kernel with such pages does it: addresses are multiples of them.
    assert wanted % size == 0 or wanted < size, wanted
    return -(-reserve(wanted + size) // size) * size

def checked(address, length, protection):
    assert address % size == 0 and length % size in (0, length), (hex(address), length)
    return protect(address, length, protection)

pages._reserve = aligned
pages.libc.mprotect = checked
glue.map_memory = lambda *_: 0  # it calls the kernel itself; then Python does it step by step
from wasmdialect import *
for mode in ("eager", "lazy"):
    engine = Engine(Config(compilation=mode, cache=False))
    store = Store(engine)
    instance = Instance(store, Module(engine, '''(module
      (memory (export "m") 1 3) (data (i32.const 65500) "end of the page")
      (table 2 funcref) (elem (i32.const 0) $load $f)
      (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
      (func $f (export "f") (param i32) (result i32) (i32.mul (call $load (local.get 0)) (i32.const 2)))
      (func (export "call") (param i32 i32) (result i32)
        (call_indirect (param i32) (result i32) (local.get 1) (local.get 0))))'''), [])
    exports = instance.exports(store)
    print(exports["f"](store, 65500), exports["call"](store, 0, 65532), exports["call"](store, 1, 0))
    for end in (65533, 2**32 - 1):
        try:
            exports["load"](store, end)
        except Trap as trap:
            print(trap.trap_code.name)
    print(exports["m"].grow(store, 2), exports["load"](store, 3 * 65536 - 4))
"""
RESULTS = f"{2 * 0x20646E65} 0 0\nMEMORY_OUT_OF_BOUNDS\nMEMORY_OUT_OF_BOUNDS\n1 0\n"


@pytest.mark.parametrize("size", [16 << 10, 64 << 10])
def test_larger_pages(size: int):
    done = processes.run([sys.executable, "-c", PAGES, str(size)], 120, text=True)
    assert done.stdout == RESULTS * 2, done.stderr


FEW_ADDRESSES = """
import logging
logging.basicConfig(format="%(levelname)s %(message)s")
from wasmdialect import *
text = '''(module (memory (export "m") 1)
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))'''
guarded = Module(Engine(Config(target=TARGET, cpu="base", jobs=0)), text).serialize()
engine = Engine(Config(jobs=0))
store = Store(engine)
exports = Instance(store, Module(engine, text), []).exports(store)
print(exports["load"](store, 65532), exports["m"].grow(store, 1), exports["load"](store, 131068))
for address in (131069, 2**31, 2**32 - 1):
    try:
        exports["load"](store, address)
    except Trap as trap:
        print(trap.trap_code.name)
print(Memory(store, MemoryType(Limits(2, None))).size(store))
try:
    Instance(store, Module.deserialize(engine, guarded), [])
except WasmtimeError as error:
    print(error)
"""
ADDRESSES = 6 << 30
"""Bytes of address space of a process in which that is tried."""


def test_without_room_for_guards_code_has_explicit_checks():
    from wasmdialect._cpuinfo import MACHINE

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))

    environment = os.environ | {"QEMU_RESERVED_VA": hex(ADDRESSES)}  # it ignores the limit
    program = f"TARGET = '{MACHINE}-unknown-linux-gnu'\n{FEW_ADDRESSES}"
    done = processes.run(
        [sys.executable, "-c", program], 60, text=True, preexec_fn=limit, env=environment
    )
    assert done.stdout.splitlines() == [
        "0 1 0",
        *["MEMORY_OUT_OF_BOUNDS"] * 3,
        "2",
        "cannot instantiate: the module was compiled for guard pages, and this process has no room"
        " for their addresses (8 GiB for each memory): compile it with --bounds explicit",
    ], done.stderr
    warning = "WARNING no address space for guard pages (8 GiB for each memory)"
    assert done.stderr.startswith(warning)


def test_with_room_there_are_guards():
    done = processes.run([sys.executable, "-c", f"TARGET = None\n{FEW_ADDRESSES}"], 60, text=True)
    assert done.stdout.splitlines() == ["0 1 0", *["MEMORY_OUT_OF_BOUNDS"] * 3, "2"], done.stderr
    assert done.stderr == ""
