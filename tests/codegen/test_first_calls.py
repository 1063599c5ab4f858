"""Functions that are compiled ahead while the program waits for another (codegen/first_calls.py)."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any

import processes
import pytest

from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.passes.pipeline import PassFailure

CALLEES = 12
PROGRAM = f"""(module
  (func $slow (export "slow") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 5))))
    {" ".join(f"(call $f{n})" for n in range(CALLEES))} (i32.const 7))
  {" ".join(f'(func $f{n} (export "f{n}"))' for n in range(CALLEES))}
  (func $other (export "other") (result i32) (i32.const 3)))"""
"""`slow` is likely to call the others."""
PASS = """
import os, signal, time
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        name, folder = function.sym_name.data, {folder!r}
        open(os.path.join(folder, name), "a").write("1")
        {body}

def wait_for(name):
    until = time.monotonic() + 60
    while not os.path.exists(os.path.join({folder!r}, name)):
        assert time.monotonic() < until, name
        time.sleep(0.002)
"""
WAIT = "if name == 'slow': wait_for('f0')"
"""While `slow` is compiled, another worker gets to `f0`."""


def instantiate(
    folder: Path, body: str, program: str = PROGRAM, **settings: Any
) -> tuple[Store, Module, Any]:
    path = folder / "mine.py"
    path.write_text(PASS.format(folder=str(folder), body=body))
    store = Store(
        Engine(
            Config(
                **{"compilation": "lazy", "jobs": 2, "cache": False, "opt_level": 0, **settings},
                load=(str(path),),
                at={"wasmir-end": "mine"},
            )
        )
    )
    module = Module(store.engine, program)
    return store, module, Instance(store, module, []).exports(store)


def tries(folder: Path, name: str) -> int:
    """How often a function has been through the pass."""
    path = folder / name
    return len(path.read_text()) if path.exists() else 0


def test_callees_are_compiled_while_the_program_waits(tmp_path: Path):
    store, _, exports = instantiate(tmp_path, WAIT)
    assert exports["slow"](store, 1) == 5
    assert tries(tmp_path, "f0") == 1
    assert exports["slow"](store, 0) == 7
    assert {tries(tmp_path, f"f{n}") for n in range(CALLEES)} == {1}


def test_what_was_compiled_ahead_in_vain_is_not_remembered(tmp_path: Path):
    settings: dict[str, Any] = {"cache": MemoryStore(), "opt_level": None}
    store, module, exports = instantiate(tmp_path, WAIT, **settings)
    assert exports["slow"](store, 1) == 5
    assert exports["other"](store) == 3  # and f0 is taken
    exports["f3"](store)
    del store, module, exports
    gc.collect()
    before = [tries(tmp_path, name) for name in ("slow", "f0", "f3")]
    store, _, exports = instantiate(tmp_path, "pass", jobs=1, **settings)
    assert exports["other"](store) == 3
    after = [tries(tmp_path, name) for name in ("slow", "f0", "f3")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 0, 1]


def test_nothing_is_compiled_ahead_by_one_worker(tmp_path: Path):
    store, _, exports = instantiate(tmp_path, "pass", jobs=1)
    assert exports["slow"](store, 1) == 5
    assert exports["other"](store) == 3
    assert not any(tries(tmp_path, f"f{n}") for n in range(CALLEES))


def test_errors_in_functions_that_are_not_called_are_none(tmp_path: Path):
    """Nor do they end the compilation of those that are."""
    store, _, exports = instantiate(tmp_path, f"{WAIT}\n        assert name != 'f0', 'bad'")
    assert exports["slow"](store, 1) == 5
    assert tries(tmp_path, "f0") == 1
    assert exports["other"](store) == 3
    exports["f3"](store)
    with pytest.raises(PassFailure, match="bad"):
        exports["f0"](store)
    with pytest.raises(PassFailure, match="bad"):
        exports["slow"](store, 0)


def test_a_worker_that_ends_while_it_compiles_ahead(tmp_path: Path):
    end = f"if name == 'f0' and not os.path.exists({str(tmp_path / 'once')!r}):"
    end += f" open({str(tmp_path / 'once')!r}, 'w'); os.kill(os.getpid(), signal.SIGKILL)"
    store, _, exports = instantiate(tmp_path, "if name == 'slow': wait_for('once')\n        " + end)
    assert exports["slow"](store, 1) == 5
    assert exports["slow"](store, 0) == 7


def test_the_program_waits_for_what_is_being_compiled_ahead(tmp_path: Path):
    body = "if name == 'slow': wait_for('f0')\n        if name == 'f0': time.sleep(0.3)"
    store, _, exports = instantiate(tmp_path, body)
    assert exports["slow"](store, 1) == 5
    exports["f0"](store)
    assert tries(tmp_path, "f0") == 1


LONG = "nop " * 600
TWO_UNITS = f"""(module
  (func $slow (export "slow") (call $f0) (call $f1))
  (func $f0 (export "f0") {LONG}) (func $f1 {LONG}))"""


def test_no_worker_is_idle_while_the_program_waits_for_what_is_compiled_ahead(tmp_path: Path):
    body = "if name == 'slow': wait_for('f0')\n        if name == 'f0': wait_for('f1')"
    store, _, exports = instantiate(tmp_path, body, TWO_UNITS)
    exports["slow"](store)
    assert tries(tmp_path, "f0") == tries(tmp_path, "f1") == 1


def test_a_child_does_not_wait_for_workers_of_its_parent(tmp_path: Path):
    """The worker of `f0` belongs to the parent."""
    body = "if name == 'slow': wait_for('f0')\n        if name == 'f0': time.sleep(0.5)"
    store, _, exports = instantiate(tmp_path, body)
    assert exports["slow"](store, 1) == 5

    def in_child() -> bool:
        exports["f0"](store)
        return exports["slow"](store, 0) == 7

    assert processes.in_child_of_a_fork(in_child)
    assert exports["slow"](store, 0) == 7


def test_a_signal_handler_calls_functions_for_the_first_time(tmp_path: Path):
    """The handler runs while the program waits for `slow`."""
    body = f"if name == 'slow': os.kill({os.getpid()}, signal.SIGUSR1); wait_for('done')"
    store, _, exports = instantiate(tmp_path, body)
    results: list[int] = []

    def handler(*_: object) -> None:
        results.append(exports["other"](store))
        (tmp_path / "done").touch()

    earlier = signal.signal(signal.SIGUSR1, handler)
    try:
        assert exports["slow"](store, 0) == 7
    finally:
        signal.signal(signal.SIGUSR1, earlier)
    assert results == [3]


def test_ctrl_c_ends_what_is_compiled_ahead(tmp_path: Path):
    body = f"if name == 'slow' and not os.path.exists({str(tmp_path / 'once')!r}):"
    body += f" wait_for('f0'); open({str(tmp_path / 'once')!r}, 'w')"
    body += f"; os.kill({os.getpid()}, signal.SIGINT); time.sleep(60)"
    store, _, exports = instantiate(tmp_path, body)
    with pytest.raises(KeyboardInterrupt):
        exports["slow"](store, 0)
    assert exports["slow"](store, 0) == 7


PROGRAM_THAT_ENDS = """
import sys
from wasmdialect import Config, Engine, Instance, Module, Store

path, folder = sys.argv[1:]
store = Store(Engine(Config(
    compilation="lazy", jobs=2, cache=False, load=(path,), at={"wasmir-end": "mine"})))
exports = Instance(store, Module(store.engine, sys.stdin.read()), []).exports(store)
print(exports["slow"](store, 1))
"""


def test_python_ends_while_something_is_compiled_ahead(tmp_path: Path):
    body = "if name == 'slow': wait_for('f0')\n        if name == 'f0': time.sleep(600)"
    path = tmp_path / "mine.py"
    path.write_text(PASS.format(folder=str(tmp_path), body=body))
    command = [sys.executable, "-c", PROGRAM_THAT_ENDS, str(path), str(tmp_path)]
    done = processes.run(command, 60, PROGRAM, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")
