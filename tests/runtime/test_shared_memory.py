"""Shared memories: stores on several threads, waiting and notifying, growth, and what ends a wait."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wasmdialect import (
    Config,
    Engine,
    Instance,
    Limits,
    MemoryType,
    Module,
    SharedMemory,
    Store,
    Trap,
    TrapCode,
)
from wasmdialect.runtime import shared_memory

THREADS = 4
TEXT = """
(module
  (import "env" "memory" (memory 1 64 shared))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
  (func (export "wait") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  ;; each adds 1 so many times, in its own way
  (func (export "count") (param $n i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "count8") (param $n i32)
    (loop $again
      (drop (i32.atomic.rmw8.sub_u (i32.const 9) (i32.const 255)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "count_locked") (param $n i32)
    (loop $again
      (loop $spin  ;; the lock is at 12, what it protects at 17, unaligned
        (br_if $spin (i32.atomic.rmw.cmpxchg (i32.const 12) (i32.const 0) (i32.const 1))))
      (i32.store (i32.const 17) (i32.add (i32.load (i32.const 17)) (i32.const 1)))
      (i32.atomic.store (i32.const 12) (i32.const 0))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; takes turns: waits until the word at 24 is `mine`, and makes it `other`
  (func (export "ping_pong") (param $mine i32) (param $other i32) (param $n i32)
    (local $seen i32)
    (loop $again
      (block $ready
        (loop $wait
          (br_if $ready (i32.eq (local.tee $seen (i32.atomic.load (i32.const 24)))
            (local.get $mine)))
          (drop (memory.atomic.wait32 (i32.const 24) (local.get $seen) (i64.const -1)))
          (br $wait)))
      (i32.atomic.store (i32.const 24) (local.get $other))
      (drop (memory.atomic.notify (i32.const 24) (i32.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; loads the last word of the memory until it has so many pages
  (func (export "follow") (param $pages i32) (local $size i32)
    (loop $again
      (local.set $size (memory.size))
      (drop (i32.load (i32.sub (i32.shl (local.get $size) (i32.const 16)) (i32.const 4))))
      (br_if $again (i32.lt_u (local.get $size) (local.get $pages)))))
  ;; publishes each new page before it is used
  (func (export "publish") (param $n i32) (local $at i32)
    (loop $again
      (local.set $at (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
      (i32.store offset=65532 (local.get $at) (i32.const 7))
      (i32.atomic.store (i32.const 28) (i32.add (local.get $at) (i32.const 65532)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "read_published") (param $last i32) (result i32) (local $at i32) (local $wrong i32)
    (loop $again
      (local.set $at (i32.atomic.load (i32.const 28)))
      (if (local.get $at)
        (then (local.set $wrong (i32.or (local.get $wrong)
          (i32.ne (i32.load (local.get $at)) (i32.const 7))))))
      (br_if $again (i32.lt_u (local.get $at) (local.get $last))))
    (local.get $wrong)))
"""


class Program:
    """An engine, the module, and a memory. Each use of `exports` is a store of its own."""

    def __init__(self, **settings: Any):
        config = Config(**settings)
        config.wasm_threads = True
        self.engine = Engine(config)
        self.module = Module(self.engine, TEXT)
        self.memory = SharedMemory(self.engine, MemoryType(Limits(1, 64), shared=True))

    def exports(self) -> Callable[..., Any]:
        """A function that calls an export of a new instance."""
        store = Store(self.engine)
        store.set_epoch_deadline(1)
        exports = Instance(store, self.module, [self.memory]).exports(store)

        def call(name: str, *arguments: int) -> Any:
            function: Any = exports[name]
            return function(store, *arguments)

        return call

    def run(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Make each call on a thread of its own, in a store of its own; the results, or exceptions."""
        results: list[Any] = [None] * len(calls)

        def run(number: int, call: Callable[..., Any]) -> None:
            try:
                results[number] = call(*calls[number])
            except Exception as error:
                results[number] = error

        threads = [
            threading.Thread(target=run, args=(number, self.exports()), daemon=True)
            for number in range(len(calls))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return results

    def word(self, address: int) -> int:
        """A word of the memory."""
        data = self.memory.data_ptr()
        return int.from_bytes(bytes(data[address : address + 4]), "little")

    def waiting(self, count: int) -> None:
        """Return when so many threads wait."""
        until(lambda: len(shared_memory._waiting) == count)  # pyright: ignore[reportPrivateUsage]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture(scope="module", params=[(0, "guard"), (2, "explicit")], ids=str)
def program(request: pytest.FixtureRequest) -> Program:
    level, bounds = request.param
    return Program(opt_level=level, bounds=bounds)


@pytest.fixture
def fresh(program: Program) -> Iterator[Program]:
    """The program with a memory that nobody has used."""
    program.memory = SharedMemory(program.engine, MemoryType(Limits(1, 64), shared=True))
    yield program
    assert not shared_memory._waiting  # pyright: ignore[reportPrivateUsage]


# --- accesses of several threads ---


def test_read_modify_write_loses_nothing(fresh: Program):
    fresh.run(*[("count", 50_000)] * THREADS, *[("count8", 64)] * THREADS)
    assert fresh.word(0) == THREADS * 50_000
    assert bytes(fresh.memory.data_ptr()[8:11]) == bytes([0, THREADS * 64 % 256, 0])


def test_compare_and_exchange_makes_a_lock(fresh: Program):
    # Who holds the lock may lose the processor, so there are few rounds.
    fresh.run(*[("count_locked", 500)] * THREADS)
    assert fresh.word(17) == THREADS * 500


def test_threads_take_turns(fresh: Program):
    calls = [("ping_pong", n, (n + 1) % THREADS, 50) for n in range(THREADS)]
    assert fresh.run(*calls) == [None] * THREADS
    assert fresh.word(24) == 0


def test_compiled_code_of_two_threads_runs_at_the_same_time(fresh: Program):
    """One spins in compiled code until the other has run: if it held the GIL, neither would end."""
    assert fresh.run(("follow", 2), ("grow", 1)) == [None, 1]


# --- growth ---


def test_growth_is_seen_by_threads_that_access_the_memory(fresh: Program):
    growing = [("grow", 1)] * 30
    found = fresh.run(("follow", 31), ("follow", 31), *growing)
    assert found[:2] == [None, None]
    assert sorted(found[2:]) == list(range(1, 31))  # no page was given twice
    assert fresh.memory.size() == 31


def test_what_was_stored_in_a_new_page_is_seen_with_its_address(fresh: Program):
    last = 41 * 65536 - 4
    readers = [("read_published", last)] * 2
    assert fresh.run(("publish", 40), *readers) == [None, 0, 0]


def test_growth_in_python_is_growth_in_every_store(fresh: Program):
    first, second = fresh.exports(), fresh.exports()
    with pytest.raises(Trap, match="out of bounds"):
        first("load", 65536)
    assert fresh.memory.grow(1) == 1
    assert first("load", 65536) == 0
    second("store", 65536, 5)
    assert (first("load", 65536), first("grow", 1), second("size"), fresh.memory.size()) == (
        5,
        2,
        3,
        3,
    )
    assert first("grow", 62) == -1


def test_a_fault_in_a_memory_of_another_store_is_a_trap(fresh: Program):
    """The signal handler knows the memories that a store uses, not only those it owns."""
    for call in (fresh.exports(), fresh.exports()):
        with pytest.raises(Trap, match="out of bounds") as caught:
            call("load", -4)
        assert caught.value.trap_code is TrapCode.MEMORY_OUT_OF_BOUNDS


# --- waiting ---


def test_a_wait_compares_first(fresh: Program):
    call = fresh.exports()
    call("store", 8, -5)
    assert (call("wait", 8, 5, -1), call("wait64", 8, 7, -1)) == (1, 1)
    assert call("wait", 8, -5, 0) == 2
    assert call("wait64", 8, 0xFFFF_FFFB, 0) == 2


@pytest.mark.parametrize("timeout", [1, 20_000_000])
def test_a_wait_ends_after_its_timeout(fresh: Program, timeout: int):
    call = fresh.exports()
    start = time.monotonic_ns()
    assert call("wait", 0, 0, timeout) == 2
    assert time.monotonic_ns() - start >= timeout


@pytest.mark.parametrize("timeout", [-1, -(1 << 63), (1 << 63) - 1])
def test_no_timeout_and_a_huge_one_end_with_a_notification(fresh: Program, timeout: int):
    notify = fresh.exports()
    results: list[int] = []
    call = fresh.exports()
    thread = threading.Thread(target=lambda: results.append(call("wait", 0, 0, timeout)))
    thread.start()
    fresh.waiting(1)
    assert notify("notify", 0, 1) == 1
    thread.join()
    assert results == [0]


def test_notifications_wake_in_order_and_count(fresh: Program):
    woken: list[int] = []
    threads: list[threading.Thread] = []
    for number, address in enumerate((0, 0, 8, 0)):
        call = fresh.exports()

        def wait(number: int = number, address: int = address, call: Any = call) -> None:
            assert call("wait", address, 0, -1) == 0
            woken.append(number)

        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        fresh.waiting(number + 1)
    notify = fresh.exports()
    assert [notify("notify", 4, -1), notify("notify", 0, 0), notify("notify", 0, 1)] == [0, 0, 1]
    until(lambda: woken == [0])
    assert notify("notify", 8, 5) == 1
    until(lambda: woken == [0, 2])
    assert notify("notify", 0, -1) == 2
    for thread in threads:
        thread.join()
    assert sorted(woken) == [0, 1, 2, 3]


def test_memories_do_not_share_their_waiters(fresh: Program):
    call = fresh.exports()
    thread = threading.Thread(target=lambda: call("wait", 0, 0, -1))
    thread.start()
    fresh.waiting(1)
    first = fresh.memory
    fresh.memory = SharedMemory(fresh.engine, MemoryType(Limits(1, 64), shared=True))
    assert fresh.exports()("notify", 0, 1) == 0
    fresh.memory = first
    assert fresh.exports()("notify", 0, 1) == 1
    thread.join()


# --- what ends a wait ---


def test_the_epoch_ends_a_wait():
    program = Program(epoch_interruption=True)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(program.run(("wait", 0, 0, -1))))
    thread.start()
    program.waiting(1)
    program.engine.increment_epoch()
    thread.join(30)
    (trap,) = found
    assert isinstance(trap, Trap)
    assert trap.trap_code is TrapCode.INTERRUPT
    assert [frame.func_index for frame in trap.frames] == [2]
    program.waiting(0)


def test_ctrl_c_ends_a_wait_and_leaves_the_store_usable(fresh: Program):
    call, other = fresh.exports(), fresh.exports()

    def interrupt() -> None:
        fresh.waiting(1)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        call("wait", 0, 0, -1)
    thread.join()
    assert other("notify", 0, -1) == 0
    assert call("wait", 0, 0, 0) == 2


def test_a_handler_that_notifies_wakes_the_wait_that_it_interrupts(fresh: Program):
    call, other = fresh.exports(), fresh.exports()
    woken: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda *_: woken.append(other("notify", 0, 1)))
    try:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        assert call("wait", 0, 0, -1) == 0
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert woken == [1]


def test_a_handler_may_notify_while_its_thread_holds_the_queue(fresh: Program):
    """As it may run anywhere in a wait or a notification."""
    woken: list[int] = []
    call = fresh.exports()

    def interrupted() -> None:
        with shared_memory._queue:  # pyright: ignore[reportPrivateUsage]
            woken.append(call("notify", 0, 1))

    waiter = threading.Thread(target=fresh.exports(), args=("wait", 0, 0, 10**10))
    waiter.start()
    fresh.waiting(1)
    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    thread.join(5)
    assert woken == [1]
    waiter.join()


def test_a_dropped_store_does_not_free_what_another_thread_waits_in(fresh: Program):
    results: list[int] = []

    def wait() -> None:
        results.append(fresh.exports()("wait", 0, 0, -1))  # nothing else refers to the store

    thread = threading.Thread(target=wait)
    thread.start()
    fresh.waiting(1)
    notify = fresh.exports()
    memory, fresh.memory = weakref.ref(fresh.memory.storage), fresh.memory
    gc.collect()
    assert notify("notify", 0, 1) == 1
    thread.join()
    assert results == [0]
    assert memory() is not None


def test_a_closed_store_leaves_the_memory_to_the_others(fresh: Program):
    store = Store(fresh.engine)
    exports = Instance(store, fresh.module, [fresh.memory]).exports(store)
    view = fresh.memory.data_ptr()
    view[0] = 9
    store.close()
    del exports, store
    assert fresh.memory.data_len() == 65536
    assert fresh.exports()("load", 0) == 9


def test_a_memory_is_freed_after_the_last_reference(fresh: Program):
    call = fresh.exports()
    storage = weakref.ref(fresh.memory.storage)
    fresh.memory = SharedMemory(fresh.engine, MemoryType(Limits(1, 64), shared=True))
    assert storage() is not None
    del call
    assert storage() is None


def test_after_a_fork_nobody_waits_in_the_child(fresh: Program):
    call = fresh.exports()
    thread = threading.Thread(target=lambda: call("wait", 0, 0, -1))
    thread.start()
    fresh.waiting(1)
    mine = fresh.exports()
    child = os.fork()
    if child == 0:
        try:
            mine("store", 0, 1)  # the child's copy
            right = mine("notify", 0, -1) == 0 and mine("wait", 0, 1, 1000) == 2
            os._exit(0 if right and mine("grow", 1) == 1 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert (mine("load", 0), fresh.memory.size()) == (0, 1)
    assert mine("notify", 0, -1) == 1
    thread.join()
