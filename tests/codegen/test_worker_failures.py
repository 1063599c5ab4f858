"""Workers that do not start, do not answer, or answer nonsense: one error, and nothing is left."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.codegen import nursery, pool
from wasmdialect.codegen.crashes import CompileCrash, WorkerUnavailableError
from wasmdialect.codegen.pool import SingleTask, WorkerPool
from wasmdialect.codegen.process import Worker, WorkerFailure, WorkerStartError
from wasmdialect.passes.pipeline import PassFailure

TEXT = '(module (func $good (export "f") (result i32) (i32.const 3)) (func $bad))'
PASS = """
import os, sys, time
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "bad":
            {}
"""
SECONDS = 8
"""A deadline long enough for a busy machine, short enough for a test."""


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch):
    """No worker that was started before is used."""
    monkeypatch.setattr(pool, "_pools", {})
    yield
    pool.close_pools()


@pytest.fixture(autouse=True)
def nothing_is_left():
    """Neither processes nor threads nor descriptors are."""
    threads = {*threading.enumerate()}
    descriptors = len(os.listdir("/dev/fd"))
    before = children()
    yield
    pool.close_pools()
    assert children() <= before
    new = {*threading.enumerate()} - threads
    assert {thread.name for thread in new} <= {"wasmdialect-watch"}  # that stays
    assert len(os.listdir("/dev/fd")) == descriptors


def children() -> set[int]:
    """The children of this process, also those that have ended and were not waited for."""
    return {int(p) for p in Path("/proc/thread-self/children").read_text().split()}


def engine(tmp_path: Path, action: str, **settings: object) -> Engine:
    file = tmp_path / "mine.py"
    file.write_text(PASS.format(action))
    return Engine(Config(jobs=1, load=(str(file),), at={"wasmir-end": "mine"}, **settings))  # pyright: ignore


@pytest.mark.parametrize(
    ("executable", "said"),
    [
        ("", "sys.executable"),
        ("/nonexistent/python", "No such file"),
        ("/bin/true", "died with status 0"),
        ("/bin/false", "died with status 1"),
    ],
)
def test_wrong_python(monkeypatch: pytest.MonkeyPatch, executable: str, said: str):
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(WorkerUnavailableError, match=said):
        Module(Engine(Config(jobs=2)), TEXT)


@pytest.mark.parametrize("error", [errno.EAGAIN, errno.ENOMEM])
def test_process_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, error: int):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(WorkerUnavailableError, match=os.strerror(error)):
        Module(Engine(Config(jobs=2)), TEXT)


def test_exhausted_descriptors():
    """Whichever descriptor is the first that cannot be had."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd")) - 1
    outcomes: list[bool] = []
    try:
        for left in range(12):
            resource.setrlimit(resource.RLIMIT_NOFILE, (used + left, old[1]))
            try:
                Worker().close()
                outcomes.append(True)
            except WorkerStartError as error:
                assert "Too many open files" in str(error)
                outcomes.append(False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, old)
    assert outcomes[:3] == [False] * 3
    assert outcomes[-1]


FAKE = """
import os, marshal, socket, struct, sys, time
control = socket.socket(fileno=int(sys.argv[1]))
control.recv(1 << 16)
_, (descriptor, *_), _, _ = socket.recv_fds(control, 1 << 16, 3)
def message(*content):
    data = marshal.dumps(content)
    return struct.pack("<8sQ", b"wasmdial", len(data)) + data
send = lambda data: os.write(descriptor, data)
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import nothing_like_this", "No module named 'nothing_like_this'"),
        ("os.abort()", "signal 6"),
        ("send(b'x' * 16)", "not a message"),
        ("send(message(1, 'ok', None)[:-1])", "died with status 0"),
        ("send(message(1, 'ok', None)[:-1] + b'?')", "not a message"),
        ("send(message(2, 'ok', None)); time.sleep(60)", "answered request 2, and 1 was asked"),
        ("os.close(descriptor); time.sleep(60)", "died with signal 9"),
        ("time.sleep(60)", "said nothing for 2 s"),
        ("if os.fork() == 0: time.sleep(60)", "died with status 0"),
    ],
)
def test_something_else_than_a_worker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, said: str
):
    file = tmp_path / "fake.py"
    file.write_text(FAKE + program)
    monkeypatch.setattr(nursery.worker, "__file__", str(file))
    monkeypatch.setattr(nursery, "_SECONDS_TO_ANSWER", 1.0)
    monkeypatch.setattr(pool, "START_TIMEOUT", 2.0 if "said nothing" in said else 60.0)
    with pytest.raises(WorkerUnavailableError, match=said):
        Module(Engine(Config(jobs=1)), TEXT)


def test_a_worker_that_was_stopped_while_idle_is_replaced():
    made = Engine(Config(jobs=1, compile_timeout=SECONDS))
    Module(made, TEXT)
    (worker,) = pool.shared_pool(1).idle
    os.kill(worker.pid, signal.SIGSTOP)
    assert Module(made, TEXT).exports
    assert pool.shared_pool(1).idle != [worker]


def test_a_pass_that_never_ends_is_named(tmp_path: Path):
    made = engine(tmp_path, "time.sleep(600)", compile_timeout=SECONDS)
    with pytest.raises(CompileCrash, match=r"function 1 \(bad\).*said nothing for 8 s"):
        Module(made, TEXT)


def test_another_thread_compiles_while_a_worker_hangs(tmp_path: Path):
    made = engine(tmp_path, f"open({str(tmp_path / 'begun')!r}, 'w'); time.sleep(600)")
    made.config.compile_timeout = 4 * SECONDS
    errors: list[BaseException] = []

    def hang() -> None:
        try:
            Module(made, TEXT)
        except CompileCrash as error:
            errors.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    assert Module(Engine(Config(jobs=1)), TEXT).exports
    assert thread.is_alive()
    thread.join()
    assert len(errors) == 1


SLOW_LEVEL = """
import time
from wasmdialect.codegen import batch
from wasmdialect.passes.base import FunctionPass

