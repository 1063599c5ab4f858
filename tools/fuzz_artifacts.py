"""Load mutated artifacts and use them: each is refused with an ArtifactError, or works.

    python tools/fuzz_artifacts.py --count 12000 --state fuzz.json

Artifacts of a few modules are mutated, and their checksum is corrected: the ELF header, section
headers, sections as a whole, and by their structure the CBOR descriptions, the address map, the
trap table, symbols and unwind entries. Code and constants are not mutated: docs/artifact.md lists the
trusted parts of an artifact, and `relied_on` extracts those in the module information. A mutant in
which that changed is loaded, shown and instantiated, but its code does not run.

Every mutant is loaded, instantiated and called in a process of its own kind, which may die. Mutant
number N of a seed is always the same file, so `--only N` shows one again; `--state` is the file from
which a stopped run continues. A mutant that is not refused and does not work is printed with its
number, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import wasmdialect

sys.path.insert(0, str(Path(__file__).parent))

from mutate_artifacts import SEEDS, compile_seed, config, mutant

from wasmdialect import Engine, Module, Store, Trap, WasmtimeError
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.objdump_command import objdump
from wasmdialect.object.artifact import ArtifactError, read_engine
from wasmdialect.runtime.gdb import object_file
from wasmdialect.runtime.pages import libc

CHUNK = 250
"""Mutants between two times that the state is written."""
SECONDS = 30
"""The time limit of a mutant."""
MEBIBYTES = 1024
"""The memory limit of the process that uses mutants."""

# --- using a mutant


def relied_on(module: Module) -> tuple[Any, ...]:
    """The facts that the code of a module relies on besides itself: docs/artifact.md, "What is
    trusted"."""
    loaded = module.loaded
    info, artifact = loaded.info, loaded.artifact
    return (
        info.types, info.signatures, info.functions, info.tables, info.memories, info.globals,
        [item.kind for item in info.imports], info.escaping, info.func_ref_code, info.type_trampolines,
        info.extra_fields, bytes(artifact.text), bytes(artifact.rodata), artifact.rodata_offset,
    )  # fmt: skip


def use(which: int, data: bytes, expected: tuple[Any, ...], frames: bytes, file: str) -> str:
    """Load a mutant and use it in every way; returns the outcome."""
    made = Engine(config(which))
    Path(file).write_bytes(data)
    _show(file)
    try:
        read_engine(data)
        module = (
            Module.deserialize_file(made, file) if len(data) % 2 else Module.deserialize(made, data)
        )
    except (ArtifactError, WasmtimeError):
        return "refused"
    _look_at(module)
    is_trusted = relied_on(module) == expected
    if not is_trusted:
        module.loaded.info.start = None
    if not is_trusted or bytes(module.loaded.artifact.eh_frame) != frames:
        _unwinding.clear()
    else:
        _unwinding.append(True)
    store = Store(made)
    if made.config.consume_fuel:
        store.set_fuel(1_000_000)
    store.set_epoch_deadline(1)
    try:
        instance = wasmdialect.Instance(
            store, module, [_item(store, i.type) for i in module.imports]
        )
    except (WasmtimeError, Trap):
        return "refused by instantiation"
    _read_exports(store, instance)
    if not is_trusted:
        return "loaded; its code is told something else"
    _call_exports(store, instance)
    return "works"


def _show(file: str) -> None:
    """Show each part of a file as `wasmdialect objdump` does; it may be refused."""
    with redirect_stdout(StringIO()), suppress(ArtifactError, UsageError):
        for as_json in (False, True):
            objdump(file, True, True, True, True, True, True, None, as_json)


