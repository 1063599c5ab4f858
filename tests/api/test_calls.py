"""Calls between Python and Wasm: values of every kind, errors, exceptions, threads, references."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from native_convention import call_natively

from wasmdialect import (
    Caller,
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Module,
    Store,
    Trap,
    Val,
    ValType,
    WasmtimeError,
)
from wasmdialect.api import func as api_func
from wasmdialect.runtime.errors import ClosedError
from wasmdialect.runtime.native import native

ENGINE = Engine(Config(jobs=0, opt_level=0))
TYPES = {"i32": ValType.i32(), "i64": ValType.i64(), "f32": ValType.f32(), "f64": ValType.f64()}
VALUES = {
    "i32": st.integers(-(1 << 31), (1 << 31) - 1),
    "i64": st.integers(-(1 << 63), (1 << 63) - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64": st.floats(allow_nan=False),
}


def function_of(
    params: list[str], results: list[str], body: str, host: Callable[..., Any] | None = None
) -> tuple[Store, Any]:
    """A store and a function; it can call `$host`, which has its signature."""
    signature = f"(param {' '.join(params)}) (result {' '.join(results)})"
    store = Store(ENGINE)
    text = f"""(module (import "m" "f" (func $host {signature}))
      (func (export "f") {signature} {body}))"""
    ty = FuncType([TYPES[t] for t in params], [TYPES[t] for t in results])
    imported = Func(store, ty, host or (lambda *_: None))
    return store, Instance(store, Module(ENGINE, text), [imported]).exports(store)["f"]


def outcome(call: Callable[[], Any]) -> tuple[str, str]:
    """The value or the exception of a call, with its type."""
    try:
        value = call()
    except Exception as error:
        return type(error).__name__, str(error)
    return type(value).__name__, repr(value)


@settings(max_examples=30)
@given(st.data())
def test_all_signatures(data: st.DataObject):
    """Parameters come back as results: in registers, on the stack, from a host function."""
    params = data.draw(st.lists(st.sampled_from([*TYPES]), max_size=20))
    order = data.draw(st.permutations(range(len(params))))
    order = order[: data.draw(st.integers(0, len(params)))]
    results = [params[i] for i in order]
    gets = " ".join(f"(local.get {i})" for i in range(len(params)))

    def pick(*values: Any) -> Any:
        picked = [values[i] for i in order]
        return None if not picked else picked[0] if len(picked) == 1 else picked

    store, direct = function_of(params, results, " ".join(f"(local.get {i})" for i in order))
    other, through_host = function_of(params, results, f"(call $host {gets})", pick)
    values = [data.draw(VALUES[t]) for t in params]
    expected = pick(*values)
    assert direct(store, *values) == expected
    assert through_host(other, *values) == expected
    assert call_natively(direct, *values) == expected


class Integer(int):
    """An integer of the user's."""


class Real(float):
    """A float of the user's."""


class Index:
    """Something that can be an index."""

    def __index__(self) -> int:
        return 5


