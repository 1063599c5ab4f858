"""Modules from Binaryen's `wasm-opt --translate-to-fuzz`, and calls of all their exports."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from trap_modules import ARGUMENTS, Call, CalledModule
from vector_adapters import adapters

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Export, ExternKind

FLAGS = (
    "--translate-to-fuzz",
    "--denan",
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
)
"""NaNs become 0, since their bits are not specified."""

OPTIONAL = (
    "--enable-bulk-memory-opt",
    "--enable-simd",
    "--enable-relaxed-simd",
    "--enable-reference-types",
    "--enable-tail-call",
    "--enable-extended-const",
    "--enable-multimemory",
    "--enable-memory64",
    "--enable-wide-arithmetic",
    "--enable-exception-handling",
)
"""What some modules have, if this release of Binaryen knows it (132 knows all of it)."""

CALLS_OF_EXPORT = 3
SECONDS = 600.0
"""That a busy machine may take to make a module."""

MAX_BYTES = 12_000
"""Of the random input."""


def binaryen_module(wasm_opt: str, seed: int, number: int) -> CalledModule:
    """Module `number` of a seed, always the same with one version of Binaryen. Raises
    CalledProcessError if `wasm-opt` does not accept its input."""
    r = random.Random(f"binaryen:{seed}:{number}")
    while True:
        binary = _binary(wasm_opt, r)
        with suppress(NotImplementedError):
            return CalledModule(binary, tuple(_calls(r, binary)), "")


def _binary(wasm_opt: str, r: random.Random) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "input", Path(folder) / "module.wasm"
        data.write_bytes(r.randbytes(r.randint(100, MAX_BYTES)))
        chosen = [flag for flag in OPTIONAL if r.randrange(4)]
        known = [flag for flag in chosen if flag in known_flags(wasm_opt)]
        new: list[str] = []
        if "--enable-exception-handling" in known:
            new = ["--enable-reference-types", "--emit-exnref"]
        command = [wasm_opt, str(data), *FLAGS, *known, *new, "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        return _with_exports(out.read_bytes())


def _with_exports(binary: bytes) -> bytes:
    """With an export of everything that has a state and none."""
    module = decode_module(binary, frozenset(Feature))
    exported = {(export.kind, export.index) for export in module.exports}
    for kind, declared in (
        (ExternKind.MEMORY, module.memories),
        (ExternKind.TABLE, module.tables),
        (ExternKind.GLOBAL, module.globals),
    ):
        module.exports += [
            Export(f"{kind.word} {index}", kind, index)
            for index in range(len(declared))
            if (kind, index) not in exported
        ]
    return encode_module(module)


@cache
def known_flags(wasm_opt: str) -> frozenset[str]:
    """The features that this release of Binaryen knows."""
    command = [wasm_opt, "--help"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return frozenset(re.findall(r"--enable-[\w-]+", text))


def _calls(r: random.Random, binary: bytes) -> list[Call]:
    """Some calls of each exported function. Raises NotImplementedError if there are imports of types
    that the host cannot have."""
    module = decode_module(binary, frozenset(Feature))
    hidden = adapters(binary).hidden
    calls: list[Call] = []
    for export in module.exports:
        if export.kind is ExternKind.FUNC and export.name not in hidden:
            types = [str(t) for t in module.functions[export.index].signature.params]
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