def _look_at(module: Module) -> None:
    """Read the data for debuggers and profilers."""
    loaded = module.loaded
    with suppress(ArtifactError):  # parts that are read late are checked late
        (code,) = loaded.code
        object_file(loaded, code)
        for function in loaded.artifact.functions:
            loaded.display_name(function.symbol)
            loaded.frames_at(loaded.text_address + function.offset, exact=True)
        for offset in code.traps.code_offsets:
            code.traps.look_up(offset)
            loaded.frames_at(loaded.text_address + offset, exact=True)
    for item in (*module.imports, *module.exports):
        str(item.type)


_unwinding: list[bool] = []
"""Not empty: the C library may unwind through the code."""


def _backtrace() -> None:
    if _unwinding:
        libc.backtrace((ctypes.c_void_p * 64)(), 64)


def _item(store: Store, t: Any) -> Any:
    """Something of a type, to import."""
    match t:
        case wasmdialect.FuncType():

            def call(*_: Any) -> Any:
                _backtrace()
                values = [_value(r) for r in t.results]
                return None if not values else values[0] if len(values) == 1 else values

            return wasmdialect.Func(store, t, call)
        case wasmdialect.MemoryType():
            return wasmdialect.Memory(store, t)
        case wasmdialect.TableType():
            return wasmdialect.Table(store, t, None)
        case _:
            return wasmdialect.Global(store, t, _value(t.content))


def _value(t: Any) -> Any:
    return {"i32": 1, "i64": 2, "f32": 0.5, "f64": 1.5}.get(t.name)


def _read_exports(store: Store, instance: wasmdialect.Instance) -> None:
    instance.counters()
    for item in instance.exports(store).values():
        match item:
            case wasmdialect.Global():
                item.value(store)
            case wasmdialect.Memory():
                item.read(store, 0, min(64, item.data_len(store)))
            case wasmdialect.Table():
                for index in range(min(item.size(store), 4)):
                    item.get(store, index)
            case _:
                pass


def _call_exports(store: Store, instance: wasmdialect.Instance) -> None:
    for item in instance.exports(store).values():
        if isinstance(item, wasmdialect.Func):
            values = [_value(t) for t in item.type(store).params]
            for arguments in (values, [0 if type(v) is int else v for v in values]):
                try:
                    item(store, *arguments)
                except (Trap, WasmtimeError, ArtifactError) as error:
                    str(error)


def use_range(folder: Path, seed: int, numbers: range) -> None:
    """Use some mutants; a line on standard output before and after each."""
    seeds = [(folder / f"{n}.cwasm").read_bytes() for n in range(len(SEEDS))]
    modules = [Module.deserialize(Engine(config(n)), data) for n, data in enumerate(seeds)]
    facts = [(relied_on(m), bytes(m.loaded.artifact.eh_frame)) for m in modules]
    file = str(folder / f"{os.getpid()}.cwasm")
    for number in numbers:
        print(f"{number} begins", flush=True)
        which, data = mutant(seeds, seed, number)
        try:
            word = use(which, data, *facts[which], file)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            word = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}"
        print(f"{number} {word[:300]!r}", flush=True)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MEBIBYTES << 10:
            print(f"{number} 'takes more than {MEBIBYTES} MiB'", flush=True)
            return


# --- running it


FINE = (
    "refused",
    "refused by instantiation",
    "loaded; its code is told something else",
    "works",
)


@dataclass
class Outcome:
    """The outcomes of some mutants."""

    counts: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])


def try_range(folder: Path, seed: int, numbers: range) -> Outcome:
    """Use some mutants in processes that are replaced when they die."""
    outcome = Outcome()
    at = numbers.start
    while at < numbers.stop:
        at = _try_until_death(folder, seed, range(at, numbers.stop), outcome)
    return outcome


