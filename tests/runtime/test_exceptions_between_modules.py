"""Exceptions that pass several modules, with and without exceptions of their own."""

from __future__ import annotations

import sys
from typing import Any

import processes
import pytest
import wasmtime
from throwing import instance, new_tag

import wasmdialect
from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    Table,
    Tag,
    ValType,
    WasmException,
)

I32 = ValType.i32()
LEVELS = (0, 2, 3)

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
