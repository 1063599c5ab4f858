"""The stack limit: how it is set, and that runaway recursion ends in a trap on every thread."""

import ctypes
import os
import threading

import pytest
from compiled_code import HOST, MAX_WASM_STACK, Store, enter, functions

from wasmdialect.runtime.native import TrapRecord
from wasmdialect.runtime.native.threads import HOST_RESERVE, _stack_bounds, stack_floor

FRAME = 32
"""Bytes of a frame of the runaway recursion."""

LEAST_STACK = os.sysconf("SC_THREAD_STACK_MIN")
"""128 KiB on aarch64."""


@pytest.fixture
def store():
    return Store()


def overflow(store: Store, max_wasm_stack: int) -> TrapRecord:
    trap = enter(
        functions["recurse_forever"],
        store.address,
        0,
        ctypes.addressof(ctypes.c_uint64(0)),
        1,
        store.limits_address,
        max_wasm_stack,
    )
    assert trap is not None
    assert trap.code == 0
    return trap


@pytest.mark.parametrize("kib", [16, 128, 512, 2048])
def test_limit_on_the_main_thread(store, kib):
    trap = overflow(store, kib * 1024)
    assert abs(trap.frame_count * FRAME - kib * 1024) < 4096


@pytest.mark.parametrize("max_wasm_stack", [1 << 30, 2**63])
def test_limit_stays_on_the_stack(store, max_wasm_stack):
    trap = overflow(store, max_wasm_stack)
    assert trap.sp >= stack_floor() - FRAME
    assert trap.sp < stack_floor() + FRAME


def run_in_thread(size: int, function) -> None:
    failures: list[BaseException] = []

    def worker() -> None:
        try:
            function()
        except BaseException as error:
            failures.append(error)

    previous = threading.stack_size(size)
    try:
        thread = threading.Thread(target=worker)
        thread.start()
    finally:
        threading.stack_size(previous)
    thread.join()
    if failures:
        raise failures[0]


@pytest.mark.parametrize(
    "kib",
    [n for n in (0, 64, 128, 256, 512, 1024, 4096) if not n or n * 1024 >= LEAST_STACK],
)
def test_limit_on_other_threads(store, kib):
    def recurse() -> None:
        for _ in range(3):
            trap = overflow(store, MAX_WASM_STACK)
            assert trap.sp >= stack_floor() - FRAME
            if kib == 0 or kib >= 1024:
                assert abs(trap.frame_count * FRAME - MAX_WASM_STACK) < 4096

    run_in_thread(kib * 1024, recurse)


@pytest.mark.parametrize("kib", [128, 1024, 8192])
def test_reserve(kib):
    seen: list[tuple[int, int]] = []

    def look() -> None:
        low, size = _stack_bounds()
        seen.append((size, stack_floor() - low))

    run_in_thread(kib * 1024, look)
    size, reserve = seen[0]
    # The C library takes some for itself, or gives a larger stack that a thread left behind.
    assert size >= kib * 1024 - 64 * 1024
    assert reserve == min(HOST_RESERVE, size // 2)


def test_nested_calls_keep_the_limit(store):
    inner: list[TrapRecord] = []
    store.set_host(HOST(lambda *_: inner.append(overflow(store, 1 << 30))))
    outer = overflow(store, MAX_WASM_STACK)
    assert store.call("call_host") is None
    # Python's own frames in between come out of the same allowance.
    assert inner[0].sp == pytest.approx(outer.sp, abs=4096)
    assert inner[0].frame_count < outer.frame_count


def test_two_stores_have_their_own_limits(store):
    other = Store()
    inner: list[TrapRecord] = []
    store.set_host(HOST(lambda *_: inner.append(overflow(other, MAX_WASM_STACK))))
    assert store.call("call_host") is None
    assert abs(inner[0].frame_count * FRAME - MAX_WASM_STACK) < 4096


def test_host_function_at_the_limit(store):
    # A host function runs in the reserve when compiled code has used up what it may use.
    seen: list[int] = []

    def host(*_: int) -> None:
        seen.append(sum(sorted(range(1000))))

    store.set_host(HOST(host))
    slots = (ctypes.c_uint64 * 4)()

    def call() -> None:
        trap = enter(
            functions["call_host"],
            store.address,
            0,
            ctypes.addressof(slots),
            2,
            store.limits_address,
            0,
        )
        assert trap is None

    run_in_thread(128 * 1024, call)
    assert seen == [499500]