def _try_until_death(folder: Path, seed: int, numbers: range, outcome: Outcome) -> int:
    """Use mutants until the process ends; returns the number to continue with."""
    command = [sys.executable, __file__, "--seed", str(seed), "--folder", str(folder)]
    command += ["--child", f"{numbers.start}:{numbers.stop}"]
    verdicts: dict[int, str] = {}
    begun = numbers.start - 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        pending = b""
        while True:
            if not select.select([process.stdout], [], [], SECONDS)[0]:
                process.kill()
                verdicts[begun] = f"takes more than {SECONDS} s"
                break
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                break
            *lines, pending = (pending + piece).split(b"\n")
            for line in lines:
                number, _, word = line.decode().partition(" ")
                begun = int(number)
                if word != "begins":
                    verdicts[begun] = word.strip("'\"")
        messages = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        code = process.wait()
    if begun not in verdicts:
        name = signal.Signals(-code).name if code < 0 else f"exit code {code} {messages[-1:]}"
        verdicts[begun] = f"crashes: {name}"
    for number, word in verdicts.items():
        kind = word if word in FINE else word.split(":")[0].split(" at ")[0]
        outcome.counts[kind] += 1
        if word not in FINE:
            outcome.failures.append(f"{number}: {word}")
    return begun + 1


def write_seeds(folder: Path) -> list[bytes]:
    """Compile the modules that are mutated into a folder."""
    seeds = [compile_seed(number) for number in range(len(SEEDS))]
    for number, data in enumerate(seeds):
        (folder / f"{number}.cwasm").write_bytes(data)
    return seeds


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="mutants in all")
    parser.add_argument("--state", type=Path, help="a file to go on from")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="N", help="show mutant N, with its traceback")
    parser.add_argument("--save", type=Path, metavar="FILE", help="with --only: write it to a file")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seed: int = arguments.seed
    if arguments.child is not None:
        start, _, stop = arguments.child.partition(":")
        use_range(arguments.folder, seed, range(int(start), int(stop)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = write_seeds(folder)
        if arguments.only is not None:
            return show(seeds, seed, arguments.only, arguments.save)
        return run(folder, arguments)


def show(seeds: list[bytes], seed: int, number: int, save: Path | None) -> int:
    """Use one mutant in this process, with whatever it raises."""
    which, data = mutant(seeds, seed, number)
    if save is not None:
        save.write_bytes(data)
    original = Module.deserialize(Engine(config(which)), seeds[which])
    facts = relied_on(original), bytes(original.loaded.artifact.eh_frame)
    try:
        read_and_message(which, data)
    finally:
        with tempfile.TemporaryDirectory() as name:
            print(f"module {which}:", use(which, data, *facts, str(Path(name) / "m.cwasm")))
    return 0


def read_and_message(which: int, data: bytes) -> None:
    """Print why a mutant is refused."""
    try:
        Module.deserialize(Engine(config(which)), data)
    except WasmtimeError as error:
        print(error)


def run(folder: Path, arguments: argparse.Namespace) -> int:
    """Use many mutants; returns the exit code."""
    state: dict[str, Any] = {"seed": arguments.seed, "done": 0, "counts": {}, "failures": []}
    if arguments.state is not None and arguments.state.exists():
        state = json.loads(arguments.state.read_text())
        if state["seed"] != arguments.seed:
            sys.exit(f"{arguments.state} is of seed {state['seed']}")
    counts = Counter[str](state["counts"])
    starts = range(state["done"], arguments.count, CHUNK)
    chunks = [range(start, min(start + CHUNK, arguments.count)) for start in starts]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda numbers: try_range(folder, arguments.seed, numbers), chunks)
        for chunk, outcome in zip(chunks, results, strict=True):
            counts += outcome.counts
            state["failures"] += outcome.failures
            for line in outcome.failures:
                print(line, flush=True)
            if arguments.state is not None:
                state |= {"done": chunk.stop, "counts": dict(counts)}
                arguments.state.write_text(json.dumps(state))
    print(f"{counts.total()} mutants of {len(SEEDS)} artifacts, seed {arguments.seed}:")
    for word, count in counts.most_common():
        print(f"{count:>8} {word}")
    return int(bool(state["failures"]))


if __name__ == "__main__":
    sys.exit(main())
