"""Fuel and epochs: programs that run out of either stop, and the store lives on."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store, Trap, TrapCode, WasmtimeError

TEXT = """(module
  (func (export "loop") (loop (br 0)))
  (func $recurse (export "recurse") (call $recurse))
  (func (export "count") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 0)))
"""


def start(**settings: Any) -> tuple[Store, Any]:
    engine = Engine(Config(jobs=0, **settings))
    store = Store(engine)
    return store, Instance(store, Module(engine, TEXT), []).exports(store)


@pytest.mark.parametrize("level", [0, 2])
def test_endless_loop_runs_out_of_fuel(level: int):
    store, exports = start(consume_fuel=True, opt_level=level)
    store.set_fuel(100_000)
    with pytest.raises(Trap) as caught:
        exports["loop"](store)
    assert caught.value.trap_code == TrapCode.OUT_OF_FUEL
    assert store.get_fuel() == 0
    assert [f.func_index for f in caught.value.frames] == [0]
    assert caught.value.frames[0].module_offset is not None
    store.set_fuel(1000)
    assert exports["count"](store, 5) == 0
    assert store.get_fuel() == 1000 - (1 + 5 * 5 + 1)


def test_without_fuel_nothing_runs():
    store, exports = start(consume_fuel=True)
    with pytest.raises(Trap, match="all fuel consumed"):
        exports["count"](store, 1)


def test_recursion_runs_out_of_fuel():
    store, exports = start(consume_fuel=True)
    store.set_fuel(1000)
    with pytest.raises(Trap) as caught:
        exports["recurse"](store)
    assert caught.value.trap_code == TrapCode.OUT_OF_FUEL


@pytest.mark.parametrize("fuel", [-1, 1 << 63])
def test_fuel_out_of_range(fuel: int):
    store, _ = start(consume_fuel=True)
    with pytest.raises(WasmtimeError, match="fuel must be from 0"):
        store.set_fuel(fuel)


def test_fuel_that_is_not_configured():
    store, _ = start()
    for use in (lambda: store.set_fuel(1), store.get_fuel):
        with pytest.raises(WasmtimeError, match="fuel is not configured"):
            use()


@pytest.mark.parametrize("name", ["loop", "recurse"])
@pytest.mark.parametrize("level", [0, 2])
def test_another_thread_stops_a_program(name: str, level: int):
    store, exports = start(epoch_interruption=True, opt_level=level, max_wasm_stack=1 << 20)
    store.set_epoch_deadline(1)
    if name == "loop":
        threading.Timer(0.1, store.engine.increment_epoch).start()
    else:
        store.engine.increment_epoch()  # a recursion ends by itself
    with pytest.raises(Trap) as caught:
        exports[name](store)
    assert caught.value.trap_code == TrapCode.INTERRUPT


def test_the_deadline_can_be_moved_from_another_thread():
    """Later first, so that the program runs on over several epochs; then it is left to come. (A
    program knows the deadline that it read last: one moved nearer counts when that one has come.)"""
    store, exports = start(epoch_interruption=True)
    store.set_epoch_deadline(2)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        for _ in range(20):
            store.set_epoch_deadline(2)
            store.engine.increment_epoch()
            ticks += 1
            time.sleep(0.005)
        for _ in range(2):
            store.engine.increment_epoch()

    thread = threading.Thread(target=tick)
    thread.start()
    with pytest.raises(Trap, match="interrupt"):
        exports["loop"](store)
    thread.join()
    assert ticks == 20


def test_without_a_deadline_nothing_runs():
    store, exports = start(epoch_interruption=True)
    with pytest.raises(Trap, match="interrupt"):
        exports["count"](store, 1)
    store.set_epoch_deadline(1)
    assert exports["count"](store, 3) == 0


def test_both():
    store, exports = start(epoch_interruption=True, consume_fuel=True)
    store.set_epoch_deadline(1)
    store.set_fuel(10_000)
    assert exports["count"](store, 5) == 0
    assert store.get_fuel() == 10_000 - 27
    with pytest.raises(Trap, match="fuel"):
        exports["loop"](store)