ANY_VALUE = st.one_of(
    st.integers(-(1 << 65), 1 << 65),
    st.sampled_from([-(1 << 31) - 1, -(1 << 31), (1 << 32) - 1, 1 << 32, -(1 << 63) - 1]),
    st.sampled_from([-(1 << 63), (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, 10**400]),
    st.floats(),
    st.sampled_from([3.4028235677973366e38, 3.4028235e38, -1e39, 1e300, math.inf, -math.inf]),
    st.sampled_from([None, True, False, "1", b"1", 1j, Integer(7), Integer(1 << 63), Real(2.5)]),
    st.sampled_from([Index(), Val.i32(3), Val.i64(-3), Val.f32(0.5), Val.f64(0.5), [1], (1,)]),
)


@pytest.mark.parametrize("t", [*TYPES])
@given(value=ANY_VALUE)
@example(value=(1 << 63) - 1)
def test_glue_and_python_agree_on_arguments(t: str, value: Any):
    store, function = ARGUMENTS[t]
    in_python = outcome(lambda: api_func._call(function.reference, store, value))
    assert outcome(lambda: function(store, value)) == in_python


@pytest.mark.parametrize("t", [*TYPES])
@given(value=ANY_VALUE)
def test_glue_and_python_agree_on_results_of_host_functions(t: str, value: Any):
    """One with `access_caller` is called in Python."""
    outcomes: list[Any] = []
    for access_caller in (False, True):
        store = Store(ENGINE)
        ty = FuncType([], [TYPES[t]])
        function: Any = Func(store, ty, lambda *_: value, access_caller)
        outcomes.append(outcome(lambda f=function, s=store: f(s)))
        store.close()
    assert outcomes[0] == outcomes[1]


ARGUMENTS = {t: function_of([t], [t], "(local.get 0)") for t in TYPES}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([1, 2.5], None),
        ((1, 2.5), None),
        (iter([1, 2.5]), "has no len"),
        ([1, 2], None),
        ([1], "wrong number of results"),
        ([1, 2.5, 3], "wrong number of results"),
        (["a", 2.5], "expected an int for i32, got 'a'"),
        (1, "has no len"),
        (None, "has no len"),
    ],
)
def test_several_results_of_a_host_function(returned: Any, message: str | None):
    store = Store(ENGINE)
    function: Any = Func(store, FuncType([], [TYPES["i32"], TYPES["f64"]]), lambda: returned)
    if message is None:
        assert function(store) == [returned[0], returned[1]]
    else:
        with pytest.raises((TypeError, WasmtimeError), match=message):
            function(store)


def test_result_of_a_host_function_that_has_none():
    store = Store(ENGINE)
    function: Any = Func(store, FuncType([], []), lambda: 1)
    with pytest.raises(WasmtimeError, match="produced results when it shouldn't"):
        function(store)


@pytest.mark.parametrize("given_", [0, 1, 3, 4])
def test_wrong_number_of_parameters(given_: int):
    store, function = function_of(["i32", "i32"], ["i32"], "(local.get 0)")
    amount = "many" if given_ > 2 else "few"
    expected = f"too {amount} parameters provided: given {given_}, expected 2"
    with pytest.raises(WasmtimeError, match=expected):
        function(store, *range(given_))


def test_wrong_ways_to_call():
    store, function = function_of(["i32"], ["i32"], "(local.get 0)")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'store'"):
        function()
    with pytest.raises(TypeError, match="unexpected keyword argument 'x'"):
        function(store, 1, x=2)
    for no_store in (1, None, function, "store"):
        with pytest.raises(AttributeError, match="has no attribute 'store'"):
            function(no_store, 1)
    with pytest.raises(WasmtimeError, match="wrong store"):
        function(Store(ENGINE), 1)
    assert function(store, 1) == 1


def test_keyword_for_the_store():
    store, function = function_of([], ["i32"], "(i32.const 3)")
    assert function(store=store) == 3


def test_an_object_with_the_mark_of_a_store_is_none():
    """Only the store's own mark is taken for it, and asking for it may fail in any way."""

    class Liar:
        @property
        def _id(self) -> object:
            raise KeyError("no mark")

    store, function = function_of(["i32"], ["i32"], "(local.get 0)")
    with pytest.raises(AttributeError, match="store"):
        function(Liar(), 1)
    assert function(store, 1) == 1


def test_caller_as_the_store():
    store = Store(ENGINE)
    seen: list[Any] = []

    def host(caller: Caller) -> None:
        add: Any = caller["add"]
        seen.append((add(caller, 1, 2), add(caller.store, 3, 4)))
        seen.append(caller)

    text = """(module (import "m" "f" (func $f)) (func (export "run") (call $f))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"""
    imported = Func(store, FuncType([], []), host, access_caller=True)
    exports: Any = Instance(store, Module(ENGINE, text), [imported]).exports(store)
    exports["run"](store)
    assert seen[0] == (3, 7)
    with pytest.raises(ValueError, match="no longer valid"):
        exports["add"](seen[1], 1, 2)


# --- ways out


