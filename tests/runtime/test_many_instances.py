"""Instances come and go, on threads and in forked children, and some cannot be made for want of address
space: afterwards there are as many mappings and descriptors as before."""

from __future__ import annotations

import gc
import resource
import sys
import threading
from pathlib import Path
from typing import Any

import processes
import pytest

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    ValType,
    WasmtimeError,
)
from wasmdialect.runtime import memory as memories
from wasmdialect.runtime.native import native

ENGINE = Engine(Config(jobs=0, opt_level=0))
TEXT = """(module (import "" "f" (func (param i32) (result i32))) (memory (export "m") 2)
  (data (i32.const 8) "hello") (table (export "t") 4 funcref) (elem (i32.const 1) $g)
  (func $g (export "g") (param i32) (result i32)
    (i32.store8 (i32.const 8) (local.get 0)) (call 0 (local.get 0)))
  (global (export "c") (mut i32) (i32.const 4)))"""
MODULE = Module(ENGINE, TEXT)
TYPE = FuncType([ValType.i32()], [ValType.i32()])


def use_one(number: int) -> None:
    store = Store(ENGINE)
    exports: Any = Instance(store, MODULE, [Func(store, TYPE, lambda x: x + 1)]).exports(store)
    assert exports["m"].read(store, 0, 14) == b"\0\0\0\0\0\0\0\0hello\0"
    assert exports["t"].get(store, 1)(store, number % 100) == number % 100 + 1
    assert exports["m"].read(store, 8, 10) == bytes([number % 100]) + b"e"
    exports["c"].set_value(store, number)
    assert exports["c"].value(store) == number
    if number % 3 == 0:
        store.close()


def reservations() -> int:
    """How many mappings are too large to be anything but linear memories."""
    sizes: list[int] = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = line.split()[0].split("-")
        sizes.append(int(end, 16) - int(start, 16))
    return sum(size >= 1 << 30 for size in sizes)


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@pytest.fixture
def nothing_is_left():
    use_one(0)
    use_one(1)  # which makes the file of the module
    gc.collect()
    before = reservations(), descriptors()
    yield
    gc.collect()
    assert (reservations(), descriptors()) == before


@pytest.mark.usefixtures("nothing_is_left")
def test_instances_leave_no_mapping_and_no_descriptor():
    for number in range(1000):
        use_one(number)


@pytest.mark.usefixtures("nothing_is_left")
def test_instances_of_four_threads_leave_nothing():
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(250):
                use_one(number)
        except BaseException as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []


@pytest.mark.usefixtures("nothing_is_left")
def test_instances_of_a_forked_child_leave_nothing():
    def work() -> bool:
        gc.collect()
        before = reservations(), descriptors()
        for number in range(250):
            use_one(number)
        gc.collect()
        return (reservations(), descriptors()) == before

    assert processes.in_child_of_a_fork(work)


@pytest.mark.usefixtures("nothing_is_left")
def test_memories_are_mapped_step_by_step_where_the_native_routine_cannot(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(native(), "map_memory", lambda *_: 0)
    for number in range(10):
        use_one(number)


@pytest.mark.usefixtures("nothing_is_left")
def test_a_reservation_that_cannot_be_opened_is_given_back(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: int) -> None:
        raise MemoryError("refused")

    monkeypatch.setattr(native(), "map_memory", lambda *_: 0)
    monkeypatch.setattr(memories.pages, "protect", refuse)
    for number in range(10):
        with pytest.raises(Exception, match="refused"):
            use_one(number)


TWO_MEMORIES = """(module (memory 1) (data (memory 0) (i32.const 0) "one")
  (memory (export "m") 1) (data (memory 1) (i32.const 4) "two"))"""


@pytest.mark.parametrize("room", [4 << 30, 12 << 30], ids=["for none", "for one of two"])
def test_address_space_that_ends_in_the_middle_of_an_instance_is_given_back(room: int):
    engine = Engine(Config(jobs=0, opt_level=0, features="multi-memory"))
    module = Module(engine, TWO_MEMORIES)

    def second_memory() -> bytes:
        store = Store(engine)
        exports: Any = Instance(store, module, []).exports(store)
        return bytes(exports["m"].read(store, 0, 8))

    def work() -> bool:
        assert second_memory() == second_memory() == b"\0\0\0\0two\0"
        gc.collect()
        before = reservations(), descriptors()
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        unlimited = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + room, unlimited[1]))
        for _ in range(3):
            with pytest.raises(WasmtimeError, match="cannot reserve"):
                second_memory()
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
        assert (reservations(), descriptors()) == before
        return second_memory() == b"\0\0\0\0two\0"

    assert processes.in_child_of_a_fork(work)
