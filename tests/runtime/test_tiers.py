"""Functions and loops that are compiled again while they run (docs/lazy.md, "Tiers")."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tiers_at_once import go_on, improve_at_once

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
    WasmtimeError,
)
from wasmdialect.codegen import pool
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.codegen.tiers import BetterCode
from wasmdialect.runtime import lazy

I32 = ValType.i32()

PROGRAM = """(module $program
  (import "" "host" (func $host (param i32) (result i32)))
  (memory 1) (global $g (mut i64) (i64.const 0)) (tag $e (param i32))
  (table 2 funcref) (elem (i32.const 0) $square $host)
  (type $t (func (param i32) (result i32)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))

  ;; Values of every type are live, some computed again by the outer loop.
  (func (export "types") (param $n i32) (result i32 i64 f32 f64 v128 funcref)
    (local $i i32) (local $j i32) (local $a i64) (local $x f32) (local $y f64) (local $v v128)
    (local $r funcref)
    (local.set $x (f32.const -nan:0x200001)) (local.set $r (ref.func $square))
    (loop $outer
      (local.set $y (f64.convert_i32_u (local.get $i)))
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $a (i64.add (local.get $a) (i64.extend_i32_u (local.get $j))))
        (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $i))))
        (br_if $inner
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (local.set $y (f64.add (local.get $y) (f64.const 0.5)))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i) (local.get $a) (local.get $x) (local.get $y) (local.get $v) (local.get $r))

  (func (export "traps") (type $t) (call $divide (local.get 0)))
  (func $divide (type $t) (local $i i32)
    (loop $again (result i32)
      (global.set $g (i64.add (global.get $g) (i64.const 1)))
      (i32.store (i32.const 8) (local.get $i))
      (drop (i32.div_u (i32.const 100) (i32.sub (local.get 0) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $again)))

  (func $throw (param i32) (throw $e (local.get 0)))
  (func (export "catches") (type $t) (local $i i32) (local $sum i32)
    (loop $again
      (block $h (result i32)
        (try_table (catch $e $h) (call $throw (local.get $i)))
        (i32.const 0))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (local.get $sum))
  (func $throws (type $t) (local $i i32)
    (loop $again
      (if (i32.eq (local.get $i) (local.get 0)) (then (call $throw (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $again))
    (unreachable))
  (func (export "thrown") (type $t)
    (block $h (result i32)
      (try_table (catch $e $h) (drop (call $throws (local.get 0))))
      (i32.const -1)))

  (func $fib (export "fib") (type $t)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))

  ;; Two loops that jump into each other's outer blocks, with a value on the stack below.
  (func (export "switch") (type $t) (local $i i32) (local $acc i32)
    (i32.const 1000)
    (block $out
      (loop $a
        (local.set $acc (i32.add (local.get $acc) (i32.const 3)))
        (loop $b
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $out (i32.ge_u (local.get $i) (local.get 0)))
          (block $x (block $y
            (br_table $x $y $a $b (i32.and (local.get $i) (i32.const 3))))
            (local.set $acc (i32.mul (local.get $acc) (i32.const 5)))
            (br $b))
          (local.set $acc (i32.xor (local.get $acc) (local.get $i)))
          (br $a))))
    (i32.add (local.get $acc)))

  (func (export "calls") (type $t) (local $i i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum)
        (call_indirect (type $t) (local.get $i) (i32.and (local.get $i) (i32.const 1)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (local.get $sum))
  (func (export "tail") (type $t) (local $i i32)
    (loop $again
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))
    (if (i32.eqz (local.get 0)) (then (return (local.get $i))))
    (return_call $down (i32.sub (local.get 0) (i32.const 1))))
  (func $down (type $t) (return_call 10 (local.get 0)))
  (func (export "state") (result i64 i32) (global.get $g) (i32.load (i32.const 8)))
  (func (export "forever") (loop $again (br $again))))"""

CALLS: tuple[tuple[Any, ...], ...] = (
    ("types", 7), ("types", 3), ("traps", 9), ("state",), ("traps", 4), ("state",), ("catches", 9),
    ("thrown", 9), ("fib", 12), ("switch", 40), ("switch", 41), ("calls", 20), ("tail", 5_000),
    ("types", 0),
)  # fmt: skip


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    improve_at_once(monkeypatch.setattr)


def instantiate(text: str = PROGRAM, **settings: Any) -> tuple[Store, Module, Any]:
    store, module, instance = load(text, **settings)
    return store, module, instance.exports(store)


def load(text: str = PROGRAM, **settings: Any) -> tuple[Store, Module, Instance]:
    values: dict[str, Any] = {"compilation": "lazy", "jobs": 1, **settings}
    engine = Engine(Config(**values))
    module = Module(engine, text)
    store = Store(engine)
    imports = [Func(store, FuncType([I32], [I32]), lambda x: x + 100)] if module.imports else []
    return store, module, Instance(store, module, imports)


def outcome(store: Store, function: Any, *arguments: Any) -> Any:
    try:
        found = function(store, *arguments)
    except Trap as trap:
        frames = [(f.func_name, f.func_index, f.module_offset) for f in trap.frames]
        return type(trap), trap.message.splitlines()[-1], frames
    if isinstance(found, list):
        return [repr(value) for value in found[:-1]]  # but references
    return found


def symbols(module: Module) -> list[str]:
    """The functions that have code, as often as they have."""
    found = [f.symbol for code in module.loaded.code for f in code.artifact.functions]
    return [s.partition("::")[2] for s in found if "trampoline" not in s]


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.usefixtures("at_once")
def test_results_traps_and_backtraces_are_those_of_eager_code(bounds: str):
    store, module, exports = instantiate(bounds=bounds)
    found = [outcome(store, exports[name], *arguments) for name, *arguments in CALLS]
    other, _, expected = instantiate(bounds=bounds, compilation="eager", jobs=0)
    assert found == [outcome(other, expected[name], *arguments) for name, *arguments in CALLS]
    compiled = symbols(module)
    assert {"loop_entry[2]", "loop_entry[4]", "loop_entry[6]", "loop_entry[7]"} <= {*compiled}
    assert compiled.count("function[9]") == 2  # fib


@pytest.mark.parametrize(
    "settings",
    [{"opt_level": 2}, {"consume_fuel": True}, {"at": {"wasmvm-end": "insert-stack-limit-checks"}}],
)
@pytest.mark.usefixtures("at_once")
def test_one_level_where_it_is_asked_for_or_tiers_could_be_seen(settings: dict[str, Any]):
    store, module, exports = instantiate(**settings)
    if "consume_fuel" in settings:
        store.set_fuel(100_000)
    assert module.is_lazy
    assert exports["fib"](store, 12) == 144
    assert symbols(module).count("function[9]") == 1


@pytest.mark.usefixtures("at_once")
def test_a_loop_that_was_entered_anew_can_be_interrupted():
    store, module, exports = instantiate(epoch_interruption=True)
    store.set_epoch_deadline(1)

    def interrupt() -> None:
        while "loop_entry[15]" not in symbols(module):
            time.sleep(0.01)
        store.engine.increment_epoch()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(Trap, match="interrupt"):
        exports["forever"](store)
    thread.join()


@pytest.mark.usefixtures("at_once")
def test_ctrl_c_in_a_loop_that_was_entered_anew():
    store, module, exports = instantiate()

    def interrupt() -> None:
        while "loop_entry[15]" not in symbols(module):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        exports["forever"](store)
    thread.join()
    assert exports["fib"](store, 10) == 55


def test_an_interruption_while_the_workers_are_asked(
    at_once: None, monkeypatch: pytest.MonkeyPatch
):
    """What was being compiled can be asked for again, and the program goes on."""
    step, calls = pool.PoolRun.step, [0]

    def interrupted(run: pool.PoolRun, *, wait: bool) -> None:
        if not wait:
            calls[0] += 1
            if calls[0] == 3:
                raise KeyboardInterrupt
        step(run, wait=wait)

    monkeypatch.setattr(pool.PoolRun, "step", interrupted)
    store, module, exports = instantiate()
    with pytest.raises(KeyboardInterrupt):
        exports["fib"](store, 12)
    assert symbols(module).count("function[9]") == 1
    assert exports["fib"](store, 12) == 144
    assert symbols(module).count("function[9]") == 2


@pytest.mark.usefixtures("at_once")
def test_a_failure_of_better_code_leaves_the_program_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def failing(*_: Any) -> Any:
        raise WasmtimeError("no")

    monkeypatch.setattr(BetterCode, "_go_on", failing)
    store, module, exports = instantiate()
    with caplog.at_level(logging.WARNING, "wasmdialect"):
        assert exports["fib"](store, 12) == 144
    assert "no function is compiled again: no" in caplog.text
    assert exports["fib"](store, 13) == 233
    assert symbols(module).count("function[9]") == 1


@pytest.mark.usefixtures("at_once")
def test_no_room_for_better_code(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    store, module, exports = instantiate()
    assert exports["fib"](store, 1) == 1
    module.loaded.code_size = 1
    with caplog.at_level(logging.WARNING, "wasmdialect"):
        assert exports["fib"](store, 12) == 144
    assert "no function is compiled again: the code of the module takes more" in caplog.text


@pytest.mark.usefixtures("at_once")
def test_better_code_that_was_interrupted_while_it_was_linked(monkeypatch: pytest.MonkeyPatch):
    store, module, exports = instantiate()
    link, calls = lazy.link, [0]

    def interrupted(*arguments: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise KeyboardInterrupt
        return link(*arguments, **more)

    monkeypatch.setattr(lazy, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exports["fib"](store, 12)
    assert symbols(module).count("function[9]") == 1
    assert exports["fib"](store, 12) == 144
    assert symbols(module).count("function[9]") == 2


@pytest.mark.usefixtures("at_once")
def test_a_signal_handler_in_the_midst_of_it_runs_the_same_module(
    monkeypatch: pytest.MonkeyPatch,
):
    store, module, exports = instantiate()
    go_on, found = BetterCode.go_on, list[int]()

    def handled(better: BetterCode) -> None:
        if not found:
            found.append(0)
            own = Store(store.engine)
            host = Func(own, FuncType([I32], [I32]), lambda x: x)
            functions: Any = Instance(own, module, [host]).exports(own)
            found[0] = functions["fib"](own, 10)
        go_on(better)

    monkeypatch.setattr(BetterCode, "go_on", handled)
    assert exports["fib"](store, 12) == 144
    assert found == [55]
    assert symbols(module).count("function[9]") == 2


@pytest.mark.usefixtures("at_once")
def test_threads_that_use_one_module():
    store, module, exports = instantiate()
    engine = store.engine
    results: list[Any] = []

    def work() -> None:
        own = Store(engine)
        host = Func(own, FuncType([I32], [I32]), lambda x: x + 100)
        functions: Any = Instance(own, module, [host]).exports(own)
        results.append([outcome(own, functions[name], *args) for name, *args in CALLS])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [outcome(store, exports[name], *arguments) for name, *arguments in CALLS]
    assert results == [expected] * 4


@pytest.mark.usefixtures("at_once")
def test_a_forked_child_compiles_again_for_itself():
    store, module, exports = instantiate()
    assert exports["fib"](store, 12) == 144
    child = os.fork()
    if child == 0:
        status = 1
        try:
            found = exports["calls"](store, 20), "loop_entry[11]" in symbols(module)
            status = 0 if found == (2_240, True) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert exports["calls"](store, 20) == 2_240


def test_what_is_being_compiled_ends_with_the_module(
    at_once: None, monkeypatch: pytest.MonkeyPatch
):
    started: list[pool.Worker] = []

    class Recorded(pool.Worker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(pool, "_pools", {})
    monkeypatch.setattr(pool, "Worker", Recorded)
    monkeypatch.setattr(BetterCode, "go_on", go_on)  # which does not wait
    store, module, exports = instantiate()
    assert exports["fib"](store, 12) == 144
    assert len(started) == 2
    assert pool.shared_pool(1, background=True).idle == []
    del store, module, exports
    gc.collect()
    idle = [*pool.shared_pool(1).idle, *pool.shared_pool(1, background=True).idle]
    assert all(worker.is_alive() == (worker in idle) for worker in started)
    pool.close_pools()


COUNTING = """
from wasmdialect.passes.base import FunctionPass, report
from wasmdialect.dialects.wasm_builder import WasmBuilder

class Counting(FunctionPass):
    name = "counting"

    def declare(self, declarations):
        declarations.add_counter("entries")

    def apply_to_function(self, ctx, function):
        print("counting", function.sym_name.data)
        WasmBuilder.at_start(function.entry).count("entries")
        report(function.entry.last_op, "seen", value={})
"""


@pytest.mark.usefixtures("at_once")
def test_counters_reports_and_output_are_those_of_eager_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "counting.py").write_text(COUNTING)
    settings = {"load": (str(tmp_path / "counting.py"),), "at": {"wasmir-end": "counting"}}
    store, module, instance = load(cache=MemoryStore(), **settings)
    capfd.readouterr()
    call_all(store, instance)
    printed = capfd.readouterr().err.splitlines()
    assert len(printed) == len({*printed}) == len(module.reports)
    assert len({report["function_index"] for report in module.reports}) == len(printed)
    other, eager, expected = load(compilation="eager", jobs=0, **settings)
    call_all(other, expected)
    assert instance.counters() == expected.counters() != {"entries": 0}
    assert len(eager.reports) >= len(printed)


def call_all(store: Store, instance: Instance) -> None:
    exports: Any = instance.exports(store)
    for name, *arguments in CALLS:
        outcome(store, exports[name], *arguments)


def test_better_code_is_kept_for_the_next_process(at_once: None, monkeypatch: pytest.MonkeyPatch):
    cache = MemoryStore()
    store, module, exports = instantiate(cache=cache)
    assert exports["fib"](store, 12) == 144
    monkeypatch.setattr(lazy, "FEWEST_SAMPLES", 15)
    assert exports["calls"](store, 20) == 2_240
    assert symbols(module).count("function[11]") == 1
    del store, module, exports
    gc.collect()
    store, module, exports = instantiate(cache=cache)
    assert exports["fib"](store, 13) == 233
    assert symbols(module).count("function[9]") == 1
    assert symbols(module).count("function[11]") == 1
    # With those of the first process, there are enough samples.
    assert exports["calls"](store, 20) == 2_240
    assert exports["calls"](store, 20) == 2_240
    assert "loop_entry[11]" in symbols(module)
    assert symbols(module).count("function[11]") == 2
    assert module.serialize() == instantiate(compilation="eager", jobs=0)[1].serialize()


@pytest.mark.usefixtures("at_once")
def test_compile_all_ends_the_tiers():
    store, module, exports = instantiate()
    assert exports["fib"](store, 1) == 1
    module.compile_all()
    count = len(symbols(module))
    assert exports["fib"](store, 12) == 144
    assert exports["calls"](store, 20) == 2_240
    assert len(symbols(module)) == count


def test_an_artifact_leaves_out_what_is_inlined_everywhere(monkeypatch: pytest.MonkeyPatch):
    """Though it has been compiled, when its callers were not yet."""
    improve_at_once(monkeypatch.setattr)
    text = """(module
      (func $leaf (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0)))
      (func (export "f") (param i32) (result i32) (local i32)
        (loop
          (local.set 1 (i32.add (local.get 1) (call $leaf (local.get 0))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))"""
    engine = Engine(Config(compilation="lazy", jobs=1))
    module = Module(engine, text)
    store = Store(engine)
    exports: Any = Instance(store, module, []).exports(store)
    for _ in range(5):
        assert exports["f"](store, 100) == 7 + 3 + 2 + 1 + 1 + 1 + 1
    with pytest.raises(Trap) as caught:
        exports["f"](store, 0)
    assert [f.func_name for f in caught.value.frames] == ["leaf", None]
    whole = Module(Engine(Config(compilation="eager", jobs=1)), text)
    assert module.serialize() == whole.serialize()
