"""Run every file of the WebAssembly test-suite, proposals included, and print one table.

    python tools/spec_table.py
    python tools/spec_table.py --only 'simd_*' --levels 2 --bounds guard
    python tools/spec_table.py --levels 0 --compilation lazy
    python tools/spec_table.py --compilation tiers
    python tools/spec_table.py --engine interpreter
    python tools/spec_table.py --levels 0 --bounds guard --round-trip wasmir-canonicalize,wasmir-dce

Each file runs at every level with both kinds of bounds. A row has the commands of a file, how many pass
in every configuration, how many fail in some, and why: the features that modules need and that cannot
be compiled yet, else the first failure. The exit code is 1 if a file fails that
tests/spec/out_of_scope.toml does not list, or one passes whole that it lists. With `--round-trip`, each
module is imported, goes through the passes, is turned back into WebAssembly, and that is what runs.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from fnmatch import fnmatch
from multiprocessing import cpu_count, get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from spec.scripts import features_of, find_testsuite, out_of_scope, read_script, scripts
from tiers_at_once import improve_at_once

from wasmdialect import Config
from wasmdialect.api.wast import run_commands
from wasmdialect.api.wast_interpreted import interpret_commands
from wasmdialect.codegen.exported import to_wasm
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.wasm.errors import TextError
from wasmdialect.wasm.wast import parse_script

UNSUPPORTED = re.compile(r"not supported yet: ([\w-]+)")
CACHE = MemoryStore()
"""Of this process: most modules of the suite have the same trampolines."""

CONSEQUENCE = "Failed: there is no "
"""The failure of a command that needs the result of another one that failed."""


@dataclass
class Row:
    """What became of a file."""

    name: str
    commands: int = 0
    failures: dict[int, str] = field(default_factory=dict[int, str])
    """The message of the first configuration that failed, with its name, by number of the command."""
    crash: str = ""
    """Why there was no result, if the process that ran the file died."""

    @property
    def passes(self) -> bool:
        """Whether the file passes whole, in every configuration."""
        return self.commands > 0 and not self.failures and not self.crash

    def why(self) -> str:
        """Why it does not, in one line."""
        features = Counter(
            match[1] for message in self.failures.values() if (match := UNSUPPORTED.search(message))
        )
        others = [
            message
            for message in self.failures.values()
            if not UNSUPPORTED.search(message) and CONSEQUENCE not in message
        ]
        texts = [f"{feature} ({number})" for feature, number in features.most_common()]
        return "; ".join([*texts, *others[:1], *([self.crash] if self.crash else [])])


@dataclass(frozen=True)
class Configurations:
    """What each file is run with."""

    levels: Sequence[int]
    bounds: Sequence[str]
    compilation: str
    engine: str
    round_trip: str | None
    """The passes between import and export, if modules go through these before."""

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any], int]]:
        """The name, the settings and the number of workers of each."""
        if self.engine == "interpreter":
            yield "interpreted", {}, 0
            return
        if self.compilation == "tiers":
            improve_at_once()
            for kind in self.bounds:
                yield f"tiers --bounds {kind}", {"bounds": kind, "compilation": "lazy"}, 2
            return
        jobs = 2 if self.compilation == "lazy" else 0  # two: some functions are compiled ahead
        for level in self.levels:
            for kind in self.bounds:
                settings = {"opt_level": level, "bounds": kind, "compilation": self.compilation}
                yield f"-O{level} --bounds {kind}", settings, jobs


def run_file(folder: Path, name: str, configurations: Configurations) -> Row:
    """Run a file in every configuration."""
    row = Row(name)
    try:
        commands = parse_script(read_script(folder, name))
    except TextError as error:
        return Row(name, 1, {0: str(error)})
    row.commands = len(commands)
    for where, settings, jobs in configurations:
        config = Config(**settings, features=features_of(name))
        compile_settings = CompileSettings.of(config)
        change = round_trip(configurations.round_trip, features_of(name))
        if configurations.engine == "interpreter":
            result = interpret_commands(commands, compile_settings)
        else:
            result = run_commands(commands, compile_settings, jobs, CACHE, change)
        for failure in result.failures:
            row.failures.setdefault(failure.command, f"{failure} ({where})")
    return row


def round_trip(pipeline: str | None, features: str) -> Callable[[bytes], bytes] | None:
    """What turns a module into wasmir and back, with passes in between."""
    if pipeline is None:
        return None
    settings = CompileSettings.of(Config(pipeline=pipeline, features=features))
    return lambda binary: bytes(to_wasm(binary, "module.wasm", settings).binary)


def run_files(
    folder: Path, names: Sequence[str], configurations: Configurations, jobs: int
) -> Iterator[Row]:
    """The rows of files, in any order. The largest file starts first."""
    by_size = sorted(names, key=lambda name: -(folder / name).stat().st_size)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        started: dict[Future[Row], str] = {
            pool.submit(run_file, folder, name, configurations): name for name in by_size
        }
        interrupted: list[str] = []
        for done in as_completed(started):
            try:
                yield done.result()
            except BrokenProcessPool:
                interrupted.append(started[done])
    # A process has died, and the pool with it. Which file it was shows when each is alone.
    with ThreadPoolExecutor(jobs) as threads:
        yield from threads.map(lambda name: run_alone(folder, name, configurations), interrupted)


def run_alone(folder: Path, name: str, configurations: Configurations) -> Row:
    """Run a file in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(run_file, folder, name, configurations).result()
        except BrokenProcessPool:
            return Row(name, crash="the process that ran it died")


