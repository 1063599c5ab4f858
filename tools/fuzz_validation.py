"""Compare verdicts on mutated modules with Wasmtime's: valid or not, and never anything else.

    python tools/fuzz_validation.py --count 100000 --state fuzz.json

The modules of the WebAssembly test-suite are mutated: bytes changed, ranges cut out or doubled,
sections removed, swapped or doubled, instructions swapped, removed, doubled or exchanged, bodies
taken from other functions. Mutant number N of a seed is always the same module, so `--only N` shows one
again; `--state` is the file from which a stopped run continues. Differences are classified by
`KNOWN_DIFFERENCES`; any other is printed with its number, and makes the exit code 1. `--shapes`
measures modules built so that careless code would take more than linear time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import wasmtime

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from spec.scripts import find_testsuite, read_script

from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.decode import MAGIC, VERSION, decode_module
from wasmdialect.wasm.encode import encode_module, encode_section, sized, vector
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import Function, Module
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.validate import validate_module
from wasmdialect.wasm.wast import DefineModule, parse_script

FEATURES = WASM_3_0 | {
    Feature.THREADS,
    Feature.CUSTOM_PAGE_SIZES,
    Feature.WIDE_ARITHMETIC,
}
"""The features that both validators allow: all that Wasmtime supports too."""

MAX_SEED_BYTES = 8192
"""Larger modules of the test-suite are not mutated: they repeat the same code."""

MILLISECONDS = 50.0
MICROSECONDS_PER_BYTE = 40.0
"""The time limit of a mutant, so that more than linear time is noticed."""

CHUNK = 500
"""Mutants between two times that the state is written."""

KNOWN_DIFFERENCES: dict[str, tuple[str, ...]] = {}
"""By name: words of the message of whichever validator rejects what the other accepts."""


@dataclass(frozen=True)
class Difference:
    """A mutant that the two validators do not agree on, or that broke one."""

    number: int
    kind: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}\n  wasmdialect: {self.ours}\n  wasmtime: {self.theirs}"


@cache
def seeds() -> tuple[bytes, ...]:
    """The valid modules that are mutated."""
    folder = find_testsuite()
    if folder is None:
        sys.exit("the WebAssembly test-suite is not here: set WASM_TESTSUITE to its folder")
    found: dict[bytes, None] = {}
    for path in sorted(folder.rglob("*.wast")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(("legacy/", "proposals/custom-descriptors/")):
            continue
        for command in parse_script(read_script(folder, name)):
            if isinstance(command, DefineModule):
                binary = command.module.to_binary()
                if len(binary) <= MAX_SEED_BYTES and ours(binary) is None:
                    found[binary] = None
    return tuple(found)


# --- the two validators


def ours(binary: bytes) -> str | None:
    """This library's error for a module; None if it is valid."""
    try:
        validate_module(decode_module(binary, FEATURES))
    except WasmError as error:
        return f"{type(error).__name__}: {error}"
    return None


@cache
def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    for feature in (
        "bulk_memory", "custom_page_sizes", "exceptions", "function_references", "gc", "memory64",
        "multi_memory", "multi_value", "reference_types", "relaxed_simd", "simd", "tail_call",
        "threads", "wide_arithmetic",
    ):  # fmt: skip
        setter = getattr(wasmtime._bindings, f"wasmtime_config_wasm_{feature}_set")
        setter(config.ptr(), True)
    return wasmtime.Engine(config)


def theirs(binary: bytes) -> str | None:
    """Wasmtime's error for a module; None if it is valid."""
    try:
        wasmtime.Module.validate(_engine(), binary)
    except wasmtime.WasmtimeError as error:
        return str(error).replace("\n", " ")
    return None


# --- mutations: each takes a module's bytes and returns others


def change_bytes(r: random.Random, data: bytes) -> bytes:
    """One to three bytes become others."""
    out = bytearray(data)
    for _ in range(r.randint(1, 3)):
        out[r.randrange(8, len(out))] = r.choice((r.randrange(256), 0, 1, 0x7F, 0x80, 0xFF, 0x0B))
    return bytes(out)


