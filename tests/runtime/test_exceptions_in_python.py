"""Exceptions between compiled code and Python: raised, caught, thrown again and refused."""

from __future__ import annotations

import gc

import pytest
from throwing import PROGRAM, Handler, instance, new_tag

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
    WasmtimeError,
)

I32 = ValType.i32()


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
