"""Exceptions thrown, caught and passed on in compiled code, and the memory that they take."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
import wasmtime
from throwing import PROGRAM, Handler, instance

import wasmdialect
from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    Trap,
    ValType,
    WasmException,
)
from wasmdialect.runtime.exceptions import CHUNK_SIZE, FIRST_COLLECTION

I32 = ValType.i32()
LEVELS = (0, 2, 3)

EXPORTS = (
    *("caught", "locals", "indirect", "ref", "nested", "again", "loop", "to_loop", "tail", "trap"),
    *("null", "deep", "exhausted", "state", "host", "unused", "uncaught"),
)
ARGUMENTS = (-1, 0, 1, 2, 5, 10, 11, 12, 40)


def outcomes(w: Any, config: Any, *, fuel: bool = False, frames: bool = True) -> list[Any]:
    """The result or the message, and the fuel that is left, of every call."""
    config.wasm_exceptions = config.wasm_function_references = config.wasm_gc = True
    config.wasm_tail_call, config.consume_fuel = True, fuel
    engine = w.Engine(config)
    store = w.Store(engine)
    if fuel:
        store.set_fuel(1_000_000)
    host = w.Func(store, w.FuncType([w.ValType.i32()], []), lambda x: None)
    exports = w.Instance(store, w.Module(engine, PROGRAM), [host]).exports(store)
    found: list[Any] = []
    for name in EXPORTS:
        for argument in ARGUMENTS:
            if fuel:
                store.set_fuel(1_000_000)
            try:
                result = exports[name](store, argument)
            except w.Trap as trap:
                # How deep the stack goes is not the same.
                has_frames = frames and name not in ("exhausted", "deep")
                result = str(trap) if has_frames else str(trap).rsplit("Caused by")[-1]
            found.append((name, argument, result))
            if fuel and name not in ("exhausted", "deep"):
                found[-1] += (store.get_fuel(),)
    return found


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_every_call_does_as_in_wasmtime(level: int, bounds: str):
    frames = level < 3  # there functions are inlined
    ours = outcomes(wasmdialect, Config(opt_level=level, bounds=bounds, jobs=0), frames=frames)
    assert ours == outcomes(wasmtime, wasmtime.Config(), frames=frames)


PASSES = "wasmir-canonicalize,wasmir-gvn,wasmir-dce"


@pytest.mark.parametrize("changes", [{"at": {"wasmir-end": PASSES}}, {"canonicalize_nans": True}])
def test_passes_keep_what_happens(changes: Any):
    config = Config(jobs=0, verify="each", **changes)
    assert outcomes(wasmdialect, config) == outcomes(wasmtime, wasmtime.Config())


def test_fuel_is_that_of_wasmtime():
    theirs = outcomes(wasmtime, wasmtime.Config(), fuel=True)
    assert outcomes(wasmdialect, Config(jobs=0), fuel=True) == theirs


def test_values_of_every_type_keep_their_bits():
    store, exports = instance(PROGRAM, host=lambda x: None)
    anything = object()
    vector = int.from_bytes(bytes(range(16)), "little")
    results = exports["wide"](store, -(1 << 63), 0.5, -0.0, vector, anything)
    assert results == [anything, vector, -0.0, 0.5, -(1 << 63), 0]


def test_epochs_stop_a_program_that_throws_for_ever():
    text = """(module (tag $e)
      (func $throw (throw $e))
      (func (export "run")
        (loop $again (try_table (catch_all $again) (call $throw)))))"""
    engine = Engine(Config(jobs=0, epoch_interruption=True))
    store = Store(engine)
    store.set_epoch_deadline(1)
    exports: Any = Instance(store, Module(engine, text), []).exports(store)
    timer = threading.Timer(0.1, engine.increment_epoch)
    timer.start()
    with pytest.raises(Trap, match="interrupt"):
        exports["run"](store)
    timer.join()


def test_saved_modules_throw_and_catch():
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    saved = Module.deserialize(engine, Module(engine, PROGRAM).serialize())
    host = Func(store, FuncType([I32], []), lambda x: None)
    exports: Any = Instance(store, saved, [host]).exports(store)
    assert exports["caught"](store, 12) == 12


# --- memory ---

MANY = """(module
  (tag $e (param i32 exnref)) (tag $n (param i32))
  (table $t 64 exnref)
  (func $throw (param i32) (throw $n (local.get 0)))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $last exnref)
    (loop $next
      (block $caught (result exnref)
        (try_table (catch_all_ref $caught) (call $throw (local.get $i)))
        (unreachable))
      (local.set $last)
      (table.set $t (i32.and (local.get $i) (i32.const 63)) (local.get $last))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (call $value (local.get $last)))
  (func $value (export "value") (param exnref) (result i32)
    (block $n (result i32) (try_table (catch $n $n) (throw_ref (local.get 0))) (unreachable)))
  (func (export "at") (param i32) (result i32) (call $value (table.get $t (local.get 0))))
  (func $chain (param $n i32) (param $inner exnref) (result exnref)
    (if (i32.eqz (local.get $n)) (then (return (local.get $inner))))
    (call $chain (i32.sub (local.get $n) (i32.const 1))
      (block $made (result exnref)
        (try_table (catch_all_ref $made) (throw $e (local.get $n) (local.get $inner)))
        (unreachable))))
  (func (export "nested") (param $n i32) (param $others i32) (result i32)
    (local $chain exnref) (local $sum i32)
    (local.set $chain (call $chain (local.get $n) (ref.null exn)))
    (drop (call 1 (local.get $others)))
    (loop $next
      (block $values (result i32 exnref)
        (try_table (catch $e $values) (throw_ref (local.get $chain)))
        (unreachable))
      (local.set $chain)
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $next (i32.eqz (ref.is_null (local.get $chain)))))
    (local.get $sum)))"""


@pytest.mark.parametrize("level", LEVELS)
def test_unused_exceptions_make_room_for_others(level: int):
    store, exports = instance(MANY, opt_level=level)
    count = 4 * FIRST_COLLECTION * CHUNK_SIZE // 32
    assert exports["run"](store, count) == count - 1
    heap = store.state.exceptions
    assert len(heap._chunks) <= FIRST_COLLECTION + 64  # pyright: ignore[reportPrivateUsage]
    assert [exports["at"](store, i) for i in range(64)] == [*range(count - 64, count)]


@pytest.mark.parametrize("level", LEVELS)
def test_exceptions_in_exceptions_are_kept(level: int):
    store, exports = instance(MANY, opt_level=level)
    others = 3 * FIRST_COLLECTION * CHUNK_SIZE // 32
    assert exports["nested"](store, 1000, others) == 500500


def test_exceptions_that_python_holds_are_kept():
    handler = Handler()
    handler.raising = lambda x: WasmException(handler.tag, x, None)
    held: list[WasmException] = []
    for x in range(200):
        handler("keep", x)
        held.append(handler("kept"))
    heap = handler.store.state.exceptions
    for _ in range(FIRST_COLLECTION * CHUNK_SIZE // 48):
        handler.exports["run"](handler.store, 0)
    for x, error in enumerate(held):
        handler.raising = lambda _, error=error: error
        assert handler("run", 0) == x
    del held, error
    handler.raising = None
    handler("keep", 0)
    gc.collect()
    assert len(heap.held) <= 1
