"""Traps by the thousand, in threads, beside faulthandler, with a full stack; and Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import processes
import pytest

import wasmdialect
from wasmdialect import Engine, FuncType, Linker, Module, Store, Trap, TrapCode, ValType

TEXT = """
(module
  (import "env" "again" (func $again (param i32)))
  (memory (export "memory") 1 2)
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store") (param i32) (i64.store offset=4 (local.get 0) (i64.const -1)))
  (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 6) (local.get 0)))
  (func $deep (export "deep") (param i32) (result i32)
    (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "through") (param i32) (call $again (local.get 0)))
  (func (export "endless") (loop (br 0)))
  (func (export "fine") (result i32) (i32.const 42)))
"""


class World:
    def __init__(self) -> None:
        self.engine = Engine()
        self.store = Store(self.engine)
        linker = Linker(self.engine)
        i32 = ValType.i32()
        linker.define_func("env", "again", FuncType([i32], []), self.again)
        self.exports: Any = linker.instantiate(self.store, Module(self.engine, TEXT)).exports(
            self.store
        )

    def again(self, n: int) -> None:
        """Called by Wasm: calls it again, and at the end exhausts the stack."""
        if n == 0:
            self.call("deep", 0)
        self.call("through", n - 1)

    def call(self, name: str, *arguments: Any) -> Any:
        return self.exports[name](self.store, *arguments)

    def trap(self, name: str, *arguments: Any) -> TrapCode | None:
        with pytest.raises(Trap) as caught:
            self.call(name, *arguments)
        return caught.value.trap_code


@pytest.fixture
def world() -> World:
    return World()


def test_memory_bounds(world: World):
    assert world.call("load", 65532) == 0
    world.call("store", 65524)
    assert world.call("load", 65532) == -1
    for address in (65533, 65536, -1, -4, 0x7FFF_FFFF):
        assert world.trap("load", address) is TrapCode.MEMORY_OUT_OF_BOUNDS
    for address in (65525, -4, -8):
        assert world.trap("store", address) is TrapCode.MEMORY_OUT_OF_BOUNDS
    world.exports["memory"].grow(world.store, 1)
    assert world.call("load", 65533) == 0xFF_FFFF
    assert world.trap("load", 131069) is TrapCode.MEMORY_OUT_OF_BOUNDS


def test_exhausted_stack(world: World):
    for _ in range(50):
        assert world.trap("deep", 0) is TrapCode.STACK_OVERFLOW
        assert world.call("fine") == 42


def test_exhausted_stack_below_host_functions(world: World):
    assert world.trap("through", 10) is TrapCode.STACK_OVERFLOW
    assert world.call("fine") == 42


def test_hundred_thousand_traps(world: World):
    import resource

    def many(count: int) -> None:
        load, store = world.exports["load"], world.store
        for _ in range(count):
            try:
                load(store, -1)
            except Trap:
                continue
            raise AssertionError("no trap")

    many(10_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many(90_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2048
    assert world.call("fine") == 42


def test_threads():
    """Four threads, each with a store of its own, trapping and calling."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            world = World()
            for i in range(1000):
                assert world.trap("load", -1 - i) is TrapCode.MEMORY_OUT_OF_BOUNDS
                assert world.trap("divide", 0) is TrapCode.INTEGER_DIVISION_BY_ZERO
                assert world.call("divide", 2) == 3
            assert world.trap("deep", 0) is TrapCode.STACK_OVERFLOW
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def program(body: str, before: str = "") -> subprocess.CompletedProcess[str]:
    source = f"""
import faulthandler, os, signal, sys, threading, time
{before}
sys.path[:0] = {[str(folder) for folder in Path(__file__).parents[:2]]!r}
import wasmdialect
from test_traps import World
world = World()
{textwrap.dedent(body)}
"""
    return processes.run([sys.executable, "-c", source], text=True, timeout=60)


TRAP_AND_GO_ON = """
for _ in range(1000):
    try:
        world.call("load", -1)
    except wasmdialect.Trap:
        pass
print(world.call("fine"))
"""


def test_faulthandler_before():
    done = program(TRAP_AND_GO_ON, before="faulthandler.enable()")
    assert (done.stdout, done.stderr, done.returncode) == ("42\n", "", 0)


def test_faulthandler_after():
    done = program("faulthandler.enable()\n" + TRAP_AND_GO_ON)
    assert (done.stdout, done.stderr, done.returncode) == ("42\n", "", 0)


def test_faults_of_others_stay_fatal():
    done = program("faulthandler.enable()\nworld.call('fine')\nfaulthandler._sigsegv()")
    assert done.returncode == -11
    assert "Segmentation fault" in done.stderr


def test_interrupt():
    done = program("""
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            world.call("endless")
        except KeyboardInterrupt:
            print("interrupted", world.call("fine"))
    """)
    assert (done.stdout, done.returncode) == ("interrupted 42\n", 0), done.stderr


ENDLESS = """
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\08\\00\\00\\00started\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (loop (br 0))))
"""
"""A program that says when it runs."""


def run_endless(folder: Path, *options: str, **how: Any) -> Any:
    (folder / "endless.wat").write_text(ENDLESS)
    command = [Path(sys.executable).parent / "wasmdialect", "run", *options, "endless.wat"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return processes.started(command, cwd=folder, text=True, **pipes, **how)


def test_interrupt_of_the_command(tmp_path: Path):
    with run_endless(tmp_path) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "error: interrupted\n")


def test_interrupts_that_are_ignored_are_ignored_in_compiled_code(tmp_path: Path):
    """As in the background of a script, or with nohup. A limit still ends the program."""

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with run_endless(tmp_path, "--timeout", "3", preexec_fn=ignore) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 134
    assert "wasm trap: interrupt" in errors


SIGNALLING = """
(module
  (memory 1)
  (global $g (mut f32) (f32.const nan:0x200001))
  (table 1 funcref)
  (elem (i32.const 0) $same)
  (type $t (func (param f32) (result f32)))
  (func $same (type $t) (local.get 0))
  (func (export "bits") (param i32) (result i32) (local $x f32)
    ;; through a local, memory, a global, calls, select and a block; no arithmetic
    (local.set $x (f32.reinterpret_i32 (local.get 0)))
    (f32.store (i32.const 8) (local.get $x))
    (global.set $g (f32.load (i32.const 8)))
    (local.set $x (call $same (global.get $g)))
    (local.set $x (call_indirect (type $t) (local.get $x) (i32.const 0)))
    (local.set $x (select (local.get $x) (f32.const 1) (i32.const 1)))
    (local.set $x (block (result f32) (br_if 0 (local.get $x) (i32.const 1)) (drop) (f32.const 2)))
    (local.set $x (f32.copysign (local.get $x) (local.get $x)))
    (i32.reinterpret_f32 (f32.neg (f32.neg (local.get $x))))))
"""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("bits", [0x7F80_0001, 0x7FA0_0000, -0x7F_FFFF, 0x7FC0_1234, -0x40_0000])
def test_payloads_of_nans_survive(level: Any, bits: int):
    engine = Engine(wasmdialect.Config(opt_level=level))
    store = Store(engine)
    exports: Any = Linker(engine).instantiate(store, Module(engine, SIGNALLING)).exports(store)
    assert exports["bits"](store, bits) == bits