def cut_bytes(r: random.Random, data: bytes) -> bytes:
    """A range is removed."""
    start = r.randrange(8, len(data))
    return data[:start] + data[start + r.randint(1, 8) :]


def double_bytes(r: random.Random, data: bytes) -> bytes:
    """A range comes twice."""
    start = r.randrange(8, len(data))
    end = start + r.randint(1, 8)
    return data[:end] + data[start:]


def _sections(data: bytes) -> list[bytes]:
    """The sections of a valid module, each with its id and size."""
    reader = Reader(data, 8, FEATURES)
    out: list[bytes] = []
    while reader.pos < len(data):
        start = reader.pos
        reader.byte()
        reader.take(reader.u32())
        out.append(data[start : reader.pos])
    return out


def change_sections(r: random.Random, data: bytes) -> bytes:
    """A section is removed, duplicated, or swapped with another."""
    sections = _sections(data)
    if not sections:
        return data
    a, b = r.randrange(len(sections)), r.randrange(len(sections))
    kind = r.randrange(3)
    if kind == 0:
        del sections[a]
    elif kind == 1:
        sections.insert(b, sections[a])
    else:
        sections[a], sections[b] = sections[b], sections[a]
    return data[:8] + b"".join(sections)


def take_section(r: random.Random, data: bytes) -> bytes:
    """A section is exchanged for the one with the same id of another module."""
    sections = _sections(data)
    other = {section[0]: section for section in _sections(r.choice(seeds()))}
    shared = [k for k, section in enumerate(sections) if section[0] in other]
    if shared:
        k = r.choice(shared)
        sections[k] = other[sections[k][0]]
    return data[:8] + b"".join(sections)


def _instructions(module: Module, function: Function) -> tuple[bytes, list[bytes]]:
    """The locals of a body, and its instructions, as bytes."""
    assert function.code is not None
    data = bytes(function.code.bytes)
    reader = Reader(data, 0, module.features)
    decode_locals(reader)
    start = reader.pos
    places = [at for _, _, at in decode_instructions(reader, len(data))]
    ends = [*places[1:], len(data)]
    return data[:start], [data[a:b] for a, b in zip(places, ends, strict=True)]


def _change_body(
    r: random.Random, data: bytes, change: Callable[[random.Random, list[bytes]], None]
) -> bytes:
    """The module with the instructions of one of its bodies changed."""
    module = decode_module(data, FEATURES)
    functions = list(module.defined_functions())
    if not functions:
        return data
    function = r.choice(functions)
    assert function.code is not None
    head, body = _instructions(module, function)
    change(r, body)
    function.code.bytes = memoryview(head + b"".join(body))
    return encode_module(module)


def change_instructions(r: random.Random, data: bytes) -> bytes:
    """Instructions of a body are swapped, removed, doubled, or taken from elsewhere."""
    return _change_body(r, data, _change_one_or_two)


def _change_one_or_two(r: random.Random, body: list[bytes]) -> None:
    for _ in range(r.randint(1, 2)):
        a, b = r.randrange(len(body)), r.randrange(len(body))
        kind = r.randrange(4)
        if kind == 0:
            body[a], body[b] = body[b], body[a]
        elif kind == 1 and len(body) > 1:
            del body[a]
        elif kind == 2:
            body.insert(b, body[a])
        else:
            body[a] = r.choice(_pool())


@cache
def _pool() -> tuple[bytes, ...]:
    """Every instruction of the seeds, once."""
    found: dict[bytes, None] = {}
    for seed in seeds():
        module = decode_module(seed, FEATURES)
        for function in module.defined_functions():
            found.update(dict.fromkeys(_instructions(module, function)[1]))
    return tuple(found)


def change_immediate(r: random.Random, data: bytes) -> bytes:
    """A byte inside an instruction becomes a small number."""
    return _change_body(r, data, _change_byte)