def print_table(rows: Mapping[str, Row]) -> None:
    """Print a row for each file, and the sums."""
    width = max(map(len, rows))
    print(f"{'file':<{width}}  commands  passed  failed  why")
    for name in sorted(rows):
        row = rows[name]
        failed = len(row.failures)
        line = f"{name:<{width}}  {row.commands:8}  {row.commands - failed:6}  {failed:6}"
        print(f"{line}  {row.why()}".rstrip())
    whole = sum(row.passes for row in rows.values())
    commands = sum(row.commands for row in rows.values())
    failed = sum(len(row.failures) for row in rows.values())
    print(f"{whole} of {len(rows)} files pass whole, {commands - failed} of {commands} commands")


def unexpected(rows: Mapping[str, Row], listed: Mapping[str, str]) -> list[str]:
    """What the list of files that cannot pass yet does not say, or says wrongly."""
    out: list[str] = []
    for name, row in sorted(rows.items()):
        if row.passes and name in listed:
            out.append(f"{name} passes whole, but is listed as lacking {listed[name]}")
        if not row.passes and name not in listed:
            out.append(f"{name} does not pass, and is not listed")
    return out


def main() -> int:
    """Run, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--only", default="*", metavar="PATTERN", help="these files")
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 2, 3])
    parser.add_argument("--bounds", nargs="+", default=["guard", "explicit"])
    parser.add_argument("--compilation", choices=["eager", "lazy", "tiers"], default="eager")
    parser.add_argument(
        "--engine",
        choices=["native", "interpreter"],
        default="native",
        help="machine code, or the reference interpreter of wasmir",
    )
    parser.add_argument("--round-trip", metavar="PIPELINE", help="to wasmir and back before")
    parser.add_argument("--jobs", type=int, default=cpu_count(), help="processes")
    args = parser.parse_args()
    folder = find_testsuite()
    if folder is None:
        print("the test-suite is not here: set WASM_TESTSUITE to its folder", file=sys.stderr)
        return 2
    names = [name for name in scripts() if fnmatch(name, args.only)]
    if not names:
        print(f"no file is called {args.only}", file=sys.stderr)
        return 2
    started = time.monotonic()
    configurations = Configurations(
        args.levels, args.bounds, args.compilation, args.engine, args.round_trip
    )
    rows = {row.name: row for row in run_files(folder, names, configurations, args.jobs)}
    print_table(rows)
    print(f"{time.monotonic() - started:.0f} s with {args.jobs} processes")
    wrong = unexpected(rows, out_of_scope())
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
