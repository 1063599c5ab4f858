"""Forks: a child has workers of its own, leaves the parent's alone, and waits for nobody's lock."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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
    wat2wasm,
)
from wasmdialect._locks import lock_across_forks
from wasmdialect.codegen import pool

ENGINE = Engine(Config(jobs=1, opt_level=0))
SECONDS = 120
"""More than a child may take."""


def compiled_constant(value: int, engine: Engine = ENGINE) -> int:
    """A number through a compiled function."""
    store = Store(engine)
    module = Module(engine, f'(module (func (export "f") (result i32) i32.const {value}))')
    function = Instance(store, module, []).exports(store)["f"]
    assert isinstance(function, Func)
    return function(store)


def in_child(body: Callable[[], object]) -> int:
    """The exit code of a forked child that runs `body`: 0, 1 after an exception; killed if it hangs."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(SECONDS)
            body()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("method", "tasks"), [("fork", 40), ("spawn", 2), ("forkserver", 2)])
def test_each_process_of_a_pool_gets_its_own_functions(method: str, tasks: int):
    assert compiled_constant(-1) == -1  # there is a worker whose connection could be shared
    with multiprocessing.get_context(method).Pool(2) as processes:
        results = processes.map_async(compiled_constant, range(tasks), chunksize=1)
        assert results.get(SECONDS) == [*range(tasks)]
    assert compiled_constant(-2) == -2


def test_a_child_neither_uses_nor_ends_the_workers_of_its_parent():
    compiled_constant(1)
    before = [worker.pid for worker in pool.shared_pool(1).idle]
    assert before

    def body() -> None:
        assert pool.shared_pool(1).idle == []
        assert compiled_constant(2) == 2
        assert before != [worker.pid for worker in pool.shared_pool(1).idle]
        pool.close_pools()  # as when Python ends

    assert in_child(body) == 0
    assert compiled_constant(3) == 3
    assert [worker.pid for worker in pool.shared_pool(1).idle] == before


def test_a_child_uses_engine_module_and_store_of_its_parent():
    store = Store(ENGINE)
    module = Module(
        ENGINE,
        """(module (global $n (mut i32) (i32.const 0))
             (func (export "next") (result i32)
               (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
             (func (export "trap") unreachable))""",
    )
    exports = Instance(store, module, []).exports(store)
    following, trap = exports["next"], exports["trap"]
    assert isinstance(following, Func)
    assert isinstance(trap, Func)
    assert following(store) == 1

    def body() -> None:
        assert following(store) == 2
        with pytest.raises(Trap, match="unreachable"):
            trap(store)
        assert Module(ENGINE, "(module)").exports == []

    assert in_child(body) == 0
    assert following(store) == 2


@pytest.mark.parametrize(
    ("ending", "code"), [("return", 7), ("trap", 8), ("exit", 9)], ids=["return", "trap", "exit"]
)
def test_a_host_function_forks(ending: str, code: int):
    """The child comes out of compiled code that the parent entered."""
    store = Store(ENGINE)
    parent = os.getpid()
    status: list[int] = []

    def host() -> int:
        child = os.fork()
        if child == 0:
            if ending == "exit":
                os._exit(code)
            return 1
        status.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return 0

    module = Module(
        ENGINE,
        f"""(module (import "" "fork" (func $fork (result i32)))
             (func (export "f") (result i32)
               (if (i32.and (call $fork) (i32.const {int(ending == "trap")})) (then unreachable))
               (i32.const 5)))""",
    )
    imported = Func(store, FuncType([], [ValType.i32()]), host)
    function = Instance(store, module, [imported]).exports(store)["f"]
    assert isinstance(function, Func)
    try:
        result = function(store)
    except Trap:
        assert os.getpid() != parent
        os._exit(8)
    if os.getpid() != parent:
        os._exit(7 if result == 5 and compiled_constant(6) == 6 else 1)
    assert result == 5
    assert status == [code]