def _change_byte(r: random.Random, body: list[bytes]) -> None:
    long = [k for k, instruction in enumerate(body) if len(instruction) > 1]
    if long:
        k = r.choice(long)
        instruction = bytearray(body[k])
        instruction[r.randrange(1, len(instruction))] = r.randrange(0x80)
        body[k] = bytes(instruction)


def take_body(r: random.Random, data: bytes) -> bytes:
    """A body is exchanged for one of another module."""
    module = decode_module(data, FEATURES)
    other = decode_module(r.choice(seeds()), FEATURES)
    functions, bodies = list(module.defined_functions()), list(other.defined_functions())
    if functions and bodies:
        r.choice(functions).code = r.choice(bodies).code
    return encode_module(module)


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    change_bytes,
    cut_bytes,
    double_bytes,
    change_sections,
    take_section,
    change_instructions,
    change_instructions,
    change_immediate,
    take_body,
)


def mutant(seed: int, number: int) -> bytes:
    """Mutant `number` of a seed."""
    r = random.Random(f"{seed}:{number}")
    binary = r.choice(seeds())
    for _ in range(r.choice((1, 1, 2, 3))):
        # The first mutation may leave nothing that the next one can take apart.
        with suppress(WasmError):
            binary = r.choice(MUTATIONS)(r, binary) if len(binary) > 8 else binary
    return binary


# --- modules whose cost could grow faster than their size


def _module(*sections: tuple[int, bytes]) -> bytes:
    return MAGIC + VERSION + b"".join(encode_section(*section) for section in sections)


def _function(body: bytes) -> bytes:
    """A module with one function of this body, and an array type."""
    types = vector([b"\x60\0\0", b"\x5e\x7f\0"])
    return _module((1, types), (3, b"\1\0"), (10, vector([sized(body)])))


def _many_functions(body: bytes, count: int) -> bytes:
    types = vector([b"\x60\0\0"])
    return _module((1, types), (3, vector([b"\0"] * count)), (10, vector([sized(body)] * count)))


_u = encode_unsigned

SHAPES: dict[str, Callable[[int], bytes]] = {
    "nested blocks": lambda n: _function(b"\0" + b"\x02\x40" * n + b"\x0b" * (n + 1)),
    "blocks without end": lambda n: _function(b"\0" + b"\x02\x40" * n),
    "operands and labels of br_table": lambda n: _function(
        b"\0" + b"\x02\x40" * n + b"\x41\0" * n
        + b"\x0e" + vector([_u(k) for k in range(n)]) + b"\0" + b"\x0b" * (n + 1)
    ),
    "50 000 locals in each function": lambda n: _many_functions(
        b"\1" + _u(50_000) + b"\x7f\x0b", n // 50
    ),
    "locals that have to be set": lambda n: _function(
        b"\1" + _u(n) + b"\x64\x70" + b"\x02\x40" * n + b"\x0b" * (n + 1)
    ),
    "chain of sub types": lambda n: _module(
        (1, vector([b"\x50\0\x5f\0", *(b"\x50\1" + _u(k) + b"\x5f\0" for k in range(n))]))
    ),
    "exports": lambda n: _module(
        (5, b"\1\0\0"), (7, vector([sized(b"%d" % k) + b"\2\0" for k in range(n)]))
    ),
    "chain of globals": lambda n: _module(
        (6, vector([b"\x7f\0\x41\0\x0b", *(b"\x7f\0\x23" + _u(k) + b"\x0b" for k in range(n))]))
    ),
    "array.new_fixed in dead code": lambda n: _function(
        b"\0\0" + (b"\xfb\x08\1" + _u(1 << 31) + b"\x1a") * n + b"\x0b"
    ),
    "catch clauses": lambda n: _function(
        b"\0\x1f\x40" + vector([b"\2\0"] * n) + b"\x0b\x0b"
    ),
    "custom sections": lambda n: MAGIC + VERSION + encode_section(0, b"\1a") * n,
}  # fmt: skip
"""By the repeated element: a module with `n` of it."""


