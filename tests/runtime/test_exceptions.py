"""Exceptions: thrown, caught and passed on, in compiled code, in Python and between them."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

import processes
import pytest
import wasmtime

import wasmdialect
from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Linker,
    Module,
    Store,
    Table,
    Tag,
    TagType,
    Trap,
    ValType,
    WasmException,
    WasmtimeError,
)
from wasmdialect.runtime.exceptions import CHUNK_SIZE, FIRST_COLLECTION

I32, I64, F64 = ValType.i32(), ValType.i64(), ValType.f64()
LEVELS = (0, 2, 3)

PROGRAM = """(module
  (tag $e (param i32)) (tag $wide (param i64 f32 f64 v128 externref funcref)) (tag $empty)
  (import "" "host" (func $host (param i32)))
  (table 2 funcref) (elem (i32.const 0) $thrower $passing)
  (type $t (func (param i32) (result i32)))
  (global $g (mut i32) (i32.const 0))
  (memory 1)
  (func $thrower (type $t)
    (if (i32.gt_s (local.get 0) (i32.const 10)) (then (throw $e (local.get 0))))
    (if (i32.lt_s (local.get 0) (i32.const 0)) (then (throw $empty)))
    (i32.add (local.get 0) (i32.const 1)))
  (func $passing (type $t) (i32.mul (call $thrower (local.get 0)) (i32.const 2)))
  (func (export "caught") (type $t)
    (block $empty
      (return (block $e (result i32)
        (try_table (catch $e $e) (catch $empty $empty)
          (return (call $passing (local.get 0))))
        (unreachable))))
    (i32.const -100))
  (func (export "locals") (type $t) (local $x i32) (local $y i32)
    (block $h
      (try_table (catch_all $h)
        (local.set $x (i32.const 1))
        (local.set $y (call $passing (local.get 0)))
        (local.set $x (i32.const 2))
        (local.set $y (call $passing (local.get $y)))
        (local.set $x (i32.const 3))
        (if (i32.eq (local.get $y) (i32.const 6)) (then (throw $empty)))))
    (i32.add (i32.mul (local.get $x) (i32.const 1000)) (local.get $y)))
  (func (export "indirect") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e)
        (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
      (return)))
  (func (export "ref") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e)
        (call_ref $t (local.get 0) (ref.func $passing)))
      (return)))
  (func (export "nested") (type $t)
    (block $outer (result i32)
      (try_table (result i32) (catch $e $outer)
        (block $inner
          (try_table (catch $empty $inner) (return (call $passing (local.get 0))))
          (unreachable))
        (call $passing (i32.const 50)))
      (drop) (i32.const 7)))
  (func (export "again") (type $t)
    (block $outer (result i32)
      (try_table (result i32) (catch $e $outer)
        (block $inner (result exnref)
          (try_table (result exnref) (catch_all_ref $inner)
            (call $passing (local.get 0)) (return))
          (unreachable))
        (throw_ref))
      (i32.sub (i32.const 0))))
  (func (export "loop") (type $t) (local $n i32)
    (loop $again
      (block $e (result i32)
        (try_table (catch $e $e) (drop (call $passing (local.get 0))) (return (local.get $n)))
        (unreachable))
      (drop)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $again))
    (unreachable))
  (func (export "to_loop") (type $t) (local $n i32)
    (i32.const 0)
    (loop $again (param i32)
      (local.set $n (i32.add (local.get $n)))
      (try_table (catch $e $again)
        (if (i32.lt_s (local.get $n) (i32.const 100))
          (then (throw $e (i32.or (i32.const 1) (i32.and (local.get 0) (i32.const 15))))))))
    (local.get $n))
  (func (export "tail") (type $t)
    (block $h (try_table (catch_all $h) (return_call $passing (local.get 0))))
    (i32.const 0))
  (func (export "trap") (type $t)
    (block $h
      (try_table (catch_all $h) (drop (i32.div_s (i32.const 1) (local.get 0))))
      (return (i32.const 1)))
    (i32.const 2))
  (func (export "null") (type $t) (throw_ref (ref.null exn)))
  (func $deep (type $t)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 9))))
    (call $deep (i32.sub (local.get 0) (i32.const 1))))
  (func (export "deep") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (call $deep (local.get 0)))))
  (func $endless (type $t) (call $endless (local.get 0)) (i32.add (i32.const 1)))
  (func (export "exhausted") (type $t)
    (block $h (try_table (catch_all $h) (return (call $endless (local.get 0)))))
    (i32.const 2))
  (func (export "state") (type $t)
    (block $h
      (try_table (catch_all $h)
        (global.set $g (i32.const 1))
        (i32.store (i32.const 0) (i32.const 11))
        (drop (call $passing (local.get 0)))
        (global.set $g (i32.const 2))
        (i32.store (i32.const 0) (i32.const 22))))
    (i32.add (global.get $g) (i32.load (i32.const 0))))
  (func (export "host") (type $t)
    (block $h (try_table (catch_all $h) (call $host (local.get 0)) (return (i32.const 1))))
    (i32.const 2))
  (func (export "unused") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (i32.add (local.get 0) (i32.const 1)))))
  (func (export "uncaught") (type $t) (call $passing (local.get 0)))
  (func (export "wide") (param i64 f32 f64 v128 externref) (result externref v128 f64 f32 i64 i32)
    (local i64 f32 f64 v128 externref funcref)
    (block $h (result i64 f32 f64 v128 externref funcref)
      (try_table (catch $wide $h)
        (throw $wide (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
          (ref.func $thrower)))
      (unreachable))
    (local.set 10) (local.set 9) (local.set 8) (local.set 7) (local.set 6) (local.set 5)
    (local.get 9) (local.get 8) (local.get 7) (local.get 6) (local.get 5)
    (ref.is_null (local.get 10)))
)"""
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


# --- Python ---


def instance(text: str, **config: Any) -> tuple[Store, Any]:
    host = config.pop("host", None)
    engine = Engine(Config(jobs=0, **config))
    store = Store(engine)
    imports = [] if host is None else [Func(store, FuncType([I32], []), host)]
    return store, Instance(store, Module(engine, text), imports).exports(store)


def new_tag(store: Store, *types: ValType) -> Tag:
    return Tag(store, TagType(FuncType([*types], [])))


HANDLER = """(module
  (tag $e (import "" "e") (param i32 externref))
  (func $host (import "" "host") (param i32))
  (func (export "run") (param i32) (result i32)
    (local externref)
    (block $e (result i32 externref)
      (try_table (catch $e $e) (call $middle (local.get 0)))
      (return (i32.const -1)))
    (local.set 1))
  (func $middle (param i32) (call $host (local.get 0)))
  (func (export "through") (param i32) (call $middle (local.get 0)))
  (global $kept (mut exnref) (ref.null exn))
  (func (export "keep") (param i32)
    (block $all (result exnref)
      (try_table (catch_all_ref $all) (call $host (local.get 0)))
      (return))
    (global.set $kept))
  (func (export "kept") (result exnref) (global.get $kept))
  (func (export "throw") (param exnref) (throw_ref (local.get 0)))
  (func (export "same") (param exnref) (result exnref) (local.get 0)))"""


class Handler:
    """An instance whose host function raises what `raising` returns."""

    def __init__(self) -> None:
        engine = Engine(Config(jobs=0))
        self.store = Store(engine)
        self.tag = new_tag(self.store, I32, ValType.externref())
        self.raising: Any = None
        host = Func(self.store, FuncType([I32], []), self.call_host)
        linker = Linker(engine)
        linker.define(self.store, "", "e", self.tag)
        linker.define(self.store, "", "host", host)
        module = Module(engine, HANDLER)
        self.exports: Any = linker.instantiate(self.store, module).exports(self.store)

    def call_host(self, argument: int) -> None:
        error = None if self.raising is None else self.raising(argument)
        if error is not None:
            raise error

    def __call__(self, name: str, *arguments: Any) -> Any:
        return self.exports[name](self.store, *arguments)


def test_a_host_function_throws():
    handler = Handler()
    handler.raising = lambda x: WasmException(handler.tag, x * 2, "object") if x else None
    assert (handler("run", 21), handler("run", 0)) == (42, -1)


def test_an_uncaught_exception_has_its_tag_values_and_frames():
    handler = Handler()
    handler.raising = lambda x: WasmException(handler.tag, x, handler)
    with pytest.raises(WasmException) as caught:
        handler("through", 7)
    error = caught.value
    assert error.values == (7, handler)
    assert error.tag.eq(handler.store, handler.tag)
    assert error.reason == "thrown Wasm exception"
    assert [frame.func_name for frame in error.frames] == ["middle", None]
    store, exports = instance(PROGRAM, host=lambda x: None)
    with pytest.raises(WasmException) as caught:
        exports["uncaught"](store, 99)
    assert caught.value.values == (99,)
    assert [frame.func_name for frame in caught.value.frames] == ["thrower", "passing", None]


def test_an_exception_of_another_tag_passes():
    handler = Handler()
    other = new_tag(handler.store, I32, ValType.externref())
    handler.raising = lambda x: WasmException(other, x, None)
    with pytest.raises(WasmException) as caught:
        handler("run", 7)
    assert caught.value.tag.eq(handler.store, other)


def test_errors_and_traps_of_a_host_function_are_not_caught():
    handler = Handler()
    for error in (ValueError("x"), Trap("x"), KeyboardInterrupt(), WasmtimeError("x")):
        handler.raising = lambda x, error=error: error
        for name in ("run", "keep"):
            with pytest.raises(type(error)) as caught:
                handler(name, 1)
            assert caught.value is error
    handler.raising = lambda x: WasmException(handler.tag, x, None)
    assert handler("run", 5) == 5


def test_a_caught_exception_can_be_thrown_again():
    handler = Handler()
    first = WasmException(handler.tag, 3, None)
    handler.raising = lambda x: first
    handler("keep", 0)
    kept = handler("kept")
    assert isinstance(kept, WasmException)
    assert kept.values == (3, None)
    with pytest.raises(WasmException) as caught:
        handler("throw", kept)
    assert caught.value.values == (3, None)
    handler.raising = lambda x: caught.value
    assert handler("run", 0) == 3
    assert handler("same", None) is None
    with pytest.raises(Trap, match="null"):
        handler("throw", None)


def test_wrong_exceptions_are_refused():
    handler, other = Handler(), Handler()
    with pytest.raises(TypeError, match="has 2 values, got 1"):
        WasmException(handler.tag, 1)
    with pytest.raises(TypeError, match="expected a Tag"):
        WasmException("tag", 1)  # pyright: ignore[reportArgumentType]
    handler.raising = lambda x: WasmException(handler.tag, "one", None)
    with pytest.raises(TypeError, match="expected an int for i32"):
        handler("run", 1)
    handler.raising = lambda x: WasmException(other.tag, 1, None)
    with pytest.raises(WasmtimeError, match="wrong store"):
        handler("run", 1)
    with pytest.raises(WasmtimeError, match="wrong store"):
        handler("same", WasmException(other.tag, 1, None))
    with pytest.raises(TypeError, match="don't know how to convert"):
        handler("same", 1)
    handler.raising = lambda x: WasmException(handler.tag, x, None)
    assert handler("run", 5) == 5


def test_a_python_function_called_directly_raises_its_exception():
    handler = Handler()
    error = WasmException(handler.tag, 1, None)

    def fail() -> None:
        raise error

    function = Func(handler.store, FuncType([], []), fail)
    with pytest.raises(WasmException) as caught:
        function(handler.store)
    assert caught.value is error


def test_a_start_function_throws():
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    tag = new_tag(store, I32)
    error = WasmException(tag, 1)

    def fail() -> None:
        raise error

    host = Func(store, FuncType([], []), fail)
    as_import = """(module (tag (import "" "e") (param i32))
      (func (import "" "f")) (start 0))"""
    called = """(module (tag (import "" "e") (param i32))
      (func (import "" "f")) (func (call 0)) (start 1))"""
    for text in (as_import, called):
        with pytest.raises(WasmException) as caught:
            Instance(store, Module(engine, text), [tag, host])
        assert caught.value.values == (1,)


def test_references_in_exceptions_are_kept_and_freed():
    handler = Handler()

    class Payload:
        alive = 0

        def __init__(self) -> None:
            Payload.alive += 1

        def __del__(self) -> None:
            Payload.alive -= 1

    handler.raising = lambda x: WasmException(handler.tag, x, Payload())
    handler("keep", 1)
    handler.store.gc()
    gc.collect()
    assert Payload.alive == 1
    assert isinstance(handler("kept").values[1], Payload)
    handler.raising = lambda x: WasmException(handler.tag, x, None)
    handler("keep", 1)
    handler.raising = None
    handler.store.gc()
    gc.collect()
    assert Payload.alive == 0


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


# --- several modules ---

AWARE = """(module
  (tag $e (export "e") (param i32))
  (type $f (func (param i32) (result i32)))
  (table (export "table") 8 funcref)
  (elem (i32.const 0) $throw $tail $catch)
  (func $throw (export "throw") (type $f)
    (if (local.get 0) (then (throw $e (local.get 0)))) (i32.const 3))
  (func $tail (export "tail") (type $f) (return_call $throw (local.get 0)))
  (func $catch (export "catch") (type $f)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e)
        (call_indirect (type $f) (local.get 0) (i32.const 3)))
      (return))
    (i32.add (i32.const 1000)))
  (func (export "catch_tail") (type $f)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (call $to_other (local.get 0)))
      (return))
    (i32.add (i32.const 2000)))
  (func $to_other (type $f) (return_call_indirect (type $f) (local.get 0) (i32.const 3))))"""
UNAWARE = """(module
  (type $f (func (param i32) (result i32)))
  (import "" "f" (func $f (type $f)))
  (import "" "table" (table $t 8 funcref))
  (elem (i32.const 3) $METHOD)
  (global $after (export "after") (mut i32) (i32.const 0))
  (func $call (export "call") (type $f)
    (call $f (local.get 0))
    (global.set $after (i32.add (global.get $after) (i32.const 1))))
  (func $tail (export "tail") (type $f) (return_call $f (local.get 0)))
  (func $indirect (export "indirect") (type $f)
    (call_indirect $t (type $f) (local.get 0) (i32.const 0))
    (global.set $after (i32.add (global.get $after) (i32.const 1)))))"""
CATCHER = """(module
  (type $f (func (param i32) (result i32)))
  (import "" "f" (func $f (type $f))) (import "" "e" (tag $e (param i32)))
  (func (export "catch") (type $f)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (call $f (local.get 0)))
      (return))
    (i32.add (i32.const 1000)))
  (func (export "tail") (type $f)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (call $g (local.get 0)))
      (return))
    (i32.add (i32.const 1000)))
  (func $g (type $f) (return_call $f (local.get 0))))"""


@pytest.mark.parametrize("engine_of", [wasmdialect, wasmtime])
@pytest.mark.parametrize("imported", ["throw", "tail"])
@pytest.mark.parametrize("method", ["call", "tail", "indirect"])
def test_exceptions_pass_modules_that_do_not_know_them(engine_of: Any, imported: str, method: str):
    """The code of such a module does not run on after a call that threw."""
    w = engine_of
    config = w.Config()
    config.wasm_exceptions = config.wasm_function_references = config.wasm_tail_call = True
    engine = w.Engine(config)
    store = w.Store(engine)
    aware = w.Instance(store, w.Module(engine, AWARE), []).exports(store)
    unaware_text = UNAWARE.replace("$METHOD", f"${method}")
    imports = [aware[imported], aware["table"]]
    unaware = w.Instance(store, w.Module(engine, unaware_text), imports).exports(store)
    catcher = w.Instance(store, w.Module(engine, CATCHER), [unaware[method], aware["e"]])
    catch = catcher.exports(store)
    for function, added in (
        *((aware["catch"], 1000), (aware["catch_tail"], 2000)),
        *((catch["catch"], 1000), (catch["tail"], 1000)),
    ):
        before = unaware["after"].value(store)
        assert function(store, 5) == 5 + added
        assert unaware["after"].value(store) == before
        assert function(store, 0) == 3
    for function in (unaware[method], aware["throw"], aware["tail"]):
        with pytest.raises(w.Trap, match="thrown Wasm exception"):
            function(store, 5)
        assert function(store, 0) == 3


def test_a_host_function_that_is_tail_called_throws_into_the_code_it_returns_to():
    """Code that does not test calls a function that tail-calls a host function."""
    between = """(module (tag $e) (func $host (import "" "host") (param i32))
      (func (export "run") (param i32) (return_call $host (local.get 0))))"""
    calling = """(module (func $f (import "" "f") (param i32))
      (func (export "run") (param i32) (result i32) (call $f (local.get 0)) (i32.const 1)))"""
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    tag = new_tag(store)

    def fail(x: int) -> None:
        if x:
            raise WasmException(tag)

    host = Func(store, FuncType([I32], []), fail)
    function = Instance(store, Module(engine, between), [host]).exports(store)["run"]
    run: Any = Instance(store, Module(engine, calling), [function]).exports(store)["run"]
    assert run(store, 0) == 1
    with pytest.raises(WasmException):
        run(store, 1)
    assert run(store, 0) == 1


@pytest.mark.parametrize("level", LEVELS)
def test_an_inlined_function_would_take_the_caller_s_return_address_for_its_own(level: int):
    """`$f` throws to `$g`, which is called by code that does not test."""
    catching = """(module (tag $e)
      (func $f (param i32) (if (local.get 0) (then (throw $e))))
      (func (export "g") (param i32) (result i32)
        (block $h (try_table (catch $e $h) (call $f (local.get 0))) (return (i32.const 1)))
        (i32.const 2)))"""
    calling = """(module (func $g (import "" "g") (param i32) (result i32))
      (func (export "run") (param i32) (result i32)
        (i32.add (call $g (local.get 0)) (i32.const 10))))"""
    engine = Engine(Config(jobs=0, opt_level=level))
    store = Store(engine)
    function = Instance(store, Module(engine, catching), []).exports(store)["g"]
    run: Any = Instance(store, Module(engine, calling), [function]).exports(store)["run"]
    assert (run(store, 0), run(store, 1)) == (11, 12)


def test_exceptions_pass_many_modules_and_python_functions():
    """Alternately: a module with exceptions, one without, a Python function."""
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    aware = Instance(store, Module(engine, AWARE), []).exports(store)
    table, tag = aware["table"], aware["e"]
    assert isinstance(table, Table)
    assert isinstance(tag, Tag)
    function: Any = aware["throw"]
    plain = Module(engine, UNAWARE.replace("$METHOD", "$call"))
    catching = Module(engine, CATCHER.replace("(catch $e $e)", ""))
    seen: list[int] = []

    def through_python(function: Any) -> Func:
        def call(x: int) -> int:
            try:
                return function(store, x)
            except WasmException as error:
                seen.append(error.values[0])
                raise

        return Func(store, FuncType([I32], [I32]), call)

    for _ in range(5):
        function = Instance(store, plain, [function, table]).exports(store)["call"]
        function = Instance(store, catching, [function, tag]).exports(store)["catch"]
        function = through_python(function)
    assert function(store, 0) == 3
    with pytest.raises(WasmException) as caught:
        function(store, 8)
    assert caught.value.values == (8,)
    assert seen == [8] * 5
    outer = Instance(store, Module(engine, CATCHER), [function, tag]).exports(store)["catch"]
    assert outer(store, 8) == 1008


def test_tail_calls_of_modules_with_exceptions_take_no_stack():
    text = """(module (tag $e)
      (func (export "even") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
        (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
      (func $odd (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (return_call 0 (i32.sub (local.get 0) (i32.const 1)))))"""
    store, exports = instance(text, max_wasm_stack=64 * 1024)
    assert exports["even"](store, 1_000_000) == 1


def test_a_module_that_catches_without_tags_lets_exceptions_pass_its_other_functions():
    text = """(module
      (import "" "host" (func $host (param i32)))
      (func $middle (param i32) (call $host (local.get 0)) (unreachable))
      (func (export "run") (param i32) (result i32)
        (block $all (try_table (catch_all $all) (call $middle (local.get 0))))
        (i32.const 4)))"""
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    tag = new_tag(store)

    def fail(_: int) -> None:
        raise WasmException(tag)

    host = Func(store, FuncType([I32], []), fail)
    exports: Any = Instance(store, Module(engine, text), [host]).exports(store)
    assert exports["run"](store, 1) == 4


def test_saved_modules_throw_and_catch():
    engine = Engine(Config(jobs=0))
    store = Store(engine)
    saved = Module.deserialize(engine, Module(engine, PROGRAM).serialize())
    host = Func(store, FuncType([I32], []), lambda x: None)
    exports: Any = Instance(store, saved, [host]).exports(store)
    assert exports["caught"](store, 12) == 12


INTERRUPTED = """
import os, random, signal, threading, time
from wasmdialect import Config, Engine, Instance, Module, Store
text = '''(module (tag $e)
  (func $deep (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $e)))
    (call $deep (i32.sub (local.get 0) (i32.const 1))))
  (func (export "run")
    (loop $again (try_table (catch_all $again) (call $deep (i32.const 200)))))
  (func $one (result i32) (i32.const 1))
  (func (export "check") (result i32) (i32.add (call $one) (call $one))))'''
engine = Engine(Config(jobs=0))
store = Store(engine)
exports = Instance(store, Module(engine, text), []).exports(store)
random.seed(1)
for _ in range(150):
    timer = threading.Timer(random.uniform(0.001, 0.003), os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        exports["run"](store)
    except KeyboardInterrupt:
        pass
    timer.join()
    assert exports["check"](store) == 2
print("done")
"""


def test_an_interrupt_on_the_way_to_a_handler_leaves_nothing_thrown():
    """Ctrl-C comes at any instruction, also where an exception is being passed on."""
    result = processes.run([sys.executable, "-c", INTERRUPTED], text=True, timeout=60)
    assert result.stdout == "done\n", result.stderr