TEXT = """(module
  (import "m" "f" (func $host (param i32) (result i32)))
  (func (export "trap") (param f64) (result f64) unreachable)
  (func (export "host") (param i32) (result i32) (call $host (local.get 0)))
  (func $deep (export "deep") (param i32) (result i32)
    (i32.add (call $deep (local.get 0)) (i32.const 1)))
  (func (export "spin") (loop (br 0)))
  (func (export "many") (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.add (local.get 1) (call $host (local.get 0))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))"""


def exports_of(host: Callable[..., Any], engine: Engine = ENGINE) -> tuple[Store, Any]:
    store = Store(engine)
    imported = Func(store, FuncType([ValType.i32()], [ValType.i32()]), host)
    return store, Instance(store, Module(engine, TEXT), [imported]).exports(store)


def test_traps():
    store, exports = exports_of(lambda x: x)
    for _ in range(3):
        with pytest.raises(Trap, match="unreachable") as caught:
            exports["trap"](store, 1.0)
        assert [f.func_index for f in caught.value.frames] == [1]
        with pytest.raises(Trap, match="call stack exhausted") as caught:
            exports["deep"](store, 1)
        assert {f.func_index for f in caught.value.frames} == {3}
    assert exports["host"](store, 4) == 4


def test_nested_calls_and_a_trap_in_the_innermost():
    """Through the same function again and again; the backtrace has the frames of all calls."""

    def host(x: int) -> int:
        return 1 + call(store, x - 1) if x else int(exports["trap"](store, 1.0))

    store, exports = exports_of(host)
    call = exports["host"]
    with pytest.raises(Trap, match="unreachable") as caught:
        call(store, 20)
    assert [f.func_index for f in caught.value.frames] == [1] + [2] * 21
    assert store.state.memory.user == 0


def test_exception_of_a_host_function_has_its_traceback():
    def host(x: int) -> int:
        raise ValueError(f"mine {x}")

    store, exports = exports_of(host)
    with pytest.raises(ValueError, match="mine 7") as caught:
        exports["host"](store, 7)
    assert [entry.name for entry in caught.traceback][-1] == "host"


def test_host_function_that_catches_what_it_calls():
    def host(x: int) -> int:
        try:
            exports["trap"](store, 1.0)
        except Trap:
            return x + 1
        return 0

    store, exports = exports_of(host)
    assert exports["many"](store, 3) == 4 + 3 + 2


def test_system_exit_and_interrupt_pass():
    for error in (SystemExit(3), KeyboardInterrupt(), GeneratorExit()):

        def host(x: int, error: BaseException = error) -> int:
            raise error

        store, exports = exports_of(host)
        with pytest.raises(type(error)):
            exports["host"](store, 1)


