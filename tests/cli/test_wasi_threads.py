"""Programs with threads (wasi-threads): what they share, and how they end."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli.commands import BIN, check_error, run
from processes import restore_signals, started

HEAD = """
  (import "env" "memory" (memory $m 1 2 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (export "memory" (memory $m))
  (func $wait (param i32) (drop (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1))))
  (func $for_ever (loop $again (br $again)))
  (func $block_in_read
    (i32.store (i32.const 64) (i32.const 80)) (i32.store (i32.const 68) (i32.const 1))
    (drop (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72))))
"""
FOREVER = {
    "waiting": "(call $wait (i32.const 100))",
    "running": "(call $for_ever)",
    "reading": "(call $block_in_read)",
}


def program(start: str, thread: str) -> str:
    """A program with the bodies of `_start` and of its threads."""
    return f"""(module {HEAD}
      (func (export "wasi_thread_start") (param $id i32) (param $argument i32) {thread})
      (func (export "_start") {start}))"""


def run_program(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "p.wat").write_text(text)
    command = [BIN / "wasmdialect", "run", "p.wat", "--features", "threads", *options]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, cwd=folder, text=True, preexec_fn=restore_signals, **pipes) as process:
        process.wait(60)  # without closing its standard input, which it may read from
        return subprocess.CompletedProcess(
            command, process.returncode, process.stdout.read(), process.stderr.read()
        )


COUNT = """
  (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument)))
  (i32.store (i32.add (i32.const 256) (i32.shl (local.get $argument) (i32.const 2))) (local.get $id))
  (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
  (drop (memory.atomic.notify (i32.const 4) (i32.const 1)))"""
SPAWN_FOUR = """(local $done i32)
  (if (i32.ne (call $spawn (i32.const 1)) (i32.const 1)) (then unreachable))
  (if (i32.ne (call $spawn (i32.const 2)) (i32.const 2)) (then unreachable))
  (drop (call $spawn (i32.const 4))) (drop (call $spawn (i32.const 8)))
  (loop $again
    (local.set $done (i32.atomic.load (i32.const 4)))
    (if (i32.ne (local.get $done) (i32.const 4)) (then
      (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1)))
      (br $again))))
  (if (i32.ne (i32.load (i32.const 260)) (i32.const 1)) (then unreachable))
  (if (i32.ne (i32.load (i32.const 272)) (i32.const 3)) (then unreachable))
  (call $exit (i32.atomic.load (i32.const 0)))"""


@pytest.mark.parametrize("options", [("-O0",), ("--bounds", "explicit"), ("--fuel", "100000")])
def test_threads_share_the_memory(tmp_path: Path, options: tuple[str, ...]):
    done = run_program(tmp_path, program(SPAWN_FOUR, COUNT), *options)
    assert done.returncode == 15, done.stderr


def test_an_artifact_runs_its_threads(tmp_path: Path):
    (tmp_path / "p.wat").write_text(program(SPAWN_FOUR, COUNT))
    done = run(tmp_path, "wasmdialect", "compile", "p.wat", "--features", "threads")
    assert done.returncode == 0, done.stderr
    assert run(tmp_path, "wasmdialect", "run", "p.cwasm").returncode == 15


@pytest.mark.parametrize("other", FOREVER.values(), ids=FOREVER)
@pytest.mark.parametrize(
    ("end", "code", "message"),
    [
        ("(call $exit (i32.const 7))", 7, ""),
        ("unreachable", 134, "wasm trap: wasm `unreachable` instruction executed"),
    ],
    ids=["exit", "trap"],
)
@pytest.mark.parametrize("main_ends", [True, False], ids=["main", "thread"])
def test_the_end_of_one_thread_ends_the_others(
    tmp_path: Path, other: str, end: str, code: int, message: str, main_ends: bool
):
    """Whatever the others do. The one that ends gives them time to start."""
    late = "(drop (memory.atomic.wait32 (i32.const 104) (i32.const 0) (i64.const 50_000_000)))"
    spawn = "(drop (call $spawn (i32.const 1)))"
    start, thread = (
        (f"{spawn} {late} {end}", other) if main_ends else (f"{spawn} {other}", late + end)
    )
    done = run_program(tmp_path, program(start, thread))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert done.stderr.count("error: ") <= 1


def test_the_end_of_start_ends_the_threads(tmp_path: Path):
    text = program("(drop (call $spawn (i32.const 1)))", FOREVER["running"])
    assert run_program(tmp_path, text).returncode == 0


def test_descriptors_are_those_of_the_program(tmp_path: Path):
    write = """(i32.store (i32.const 32) (i32.const 48)) (i32.store (i32.const 36) (i32.const 6))
      (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))
      (i32.atomic.store (i32.const 100) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 100) (i32.const 1)))"""
    text = program("(drop (call $spawn (i32.const 1))) (call $wait (i32.const 100))", write)
    text = text.removesuffix(")") + '(data (i32.const 48) "hello\\n"))'
    done = run_program(tmp_path, text)
    assert (done.returncode, done.stdout) == (0, "hello\n")


def test_a_timeout_ends_threads_that_wait(tmp_path: Path):
    text = program(f"(drop (call $spawn (i32.const 1))) {FOREVER['waiting']}", FOREVER["waiting"])
    done = run_program(tmp_path, text, "--timeout", "0.3")
    assert done.returncode == 134
    assert done.stderr.count("wasm trap: interrupt") == 1


def test_ctrl_c_ends_a_program_that_waits(tmp_path: Path):
    ready = """(i32.store (i32.const 32) (i32.const 48)) (i32.store (i32.const 36) (i32.const 1))
      (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))"""
    text = program(f"(drop (call $spawn (i32.const 1))) {FOREVER['waiting']}", ready)
    (tmp_path / "p.wat").write_text(text)
    command = [BIN / "wasmdialect", "run", "p.wat", "--features", "threads"]
    with started(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=restore_signals,
    ) as process:
        assert process.stdout.read(1) == b"\0"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b"error: interrupted\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '(module (import "wasi" "thread-spawn" (func (param i32) (result i32)))'
            ' (func (export "_start")))',
            "the module imports `wasi::thread-spawn`, but exports no function `wasi_thread_start`",
        ),
        (
            '(module (import "wasi" "thread-spawn" (func (param i32) (result i32)))'
            ' (func (export "wasi_thread_start") (param i32)) (func (export "_start")))',
            "`wasi_thread_start` must take two i32 and return nothing",
        ),
        (
            program("", "").replace("1 2 shared", "1 2"),
            "the memory `env::memory` is not shared: threads cannot use it",
        ),
        (
            program("", "").replace('"thread-spawn"', '"thread_spawn"'),
            "unknown import: `wasi::thread_spawn` has not been defined",
        ),
    ],
)
def test_modules_that_cannot_start_threads(tmp_path: Path, text: str, message: str):
    (tmp_path / "p.wat").write_text(text)
    done = run(tmp_path, "wasmdialect", "run", "p.wat", "--features", "threads")
    check_error(done, 1, message)


def test_a_thread_that_cannot_be_instantiated_ends_the_program(tmp_path: Path):
    """Its start function runs in each instance; here the second one traps."""
    text = program("(drop (call $spawn (i32.const 1))) (call $wait (i32.const 100))", "")
    text = text.removesuffix(")") + (
        "(func $start (if (i32.atomic.rmw.add (i32.const 8) (i32.const 1)) (then unreachable)))"
        "(start $start))"
    )
    done = run_program(tmp_path, text)
    assert done.returncode == 134
    assert "`unreachable` instruction executed" in done.stderr