@pytest.mark.parametrize("jobs", [0, 1])
def test_fork_while_another_thread_compiles(jobs: int, tmp_path: Path):
    engine = Engine(Config(jobs=jobs, opt_level=0, cache=tmp_path))
    compiled_constant(0, engine)
    stop = threading.Event()
    errors: list[BaseException] = []

    def go_on() -> None:
        number = 1000
        while not stop.is_set():
            number += 1
            try:
                assert compiled_constant(number, engine) == number
                engine.increment_epoch()
            except BaseException as error:
                errors.append(error)
                return

    thread = threading.Thread(target=go_on)
    thread.start()

    def body() -> None:
        assert compiled_constant(1, Engine(Config(jobs=1, opt_level=0, cache=tmp_path))) == 1
        engine.increment_epoch()

    try:
        for _ in range(4):
            assert in_child(body) == 0
            time.sleep(0.01)
    finally:
        stop.set()
        thread.join()
    assert not errors


def test_a_lock_that_another_thread_holds_is_free_in_the_child():
    lock = lock_across_forks()
    held = threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    assert in_child(lock.acquire) == 0
    thread.join()
    assert lock.acquire(timeout=SECONDS)
    lock.release()


PARENT = """
import os, sys, time
from wasmdialect import Config, Engine, Module
from wasmdialect.codegen import pool

Module(Engine(Config(jobs=1, opt_level=0)), "(module (func))")
print(pool.shared_pool(1).idle[0].pid, flush=True)
child = os.fork()
if child == 0:
    time.sleep(600)
print(child, flush=True)
if sys.argv[1] == "busy":
    Module(Engine(Config(jobs=1, load=("slow.py",), at={"wasmir-end": "slow"})), "(module (func))")
time.sleep(600)
"""
SLOW = """
import time
from wasmdialect.passes.base import FunctionPass

class Slow(FunctionPass):
    name = "slow"

    def apply_to_function(self, ctx, function):
        open("begun", "w").close()
        time.sleep(600)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_workers_end_when_their_parent_is_killed_and_its_child_lives(tmp_path: Path, state: str):
    (tmp_path / "slow.py").write_text(SLOW)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    worker, child = int(parent.stdout.readline()), int(parent.stdout.readline())
    try:
        if state == "busy":
            wait_until((tmp_path / "begun").exists)
        parent.kill()
        parent.wait()
        os.kill(child, 0)
        wait_until(lambda: has_ended(worker))
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    limit = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def has_ended(process: int) -> bool:
    """Whether a process is gone, or nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


FORKING = """
import os, signal, sys, threading, time
import wasmdialect.codegen.pool
from wasmdialect import Config, Engine, Module, WasmtimeError
binary = bytes.fromhex(sys.argv[1])
def compile():
    try:
        Module(Engine(Config(jobs=1, compilation="eager", cache=False)), binary)
    except WasmtimeError:
        print("error", flush=True)
thread = threading.Thread(target=compile)
thread.start()
while thread.is_alive():
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        from wasmdialect.codegen.errors import error_from_plain
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    time.sleep(0.02)
"""


LOADING = """
import os, signal, sys, threading
import wasmdialect
from wasmdialect import Engine, Module, wat2wasm

class Slow:  # a finder that finds nothing, and says when a module is looked for
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[2]:
            looking.set()
            finished.wait(0.5)  # a fork that does not wait comes now

looking, finished = threading.Event(), threading.Event()
sys.meta_path.insert(0, Slow())
first_use = eval("lambda: " + sys.argv[1])
thread = threading.Thread(target=first_use)
thread.start()
assert looking.wait(60), "it has been imported before"
child = os.fork()
finished.set()
if child == 0:
    signal.alarm(20)
    first_use()
    os._exit(0)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(
    ("use", "module"),
    [
        ("wat2wasm('(module)')", "wasmdialect.wasm.text"),
        ("Module.validate(Engine(), b'\\0asm\\1\\0\\0\\0')", "wasmdialect.wasm.validate"),
    ],
    ids=["wat2wasm", "validate"],
)
def test_a_fork_waits_for_what_another_thread_imports_to_read_a_module(use: str, module: str):
    """Python's lock of a module that was being imported stays locked in the child."""
    command = [sys.executable, "-c", LOADING, use, module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_fork_waits_for_what_is_loaded_when_a_worker_reports_an_error():
    """The parent has loaded nothing of the compiler before."""
    binary = bytes(wat2wasm("(module (func (result i32) i32.const 1))"))
    wrong = binary.replace(b"\x41\x01\x0b", b"\x01\x01\x0b")
    assert wrong != binary
    command = [sys.executable, "-c", FORKING, wrong.hex()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert (done.stdout, done.returncode) == ("error\n", 0), done.stderr
