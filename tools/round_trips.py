"""Send published modules to wasmir and back: sizes, behaviour on Wasmtime and V8, and speed there.

    python tools/round_trips.py
    python tools/round_trips.py --only QuickJS resvg --passes wasmir-gvn,wasmir-dce --runs 5 --node

The modules and what drives them are those of `real_modules.py`. Wasmtime drives each module as it is
and after import, passes and export, and what is observed is compared. With `--runs`, the two are driven
in turns, compiled before, and the ratio of the medians is printed. With `--node`, QuickJS, resvg and
pii-shield run on V8 too (`round_trips.mjs`). A difference makes the exit code 1.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import wasmtime
from real_modules import CACHE, MODULES, RealModule, binary_of, difference_of, unpacked
from real_programs import Subject

import wasmdialect
from wasmdialect.codegen.exported import to_wasm
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module

SECONDS = 0.5
"""A module is driven again and again for about this long."""

ON_NODE = {"QuickJS-ng": "quickjs", "resvg": "resvg", "pii-shield": "pii-shield"}
"""By module: the name of its program in `round_trips.mjs`."""


def code_size(module: Module) -> int:
    """The bytes of all bodies."""
    return sum(len(f.code.bytes) for f in module.functions if f.code is not None)


def with_module(package: Path, module: RealModule, binary: bytes, folder: Path) -> Path:
    """A package with another module in the place of its own, for drivers that read the file."""
    if "#" in module.path:
        return package
    shutil.copytree(package, folder / "package", symlinks=True)
    (folder / "package" / module.path).write_bytes(binary)
    return folder / "package"


def subject(package: Path, binary: bytes) -> Subject:
    """A module on Wasmtime, compiled."""
    config = wasmtime.Config()
    config.wasm_relaxed_simd_deterministic = True
    config.wasm_exceptions = True
    made = Subject(wasmtime, wasmtime.Engine(config), package, binary)
    _ = made.module
    return made


def timed(module: RealModule, driven: Subject, count: int) -> tuple[float, list[Any]]:
    """The seconds of CPU of some drives, and what the last one observed."""
    started = time.process_time()
    observed: list[Any] = []
    for _ in range(count):
        observed = [*module.drive(driven)]
    return time.process_time() - started, observed


def on_node(name: str, binary: bytes, folder: Path, runs: int) -> tuple[list[str], list[float]]:
    """What a program prints on V8, and the milliseconds of each run."""
    path = folder / "on_node.wasm"
    path.write_bytes(binary)
    script = str(Path(__file__).with_suffix(".mjs"))
    command = ["node", "--no-warnings", script, name, str(path), str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    times = [float(line) for line in done.stderr.split() if line.replace(".", "").isdigit()]
    return done.stdout.splitlines(), times


def compare(module: RealModule, arguments: argparse.Namespace) -> str:
    """Send one there and back, and compare; returns the difference, empty if there is none."""
    package = unpacked(module, CACHE)
    binary = binary_of(package, module.path)
    settings = CompileSettings.of(wasmdialect.Config(pipeline=arguments.passes, features="all"))
    started = time.process_time()
    with relaxed_gc():
        out = to_wasm(binary, "module.wasm", settings)
    seconds = time.process_time() - started
    exported = bytes(out.binary)
    before, after = code_size(decode_module(binary, frozenset(Feature))), code_size(out)
    print(f"{module.name}: code {before} -> {after} ({after / before:.3f}), {seconds:.1f} s of CPU")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = subject(package, binary)
        new = subject(with_module(package, module, exported, folder), exported)
        (once, expected), (_, found) = timed(module, old, 1), timed(module, new, 1)
        difference = difference_of(found, expected)
        if arguments.runs:
            count = math.ceil(SECONDS / once)
            ratios: list[float] = []
            for number in range(arguments.runs):
                pair = (old, new) if number % 2 else (new, old)
                seconds = {one: timed(module, one, count)[0] for one in pair}
                ratios.append(seconds[new] / seconds[old])
            spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
            print(f"  Wasmtime: {statistics.median(ratios):.3f} of its time ({spread})")
        if arguments.node and module.name in ON_NODE:
            pair = [
                on_node(ON_NODE[module.name], b, folder, max(arguments.runs, 1))
                for b in (binary, exported)
            ]
            (expected, a), (found, b) = pair
            original = statistics.median(a)
            print(
                f"  V8: {statistics.median(b) / original:.3f} of the original's {original:.0f} ms"
            )
            difference = difference or difference_of(list(found), list(expected))
    print(f"  {difference or 'equal'}", flush=True)
    return difference


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="of their names")
    parser.add_argument("--passes", default="", metavar="PIPELINE", help="between there and back")
    parser.add_argument("--runs", type=int, default=0, help="times that speed is compared")
    parser.add_argument("--node", action="store_true", help="on V8 too")
    arguments = parser.parse_args()
    sys.setrecursionlimit(10_000)
    chosen = [m for m in MODULES if any(text.lower() in m.name.lower() for text in arguments.only)]
    differences = [compare(module, arguments) for module in chosen]
    return int(any(differences))


if __name__ == "__main__":
    sys.exit(main())