def measure_shapes() -> int:
    """Print the cost per byte of each shape at growing sizes; returns the exit code."""
    worst = 0.0
    for name, make in SHAPES.items():
        costs: list[float] = []
        for n in (4_000, 16_000, 64_000):
            binary = make(n)
            times: list[float] = []
            for _ in range(3):
                started = time.process_time()
                ours(binary)
                times.append(time.process_time() - started)
            costs.append(1e6 * min(times) / len(binary))
        worst = max(worst, costs[-1] / costs[0])
        print(f"{name:<34}" + "".join(f"{cost:>9.3f}" for cost in costs) + "  us a byte")
    return int(worst > 3)


# --- comparing


def compare(seed: int, number: int) -> tuple[str, Difference | None]:
    """The outcome of a mutant: `valid`, `invalid`, or the name of the difference."""
    binary = mutant(seed, number)
    started = time.process_time()
    try:
        mine: str | None = ours(binary)
    except Exception as error:
        return "crash", Difference(number, "crash", f"{type(error).__name__}: {error}", "")
    took = 1e3 * (time.process_time() - started)
    if took > MILLISECONDS + MICROSECONDS_PER_BYTE * len(binary) / 1e3:
        return "slow", Difference(number, "slow", f"{took:.0f} ms, {len(binary)} bytes", "")
    other = theirs(binary)
    if (mine is None) == (other is None):
        return ("valid" if mine is None else "invalid"), None
    message = f"{mine or ''} {other or ''}"
    for name, words in KNOWN_DIFFERENCES.items():
        if any(word in message for word in words):
            return name, None
    return "verdict", Difference(number, "verdict", mine or "valid", other or "valid")


def compare_chunk(seed: int, numbers: Sequence[int]) -> tuple[Counter[str], list[Difference]]:
    """Compare several mutants."""
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    for number in numbers:
        word, difference = compare(seed, number)
        counts[word] += 1
        if difference is not None:
            differences.append(difference)
    return counts, differences


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="mutants in all")
    parser.add_argument("--state", type=Path, help="a file to go on from")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, metavar="N", help="show mutant N")
    parser.add_argument("--shapes", action="store_true", help="measure modules of awkward shapes")
    arguments = parser.parse_args()
    if arguments.shapes:
        return measure_shapes()
    if arguments.only is not None:
        binary = mutant(arguments.seed, arguments.only)
        sys.stdout.write(
            f"{binary.hex()}\nwasmdialect: {ours(binary)}\nwasmtime: {theirs(binary)}\n"
        )
        return 0
    state = {"seed": arguments.seed, "done": 0, "counts": {}}
    if arguments.state is not None and arguments.state.exists():
        state = json.loads(arguments.state.read_text())
        if state["seed"] != arguments.seed:
            sys.exit(f"{arguments.state} is of seed {state['seed']}")
    counts = Counter[str](state["counts"])
    starts = range(state["done"], arguments.count, CHUNK)
    chunks = [range(start, min(start + CHUNK, arguments.count)) for start in starts]
    seeds()  # before the workers are forked, so that they share it
    _pool()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = pool.map(compare_chunk, [arguments.seed] * len(chunks), chunks)
        for chunk, (found, differences) in zip(chunks, results, strict=True):
            counts += found
            for difference in differences:
                print(difference, flush=True)
            if arguments.state is not None:
                state |= {"done": chunk.stop, "counts": dict(counts)}
                arguments.state.write_text(json.dumps(state))
    print(f"{counts.total()} mutants of {len(seeds())} modules, seed {arguments.seed}:")
    for word, count in counts.most_common():
        print(f"{count:>8} {word}")
    return int(any(counts[word] for word in ("crash", "slow", "verdict")))


if __name__ == "__main__":
    sys.exit(main())
