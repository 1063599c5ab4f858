"""Compare each numeric and vector instruction with PyPI's wasmtime, and with the instruction table, on
thousands of random and corner inputs.

    python tools/compare_instructions.py --count 10000
    python tools/compare_instructions.py --only f32x4.min --level 3 --cpu x86-64-v2

NaNs are compared as far as the specification decides them. Relaxed instructions are compared with all
results that the specification allows, and with Wasmtime only where it makes the same choice. A
difference is printed, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import wasmtime
from instruction_batches import (
    ApiMachine,
    Batch,
    batch_module,
    batches,
    difference,
    pages_for,
    random_inputs,
    trapping_inputs,
)

import wasmdialect
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.relaxed_semantics import relaxed_choice

SHOWN = 3
"""Differences printed for an instruction."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="inputs for each instruction")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--level", type=int, action="append", choices=range(4))
    parser.add_argument("--cpu", default="native", help="as of `wasmdialect run`")
    parser.add_argument("--only", action="append", default=[], help="mnemonics that contain this")
    parser.add_argument(
        "--semantics", type=int, default=1000, help="inputs compared with the table"
    )
    options = parser.parse_args()
    chosen = [
        batch
        for batch in batches(WASM_3_0)
        if not options.only or any(word in batch.row.mnemonic for word in options.only)
    ]
    text = batch_module(chosen, pages_for(options.count))
    theirs = ApiMachine(wasmtime, text)
    machines: dict[str, ApiMachine] = {}
    for level in options.level or (0, 2, 3):
        for deterministic in (False, True):
            name = f"-O{level}" + (" deterministic" if deterministic else "")
            machines[name] = ApiMachine(
                wasmdialect,
                text,
                lambda c, a=level, b=deterministic: configure(c, a, b, options.cpu),
            )
    wrong = [
        line
        for number, batch in enumerate(chosen)
        for line in compare(number, batch, machines, theirs, options)
    ]
    for line in wrong:
        print(line)
    compared = f"{len(chosen)} instructions (with lanes), {options.count} inputs each"
    print(f"{compared}, {', '.join(machines)}: {len(wrong)} differences shown")
    return 1 if wrong else 0


def configure(config: Any, level: int, deterministic: bool, cpu: str) -> None:
    """Set up wasmdialect."""
    config.cpu = cpu
    config.opt_level = level
    config.relaxed_simd_deterministic = deterministic


def compare(
    number: int, batch: Batch, machines: dict[str, ApiMachine], theirs: ApiMachine, options: Any
) -> list[str]:
    """The first differences of an instruction."""
    inputs = random_inputs(batch, options.count, options.seed)
    expected = theirs.run(number, inputs)
    relaxed = batch.row.feature is Feature.RELAXED_SIMD
    wrong: list[str] = []
    for name, machine in machines.items():
        found = machine.run(number, inputs)
        lines: list[str] = []
        for index, operands in enumerate(inputs):
            checks = [] if relaxed else [expected[index]]
            if index < options.semantics or relaxed:
                checks.append(allowed(batch, operands, found[index], deterministic="det" in name))
            lines += [
                d for check in checks if (d := difference(batch, operands, found[index], check))
            ]
            if len(lines) >= SHOWN:
                break
        lines += [
            f"{batch.name} {operands}: does not trap"
            for operands in trapping_inputs(batch, 20, options.seed)
            if not machine.traps(number, operands)
        ]
        wrong += [f"{name}: {line}" for line in lines[:SHOWN]]
    return wrong


def allowed(batch: Batch, operands: tuple[int, ...], found: int, *, deterministic: bool) -> int:
    """The result by the table; for a relaxed instruction, the other one if it is what was found."""
    expected = batch.expected(operands)
    assert expected is not None
    other = None if deterministic else relaxed_choice(batch.row)
    if other is None or difference(batch, operands, found, expected) is None:
        return expected
    return other(*operands)


if __name__ == "__main__":
    sys.exit(main())