compile_object = batch.compile_object

def slow(text, target, level):
    if level > 0 and "i32 77" in text:
        {}
    return compile_object(text, target, level)

if __import__("sys").argv[0].endswith("worker.py"):
    batch.compile_object = slow

class Nothing(FunctionPass):
    name = "nothing"

    def apply_to_function(self, ctx, function):
        pass
"""
TWO = "(module (func $a (result i32) (i32.const 76)) (func $b (result i32) (i32.const 77)))"


@pytest.mark.parametrize("what", ["time.sleep(600)", "__import__('os').abort()"], ids=str)
def test_llvm_that_fails_at_a_level_is_tried_at_lower_ones(tmp_path: Path, what: str):
    file = tmp_path / "slow.py"
    file.write_text(SLOW_LEVEL.format(what))
    settings = {"load": (str(file),), "at": {"wasmir-end": "nothing"}, "jobs": 1}
    made = Engine(Config(opt_level=1, compile_timeout=SECONDS, **settings))  # pyright: ignore
    reports = Module(made, TWO).reports
    assert [(r["function"], r["level"]) for r in reports if r["kind"] == "fallback"] == [
        ("wasm[0]::function[1]", 0)
    ]
    assert "said nothing" in reports[0]["reason"] or "signal 6" in reports[0]["reason"]


def test_a_second_death_in_recovery_names_the_function(tmp_path: Path):
    """Every process that comes near the function dies, also those that are to make up for it."""
    made = engine(tmp_path, "os.kill(os.getpid(), 9)")
    with pytest.raises(CompileCrash, match=r"function 1 \(bad\).*signal 9"):
        Module(made, TEXT)


@pytest.mark.parametrize(
    "action",
    [
        "os.closerange(0, 256)",
        "os.fork() or time.sleep(600); os.abort()",
    ],
    ids=["closed", "held by a child"],
)
def test_a_pass_that_breaks_the_connection_is_named(tmp_path: Path, action: str):
    with pytest.raises(CompileCrash, match=r"function 1 \(bad\)"):
        Module(engine(tmp_path, action), TEXT)


def test_what_a_pass_has_started_ends_with_the_worker(tmp_path: Path):
    started = tmp_path / "started"
    note = f"open({str(started)!r}, 'w').write(str(os.getpid()))"
    with pytest.raises(CompileCrash):
        Module(engine(tmp_path, f"os.fork() or ({note}, time.sleep(600)); os.abort()"), TEXT)
    stat = Path(f"/proc/{started.read_text()}/stat")
    limit = time.monotonic() + 60
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_pass_that_exits_is_a_failure_of_the_pass(tmp_path: Path, jobs: int):
    made = engine(tmp_path, "sys.exit(3)")
    made.config.jobs = jobs
    with pytest.raises(PassFailure, match="SystemExit: 3"):
        Module(made, TEXT)


def test_interrupt_ends_the_workers_that_are_at_work(tmp_path: Path):
    begun = tmp_path / "begun"
    made = engine(tmp_path, f"open({str(begun)!r}, 'w'); time.sleep(600)")
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt_when, args=(begun.exists,)).start()
        with pytest.raises(KeyboardInterrupt):
            Module(made, TEXT)
    finally:
        signal.signal(signal.SIGINT, old)
    assert pool.shared_pool(1).idle == []
    assert Module(Engine(Config(jobs=1)), TEXT).exports


def interrupt_when(condition: Callable[[], bool]) -> None:
    """Press Ctrl-C."""
    while not condition():
        time.sleep(0.02)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_only_as_many_workers_are_kept_as_the_pool_has():
    own = WorkerPool(1)
    workers = [own.take(), own.take()]
    for worker in workers:
        own.give_back(worker)
    assert own.idle == workers[:1]
    assert not workers[1].is_alive()
    own.close()


def test_a_request_that_fails_leaves_the_worker_usable():
    failures: list[WorkerFailure] = []
    tasks = [SingleTask(("object", "no IR", {}, 0), print, failures.append)]
    with pytest.raises(Exception, match="Target"):
        pool.shared_pool(1).run(None, tasks, SECONDS * 10)
    assert not failures
    assert [worker.is_alive() for worker in pool.shared_pool(1).idle] == [True]
