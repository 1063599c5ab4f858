"""Bodies are checked, and their calls found, before a module is compiled lazily: in workers, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen import pool, run, survey
from wasmdialect.codegen.compiler import start_run
from wasmdialect.codegen.input import WasmInput
from wasmdialect.codegen.process import Worker
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.wasm.inline_plan import Calls
from wasmdialect.wasm.validate import BodyCalls

CALLS = "".join(
    f"(func $f{n} (call $f{n // 2}) (call $f{n // 3}) (call $f{n // 2}))" for n in range(90)
)
INDIRECT = """(table 0 funcref) (table $written 1 funcref)
  (func $indirect
    (table.set $written (i32.const 0) (ref.null func))
    (call_indirect 0 (i32.const 0)) (loop (call_indirect 0 (i32.const 0)))
    (try_table (call_indirect $written (i32.const 0)))
    (return_call_indirect 0 (param i32) (i32.const 0) (i32.const 0)))"""
TEXT = f"(module {CALLS} (func $tail (return_call $f1)) {INDIRECT})"
BAD = TEXT.replace("(call $f7)", "(i32.add)")


def open_run(text: str, store: MemoryStore | None = None, jobs: int = 2, **more: Any) -> Run:
    settings = CompileSettings.of(Config(**more))
    return start_run(bytes(wat2wasm(text)), settings, "m.wasm", jobs, store)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every module is checked in workers, in parts of a few functions."""
    monkeypatch.setattr(survey, "FEW", 0)
    monkeypatch.setattr(survey, "_PART", 40)


@pytest.fixture
def not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is checked in this process."""

    def refuse(_: WasmInput, indices: Sequence[int]) -> None:
        raise AssertionError(indices)

    monkeypatch.setattr(WasmInput, "survey", refuse)


def expected() -> Mapping[int, BodyCalls]:
    run = open_run(TEXT, jobs=0)
    found = survey.survey(run)
    assert found is not None
    assert found[90] == ([1], True, {}, {}, [])
    assert found[30] == ([15, 10], False, {15: Calls(2, 0), 10: Calls(1, 0)}, {}, [])
    indirect = {(0, 0): Calls(2, 1), (1, 0): Calls(0, 0), (0, 1): Calls(0, 0)}
    assert found[91] == ([], True, {}, indirect, [1])
    return found


@pytest.mark.usefixtures("in_parts")
def test_the_parts_that_workers_check_are_the_whole(request: pytest.FixtureRequest):
    whole = expected()
    request.getfixturevalue("not_here")
    found = survey.survey(open_run(TEXT))
    assert found == whole
    assert [*(found or ())] == [*whole]


@pytest.mark.usefixtures("in_parts")
def test_parts_are_checked_here_as_long_as_no_worker_is_ready(monkeypatch: pytest.MonkeyPatch):
    whole = expected()
    loading = iter([True, True, False])
    monkeypatch.setattr(pool.WorkerPool, "is_loading", property(lambda _: next(loading)))
    here: list[Sequence[int]] = []
    original = WasmInput.survey

    def spy(source: WasmInput, indices: Sequence[int]) -> Any:
        here.append(indices)
        return original(source, indices)

    monkeypatch.setattr(WasmInput, "survey", spy)
    found = survey.survey(open_run(TEXT))
    assert found == whole
    assert [*(found or ())] == [*whole]
    assert len(here) == 2
    assert sum(map(len, here)) < len(whole)


def test_a_pool_is_loading_until_a_worker_is_ready():
    workers = pool.WorkerPool(1)
    assert not workers.is_loading
    workers.prepare(1)
    limit = time.monotonic() + pool.START_TIMEOUT
    while workers.is_loading and time.monotonic() < limit:
        time.sleep(0.01)
    assert not workers.is_loading
    (worker,) = workers.idle
    kind, pid = worker.receive() or ("nothing", 0)
    assert kind == "ok"
    assert pid > 0
    workers.close()


@pytest.mark.usefixtures("in_parts")
def test_one_bad_body_in_any_part_makes_the_module_bad():
    store = MemoryStore()
    for jobs in (0, 2):
        assert survey.survey(open_run(BAD, store, jobs)) is None


@pytest.mark.usefixtures("in_parts")
def test_a_part_whose_worker_ends_is_checked_here(monkeypatch: pytest.MonkeyPatch):
    asked = 0
    send = Worker.send

    def send_or_kill(worker: Worker, *request: Any) -> None:
        nonlocal asked
        asked += request[0] == "survey"
        if request[0] == "survey" and asked == 3:
            os.kill(worker.pid, signal.SIGKILL)
        send(worker, *request)

    whole = expected()
    monkeypatch.setattr(Worker, "send", send_or_kill)
    here: list[int] = []
    original = WasmInput.survey

    def spy(source: WasmInput, indices: Sequence[int]) -> Any:
        here.extend(indices)
        return original(source, indices)

    monkeypatch.setattr(WasmInput, "survey", spy)
    assert survey.survey(open_run(TEXT)) == whole
    assert 0 < len(here) < len(whole)


def test_calls_are_remembered_for_the_same_bytes_and_features(monkeypatch: pytest.MonkeyPatch):
    store = MemoryStore()
    whole = expected()
    first = open_run(TEXT, store)
    assert survey.survey(first) == whole
    with monkeypatch.context() as patch:
        patch.setattr(survey, "_survey_all", None)  # nothing is surveyed
        assert survey.survey(open_run(TEXT, store, opt_level=0)) == whole
    asked: list[int] = []
    original = WasmInput.survey

    def spy(source: WasmInput, indices: Sequence[int]) -> Any:
        asked.append(len(indices))
        return original(source, indices)

    monkeypatch.setattr(WasmInput, "survey", spy)
    survey.survey(open_run(TEXT, store, features="wasm-3.0,wide-arithmetic"))
    survey.survey(open_run(BAD, store))
    survey.survey(open_run(BAD, store))  # errors are not remembered
    assert asked == [92, 92, 92]


@pytest.mark.parametrize(("opt_level", "is_asked"), [(0, False), (2, True)])
def test_only_passes_that_need_the_calls_ask_for_them(
    opt_level: Any, is_asked: bool, monkeypatch: pytest.MonkeyPatch
):
    asked: list[Run] = []
    monkeypatch.setattr(run, "survey", lambda each: asked.append(each))
    open_run(TEXT, jobs=0, features="all", opt_level=opt_level).compile()
    assert bool(asked) is is_asked