def test_exception_that_the_store_cannot_take():
    """Compiled code is left even if noting the exception fails."""
    store, exports = exports_of(lambda x: 1 // x)

    def fail(error: BaseException) -> None:
        raise MemoryError

    store.state.fail = fail  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises((AssertionError, RuntimeError)):
        exports["host"](store, 0)
    del store.state.fail
    assert exports["host"](store, 1) == 1


def test_functions_in_c_as_host_functions():
    """Nothing of Python's interpreter runs in between."""
    store, exports = exports_of(abs)
    assert exports["many"](store, 5) == 15
    assert exports["host"](store, -4) == 4
    store, exports = exports_of([].append)
    with pytest.raises(TypeError, match="got None"):
        exports["host"](store, 1)


def test_host_function_that_is_a_function_of_wasm():
    """Without a Python function in between, so only the stack ends the recursion."""
    store, exports = exports_of(lambda x: recursive(store, x))
    recursive = exports["host"]
    with pytest.raises((Trap, RecursionError)):
        recursive(store, 1)
    assert store.state.memory.user == 0


def test_generators_and_tracing_in_host_functions():
    def numbers() -> Any:
        while True:
            received = yield
            yield exports["trap"](store, 1.0) if received < 0 else received * 2

    def host(x: int) -> int:
        next(generator)
        return generator.send(x)

    store, exports = exports_of(host)
    generator = numbers()
    events: list[str] = []
    sys.setprofile(lambda _, event, __: events.append(event))
    sys.settrace(lambda *_: None)
    try:
        assert exports["host"](store, 4) == 8
    finally:
        sys.settrace(None)
        sys.setprofile(None)
    assert "c_call" in events or "call" in events
    with pytest.raises(Trap):
        exports["host"](store, -1)


# --- threads


def test_compiled_code_runs_without_the_gil():
    engine = Engine(Config(jobs=0, opt_level=0, epoch_interruption=True))
    store, exports = exports_of(lambda x: x, engine)
    store.set_epoch_deadline(1)
    caught: list[BaseException] = []

    def run() -> None:
        try:
            exports["spin"](store)
        except Trap as trap:
            caught.append(trap)

    thread = threading.Thread(target=run)
    thread.start()
    while store.state.memory.user == 0:
        time.sleep(0.001)
    with pytest.raises(WasmtimeError, match="used by another thread"):
        exports["host"](store, 1)
    assert sum(range(100_000)) == 4999950000  # this thread runs
    engine.increment_epoch()
    thread.join()
    assert len(caught) == 1
    store.set_epoch_deadline(1)
    assert exports["host"](store, 1) == 1


def test_threads_call_each_their_store():
    def work(number: int) -> None:
        store, exports = exports_of(lambda x: x + number)
        for _ in range(20):
            sums.append(exports["many"](store, 100) == 5050 + 100 * number)
            try:
                exports["trap"](store, 1.0)
            except Trap as trap:
                sums.append(len(trap.frames) == 1)

    sums: list[bool] = []
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [True] * 160


def test_store_closed_while_a_call_of_it_begins(monkeypatch: pytest.MonkeyPatch):
    """A thread's first call runs Python, which may run anything, such as a handler that closes it."""
    store, exports = exports_of(lambda x: x)
    add = exports["host"]
    glue = native()
    real = glue._new_thread
    raised: list[BaseException] = []

    def make() -> None:
        store.close()
        real()

    def run() -> None:
        slot = ctypes.c_uint64.from_address(glue.symbols["object.new_thread"])
        before, slot.value = slot.value, id(make)
        try:
            add(store, 1)
        except BaseException as error:
            raised.append(error)
        finally:
            slot.value = before

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert [type(error) for error in raised] == [ClosedError]


def test_thread_without_memory_for_its_first_call():
    store, exports = exports_of(lambda x: x)
    glue = native()
    raised: list[BaseException] = []

    def make() -> None:
        raise MemoryError("none left")

    def run() -> None:
        slot = ctypes.c_uint64.from_address(glue.symbols["object.new_thread"])
        before, slot.value = slot.value, id(make)
        try:
            exports["host"](store, 1)
        except BaseException as error:
            raised.append(error)
        finally:
            slot.value = before
        raised.append(RuntimeError(exports["host"](store, 5)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert [str(error) for error in raised] == ["none left", "5"]


def test_fork_in_a_host_function():
    def host(x: int) -> int:
        child = os.fork()
        if child == 0:
            try:
                os._exit(exports["many"](store, x - 1) if x > 1 else 50)
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    store, exports = exports_of(host)
    assert exports["host"](store, 2) == 50


PROGRAM = f"""
import os, random, signal, sys, threading, time
from wasmdialect import Config, Engine, Func, FuncType, Instance, Module, Store, ValType
engine = Engine(Config(jobs=0, opt_level=0))
module = Module(engine, {TEXT!r})
def exports_of(host):
    store = Store(engine)
    imported = Func(store, FuncType([ValType.i32()], [ValType.i32()]), host)
    return store, Instance(store, module, [imported]).exports(store)
"""


def run_program(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM + program],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("seconds", [0.01, 0.03, 0.05])
def test_exit_while_threads_are_in_calls(seconds: float):
    """Python ends a daemon thread where it next wants the GIL: on the way into a host function, or back
    from a call. That unwinds frames of compiled code and of the glue."""
    run_program(f"""
def work(number):
    store, exports = exports_of(lambda x: x)
    begun.release()
    while True:
        exports["many" if number % 2 else "host"](store, 100_000)
begun = threading.Semaphore(0)
for number in range(4):
    threading.Thread(target=work, args=(number,), daemon=True).start()
for _ in range(4):
    begun.acquire()
time.sleep({seconds})
""")


def test_ctrl_c_in_calls_and_host_functions():
    """Wherever it comes, it is a KeyboardInterrupt; `abs` runs no Python code that would notice it."""
    printed = run_program("""
random.seed(1)
pairs = [exports_of(lambda x: x), exports_of(abs)]
ready = threading.Semaphore(0)
def send():
    for _ in range(100):
        ready.acquire()
        time.sleep(random.uniform(0, 0.003))
        os.kill(os.getpid(), signal.SIGINT)
thread = threading.Thread(target=send)
thread.start()
count = 0
for _ in range(100):
    try:
        ready.release()
        while True:
            for store, exports in pairs:
                exports["many"](store, 3000)
                exports["host"](store, 1)
    except KeyboardInterrupt:
        count += 1
    assert [store.state.memory.user for store, _ in pairs] == [0, 0]
thread.join()
print(count, [exports["many"](store, 10) for store, exports in pairs])
""")
    assert printed == "100 [55, 55]\n"


# --- references


def test_reference_counts_stay():
    """A million objects for each kind of call would show in the counts of these, or in the blocks."""
    big, real = 1 << 40, 0.1
    store, function = function_of(["i64", "f64"], ["f64", "i64"], "(local.get 1) (local.get 0)")
    other, through = function_of(
        ["i64", "f64"],
        ["f64", "i64"],
        "(call $host (local.get 0) (local.get 1))",
        lambda x, y: (y, x) if x >= 0 else 1 // 0,
    )
    empty = Store(ENGINE)
    nothing: Any = Func(empty, FuncType([], []), lambda: None)

    def calls() -> None:
        for _ in range(200):
            function(store, big, real)
            through(other, big, real)
            nothing(empty)
            for bad in ((store, big), (store, big, "x"), (other, 1 << 70, real), (None, big, real)):
                with pytest.raises(Exception):  # noqa: B017 PT011
                    function(*bad)
            with pytest.raises(ZeroDivisionError):
                through(other, -1, real)
            with pytest.raises(WasmtimeError):
                through(store, big, real)

    watched = (big, real, store, function, through, store.state, None, store.state.id)
    calls()
    gc.collect()
    counts, blocks = [sys.getrefcount(x) for x in watched], sys.getallocatedblocks()
    calls()
    gc.collect()
    after = [sys.getrefcount(x) for x in watched]
    assert all(abs(a - b) < 100 for a, b in zip(counts, after, strict=True)), (counts, after)
    assert sys.getallocatedblocks() - blocks < 150


def test_functions_and_stores_are_freed():
    """Without the collector: no cycle goes through a function's callable."""
    gc.disable()
    try:
        store, function = function_of(["i32"], ["i32"], "(local.get 0)")
        function(store, 1)
        count = sys.getrefcount(function.reference)
        call = function.__call__
        del function
        assert sys.getrefcount(call.__self__[1]) == count
        assert call(store, 6) == 6
        store.close()
        with pytest.raises(ClosedError):
            call(store, 6)
    finally:
        gc.enable()


def test_nan():
    store, function = function_of([], ["f64"], "(f64.const nan:0x4)")
    assert math.isnan(function(store))


def test_subinterpreter_uses_its_own_glue_or_none():
    """Nothing of the process's first interpreter is used from another one."""
    program = """
import _xxsubinterpreters as interpreters
from wasmdialect import Config, Engine, Instance, Module, Store
code = '''
from wasmdialect import Config, Engine, Instance, Module, Store
engine = Engine(Config(jobs=0, opt_level=0))
store = Store(engine)
text = '(module (func (export "f") (param i32) (result i32) (local.get 0)))'
f = Instance(store, Module(engine, text), []).exports(store)["f"]
print(f(store, 3), flush=True)
'''
exec(code)
interpreter = interpreters.create()
try:
    interpreters.run_string(interpreter, code)
except interpreters.RunFailedError as error:
    print("refused")
exec(code)
"""
    if sys.version_info >= (3, 13):
        pytest.skip("the module for subinterpreters has another name")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["3", "3", "3"], ["3", "refused", "3"])
