"""Compare each atomic instruction with PyPI's wasmtime on random and corner inputs: results, traps, and
the memory afterwards.

    python tools/compare_atomics.py --count 10000
    python tools/compare_atomics.py --level 3 --bounds explicit

Both have a memory with equal contents, first one with 32-bit addresses, then one with 64-bit ones. A
difference is printed, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

import wasmtime

import wasmdialect
from wasmdialect.wasm.instructions import INSTRUCTIONS, Instruction

ACCESSES = [i for i in INSTRUCTIONS if i.access is not None and i.access.atomic]
OFFSETS = (0, 3, 8, 65528, (1 << 32) - 1)
SIZE = 1 << 16
UNALIGNED = "wasm trap: unaligned atomic"
OUT_OF_BOUNDS = "wasm trap: out of bounds memory access"
CORNERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63)

Call: TypeAlias = tuple[Instruction, int, tuple[int, ...]]
"""An instruction, its offset and its operands, as signed numbers."""


def module_text(address: str) -> str:
    """A function for each instruction and offset, and a memory with addresses of a type."""
    is_64 = "i64 " if address == "i64" else ""
    lines = [f'(module (memory (export "memory") {is_64}1 2)']
    for row in ACCESSES:
        types = [address, *_values(row)]
        results = " ".join(map(str, row.results or ()))
        gets = " ".join(f"(local.get {i})" for i in range(len(types)))
        lines += [
            f'(func (export "{row.mnemonic} {offset}") (param {" ".join(types)})'
            f" (result {results}) ({row.mnemonic} offset={offset} {gets}))"
            for offset in OFFSETS
        ]
    return "\n".join([*lines, ")"])


def _values(row: Instruction) -> list[str]:
    """The types of the operands after the address."""
    assert row.params is not None
    return [str(t) for t in row.params[1:]]


class Machine:
    """An instance of the module with its memory."""

    def __init__(self, api: Any, address: str, **settings: Any):
        config = api.Config()
        config.wasm_threads = True
        for name, value in settings.items():
            setattr(config, name, value)
        engine = api.Engine(config)
        self.api, self.store = api, api.Store(engine)
        module = api.Module(engine, module_text(address))
        exports = api.Instance(self.store, module, []).exports(self.store)
        self.memory: Any = exports["memory"]
        self.functions = {
            (row, offset): exports[f"{row.mnemonic} {offset}"]
            for row in ACCESSES
            for offset in OFFSETS
        }

    def run(self, call: Call) -> int | str | None:
        """The result, or the reason of the trap."""
        row, offset, operands = call
        try:
            return self.functions[row, offset](self.store, *operands)
        except self.api.Trap as trap:
            (reason,) = re.findall("wasm trap: .*", str(trap))
            return reason

    def contents(self) -> bytes:
        """The bytes of the memory."""
        return bytes(self.memory.read(self.store, 0, SIZE))


def calls(address: str, count: int, seed: int) -> Iterator[Call]:
    """So many calls of each instruction: at few addresses, so that values are found again; some
    unaligned, some at the end of the memory and beyond, up to the last address."""
    rng, bits = random.Random(seed), int(address[1:])
    last = (1 << bits) - 1
    for row in ACCESSES:
        widths = [int(t[1:]) for t in _values(row)]
        for number in range(count):
            offset = OFFSETS[number % len(OFFSETS)]
            place = rng.choice((16, 24, SIZE - 8, SIZE - rng.randrange(1, 16), SIZE))
            at = max(place - offset, 0) + rng.choice((0, 0, 0, rng.randrange(16)))
            at = rng.choice((at,) * 8 + (rng.getrandbits(32), last))
            values = [_signed(rng.choice((*CORNERS, rng.getrandbits(64))), w) for w in widths]
            yield row, offset, (_signed(at, bits), *values)


def _signed(bits: int, width: int) -> int:
    bits &= (1 << width) - 1
    return bits - (1 << width) if bits >> width - 1 else bits


def compare(
    address: str, ours: Machine, theirs: Machine, count: int, seed: int
) -> tuple[list[str], set[str]]:
    """The differences, and the kinds of outcomes that there were."""
    filling = random.Random(seed).randbytes(SIZE)
    for machine in (ours, theirs):
        machine.memory.write(machine.store, filling, 0)
    outcomes: set[str] = set()
    wrong: list[str] = []
    for call in calls(address, count, seed):
        found, expected = ours.run(call), theirs.run(call)
        outcomes.add(found if isinstance(found, str) else "value")
        if found != expected:
            row, offset, operands = call
            wrong.append(f"{row.mnemonic} offset={offset} {operands}: {found}, not {expected}")
    if ours.contents() != theirs.contents():
        wrong.append("the memories differ")
    return wrong, outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="calls of each instruction")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--level", type=int, choices=range(4), default=2)
    parser.add_argument("--bounds", choices=("guard", "explicit"), default="guard")
    options = parser.parse_args()
    failed = False
    for address in ("i32", "i64"):
        ours = Machine(wasmdialect, address, opt_level=options.level, bounds=options.bounds)
        theirs = Machine(wasmtime, address)
        wrong, _ = compare(address, ours, theirs, options.count, options.seed)
        for line in wrong[:20]:
            print(f"{address}: {line}")
        failed |= bool(wrong)
        print(
            f"{address}: {len(ACCESSES)} instructions, {options.count} calls each,"
            f" -O{options.level}, {options.bounds}: {len(wrong)} differences"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
