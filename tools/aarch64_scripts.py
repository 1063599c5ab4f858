"""Scripts of the WebAssembly test-suite on aarch64: their modules are compiled here, for aarch64, and
run by the runtime in the emulated Python of aarch64_python.py, where compiling takes twenty times as
long.

    python tools/aarch64_scripts.py compile FOLDER [SCRIPT ...]
    .venv/aarch64/env/bin/python tools/aarch64_scripts.py run FOLDER

That a compiler on aarch64 makes the same bytes is a test of its own (tests/cross/test_aarch64_host.py).
"""

from __future__ import annotations

import hashlib
import marshal
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from spec.scripts import features_of, find_testsuite, read_script

from wasmdialect import Config
from wasmdialect.api.wast import CompiledScripts, run_on
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.runtime.module import LoadedModule, load_bytes
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.wast import (
    AssertFailure,
    Failure,
    ModuleForm,
    ScriptModule,
    parse_script,
)

TRIPLE = "aarch64-unknown-linux-gnu"
CONFIGURATIONS = [(level, bounds) for level in (0, 2) for bounds in ("guard", "explicit")]
SCRIPTS = (
    *("address", "align", "block", "br", "br_if", "br_table", "bulk", "call", "call_indirect"),
    *("conversions", "data", "elem", "endianness", "exports", "f32", "f32_cmp", "f64", "fac"),
    *(
        "float_exprs",
        "float_memory",
        "float_misc",
        "func",
        "func_ptrs",
        "global",
        "i32",
        "i64",
        "if",
    ),
    *("imports", "int_exprs", "left-to-right", "linking", "load", "local_tee", "loop", "memory"),
    *(
        "memory_copy",
        "memory_fill",
        "memory_grow",
        "memory_init",
        "memory_redundancy",
        "memory_size",
    ),
    *(
        "nop",
        "ref_func",
        "return",
        "return_call",
        "return_call_indirect",
        "select",
        "stack",
        "start",
    ),
    *("store", "switch", "table_copy", "table_grow", "throw", "throw_ref", "traps", "try_table"),
    *("unwind", "simd_address", "simd_f32x4_arith", "simd_i8x16_arith", "simd_load", "simd_store"),
    *("memory64", "memory_copy1", "names"),
)


def compile_scripts(folder: Path, names: Sequence[str]) -> None:
    """Write what `run_scripts` needs."""
    testsuite = find_testsuite()
    if testsuite is None:
        sys.exit("the WebAssembly test-suite is not here: set WASM_TESTSUITE to its folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        features = features_of(f"{name}.wast")
        script = parse_script(read_script(testsuite, f"{name}.wast"))
        commands = [_in_binary(command, features) for command in script if not _is_static(command)]
        modules = {hashlib.sha256(b).digest(): b for c in commands for b in _modules(c)}
        artifacts: dict[tuple[int, str], dict[bytes, bytes]] = {}
        for level, bounds in CONFIGURATIONS:
            config = Config(opt_level=level, bounds=bounds, features=features)  # pyright: ignore
            settings = CompileSettings(parse_target(TRIPLE), config)
            artifacts[level, bounds] = {
                digest: compile_module(binary, settings, jobs=1).artifact
                for digest, binary in modules.items()
            }
        row = name, features, pickle.dumps(commands), artifacts
        (folder / f"{name.replace('/', '-')}.script").write_bytes(marshal.dumps(row))


def _is_static(command: Any) -> bool:
    """Whether a command is about text and types only, which do not depend on the machine."""
    static = (Failure.MALFORMED, Failure.INVALID)
    return isinstance(command, AssertFailure) and command.failure in static


def _in_binary(command: Any, features: str) -> Any:
    """A command with its modules in the binary format: they need no parser then."""
    changed: dict[str, Any] = {}
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, ScriptModule):
            binary = value.to_binary(parse_features(features))
            empty: Any = None
            changed[field.name] = replace(
                value, form=ModuleForm.BINARY, source=empty, tree=empty, content=binary
            )
        elif field.name == "commands":
            changed[field.name] = [_in_binary(each, features) for each in value]
    return replace(command, **changed)


def _modules(command: Any) -> Iterator[bytes]:
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, ScriptModule):
            yield value.content
        elif isinstance(value, (list, tuple)):
            for each in value:
                if is_dataclass(each):
                    yield from _modules(each)


class _Compiled(CompiledScripts):
    """Runs modules that have been compiled elsewhere."""

    def __init__(self, settings: CompileSettings, artifacts: dict[bytes, bytes]):
        super().__init__(settings, None, None)
        self._artifacts = artifacts

    def compile(self, binary: bytes) -> LoadedModule:
        return load_bytes(self._artifacts[hashlib.sha256(binary).digest()])


def run_scripts(folder: Path) -> bool:
    """Run them all, each in a process of its own, and print what fails; whether nothing does. QEMU
    takes 64 MiB of memory for each linear memory, since they reserve 8 GiB, and keeps them."""
    failed = count = commands_run = 0
    start = time.perf_counter()
    for path in sorted(folder.glob("*.script")):
        name, features, pickled, artifacts = marshal.loads(path.read_bytes())
        commands = pickle.loads(pickled)
        commands_run += len(commands) * len(artifacts)
        for (level, bounds), compiled in artifacts.items():
            config = Config(opt_level=level, bounds=bounds, features=features)
            settings = CompileSettings(parse_target(None), config)
            what = f"{name} -O{level} {bounds}"
            count += 1
            failed += not _in_child(partial(_run_one, what, commands, settings, compiled))
    seconds = time.perf_counter() - start
    print(f"{count} runs of scripts, {commands_run} commands, {failed} failed, {seconds:.0f} s")
    return not failed


def _run_one(
    what: str, commands: Sequence[Any], settings: CompileSettings, artifacts: dict[bytes, bytes]
) -> bool:
    features = parse_features(settings.config.features)
    result = run_on(commands, features, lambda: _Compiled(settings, artifacts))
    for failure in result.failures:
        print(f"{what}: line {failure.line}: {failure.message}")
    return not result.failures


def _in_child(work: Callable[[], bool]) -> bool:
    """Whether some work succeeds in a fork of this process."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    what, where, *chosen = sys.argv[1:]
    if what == "compile":
        compile_scripts(Path(where), chosen or SCRIPTS)
    else:
        sys.exit(not run_scripts(Path(where)))
