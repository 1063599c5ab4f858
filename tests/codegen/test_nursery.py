"""Workers are forked from one process that has loaded the compiler; it can fail too."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from codegen.test_worker_failures import children

from wasmdialect import Config, Engine, Module
from wasmdialect.codegen import nursery, pool, process
from wasmdialect.codegen.crashes import WorkerUnavailableError
from wasmdialect.codegen.process import Worker

LONG = "(func " + "nop " * 1000 + ")"
TEXT = f'(module {LONG * 40} (func $last (export "f")))'
"""Three units."""
PASS = """
import os, time
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "last":
            {}
"""


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch):
    """Neither processes nor descriptors are, and no worker was there before."""
    monkeypatch.setattr(pool, "_pools", {})
    before, descriptors = children(), len(os.listdir("/dev/fd"))
    yield
    pool.close_pools()
    assert children() <= before
    assert len(os.listdir("/dev/fd")) == descriptors


def compile_with(tmp_path: Path, action: str = "pass", jobs: int = 2) -> list[Worker]:
    """Compile with a pass; returns the workers that are left."""
    file = tmp_path / "mine.py"
    file.write_text(PASS.format(action))
    settings = {"load": (str(file),), "at": {"wasmir-end": "mine"}, "compilation": "eager"}
    Module(Engine(Config(jobs=jobs, opt_level=0, **settings)), TEXT)  # pyright: ignore[reportArgumentType]
    return pool.shared_pool(jobs).idle


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def sockets_of(pid: int) -> int:
    folder = Path(f"/proc/{pid}/fd")
    return sum(os.readlink(each).startswith("socket:") for each in folder.iterdir())


def test_workers_have_one_parent_and_no_connection_but_their_own(tmp_path: Path):
    before = children()
    workers = compile_with(tmp_path)
    (started,) = children() - before
    assert [parent_of(worker.pid) for worker in workers] == [started] * 2
    assert [sockets_of(pid) for pid in (workers[0].pid, workers[1].pid, started)] == [1, 1, 1]
    groups = {os.getpgid(pid) for pid in (workers[0].pid, workers[1].pid, started, os.getpid())}
    assert len(groups) == 4


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_idle_workers_whose_parent_fails_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: int
):
    monkeypatch.setattr(nursery, "_SECONDS_TO_ANSWER", 1.0)
    if how == signal.SIGSTOP:  # which shows only when it is asked something
        monkeypatch.setattr(process, "_SECONDS_TO_TRUST", 0.0)
    before = children()
    old = [worker.pid for worker in compile_with(tmp_path)]
    (started,) = children() - before
    os.kill(started, how)
    workers = compile_with(tmp_path)
    assert not {worker.pid for worker in workers} & {*old}
    assert parent_of(workers[0].pid) != started


def test_workers_that_end_while_they_are_idle_are_replaced(tmp_path: Path):
    """Even if they have just been at work, when nobody asks whether they exist."""
    before = children()
    old = [*compile_with(tmp_path)]
    for worker in old:
        os.kill(worker.pid, signal.SIGKILL)
        select.select([worker], [], [])
    assert not any(worker.is_usable() for worker in old)
    workers = compile_with(tmp_path)
    assert not {worker.pid for worker in workers} & {worker.pid for worker in old}
    assert len(children() - before) == 1


def test_a_worker_that_was_seen_a_moment_ago_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    lives = nursery.Nursery.lives

    def counting(self: nursery.Nursery, number: int) -> bool:
        asked.append(number)
        return lives(self, number)

    monkeypatch.setattr(nursery.Nursery, "lives", counting)
    monkeypatch.setattr(process, "_SECONDS_TO_TRUST", 600.0)
    workers = compile_with(tmp_path)
    assert all(worker.is_usable() for worker in workers)
    assert asked == []
    monkeypatch.setattr(process, "_SECONDS_TO_TRUST", 0.0)
    assert all(worker.is_usable() for worker in workers)
    assert len(asked) == 2


def test_a_task_whose_worker_loses_its_parent_is_tried_again(tmp_path: Path):
    begun = tmp_path / "begun"
    action = f"os.path.exists({str(begun)!r}) or (open({str(begun)!r}, 'w'), time.sleep(600))"
    before = children()

    def kill() -> None:
        while not begun.exists():
            time.sleep(0.02)
        for started in children_of_main() - before:
            os.kill(started, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    compile_with(tmp_path, action, jobs=1)
    thread.join()


def children_of_main() -> set[int]:
    """The processes that the main thread has started."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in path.read_text().split()}


def test_another_environment_gets_other_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = tmp_path / "told"
    action = f"open({str(told)!r}, 'a').write(os.environ.get('TOLD', 'nothing') + ' ')"
    compile_with(tmp_path, action)
    pool.shared_pool(2).close()
    monkeypatch.setenv("TOLD", "something")
    compile_with(tmp_path, action)
    assert told.read_text() == "nothing something "


def test_a_worker_is_ended_twice_without_harm(tmp_path: Path):
    first, second = compile_with(tmp_path)
    pool.shared_pool(2).idle = [second]
    os.kill(first.pid, signal.SIGKILL)
    while first.is_alive():
        time.sleep(0.02)
    first.close()
    first.close()
    assert second.is_alive()


REFUSING = """
import os, sys
sys.path[:] = {path!r}
from wasmdialect.codegen import worker

def refuse():
    raise OSError(11, "no more of these")

os.fork = refuse
worker.main()
"""


def test_a_fork_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "refusing.py"
    file.write_text(REFUSING.format(path=sys.path))
    monkeypatch.setattr(nursery.worker, "__file__", str(file))
    with pytest.raises(WorkerUnavailableError, match=r"cannot be started: \[Errno 11\] no more"):
        compile_with(tmp_path, jobs=1)
