"""The runtime on aarch64 Linux: an emulated Python runs what was compiled here, and compiles the
same."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path

import aarch64_python
import pytest
from cli.commands import run

from wasmdialect import Config
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.wasm.text import wat2wasm

ROOT = Path(__file__).parents[2]
TRIPLE = "aarch64-unknown-linux-gnu"
PYTHON = aarch64_python.PYTHON
SECONDS = 600
"""Of patience: the machine may have much else to do."""

pytestmark = [
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason="there is no emulated Python: `python tools/aarch64_python.py` sets it up",
    ),
    pytest.mark.xdist_group("aarch64"),
]


def emulated(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the emulated Python."""
    return subprocess.run(
        [PYTHON, *arguments], capture_output=True, text=True, timeout=SECONDS, **options
    )  # pyright: ignore


def compiled(text: str, **settings: object) -> bytes:
    """An artifact for aarch64."""
    config = Config(**settings)  # pyright: ignore
    settings_ = CompileSettings(parse_target(TRIPLE), config)
    return compile_module(wat2wasm(text), settings_, jobs=1).artifact


MODULE = """(module
  (import "" "host" (func $host (param i32) (result i32)))
  (memory (export "m") 1 2)
  (tag $e (param i32))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $load (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func (export "outer") (param i32) (result i32) (i32.add (call $load (local.get 0)) (i32.const 1)))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "unreachable") unreachable)
  (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "call_host") (param i32) (result i32)
    (i32.add (call $host (local.get 0)) (i32.const 1)))
  (func (export "throw") (param i32) (result i32)
    (block $out (result i32)
      (try_table (catch $e $out) (throw $e (local.get 0)))
      (unreachable)))
  (func (export "uncaught") (throw $e (i32.const 1)))
  (func (export "add") (param v128 v128) (result v128) (f64x2.add (local.get 0) (local.get 1)))
  (func (export "mix") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "spin") (loop $l (br $l)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 171) (i32.const 65536))))"""

PROGRAM = """
import json, signal, sys, threading
from wasmdialect import *
engine = Engine(Config(jobs=0, **json.loads(sys.argv[3])))
module = Module.deserialize_file(engine, sys.argv[1])
def make():
    store = Store(engine)
    def host(x):
        if x == 13:
            raise ValueError("thirteen")
        return 2 * x
    host = Func(store, FuncType([ValType.i32()], [ValType.i32()]), host)
    return store, Instance(store, module, [host]).exports(store)
store, exports = make()
def show(name, *arguments):
    try:
        print(name, exports[name](store, *arguments))
    except (Trap, WasmtimeError, ValueError, KeyboardInterrupt) as error:
        names = [frame.func_name for frame in getattr(error, "frames", [])][:3]
        code = getattr(error, "trap_code", None)
        print(name, type(error).__name__, code and code.name, names)
show("fib", 15)
show("load", 65528)
show("load", 65529)
show("outer", -1)
show("divide", 7, -2)
show("divide", 1, 0)
show("divide", -2**31, -1)
show("unreachable")
show("deep")
show("call_host", 4)
show("call_host", 13)
show("throw", 5)
show("uncaught")
show("add", 0x3FF0 << 112 | 0x3FF0 << 48, 0x4000 << 112 | 0x4008 << 48)
show("mix", -1, 2**40, 1.5, -0.0)
show("grow", 1)
show("load", 131064)
show("fill")
show("load", 65528)
threading.Timer(1, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)).start()
show("spin")
"""
THREADS = """
count = int(sys.argv[2])
done = []
def work():
    store, exports = make()
    load, divide = exports["outer"], exports["divide"]
    for number in range(count // 8):
        for function, arguments, code in ((load, (-1,), "MEMORY_OUT_OF_BOUNDS"),
                                          (divide, (1, 0), "INTEGER_DIVISION_BY_ZERO")):
            try:
                function(store, *arguments)
            except Trap as trap:
                assert trap.trap_code.name == code, trap
                done.append(1)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("traps in four threads:", len(done))
"""


@pytest.mark.parametrize(
    ("level", "bounds", "branch_protection"), [(0, "explicit", False), (2, "guard", True)]
)
def test_artifacts_run_there_as_here(
    tmp_path: Path, level: int, bounds: str, branch_protection: bool
):
    settings = {"opt_level": level, "bounds": bounds, "branch_protection": branch_protection}
    ours, theirs = tmp_path / "here.cwasm", tmp_path / "there.cwasm"
    theirs.write_bytes(compiled(MODULE, **settings))
    config = CompileSettings.of(Config(**settings))  # pyright: ignore
    ours.write_bytes(compile_module(wat2wasm(MODULE), config, jobs=1).artifact)
    program = PROGRAM + THREADS
    arguments = "800", json.dumps(settings)
    here = subprocess.run(
        [sys.executable, "-c", program, ours, *arguments], capture_output=True, text=True
    )
    there = emulated("-c", program, theirs, *arguments)
    assert there.stdout == here.stdout, there.stderr
    assert here.stdout.endswith("spin KeyboardInterrupt None []\ntraps in four threads: 800\n")


COMPILE = """
import hashlib, platform, sys
version = sys.argv[3]  # artifacts say what compiled them
platform.python_version = lambda: version
from wasmdialect import Config
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
binary = open(sys.argv[1], "rb").read()
for level in (0, 2):
    settings = CompileSettings(parse_target(sys.argv[2]), Config(opt_level=level))
    print(hashlib.sha256(compile_module(binary, settings, jobs=0).artifact).hexdigest())
"""


def test_a_compiler_there_makes_the_same_bytes(tmp_path: Path):
    (tmp_path / "m.wasm").write_bytes(wat2wasm(MODULE))
    done = emulated("-c", COMPILE, tmp_path / "m.wasm", TRIPLE, platform.python_version())
    digests = [hashlib.sha256(compiled(MODULE, opt_level=level)).hexdigest() for level in (0, 2)]
    assert done.stdout.split() == digests, done.stderr


def test_scripts_of_the_test_suite(testsuite: Path, tmp_path: Path):
    tool = ROOT / "tools/aarch64_scripts.py"
    names = "i32", "traps", "simd_address", "throw", "memory_grow", "linking"
    subprocess.run([sys.executable, tool, "compile", tmp_path, *names], check=True, timeout=SECONDS)
    done = emulated(tool, "run", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("24 runs of scripts, ")


def test_lazy_code_and_wasi(tmp_path: Path):
    (tmp_path / "m.wat").write_text(
        """(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 8) "\\10\\00\\00\\00\\06\\00\\00\\00hello\\n")
          (table funcref (elem $f))
          (func $f (result i32) (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
          (func (export "_start")
            (call $exit (i32.add (i32.const 7) (call_indirect (result i32) (i32.const 0))))))"""
    )
    command = PYTHON.parent / "wasmdialect"
    done = subprocess.run(
        [command, "run", "--compilation", "lazy", "m.wat"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout) == (7, "hello\n"), done.stderr
    here = run(tmp_path, "wasmdialect", "run", "m.wat")
    assert (here.returncode, here.stdout) == (done.returncode, done.stdout)
