"""Compare random expressions of vector and scalar instructions with Wasmtime's results.

    python tools/fuzz_vectors.py --count 1000 --seed 3

One instruction at a time says nothing about what LLVM makes of several, with constants among them that
it likes to fold. NaNs are canonical on both sides, so that all bits are compared. A difference is
printed, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import random
import sys
from typing import Any

import wasmtime
from instruction_batches import Batch, batches, random_value

import wasmdialect
from wasmdialect.wasm.features import Feature

CONFIGURATIONS = ((0, "guard"), (2, "guard"), (3, "explicit"))
BATCH = 100
"""Functions of one module."""
INPUTS = 30
INPUT_SIZE, INPUTS_AT, RESULTS_AT = 80, 1024, 40000
"""Four vectors and a number, in 16 bytes each."""
VECTORS = (
    *("f32x4 1 1 1 1", "f32x4 0 -0 1 -1", "f64x2 1 -1", "f64x2 -0 0"),
    *("i64x2 0 0", "i64x2 -1 -1", "i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"),
)
"""Constants that LLVM folds arithmetic with."""
FLOATS = ("0", "-0", "1", "-1", "2", "0.5", "inf")
PLACES = (
    "(select {0} {1} {2})",
    "(block (result v128) (v128.store (i32.const 64) {0}) (v128.load (i32.const 64)))",
    "(block (result v128) (global.set $g {0}) (global.get $g))",
)
"""Ways of a value that are no instruction of the table."""


class Expressions:
    """Random expressions by type."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.by_type: dict[str, list[Batch]] = {}
        for batch in batches(frozenset({Feature.SIMD, Feature.MVP})):
            if not batch.row.traps and batch.row.results is not None:
                self.by_type.setdefault(str(batch.row.results[0]), []).append(batch)

    def expression(self, t: str, depth: int) -> str:
        """An expression of a type."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.1:
            return self.leaf(t)
        if t == "v128" and rng.random() < 0.15:
            parts = [self.expression(p, depth - 1) for p in ("v128", "v128", "i32")]
            return rng.choice(PLACES).format(*parts)
        batch = rng.choice(self.by_type[t])
        assert batch.row.params is not None
        operands = " ".join(self.expression(str(p), depth - 1) for p in batch.row.params)
        return f"({batch.name} {operands})"

    def leaf(self, t: str) -> str:
        """A parameter or a constant."""
        rng = self.rng
        if t == "v128" and rng.random() < 0.7:
            return f"(local.get {rng.randrange(4)})"
        if t == "i32" and rng.random() < 0.5:
            return "(local.get 4)"
        if t == "v128":
            if rng.random() < 0.5:
                return f"(v128.const {rng.choice(VECTORS)})"
            return f"(v128.const i64x2 {random_value(rng, 64)} {random_value(rng, 64)})"
        bits = int(t[1:])
        if t[0] == "i":
            return f"({t}.const {random_value(rng, bits)})"
        if rng.random() < 0.5:
            return f"({t}.const {rng.choice(FLOATS)})"
        return f"({t}.reinterpret_i{bits} (i{bits}.const {random_value(rng, bits)}))"


def module_text(functions: list[str]) -> str:
    """A module with a loop over the inputs for each function."""
    loads = " ".join(
        f"(v128.load offset={INPUTS_AT + 16 * place} (local.get $at))" for place in range(4)
    )
    loads += f" (i32.load offset={INPUTS_AT + 64} (local.get $at))"
    loops = "\n".join(
        f"""(func (export "{number}") (param $count i32) (local $at i32) (local $to i32)
          (loop $next
            (v128.store offset={RESULTS_AT} (local.get $to) (call {number} {loads}))
            (local.set $at (i32.add (local.get $at) (i32.const {INPUT_SIZE})))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))"""
        for number in range(len(functions))
    )
    state = '(memory (export "memory") 2) (global $g (mut v128) (v128.const i64x2 0 0))'
    return f"(module {state}\n" + "\n".join(functions) + "\n" + loops + ")"


def run(api: Any, text: str, data: bytes, count: int, **settings: Any) -> list[bytes]:
    """The results of each function."""
    config = api.Config()
    config.cranelift_nan_canonicalization = True
    for name, value in settings.items():
        setattr(config, name, value)
    engine = api.Engine(config)
    store = api.Store(engine)
    exports = api.Instance(store, api.Module(engine, text), []).exports(store)
    found: list[bytes] = []
    for number in range(count):
        exports["memory"].write(store, data, INPUTS_AT)
        exports[str(number)](store, INPUTS)
        results = exports["memory"].read(store, RESULTS_AT, RESULTS_AT + 16 * INPUTS)
        found.append(bytes(results))
    return found


def compare(seed: int, count: int) -> list[str]:
    """The differences in `count` functions of a seed."""
    rng = random.Random(seed)
    expressions = Expressions(rng)
    params = "(param v128 v128 v128 v128 i32) (result v128)"
    functions = [
        f"(func {params} {expressions.expression('v128', rng.randrange(2, 6))})"
        for _ in range(count)
    ]
    data = b"".join(
        random_value(rng, bits).to_bytes(16, "little")
        for _ in range(INPUTS)
        for bits in (128, 128, 128, 128, 32)
    )
    text = module_text(functions)
    expected = run(wasmtime, text, data, count)
    wrong: list[str] = []
    for level, bounds in CONFIGURATIONS:
        found = run(wasmdialect, text, data, count, opt_level=level, bounds=bounds)
        wrong += [
            f"seed {seed}, -O{level} --bounds {bounds}: {functions[number]}"
            for number in range(count)
            if found[number] != expected[number]
        ]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="functions")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wrong: list[str] = []
    for number, first in enumerate(range(0, options.count, BATCH)):
        wrong += compare(options.seed + number, min(BATCH, options.count - first))
    for line in wrong:
        print(line)
    print(f"{options.count} functions, {INPUTS} inputs each: {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
