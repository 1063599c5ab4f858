"""The programs under examples/: C, compiled to WebAssembly ahead of time."""

from __future__ import annotations

import subprocess
import sys
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import processes
import pytest
import wasmtime

import wasmdialect

EXAMPLES = Path(__file__).parents[2] / "examples"
WASMDIALECT = Path(sys.executable).parent / "wasmdialect"


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [WASMDIALECT, "run", EXAMPLES / "wasi.wasm", *arguments]
    return processes.run(command, stdin=stdin, text=True, timeout=60)


def test_words():
    done = run(stdin="a b a c\na b\n")
    assert (done.returncode, done.stderr) == (0, "6 words\n")
    assert done.stdout.split() == ["3", "a", "2", "b", "1", "c"]


def test_arguments_environment_and_exit_code():
    done = run("--env", "GREETING=Hi", "Ann", "Bob")
    assert (done.returncode, done.stdout) == (2, "Hi, Ann!\nHi, Bob!\n")


@pytest.fixture(scope="module")
def kernels():
    engine = wasmdialect.Engine()
    store = wasmdialect.Store(engine)
    module = wasmdialect.Module.from_file(engine, EXAMPLES / "kernels.wasm")
    exports = wasmdialect.Linker(engine).instantiate(store, module).exports(store)
    return lambda name, size: exports[name](store, size)


def test_kernels(kernels):
    assert kernels("fib", 20) == 6765
    assert kernels("sieve", 1000) == 168
    data = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(1000))
    assert kernels("crc32", 1000) & 0xFFFF_FFFF == zlib.crc32(data)


SIMD = (EXAMPLES / "simd.wat").read_text()
DATA = bytes((i * i * 7 + (i >> 8)) & 0xFF for i in range(262144))


def vector_program(api: Any, name: str, **settings: Any) -> tuple[object, bytes]:
    """The result of a program on some data, and memory after it."""
    engine = api.Engine(api.Config(**settings)) if settings else api.Engine()
    store = api.Store(engine)
    exports = api.Instance(store, api.Module(engine, SIMD), []).exports(store)
    exports["memory"].write(store, DATA, 0)
    result = exports[name](store, 2)
    return result, bytes(exports["memory"].read(store))


@pytest.mark.parametrize("cpu", ["native", "base"])
@pytest.mark.parametrize("name", ["hash", "filter", "base64", "matrix"])
def test_vector_programs(name: str, cpu: str):
    expected = vector_program(wasmtime, name)
    for level, bounds in ((0, "guard"), (2, "guard"), (3, "explicit")):
        settings = {"opt_level": level, "bounds": bounds, "cpu": cpu}
        assert vector_program(wasmdialect, name, **settings) == expected


def test_base64_of_vectors_is_base64():
    _, memory = vector_program(wasmdialect, "base64")
    assert memory[524288 : 524288 + 65536] == b64encode(DATA[:49152])
