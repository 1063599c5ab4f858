"""Modules whose functions are compiled when they are first called (docs/lazy.md)."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import processes
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
    WasmException,
)
from wasmdialect.codegen.lazy import LazyCompiler
from wasmdialect.object import link
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.object.elf import EM_X86_64
from wasmdialect.object.veneers import BRANCH_RANGES, write_veneer
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.runtime import lazy
from wasmdialect.runtime.published import module_at

I32, I64 = ValType.i32(), ValType.i64()

PROGRAM = """(module $program
  (type $t (func (param i32) (result i32)))
  (import "" "host" (func $host (type $t)))
  (memory 1) (global $g (mut i32) (i32.const 5)) (tag $e (param i32))
  (table (export "table") 4 funcref) (elem (i32.const 0) $double $traps $throws $host)
  (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))
  (func $traps (type $t) (i32.div_s (i32.const 1) (local.get 0)))
  (func $throws (type $t) (throw $e (local.get 0)))
  (func $even (export "even") (type $t)
    (if (result i32) (local.get 0)
      (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
  (func $odd (type $t)
    (if (result i32) (local.get 0)
      (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 1) (local.get 0)))
  (func (export "caught") (type $t)
    (block $h (result i32)
      (try_table (catch $e $h) (drop (call $throws (local.get 0))))
      (i32.const -1)))
  (func (export "tail") (type $t) (return_call $tail2 (local.get 0)))
  (func $tail2 (type $t)
    (if (result i32) (local.get 0)
      (then (return_call 7 (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 77))))
  (func (export "outer") (type $t) (call $middle (local.get 0)))
  (func $middle (type $t) (call $traps (local.get 0)))
  (func $runaway (export "runaway") (type $t) (call $runaway2 (local.get 0)))
  (func $runaway2 (type $t) (call $runaway (local.get 0)))
  (func $many (param i32 i64 f32 f64 v128 i32 i64 f64 f32 f64 f32 f64 f32 i32 i32 v128 f64)
    (result i64 f64 v128 i32 f32 i32)
    (i64.add (local.get 1) (i64.extend_i32_u (i32.add (local.get 0) (local.get 14))))
    (f64.add (f64.add (local.get 3) (local.get 7))
      (f64.add (f64.add (local.get 9) (local.get 11)) (local.get 16)))
    (i32x4.add (local.get 4) (local.get 15)) (i32.add (local.get 5) (local.get 13))
    (f32.add (f32.add (local.get 2) (local.get 8)) (f32.add (local.get 10) (local.get 12)))
    (i32.wrap_i64 (local.get 6)))
  (func (export "registers") (result i64 f64 v128 i32 f32 i32)
    (call $many (i32.const 1) (i64.const 20) (f32.const 0.5) (f64.const 1) (v128.const i32x4 1 2 3 4)
      (i32.const 3) (i64.const 99) (f64.const 2) (f32.const 0.25) (f64.const 4) (f32.const 1)
      (f64.const 8) (f32.const 2) (i32.const 300) (i32.const 4000) (v128.const i32x4 10 20 30 40)
      (f64.const 0.125)))
  (func (export "count") (type $t)
    (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g)))"""


def config(**settings: Any) -> Config:
    return Config(compilation="lazy", jobs=1, **settings)


def instantiate(
    settings: Config, text: str = PROGRAM, host: Callable[[int], int] = lambda x: x + 100
) -> tuple[Store, Module, Any]:
    engine = Engine(settings)
    module = Module(engine, text)
    store = Store(engine)
    imports = [Func(store, FuncType([I32], [I32]), host)] if module.imports else []
    return store, module, Instance(store, module, imports).exports(store)


def outcome(store: Store, function: Any, *arguments: Any) -> Any:
    try:
        return function(store, *arguments)
    except Trap as trap:
        frames = [(f.func_name, f.func_index, f.module_offset, f.func_offset) for f in trap.frames]
        return type(trap), trap.message.splitlines()[-1], frames


CALLS: tuple[tuple[Any, ...], ...] = (
    ("registers",), ("even", 10), ("even", 7), ("indirect", 0, 21), ("indirect", 1, 1),
    ("indirect", 3, 5), ("indirect", 1, 0), ("indirect", 7, 0), ("caught", 9), ("indirect", 2, 6),
    ("tail", 100_000), ("outer", 0), ("outer", 1), ("runaway", 0), ("count", 3), ("even", 8),
)  # fmt: skip


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
def test_results_traps_and_backtraces_are_those_of_eager_code(level: int, bounds: str):
    settings: dict[str, Any] = {"opt_level": level, "bounds": bounds}
    store, module, exports = instantiate(config(**settings))
    assert module.is_lazy
    found = [outcome(store, exports[name], *arguments) for name, *arguments in CALLS]
    settings |= {"compilation": "eager", "jobs": 0}
    other, eager, expected = instantiate(Config(**settings))
    assert not eager.is_lazy
    assert found == [outcome(other, expected[name], *arguments) for name, *arguments in CALLS]


def test_only_what_is_called_is_compiled():
    store, module, exports = instantiate(config(), host=lambda x: x)
    assert module.loaded.code_at(module.loaded.text_address) is None
    exports["count"](store, 1)
    assert called(module) == {"wasm[0]::function[16]"}
    exports["even"](store, 3)
    assert {"wasm[0]::function[4]", "wasm[0]::function[5]"} <= called(module)
    assert "wasm[0]::function[1]" not in called(module)


def called(module: Module) -> set[str]:
    """The functions that have code."""
    return {
        f.symbol
        for code in module.loaded.code
        for f in code.artifact.functions
        if f.symbol.startswith("wasm[0]::function")
    }


def test_a_module_that_is_small_is_compiled_as_a_whole():
    engine = Engine(Config(jobs=1, compilation=None))
    assert not Module(engine, PROGRAM).is_lazy
    functions = "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
    assert Module(engine, f"(module {functions * 8000})").is_lazy


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"opt_level": 3}, "-O3"),
        ({"jobs": 0}, "workers"),
        ({"shuffle_layout": 1}, "layout"),
        ({"pipeline": "wasmir-verify-symbols"}, "as a whole"),
    ],
)
def test_the_log_says_why_a_module_is_not_lazy(
    settings: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "wasmdialect")
    module = Module(
        Engine(Config(**{"compilation": "lazy", "jobs": 1, **settings})), "(module (func))"
    )
    assert not module.is_lazy
    assert reason in caplog.text


def test_functions_with_tail_entries_are_compiled_as_a_whole(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "wasmdialect")
    many = "(param i64 i64 i64 i64 i64 i64 i64 i64)"
    body = " ".join(f"(local.get {n})" for n in range(8))
    module = Module(Engine(config()), f"(module (func {many} {body} (return_call 0)))")
    assert not module.is_lazy
    assert "tail calls" in caplog.text


def test_errors_in_bodies_come_when_the_module_is_made():
    text = '(module (func (export "f")) (func (result i32) (i64.const 1)))'
    with pytest.raises(Exception, match="type mismatch"):
        Module(Engine(config()), text)


PASS = """
import os, signal, sys, time
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "even":
            {}
"""


def with_pass(folder: Path, body: str, **more: Any) -> Config:
    path = folder / "mine.py"
    path.write_text(PASS.format(body))
    return config(load=(str(path),), at={"wasmir-end": "mine"}, **more)


def test_an_error_of_a_pass_comes_at_the_call(tmp_path: Path):
    switch = tmp_path / "switch"
    settings = with_pass(tmp_path, f"assert os.path.exists({str(switch)!r}), 'switched off'")
    store, _, exports = instantiate(settings)
    for _ in range(2):
        with pytest.raises(PassFailure, match="switched off") as raised:
            exports["even"](store, 2)
        assert "mine.py" in raised.value.details
        assert exports["count"](store, 1) > 5  # the instance is of use
    switch.touch()
    assert exports["even"](store, 2) == 1


def test_a_worker_that_is_killed_while_it_compiles_is_replaced(tmp_path: Path):
    once = tmp_path / "once"
    body = f"os.path.exists({str(once)!r}) or (open({str(once)!r}, 'w'), os.kill(os.getpid(), 9))"
    store, _, exports = instantiate(with_pass(tmp_path, body))
    assert exports["even"](store, 2) == 1
    assert once.exists()


def test_ctrl_c_while_a_function_is_compiled(tmp_path: Path):
    once = tmp_path / "once"
    body = (
        f"os.path.exists({str(once)!r})"
        f" or (open({str(once)!r}, 'w'), os.kill({os.getpid()}, signal.SIGINT), time.sleep(60))"
    )
    store, _, exports = instantiate(with_pass(tmp_path, body))
    with pytest.raises(KeyboardInterrupt):
        exports["even"](store, 2)
    assert exports["count"](store, 1) == 6
    assert exports["even"](store, 2) == 1


ALARMS = """
import random, signal, sys
from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.codegen.store import MemoryStore

class Alarm(Exception):
    pass

def on_alarm(*_):
    if armed:
        raise Alarm

def call():
    global armed, alarms
    while True:
        try:
            armed = True
            result = function(store, 199)
            armed = False
            return result
        except Alarm:
            armed = False
            alarms += 1

engine = Engine(Config(compilation="lazy", jobs=1, opt_level=0, cache=MemoryStore()))
text, alarms, armed = sys.stdin.read(), 0, False
sys.unraisablehook = lambda _: None
signal.signal(signal.SIGALRM, on_alarm)
for seed in range(12):
    store, module = Store(engine), Module(engine, text)
    function = Instance(store, module, []).exports(store)["f"]
    if seed:  # everything is in the cache
        interval = (0.0013 + 0.0007 * seed) * int(sys.argv[1])
        signal.setitimer(signal.ITIMER_REAL, 0.001, interval)
    assert call() == 199
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert function(store, 150) == 150
print("alarms:", alarms > 20)
"""


def test_exceptions_of_signal_handlers_at_any_moment():
    """Such an exception is swallowed where Python begins a callback. Nothing has been compiled then."""
    command = [sys.executable, "-c", ALARMS, str(processes.PATIENCE)]
    done = processes.run(command, 120, chain(200), text=True)
    assert (done.returncode, done.stdout) == (0, "alarms: True\n"), done.stderr


FAR = """(module
  (func $near (export "near") (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
  (func $far (export "far") (param i32) (result i32)
    (i32.add (i32.const 1) (call $near (local.get 0)))))"""


def test_calls_of_code_further_away_than_they_reach(monkeypatch: pytest.MonkeyPatch):
    reach = 1 << 27  # 128 MiB, that of aarch64
    monkeypatch.setitem(BRANCH_RANGES, EM_X86_64, reach)
    monkeypatch.setattr(lazy, "_LEAST_CODE", 2 * reach)
    veneers: list[int] = []

    def note_veneer(machine: int, image: bytearray, at: int, target: int) -> None:
        veneers.append(target)
        write_veneer(machine, image, at, target)

    monkeypatch.setattr(link, "write_veneer", note_veneer)
    engine = Engine(config(opt_level=2, inlining=False))
    store, module = Store(engine), Module(engine, FAR)
    exports: Any = Instance(store, module, []).exports(store)
    assert exports["near"](store, 7) == 14
    loaded: Any = module.loaded
    loaded._free += reach  # as if so much had been compiled in between
    assert exports["far"](store, 7) == 15
    first, *_, last = loaded.code
    assert last.text_address - first.text_address > reach
    assert [target < -reach for target in veneers] == [True]
    with pytest.raises(Trap) as info:
        exports["far"](store, 0)
    assert [frame.func_name for frame in info.value.frames] == ["near", "far"]


def chain(length: int) -> str:
    """Functions that each call the next one, in a way that nothing foresees, and count."""
    functions = "".join(
        f"(func $f{n} (type $t) (if (result i32) (i32.lt_s (local.get 0) (i32.const 1))"
        f" (then (i32.const 0)) (else (i32.add (i32.const 1) (call_indirect (type $t)"
        f" (i32.sub (local.get 0) (i32.const 1)) (i32.const {(n + 1) % length}))))))"
        for n in range(length)
    )
    names = " ".join(f"$f{n}" for n in range(length))
    return (
        f"(module (type $t (func (param i32) (result i32))) {functions}"
        f' (table funcref (elem {names})) (export "f" (func $f0)))'
    )


def test_threads_that_call_the_same_functions_for_the_first_time():
    engine = Engine(config(opt_level=0))
    module = Module(engine, chain(60))
    results: list[int] = []
    ready = threading.Barrier(4)

    def run() -> None:
        store = Store(engine)
        function: Any = Instance(store, module, []).exports(store)["f"]
        ready.wait()
        results.append(function(store, 59))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [59] * 4
    symbols = [f.symbol for code in module.loaded.code for f in code.artifact.functions]
    assert len(symbols) == len({*symbols})


def test_a_child_compiles_for_itself():
    store, _, exports = instantiate(config())
    assert exports["count"](store, 1) == 6

    def in_child() -> bool:
        return exports["even"](store, 6) == 1 and exports["count"](store, 1) == 7

    assert processes.in_child_of_a_fork(in_child)
    assert exports["even"](store, 3) == 0
    assert exports["count"](store, 1) == 7


def test_a_fork_while_another_thread_compiles(tmp_path: Path):
    started = tmp_path / "started"
    body = f"(open({str(started)!r}, 'w'), time.sleep(1))"
    store, module, exports = instantiate(with_pass(tmp_path, body))
    other = Store(store.engine)
    spare: Any = Instance(
        other, module, [Func(other, FuncType([I32], [I32]), lambda x: x)]
    ).exports(other)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(exports["even"](store, 2)))
    thread.start()
    while not started.exists():
        pass

    def in_child() -> bool:
        return spare["even"](other, 5) == 0

    assert processes.in_child_of_a_fork(in_child)
    thread.join()
    assert results == [1]


def test_an_artifact_is_that_of_eager_compilation():
    store, module, exports = instantiate(config())
    exports["even"](store, 3)
    eager = Module(Engine(Config(jobs=1, compilation="eager")), PROGRAM)
    assert module.serialize() == eager.serialize()
    assert exports["even"](store, 4) == 1


def test_compile_all_lets_calls_go_directly():
    store, module, exports = instantiate(config())
    assert exports["even"](store, 3) == 0
    module.compile_all()
    for name, *arguments in CALLS:
        outcome(store, exports[name], *arguments)
    last = module.loaded.code[-1]
    assert len([*last.artifact.functions]) >= 20
    # Of an instance that comes later, references are direct.
    other = Store(store.engine)
    later = Instance(other, module, [Func(other, FuncType([I32], [I32]), lambda x: x)])
    table: Any = later.exports(other)["table"]
    assert table.get(other, 0)(other, 4) == 8
    assert module.loaded.func_ref_code[2] >= last.text_address


def test_counters_and_fuel():
    _, module, exports = lazily = instantiate(config(consume_fuel=True))
    store, left = lazily[0], [0, 0]
    store.set_fuel(10_000)
    exports["even"](store, 100)
    left[0] = store.get_fuel()
    other, _, eager = instantiate(Config(consume_fuel=True, compilation="eager", jobs=0))
    other.set_fuel(10_000)
    eager["even"](other, 100)
    left[1] = other.get_fuel()
    assert module.is_lazy
    assert left[0] == left[1]


def test_code_that_does_not_fit_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lazy, "_MOST_CODE", 1)
    store, _, exports = instantiate(
        config(), '(module (func (export "f") (result i32) (i32.const 7)))'
    )
    with pytest.raises(MemoryError, match="the code of the module takes more than"):
        exports["f"](store)
    with pytest.raises(MemoryError):
        exports["f"](store)


def test_a_function_that_a_pass_leaves_no_code_for(monkeypatch: pytest.MonkeyPatch):
    def nothing(self: LazyCompiler, index: int, is_known: object) -> Sequence[NamedFunction]:
        return []

    monkeypatch.setattr(LazyCompiler, "function", nothing)
    store, _, exports = instantiate(config())
    with pytest.raises(Exception, match="the passes have left no code for it"):
        exports["count"](store, 1)


def test_a_module_that_nothing_refers_to_is_unloaded():
    store, module, exports = instantiate(config())
    exports["even"](store, 1)
    address, freed = module.loaded.text_address, weakref.ref(module.loaded)
    assert module_at(address) is module.loaded
    store.close()
    del store, module, exports
    gc.collect()
    assert freed() is None
    assert module_at(address) is None


def test_new_code_is_announced_to_profilers():
    engine = Engine(config(profiler="perfmap"))
    path = Path(f"/tmp/perf-{os.getpid()}.map")
    store = Store(engine)
    module = Module(engine, '(module (func $lazily (export "f") (result i32) (i32.const 1)))')
    function: Any = Instance(store, module, []).exports(store)["f"]
    before = path.read_text() if path.exists() else ""
    try:
        assert function(store) == 1
        assert "lazily" in path.read_text()[len(before) :]
    finally:
        path.unlink(missing_ok=True)


def test_exceptions_pass_through_functions_called_for_the_first_time():
    store, _, exports = instantiate(config())
    with pytest.raises(WasmException):
        exports["indirect"](store, 2, 5)
    assert exports["count"](store, 1) == 6
