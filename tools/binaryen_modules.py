"""Modules from Binaryen's `wasm-opt --translate-to-fuzz`, and calls of all their exports."""

from __future__ import annotations

import random
import subprocess
import tempfile
from pathlib import Path

import wasmtime
from trap_modules import ARGUMENTS, Call, CalledModule

FLAGS = (
    "--translate-to-fuzz",
    "--denan",
    # What we execute of Binaryen 108's features; newer ones are given what they need to run this.
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
)
"""NaNs become 0, since their bits are not specified."""

CALLS_OF_EXPORT = 3
MAX_BYTES = 12_000
"""Of the random input."""


def binaryen_module(wasm_opt: str, seed: int, number: int) -> CalledModule:
    """Module `number` of a seed, always the same with one version of Binaryen. Raises
    CalledProcessError if `wasm-opt` does not accept its input."""
    r = random.Random(f"binaryen:{seed}:{number}")
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "input", Path(folder) / "module.wasm"
        data.write_bytes(r.randbytes(r.randint(100, MAX_BYTES)))
        command = [wasm_opt, str(data), *FLAGS, "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        binary = out.read_bytes()
    return CalledModule(binary, tuple(_calls(r, binary)), "")


def _calls(r: random.Random, binary: bytes) -> list[Call]:
    """Some calls of each exported function."""
    engine = wasmtime.Engine()
    calls: list[Call] = []
    for export in wasmtime.Module(engine, binary).exports:
        if isinstance(export.type, wasmtime.FuncType):
            types = [str(t) for t in export.type.params]
            for _ in range(CALLS_OF_EXPORT if types else 1):
                calls.append((export.name, tuple(_argument(r, t) for t in types)))
    return calls


def _argument(r: random.Random, t: str) -> int | float | None:
    if t in ("i32", "i64"):
        return r.choice(ARGUMENTS)
    if t in ("f32", "f64"):
        return r.choice(
            (0.0, -0.0, 1.5, -7.0, 65536.0, float("inf"), 1e300 if t == "f64" else 1e30)
        )
    return None
